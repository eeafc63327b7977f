CREATE TABLE command (
    id          TEXT PRIMARY KEY,       -- given by who asked
    system      TEXT NOT NULL,
    control     TEXT NOT NULL,          -- domain::control::ControlKind's key
    value       REAL NOT NULL,          -- in the unit of the control
    before      REAL,                   -- what the device had; NULL if that was not known
    hold_s      INTEGER,                -- for how long the value is to stand; NULL if until another command
    revision    INTEGER NOT NULL,       -- of the control, after this command
    who         TEXT NOT NULL,
    asked_us    INTEGER NOT NULL        -- UTC
) STRICT;
CREATE INDEX command_by_control ON command (system, control, asked_us);
CREATE INDEX command_by_time ON command (asked_us);
CREATE TABLE command_step (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    command_id  TEXT NOT NULL REFERENCES command (id),
    at_us       INTEGER NOT NULL,       -- UTC
    state       TEXT NOT NULL,          -- domain::control::CommandState's word
    words       TEXT NOT NULL,
    read_back   REAL                    -- what the device had then, in the unit of the control; NULL if it was not read
) STRICT;
CREATE INDEX command_step_by_command ON command_step (command_id, seq);
CREATE TRIGGER command_is_not_changed BEFORE UPDATE ON command
BEGIN SELECT RAISE(ABORT, 'a command cannot be changed'); END;
CREATE TRIGGER command_step_is_not_changed BEFORE UPDATE ON command_step
BEGIN SELECT RAISE(ABORT, 'what became of a command cannot be changed'); END;
CREATE TRIGGER command_step_is_not_removed BEFORE DELETE ON command_step
BEGIN SELECT RAISE(ABORT, 'what became of a command cannot be removed'); END;
PRAGMA user_version = 2;
