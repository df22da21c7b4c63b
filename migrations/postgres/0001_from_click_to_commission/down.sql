DROP TABLE outbox, announcements, accounts, commissions, events, clicks, coupons, affiliates, trees, key_uses, api_keys,
    replies, claims, directory, merchants, organizations;
