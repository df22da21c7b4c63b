-- What older clients say of an order and hear again, in a form of the domain's: see domain::Checkout.
ALTER TABLE orders ADD COLUMN checkout TEXT;
