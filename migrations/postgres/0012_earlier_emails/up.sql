-- The addresses that a customer had before, one a line: whoever erases it finds its conversions by them. Those that its
-- orders know are filled in.
ALTER TABLE customers ADD COLUMN earlier_emails text;
UPDATE customers c SET earlier_emails = o.emails FROM (
    SELECT o.merchant_id, o.customer_id, string_agg(DISTINCT o.email_folded, E'\n') AS emails
    FROM orders o JOIN customers k ON k.merchant_id = o.merchant_id AND k.id = o.customer_id
    WHERE o.email_folded <> k.email_folded AND k.email_folded NOT LIKE '%@erased.invalid'
    GROUP BY o.merchant_id, o.customer_id
) o WHERE c.merchant_id = o.merchant_id AND c.id = o.customer_id;
