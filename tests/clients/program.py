"""A shop's first steps with a client that is generated from the API document."""

import os
import sys

sys.path.insert(0, os.getcwd())

from coterie_client import AuthenticatedClient
from coterie_client.api.affiliates import create_affiliate, get_affiliate
from coterie_client.api.commissions import list_commissions
from coterie_client.api.events import record_event
from coterie_client.models import (
    Affiliate,
    AffiliateStatus,
    ErrorResponse,
    Event,
    ListCommission,
    NewAffiliate,
    NewEvent,
)

client = AuthenticatedClient(base_url=os.environ["COTERIE_ADDRESS"], token=os.environ["COTERIE_KEY"])

affiliate = create_affiliate.sync(client=client, body=NewAffiliate(email="grace@example.com", status=AffiliateStatus.APPROVED))
assert isinstance(affiliate, Affiliate), affiliate
assert affiliate.parent_affiliate_id is None

sale = NewEvent(type_="purchase", external_id="py-1", amount=49.99, affiliate_id=affiliate.id)
event = record_event.sync(client=client, body=sale)
assert isinstance(event, Event), event
assert [earned.affiliate_id for earned in event.commissions] == [affiliate.id]

page = list_commissions.sync(client=client, affiliate_id=affiliate.id, limit=10)
assert isinstance(page, ListCommission), page
amounts: list[float] = [commission.amount for commission in page.data]
assert len(amounts) == 1 and page.next_cursor is None

missing = get_affiliate.sync("aff_unknown", client=client)
assert isinstance(missing, ErrorResponse), missing
assert missing.error.code == "NOT_FOUND"
print("openapi-python-client: ok")
