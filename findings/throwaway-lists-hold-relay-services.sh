#!/usr/bin/env bash
# PyPI disposable-email-domains 0.0.293, npm disposable-email-domains 1.0.62 and mailchecker 6.0.21: lists of one name that hardly overlap.
# Expected: lists of addresses that are thrown away name the same providers, and none that hands mail on to a person's own mailbox.
# Seen: a quarter of the first is in the second, and a quarter of the second in the third. mailchecker holds the domains of DuckDuckGo's,
# Mozilla's, SimpleLogin's, addy.io's and Proton Pass's relays, behind which are people who read their mail; Apple's is in none.
# For us: crates/domain/src/values/throwaway.rs has a short list of its own, without relay services, and it is one signal of several.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages disposable-email-domains==0.0.293
npm_packages disposable-email-domains@1.0.62 mailchecker@6.0.21

python -c 'from disposable_email_domains import blocklist; print("\n".join(blocklist))' > pypi.txt
conclude 'PyPI: 10181 domains, of which 2745 in npm, 3786 in mailchecker
npm: 121570 domains, of which 2745 in PyPI, 31223 in mailchecker
mailchecker: 56359 domains, of which 3786 in PyPI, 31223 in npm
duck.com: mailchecker
mozmail.com: mailchecker
simplelogin.com: mailchecker
anonaddy.me: mailchecker
passmail.net: mailchecker
privaterelay.appleid.com: in none' "$(node --input-type=module <<'END'
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const mailchecker = require("mailchecker");
const lists = {
  PyPI: new Set(readFileSync("pypi.txt", "utf8").trim().split("\n")),
  npm: new Set(require("disposable-email-domains")),
  mailchecker: new Set(mailchecker.blacklist()),
};
const shared = (one, other) => [...lists[one]].filter((domain) => lists[other].has(domain)).length;
for (const [name, list] of Object.entries(lists)) {
  const others = Object.keys(lists).filter((other) => other !== name);
  console.log(`${name}: ${list.size} domains, of which ${others.map((other) => `${shared(name, other)} in ${other}`).join(", ")}`);
}
for (const domain of ["duck.com", "mozmail.com", "simplelogin.com", "anonaddy.me", "passmail.net", "privaterelay.appleid.com"])
  console.log(`${domain}: ${Object.keys(lists).filter((name) => lists[name].has(domain)).join(", ") || "in none"}`);
END
)"
