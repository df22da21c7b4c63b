#!/usr/bin/env bash
# PyPI svix 2.9.1: verify returns None where svix 1.99.1 and standardwebhooks 1.1.0 return the payload.
# Expected: `verify` returns the payload that it has checked, as in svix 1 and in the library of the standard that it implements
# (github.com/standard-webhooks/standard-webhooks), so that one can stand for the other. Seen: a receiver written as
# `event = webhook.verify(body, headers)` goes on with None after the upgrade, and a body that is not JSON, which the others refuse, passes.
# For us: docs/departures.md (webhooks are to follow): a receiver is shown to verify first and then to parse the raw body itself, which is
# right with all three.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"
pip_packages svix==2.9.1 standardwebhooks==1.1.0
venv/bin/pip install --quiet --disable-pip-version-check --target older svix==1.99.1

cat > verify.py <<'END'
import base64
import importlib
import sys
from datetime import datetime, timezone
from importlib.metadata import version

webhook = importlib.import_module(f"{sys.argv[1]}.webhooks").Webhook("whsec_" + base64.b64encode(b"\7" * 32).decode())


def verified(body):
    now = datetime.now(timezone.utc)
    signature = webhook.sign("msg_1", now, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    try:
        return webhook.verify(body, headers)
    except ValueError as error:
        return type(error).__name__


print(f"{sys.argv[1]} {version(sys.argv[1])}:", verified('{"id": "evt_1"}'), "and, of text,", verified("text"))
END
conclude "standardwebhooks 1.1.0: {'id': 'evt_1'} and, of text, JSONDecodeError
svix 1.99.1: {'id': 'evt_1'} and, of text, JSONDecodeError
svix 2.9.1: None and, of text, None" "$(python verify.py standardwebhooks; PYTHONPATH=older python verify.py svix; python verify.py svix)"
