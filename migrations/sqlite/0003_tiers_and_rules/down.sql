DROP INDEX merchants_with_tiers;
DROP TABLE commission_rules;
DROP TABLE tiers;
