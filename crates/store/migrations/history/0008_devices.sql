CREATE TABLE device_tail (            -- minutes of device points that are in no sealed file yet
    seq         INTEGER PRIMARY KEY,
    system_id   INTEGER NOT NULL REFERENCES system (id),
    minute      INTEGER NOT NULL,     -- since 1970-01-01 UTC
    points      BLOB NOT NULL         -- their names and values, see crate::devices::codec
) STRICT;
CREATE INDEX device_tail_by_time ON device_tail (system_id, minute);
CREATE TABLE device_segment (         -- sealed files of device points, one a day
    system_id       INTEGER NOT NULL REFERENCES system (id),
    day             INTEGER NOT NULL, -- since 1970-01-01 UTC
    rows            INTEGER NOT NULL,
    samples         INTEGER NOT NULL, -- how many values stand behind the rows
    points          INTEGER NOT NULL, -- how many points it has
    first_minute    INTEGER NOT NULL, -- since 1970-01-01 UTC
    last_minute     INTEGER NOT NULL,
    bytes           INTEGER NOT NULL,
    checksum        INTEGER,          -- CRC-32 of the file
    PRIMARY KEY (system_id, day)
) STRICT;
-- replacing.cells and doubtful.cells may be 2 from now on: minutes of device points.
PRAGMA user_version = 8;
