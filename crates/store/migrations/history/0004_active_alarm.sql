ALTER TABLE event ADD COLUMN subject TEXT NOT NULL DEFAULT '';   -- 'cell 7.12'; '' in older records
ALTER TABLE event ADD COLUMN value REAL;                         -- the watched value then
CREATE TABLE active_alarm (           -- the events that raised what is not over
    system_id   INTEGER NOT NULL REFERENCES system (id),
    rule        TEXT NOT NULL,
    subject     TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,     -- since 1970-01-01 UTC
    severity    TEXT NOT NULL,
    value       REAL,
    words       TEXT NOT NULL,
    PRIMARY KEY (system_id, rule, subject)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 4;
