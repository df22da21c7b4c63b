#!/usr/bin/env bash
# npm crawler-user-agents 1.60.0: people who follow a link inside an app on their phone count as crawlers.
# Expected: its readme calls it a list of robots, crawlers and spiders (github.com/monperrus/crawler-user-agents), so a browser that a
# person holds matches none of its patterns. Seen: one pattern is the number of an Android 15 build that OPPO, OnePlus and Xiaomi phones carry, and
# that a WebView tells; it stands in the list as the robot of a scraping service. Another is the ending that Facebook's in-app browser
# (IAB) writes. isbot 5.2.3 takes all four for people. The same phone with another build is no crawler: it is the number that matches.
# For us: crates/app/src/clicks.rs keeps a click whatever its agent. Affiliates' links are opened inside apps more than anywhere else, and
# a click refused by this list is a commission that nobody is paid: such a list may mark a click, never refuse it unread.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
npm_packages crawler-user-agents@1.60.0 isbot@5.2.3

cat > agents.txt <<'END'
Mozilla/5.0 (Linux; Android 15; CPH2665 Build/AP3A.240617.008; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/150.0.0.0 Mobile Safari/537.36
Mozilla/5.0 (Linux; Android 15; CPH2665 Build/AP3A.240905.015; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/150.0.0.0 Mobile Safari/537.36
Mozilla/5.0 (Linux; Android 16; Pixel 9 Build/BP2A.250605.031; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/150.0.0.0 Mobile Safari/537.36 MetaIAB Facebook
Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/22G100 Safari/604.1 MetaIAB Facebook
END
cat agents.txt

seen=$(node --input-type=module <<'END'
import { readFileSync } from "node:fs";
import { isbot } from "isbot";
import list from "crawler-user-agents";

for (const agent of readFileSync("agents.txt", "utf8").trim().split("\n")) {
  const found = list.find(({ pattern }) => new RegExp(pattern).test(agent));
  const told = found ? `crawler by /${found.pattern}/ (${found.tags})` : "no crawler";
  console.log(`${agent.match(/Android 1\d|iPhone/)}: ${told}; isbot: ${isbot(agent)}`);
}
END
)

conclude 'Android 15: crawler by /AP3A\.240617\.008/ (scanner); isbot: false
Android 15: no crawler; isbot: false
Android 16: crawler by /MetaIAB Facebook/ (social-preview); isbot: false
iPhone: crawler by /MetaIAB Facebook/ (social-preview); isbot: false' "$seen"
