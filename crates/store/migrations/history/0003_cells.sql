CREATE TABLE cell_tail (              -- minutes of cells that are in no sealed file yet
    seq         INTEGER PRIMARY KEY,
    system_id   INTEGER NOT NULL REFERENCES system (id),
    minute      INTEGER NOT NULL,     -- since 1970-01-01 UTC
    cells       BLOB NOT NULL         -- see crate::cells::codec
) STRICT;
CREATE INDEX cell_tail_by_time ON cell_tail (system_id, minute);
CREATE TABLE cell_segment (           -- sealed files of cells, one a day
    system_id       INTEGER NOT NULL REFERENCES system (id),
    day             INTEGER NOT NULL, -- since 1970-01-01 UTC
    rows            INTEGER NOT NULL,
    samples         INTEGER NOT NULL, -- how many values stand behind the rows
    cells           INTEGER NOT NULL, -- one more than the highest number
    first_minute    INTEGER NOT NULL, -- since 1970-01-01 UTC
    last_minute     INTEGER NOT NULL,
    bytes           INTEGER NOT NULL,
    PRIMARY KEY (system_id, day)
) STRICT;
PRAGMA user_version = 3;
