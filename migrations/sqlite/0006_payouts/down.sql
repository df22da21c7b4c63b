DROP INDEX commissions_by_payout;
CREATE INDEX commissions_by_payout ON commissions (merchant_id, payout_id, id) WHERE payout_id IS NOT NULL;
DROP INDEX commissions_payable;
DROP INDEX accounts_due;
DROP TABLE payout_items;
DROP TABLE payouts;
DELETE FROM sqlite_stat1 WHERE idx IN ('commissions_by_payout', 'commissions_payable', 'accounts_due');
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('commissions', 'commissions_by_payout', '500000 125000 5000 1');
