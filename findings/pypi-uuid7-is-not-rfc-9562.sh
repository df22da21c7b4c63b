#!/usr/bin/env bash
# PyPI uuid7 0.1.0: its ids say version 7, but hold the time in another layout than RFC 9562.
# Expected: the first 48 bits are the milliseconds since 1970 (RFC 9562, 5.7), so that ids of any two makers sort by time. Seen: they begin
# with 36 bits of seconds, as the draft had it that its readme names. A reader of the RFC's layout finds a time more than 160 years ahead,
# version and variant being right; and in a column with others' ids, all of the one kind sort after all of the other. uuid-utils 1.2.0
# has the RFC's layout.
# For us: crates/adapters-system/src/ids.rs makes the RFC's layout and is where the order of our lists comes from; an external_id is text,
# and no time or order is read from it, whatever version it says.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages uuid7==0.1.0 uuid-utils==1.2.0

echo "input: the time 1700000000 s after 1970, 2023-11-14T22:13:20Z; the last 62 bits are random and not shown"
conclude 'uuid7: 06553f10-0000-7000, version 7, read as 2190-08-27
uuid-utils: 018bcfe5-6800-7, version 7, read as 2023-11-14
an id of uuid7 of 2023 is greater than one of uuid-utils of now: True' "$(python - <<'END'
from datetime import datetime, timezone

import uuid_extensions
import uuid_utils

SECONDS = 1_700_000_000
draft = uuid_utils.UUID(str(uuid_extensions.uuid7(ns=SECONDS * 10**9)))
standard = uuid_utils.uuid7(nanoseconds=SECONDS * 10**9)
for name, made, shown in [("uuid7", draft, 18), ("uuid-utils", standard, 15)]:
    read = datetime.fromtimestamp(made.timestamp / 1000, timezone.utc).date()
    print(f"{name}: {str(made)[:shown]}, version {made.version}, read as {read}")
print("an id of uuid7 of 2023 is greater than one of uuid-utils of now:", str(draft) > str(uuid_utils.uuid7()))
END
)"
