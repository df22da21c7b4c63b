-- A customer's latest orders, for what speaks against the next one, and all of them, for whoever is erased.
CREATE INDEX orders_by_customer ON orders (merchant_id, customer_id, created_at, id);
