-- The addresses that a customer had before, one a line: whoever erases it finds its conversions by them. Those that its
-- orders know are filled in.
ALTER TABLE customers ADD COLUMN earlier_emails TEXT;
UPDATE customers SET earlier_emails = (
    SELECT group_concat(d.email_folded, char(10)) FROM (
        SELECT DISTINCT o.email_folded FROM orders o
        WHERE o.merchant_id = customers.merchant_id AND o.customer_id = customers.id
        AND o.email_folded <> customers.email_folded
    ) d
) WHERE email_folded NOT LIKE '%@erased.invalid';
