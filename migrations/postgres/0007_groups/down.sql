DROP TABLE orders;
DROP TABLE referral_groups;
DROP TABLE customers;
DROP TABLE group_settings;
