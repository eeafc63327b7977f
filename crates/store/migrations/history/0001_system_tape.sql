CREATE TABLE system (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE      -- the id in the site file
) STRICT;
CREATE TABLE tape (
    seq         INTEGER PRIMARY KEY,
    system_id   INTEGER NOT NULL REFERENCES system (id),
    utc_s       INTEGER NOT NULL,     -- the second, since 1970-01-01 UTC
    frames      BLOB NOT NULL         -- its live frames, one after the other
) STRICT;
CREATE INDEX tape_by_time ON tape (system_id, utc_s);
PRAGMA application_id = 0x506b5477;
PRAGMA user_version = 1;
