ALTER TABLE customers DROP COLUMN earlier_emails;
