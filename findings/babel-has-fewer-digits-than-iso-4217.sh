#!/usr/bin/env bash
# PyPI babel 2.19.0, py-moneyed 3.0: fifteen currencies that have cents are written without them.
# Expected: a currency has the minor unit of ISO 4217 (PyPI iso4217 1.16.20260101 has that table): two digits for HUF and COP, three for
# IQD. Seen: babel's precision is CLDR's, the digits of daily use, and "the number of decimals" in its documentation
# (babel.pocoo.org, get_currency_precision) does not say whose. An amount formatted with it is rounded to whole forints, whatever the format
# given; py-moneyed has the right minor units and loses them when it prints.
# For us: crates/domain/src/values/money.rs has ISO's digits; files and mails are written from the stored minor units, never through a locale.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages babel==2.19.0 iso4217==1.16.20260101 py-moneyed==3.0

conclude 'other than ISO 4217: AFN 2-0 ALL 2-0 COP 2-0 HUF 2-0 IDR 2-0 IQD 3-0 IRR 2-0 KPW 2-0 LAK 2-0 LBP 2-0 MGA 2-0 MMK 2-0 SOS 2-0 SYP 2-0 YER 2-0
babel writes HUF 1234.56 with #,##0.00 as: HUF 1,235
py-moneyed holds 123456 fillér and writes: HUF1,235' "$(python - <<'END'
from babel.numbers import format_currency, get_currency_precision
from iso4217 import Currency
from moneyed import Money
from moneyed.l10n import format_money

known = {currency.code: currency.exponent for currency in Currency if currency.exponent is not None}
both = [(code, known[code], get_currency_precision(code)) for code in sorted(known)]
print("other than ISO 4217:", *(f"{code} {iso}-{cldr}" for code, iso, cldr in both if iso != cldr))
print("babel writes HUF 1234.56 with #,##0.00 as:", format_currency("1234.56", "HUF", "¤¤ #,##0.00", locale="en_US"))
forints = Money("1234.56", "HUF")
print(f"py-moneyed holds {forints.get_amount_in_sub_unit()} fillér and writes:", format_money(forints, locale="en_US"))
END
)"
