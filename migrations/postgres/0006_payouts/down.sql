DROP INDEX commissions_by_payout;
CREATE INDEX commissions_by_payout ON commissions (merchant_id, payout_id, id) WHERE payout_id IS NOT NULL;
DROP INDEX commissions_payable, accounts_due;
DROP TABLE payout_items;
DROP TABLE payouts;
