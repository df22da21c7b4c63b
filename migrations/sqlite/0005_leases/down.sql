DELETE FROM sqlite_stat1 WHERE tbl = 'leases' OR idx = 'merchants_resetting';
DROP INDEX merchants_resetting;
DROP TABLE leases;
