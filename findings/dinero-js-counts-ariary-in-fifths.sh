#!/usr/bin/env bash
# npm dinero.js 2.0.2: the minor unit of MGA and MRU is a fifth, not a hundredth.
# Expected: amounts in minor units mean what ISO 4217 means by them, as in the APIs of payment services: two digits for both (PyPI iso4217
# 1.16.20260101). Seen: its currencies say base 5, exponent 1, as the coins are; 1250 minor units from elsewhere are 250 ariary instead of
# 12.50, without an error, and the one function that writes a decimal refuses these two currencies altogether.
# For us: crates/domain/src/values/money.rs gives both two digits; docs/api-conventions.md has decimals for commissions and payouts, so
# that a client need not know the unit. A client that reads orders in minor units with this library needs currencies of its own.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages iso4217==1.16.20260101
npm_packages dinero.js@2.0.2

conclude 'digits by ISO 4217: HUF 2 MGA 2 MRU 2
1250 of HUF (base 10, exponent 2): units 12 and 50, decimal: 12.50
1250 of MGA (base 5, exponent 1): units 250 and 0, decimal: [Dinero.js] Currency is not decimal.
1250 of MRU (base 5, exponent 1): units 250 and 0, decimal: [Dinero.js] Currency is not decimal.' "$(
  python -c 'from iso4217 import Currency as C; print("digits by ISO 4217:", *(f"{c.code} {c.exponent}" for c in (C.huf, C.mga, C.mru)))'
  node --input-type=module <<'END'
import { dinero, toDecimal, toUnits } from "dinero.js";
import { HUF, MGA, MRU } from "dinero.js/currencies";

const decimal = (money) => {
  try { return toDecimal(money); } catch (error) { return error.message; }
};
for (const currency of [HUF, MGA, MRU]) {
  const { code, base, exponent } = currency;
  const money = dinero({ amount: 1250, currency });
  console.log(`1250 of ${code} (base ${base}, exponent ${exponent}): units ${toUnits(money).join(" and ")}, decimal: ${decimal(money)}`);
}
END
)"
