#!/usr/bin/env bash
# npm validator 13.15.35, currency-codes 2.2.0, PyPI py-moneyed 3.0: twenty months later, XCG is no currency to them.
# Expected: what is called a list of ISO 4217 has what has been in it since amendment 176 (PyPI iso4217 1.16.20260101 has): XCG, legal tender
# in Curaçao and Sint Maarten since 2025-03-31, and ZWG of 2024; and codes that ended are gone from all or from none. Seen: three newest
# versions do not know XCG and go on taking the ANG that it replaced; of the other ended codes each keeps others.
# For us: crates/domain/src/values/money.rs has its own table. A shop's form may refuse a currency that the server takes, and send one that
# it refuses: that answer has to name the code.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages iso4217==1.16.20260101 py-moneyed==3.0
npm_packages validator@13.15.35 currency-codes@2.2.0

codes=(XCG ZWG SLE VED ANG BGN HRK SLL)
cat > known.py <<'END'
import sys

from iso4217 import Currency
from moneyed import CURRENCIES

active = {currency.code for currency in Currency}
print("ISO 4217:", *(code for code in sys.argv[1:] if code in active))
print("py-moneyed:", *(code for code in sys.argv[1:] if code in CURRENCIES))
END
cat > known.js <<'END'
import codes from "currency-codes";
import validator from "validator";

const asked = process.argv.slice(2);
console.log("validator:", ...asked.filter((code) => validator.isISO4217(code)));
console.log("currency-codes:", ...asked.filter((code) => codes.code(code)));
END
echo "input: ${codes[*]}; output: those that each knows"
conclude 'ISO 4217: XCG ZWG SLE VED
py-moneyed: SLE VED ANG BGN HRK SLL
validator: SLE VED ANG BGN SLL
currency-codes: ZWG SLE VED ANG BGN' "$(python known.py "${codes[@]}"; node known.js "${codes[@]}")"
