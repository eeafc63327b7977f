CREATE TABLE user (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,   -- in small letters
    role        TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'admin')),
    password    TEXT NOT NULL,          -- hashed: a PHC string
    made_us     INTEGER NOT NULL,       -- UTC
    made_by     TEXT NOT NULL
) STRICT;
CREATE TABLE session (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    secret      BLOB NOT NULL UNIQUE CHECK (length(secret) = 32), -- SHA-256 of what the browser keeps
    user_id     INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    begun_us    INTEGER NOT NULL,       -- UTC, when the password was given
    seen_us     INTEGER NOT NULL,       -- UTC, to the minute
    stepped_up  INTEGER NOT NULL CHECK (stepped_up IN (0, 1)),
    address     TEXT NOT NULL,
    agent       TEXT NOT NULL           -- what the browser calls itself
) STRICT;
CREATE INDEX session_by_user ON session (user_id);
CREATE TABLE familiar (                 -- addresses from which an account was used
    user_id     INTEGER NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    address     TEXT NOT NULL,
    seen_us     INTEGER NOT NULL,
    PRIMARY KEY (user_id, address)
) STRICT;
CREATE TABLE token (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    name        TEXT NOT NULL UNIQUE,   -- in small letters
    prefix      TEXT NOT NULL,          -- how it begins, to tell it from others
    secret      BLOB NOT NULL UNIQUE CHECK (length(secret) = 32), -- SHA-256 of it
    scope       TEXT NOT NULL CHECK (scope IN ('read', 'control')),
    made_us     INTEGER NOT NULL,       -- UTC
    made_by     TEXT NOT NULL,
    ends_us     INTEGER NOT NULL,       -- UTC
    used_us     INTEGER                 -- UTC, to the minute
) STRICT;
CREATE TABLE setting (
    name        TEXT PRIMARY KEY,       -- 'armed': '0' or '1'
    value       TEXT NOT NULL,
    at_us       INTEGER NOT NULL,       -- UTC, since when
    by          TEXT NOT NULL
) STRICT;
CREATE TABLE audit (                    -- see crate::audit
    seq         INTEGER PRIMARY KEY,    -- from 1, without a gap
    entry       TEXT NOT NULL,          -- canonical JSON, what the hash is of
    hash        BLOB NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the hash before it and the entry
    at          TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(entry) THEN json_extract(entry, '$.at') END) VIRTUAL,
    who         TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(entry) THEN json_extract(entry, '$.who') END) VIRTUAL,
    action      TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(entry) THEN json_extract(entry, '$.action') END) VIRTUAL,
    system      TEXT GENERATED ALWAYS AS (CASE WHEN json_valid(entry) THEN json_extract(entry, '$.system') END) VIRTUAL
) STRICT;
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit cannot be changed'); END;
CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'nothing can be removed from the audit'); END;
-- INSERT OR REPLACE would remove a row without asking the trigger above.
CREATE TRIGGER audit_is_appended BEFORE INSERT ON audit
WHEN NEW.seq <> (SELECT COALESCE(max(seq), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit can only be appended to'); END;
PRAGMA application_id = 0x506b4374;
PRAGMA user_version = 1;
