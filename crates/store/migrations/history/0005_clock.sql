CREATE TABLE clock (                  -- the last time that is known, and whether the clock stood before it
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    known_us    INTEGER NOT NULL,
    behind      INTEGER NOT NULL
) STRICT;
CREATE TABLE doubtful (               -- days sealed while the clock was ahead of what is known
    system      TEXT NOT NULL,
    cells       INTEGER NOT NULL,     -- 0: rows, 1: minutes of cells
    day         INTEGER NOT NULL,
    PRIMARY KEY (system, cells, day)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 5;
