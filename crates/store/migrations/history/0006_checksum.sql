ALTER TABLE segment ADD COLUMN checksum INTEGER;        -- CRC-32 of the file; NULL: not known yet
ALTER TABLE cell_segment ADD COLUMN checksum INTEGER;
PRAGMA user_version = 6;
