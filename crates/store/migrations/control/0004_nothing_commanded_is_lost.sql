-- What was commanded is neither removed nor replaced. INSERT OR REPLACE would remove a row without asking a trigger of
-- DELETE: whoever adds a row looks first whether it is there. Without a rowid of its own a new row has NULL or -1 here.
CREATE TRIGGER command_is_not_removed BEFORE DELETE ON command
BEGIN SELECT RAISE(ABORT, 'a command cannot be removed'); END;
CREATE TRIGGER command_is_not_replaced BEFORE INSERT ON command
WHEN EXISTS (SELECT 1 FROM command WHERE id = NEW.id OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'a command cannot be replaced'); END;
CREATE TRIGGER command_step_is_not_replaced BEFORE INSERT ON command_step
WHEN EXISTS (SELECT 1 FROM command_step WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'what became of a command cannot be replaced'); END;
CREATE TRIGGER command_prediction_is_not_replaced BEFORE INSERT ON command_prediction
WHEN EXISTS (SELECT 1 FROM command_prediction WHERE command_id = NEW.command_id OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'what was predicted cannot be replaced'); END;
CREATE TRIGGER command_score_is_not_replaced BEFORE INSERT ON command_score
WHEN EXISTS (SELECT 1 FROM command_score WHERE command_id = NEW.command_id OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'how right a prediction was cannot be replaced'); END;
PRAGMA user_version = 4;
