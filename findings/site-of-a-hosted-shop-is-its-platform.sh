#!/usr/bin/env bash
# PyPI tldextract 5.4.0, npm tldts 7.6.0: the site of alice.myshopify.com is said to be myshopify.com, where no cookie can be set.
# Expected: with the Public Suffix List (publicsuffix.org/list), whose second part names platforms that give names to their customers, a
# shop's site is alice.myshopify.com, as browsers have it. Seen: both leave that part out unless they are told (`include_psl_private_domains`,
# `allowPrivateDomains`), so all shops of a platform are one site; tough-cookie 6.1.0, which asks tldts the other way, refuses the cookie
# for it. psl 1.15.0 asks both parts. Gumroad's and BigCommerce's shops are in neither: there all shops are one site for everybody.
# For us: the tracker's cookie names no domain (docs/tracker.md), and a host in crates/domain/src/tenancy/settings.rs (redirect_hosts) is taken
# as it is: no code of ours asks for a "registered domain".
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages tldextract==5.4.0
npm_packages tldts@7.6.0 psl@1.15.0 tough-cookie@6.1.0

hosts=(shop.alice.co.uk alice.myshopify.com alice.wixsite.com alice.gumroad.com alice.mybigcommerce.com)
echo "input: ${hosts[*]}; output: the site by each library, and whether a cookie for the site by tldts is kept"
cat > sites.py <<'END'
import sys

import tldextract

extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
print("tldextract:", *(extract(host).top_domain_under_public_suffix for host in sys.argv[1:]))
END
cat > sites.js <<'END'
import psl from "psl";
import { getDomain } from "tldts";
import { CookieJar } from "tough-cookie";

const hosts = process.argv.slice(2);
const cookie = (host) => {
  try {
    new CookieJar().setCookieSync(`session=1; Domain=${getDomain(host)}`, `https://${host}/`);
    return "kept";
  } catch (error) {
    return "refused";
  }
};
console.log("tldts:", ...hosts.map((host) => getDomain(host)));
console.log("psl:", ...hosts.map((host) => psl.get(host)));
console.log("cookie:", ...hosts.map(cookie));
END
conclude 'tldextract: alice.co.uk myshopify.com wixsite.com gumroad.com mybigcommerce.com
tldts: alice.co.uk myshopify.com wixsite.com gumroad.com mybigcommerce.com
psl: alice.co.uk alice.myshopify.com alice.wixsite.com gumroad.com mybigcommerce.com
cookie: kept refused refused kept kept' "$(python sites.py "${hosts[@]}"; node sites.js "${hosts[@]}")"
