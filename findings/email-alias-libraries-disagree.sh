#!/usr/bin/env bash
# npm validator 13.15.35, normalize-email 1.1.1: two libraries for "is it the same mailbox?" do not agree, and both miss people.
# Expected: the aliases that a provider documents are folded, and no others: the rules are few and public. Seen: of seven pairs of
# addresses they disagree on three. normalize-email drops the dots at live.com, where they count, so two people are one; it leaves iCloud's
# tags, which validator cuts. validator takes a hyphen at Yahoo for the beginning of a tag. Both leave the plus of proton.me, which is
# delivered to the same person, and keep icloud.com and me.com, two names of one mailbox, apart.
# For us: crates/domain/src/values/email.rs names the providers for dots and for tags apart, each by what the provider says; such a
# comparison may warn (crates/domain/src/orders/risk.rs), it must not refuse.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
npm_packages validator@13.15.35 normalize-email@1.1.1

echo "input: pairs of addresses; output: whether each library makes one address of the two"
conclude 'joe.doe@gmail.com = joedoe+shop@googlemail.com: validator true, normalize-email true
joe+shop@outlook.com = joe@outlook.com: validator true, normalize-email true
joe+shop@icloud.com = joe@icloud.com: validator true, normalize-email false
joe@icloud.com = joe@me.com: validator false, normalize-email false
joe.doe@live.com = joedoe@live.com: validator false, normalize-email true
ann-lee@yahoo.com = ann-doe@yahoo.com: validator true, normalize-email false
joe+shop@proton.me = joe@proton.me: validator false, normalize-email false' "$(node --input-type=module <<'END'
import validator from "validator";
import normalizeEmail from "normalize-email";

const pairs = [
  ["joe.doe@gmail.com", "joedoe+shop@googlemail.com"],
  ["joe+shop@outlook.com", "joe@outlook.com"],
  ["joe+shop@icloud.com", "joe@icloud.com"],
  ["joe@icloud.com", "joe@me.com"],
  ["joe.doe@live.com", "joedoe@live.com"],
  ["ann-lee@yahoo.com", "ann-doe@yahoo.com"],
  ["joe+shop@proton.me", "joe@proton.me"],
];
for (const [one, other] of pairs) {
  const same = (normalize) => normalize(one) === normalize(other);
  console.log(`${one} = ${other}: validator ${same(validator.normalizeEmail)}, normalize-email ${same(normalizeEmail)}`);
}
END
)"
