CREATE TABLE tail (                   -- rows that are in no sealed file yet
    seq         INTEGER PRIMARY KEY,
    system_id   INTEGER NOT NULL REFERENCES system (id),
    utc_s       INTEGER NOT NULL,     -- the second, since 1970-01-01 UTC
    rows        BLOB NOT NULL         -- its rows, see crate::tail
) STRICT;
CREATE INDEX tail_by_time ON tail (system_id, utc_s);
CREATE TABLE segment (                -- sealed files, one a day
    system_id   INTEGER NOT NULL REFERENCES system (id),
    day         INTEGER NOT NULL,     -- since 1970-01-01 UTC
    rows        INTEGER NOT NULL,
    first_ms    INTEGER NOT NULL,     -- since 1970-01-01 UTC
    last_ms     INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    PRIMARY KEY (system_id, day)
) STRICT;
CREATE TABLE rollup (                 -- of a sealed day: what charts are drawn from
    system_id   INTEGER NOT NULL REFERENCES system (id),
    of          TEXT NOT NULL,        -- a column of telemetry, or 'flow'
    day         INTEGER NOT NULL,
    tens        BLOB NOT NULL,        -- buckets of ten minutes, see crate::rollup::codec
    minutes     BLOB NOT NULL,        -- buckets of a minute
    PRIMARY KEY (system_id, of, day)
) STRICT;
CREATE TABLE event (                  -- what happened, for ever
    seq         INTEGER PRIMARY KEY,
    system_id   INTEGER NOT NULL REFERENCES system (id),
    at_ms       INTEGER NOT NULL,
    kind        TEXT NOT NULL,        -- 'raised', 'cleared', ...
    rule        TEXT NOT NULL,        -- id of the alarm rule
    severity    TEXT NOT NULL,
    words       TEXT NOT NULL
) STRICT;
CREATE INDEX event_by_time ON event (system_id, at_ms);
PRAGMA user_version = 2;
