CREATE TABLE command_prediction (       -- what was expected of a command when it was taken
    command_id  TEXT PRIMARY KEY REFERENCES command (id),
    made_us     INTEGER NOT NULL,       -- UTC
    due_us      INTEGER NOT NULL,       -- UTC, when it is held against what was measured
    prediction  TEXT NOT NULL CHECK (json_valid(prediction)) -- api::flight::Forecast
) STRICT;
CREATE INDEX command_prediction_by_due ON command_prediction (due_us);
CREATE TABLE command_score (            -- how right that was
    command_id  TEXT PRIMARY KEY REFERENCES command_prediction (command_id),
    scored_us   INTEGER NOT NULL,       -- UTC
    score       TEXT NOT NULL CHECK (json_valid(score)) -- api::flight::ScoreResponse
) STRICT;
CREATE TRIGGER command_prediction_is_not_changed BEFORE UPDATE ON command_prediction
BEGIN SELECT RAISE(ABORT, 'what was predicted cannot be changed'); END;
CREATE TRIGGER command_prediction_is_not_removed BEFORE DELETE ON command_prediction
BEGIN SELECT RAISE(ABORT, 'what was predicted cannot be removed'); END;
CREATE TRIGGER command_score_is_not_changed BEFORE UPDATE ON command_score
BEGIN SELECT RAISE(ABORT, 'how right a prediction was cannot be changed'); END;
CREATE TRIGGER command_score_is_not_removed BEFORE DELETE ON command_score
BEGIN SELECT RAISE(ABORT, 'how right a prediction was cannot be removed'); END;
PRAGMA user_version = 3;
