ALTER TABLE orders DROP COLUMN checkout;
