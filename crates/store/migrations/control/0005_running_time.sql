-- How long the server had run when a step was recorded, all its runs together: no wall clock, so none can be wrong. NULL
-- in what was recorded before this was kept.
ALTER TABLE command_step ADD COLUMN ran_us INTEGER;
-- To sign in proves as much as to give the password again.
ALTER TABLE session DROP COLUMN stepped_up;
PRAGMA user_version = 5;
