DROP INDEX merchants_resetting;
DROP TABLE leases;
