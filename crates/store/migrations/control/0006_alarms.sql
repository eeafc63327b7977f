CREATE TABLE alarm (                    -- alarms that are not normal: domain::alarm::Life
    system          TEXT NOT NULL,      -- by names that stay, not by places in a site file
    rule            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    first_us        INTEGER NOT NULL,   -- UTC, when it was raised while it was normal
    since_us        INTEGER NOT NULL,   -- UTC, when it was raised last
    ended_us        INTEGER,            -- UTC, when its condition was over; NULL while it stands, or may stand
    times           INTEGER NOT NULL CHECK (times > 0),
    value           REAL,               -- in the unit of what is watched; NULL if it is no number
    worst           REAL,
    acknowledged_us INTEGER,            -- UTC; NULL while nobody has
    acknowledged_by TEXT,
    CHECK ((acknowledged_us IS NULL) = (acknowledged_by IS NULL)),
    PRIMARY KEY (system, rule, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE shelf (                    -- alarms that somebody has put aside: domain::alarm::Shelf
    system          TEXT NOT NULL,
    rule            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    at_us           INTEGER NOT NULL,   -- UTC
    until_us        INTEGER NOT NULL,   -- UTC
    by              TEXT NOT NULL,
    why             TEXT NOT NULL,
    PRIMARY KEY (system, rule, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE alarm_seen (               -- each acknowledgement: how soon alarms are seen, for the figures of a period
    system          TEXT NOT NULL,
    rule            TEXT NOT NULL,
    subject         TEXT NOT NULL,
    raised_us       INTEGER NOT NULL,   -- UTC
    at_us           INTEGER NOT NULL,   -- UTC, when somebody acknowledged it
    PRIMARY KEY (system, rule, subject, raised_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX alarm_seen_at ON alarm_seen (system, at_us);
PRAGMA user_version = 6;
