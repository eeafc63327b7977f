CREATE TABLE replacing (              -- files of sealed days that are about to be replaced, see crate::replaced
    system      TEXT NOT NULL,
    cells       INTEGER NOT NULL,     -- 0: rows, 1: minutes of cells
    day         INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,     -- of the new file
    checksum    INTEGER NOT NULL,     -- of the new file
    before      INTEGER NOT NULL,     -- what of the tail is in it: before this second, or minute of cells,
    newest      INTEGER NOT NULL,     -- and up to this place
    PRIMARY KEY (system, cells, day)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = 7;
