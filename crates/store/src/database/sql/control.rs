//! The statements of `control.db`.

use super::Sql;

statements! {
    // Accounts.
    USERS = "SELECT id, name, role, password, made_us, made_by FROM user ORDER BY name";
    USER = "SELECT id, name, role, password, made_us, made_by FROM user WHERE name = ?1";
    ANY_USER = "SELECT EXISTS (SELECT 1 FROM user)";
    ADMINS = "SELECT count(*) FROM user WHERE role = 'admin'";
    ADD_USER = "INSERT INTO user (name, role, password, made_us, made_by) VALUES (?1, ?2, ?3, ?4, ?5)";
    SET_ROLE = "UPDATE user SET role = ?2 WHERE id = ?1";
    SET_PASSWORD = "UPDATE user SET password = ?2 WHERE id = ?1";
    DELETE_USER = "DELETE FROM user WHERE id = ?1";

    // Sessions.
    SESSIONS = "
        SELECT session.id, user_id, name, role, begun_us, seen_us, address, agent
        FROM session JOIN user ON user_id = user.id ORDER BY seen_us DESC, session.id DESC";
    SESSION = "
        SELECT session.id, user_id, name, role, begun_us, seen_us, address, agent
        FROM session JOIN user ON user_id = user.id WHERE secret = ?1";
    ADD_SESSION = "
        INSERT INTO session (secret, user_id, begun_us, seen_us, address, agent)
        VALUES (?1, ?2, ?3, ?3, ?4, ?5) RETURNING id";
    SESSION_BY_ID = "
        SELECT session.id, user_id, name, role, begun_us, seen_us, address, agent
        FROM session JOIN user ON user_id = user.id WHERE session.id = ?1";
    RENEW_SESSION = "
        UPDATE session SET secret = ?2, begun_us = ?4, seen_us = ?4, address = ?5, agent = ?6
        WHERE id = ?1 AND user_id = ?3";
    SEE_SESSION = "UPDATE session SET seen_us = max(seen_us, ?2) WHERE id = ?1";
    DELETE_SESSION = "DELETE FROM session WHERE id = ?1";
    DELETE_SESSIONS_OF = "DELETE FROM session WHERE user_id = ?1 AND id <> ?2";
    DELETE_OLD_SESSIONS = "DELETE FROM session WHERE begun_us < ?1";
    KEEP_NEWEST_SESSIONS = "
        DELETE FROM session WHERE user_id = ?1 AND id NOT IN (
            SELECT id FROM session WHERE user_id = ?1 ORDER BY seen_us DESC, id DESC LIMIT ?2)";
    IS_FAMILIAR = "
        SELECT EXISTS (SELECT 1 FROM familiar JOIN user ON user_id = id WHERE name = ?1 AND address = ?2)";
    PUT_FAMILIAR = "INSERT OR REPLACE INTO familiar VALUES (?1, ?2, ?3)";
    KEEP_NEWEST_FAMILIAR = "
        DELETE FROM familiar WHERE user_id = ?1 AND address NOT IN (
            SELECT address FROM familiar WHERE user_id = ?1 ORDER BY seen_us DESC LIMIT ?2)";

    // Tokens.
    TOKENS = "
        SELECT id, name, prefix, scope, made_us, made_by, ends_us, used_us FROM token ORDER BY name";
    TOKEN = "
        SELECT id, name, prefix, scope, made_us, made_by, ends_us, used_us FROM token WHERE secret = ?1";
    ADD_TOKEN = "
        INSERT INTO token (name, prefix, secret, scope, made_us, made_by, ends_us)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING RETURNING id";
    USE_TOKEN = "UPDATE token SET used_us = ?2 WHERE id = ?1";
    DELETE_TOKEN = "DELETE FROM token WHERE id = ?1";
    DELETE_TOKENS_BY = "DELETE FROM token WHERE made_by = ?1 RETURNING name";

    // Settings.
    SETTING = "SELECT value, at_us, by FROM setting WHERE name = ?1";
    PUT_SETTING = "INSERT OR REPLACE INTO setting VALUES (?1, ?2, ?3, ?4)";

    // What became of alarms, and what is put aside.
    ALARMS = "
        SELECT system, rule, subject, first_us, since_us, ended_us, times, value, worst, acknowledged_us, acknowledged_by
        FROM alarm";
    PUT_ALARM = "
        INSERT OR REPLACE INTO alarm (system, rule, subject, first_us, since_us, ended_us, times, value, worst,
            acknowledged_us, acknowledged_by)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    DELETE_ALARM = "DELETE FROM alarm WHERE system = ?1 AND rule = ?2 AND subject = ?3";
    SHELVES = "SELECT system, rule, subject, at_us, until_us, by, why FROM shelf";
    PUT_SHELF = "
        INSERT OR REPLACE INTO shelf (system, rule, subject, at_us, until_us, by, why)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    DELETE_SHELF = "DELETE FROM shelf WHERE system = ?1 AND rule = ?2 AND subject = ?3";
    ADD_SEEN = "
        INSERT OR REPLACE INTO alarm_seen (system, rule, subject, raised_us, at_us) VALUES (?1, ?2, ?3, ?4, ?5)";
    FORGET_SEEN = "DELETE FROM alarm_seen WHERE system = ?1 AND at_us < ?2";
    SEEN = "
        SELECT raised_us, at_us FROM alarm_seen WHERE system = ?1 AND at_us >= ?2 AND at_us < ?3
        ORDER BY at_us DESC LIMIT ?4";

    // The audit.
    AUDIT_HEAD = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
    ADD_AUDIT = "INSERT INTO audit (seq, entry, hash) VALUES (?1, ?2, ?3)";
    AUDIT_FROM = "SELECT seq, entry, hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    // What is NULL is not asked for.
    AUDIT_PAGE = "
        SELECT seq, entry, hash FROM audit
        WHERE seq < ?1 AND (?2 IS NULL OR who = ?2) AND (?3 IS NULL OR action = ?3) AND (?4 IS NULL OR system = ?4)
        AND (?5 IS NULL OR at >= ?5) AND (?6 IS NULL OR at < ?6) ORDER BY seq DESC LIMIT ?7";

    // Commands, each with its last step.
    ADD_COMMAND = "
        INSERT INTO command SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
        WHERE NOT EXISTS (SELECT 1 FROM command WHERE id = ?1)";
    ADD_COMMAND_STEP = "
        INSERT INTO command_step (command_id, at_us, state, words, read_back, ran_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    // How long the server has run: as it was noted, or as the newest step has it.
    RAN = "
        SELECT max(
            COALESCE((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'ran'), 0),
            COALESCE((SELECT ran_us FROM command_step ORDER BY seq DESC LIMIT 1), 0))";
    COMMAND = "
        SELECT id, system, control, value, before, hold_s, revision, who, asked_us, at_us, state, words, read_back
        FROM command JOIN command_step ON command_id = id WHERE id = ?1 ORDER BY seq DESC LIMIT 1";
    COMMANDS = "
        SELECT id, system, control, value, before, hold_s, revision, who, asked_us, at_us, state, words, read_back
        FROM command JOIN command_step ON command_id = id
        WHERE (?1 IS NULL OR system = ?1) AND asked_us < ?2
        AND seq = (SELECT max(seq) FROM command_step WHERE command_id = id) ORDER BY asked_us DESC LIMIT ?3";
    COMMAND_STEPS = "
        SELECT at_us, state, words, read_back FROM command_step WHERE command_id = ?1 ORDER BY seq";
    COMMANDS_OPEN = "
        SELECT id, system, control, value, before, hold_s, revision, who, asked_us, at_us, state, words, read_back
        FROM command JOIN command_step ON command_id = id
        WHERE seq = (SELECT max(seq) FROM command_step WHERE command_id = id)
        AND state IN ('journalled', 'sent', 'echoed', 'unchanged', 'confirmed', 'one-step-off', 'unconfirmable', 'effective',
            'no-effect')
        ORDER BY seq";
    LAST_CHANGE = "
        SELECT id, system, control, value, before, hold_s, revision, who, asked_us, at_us, state, words, read_back
        FROM command JOIN command_step ON command_id = id
        WHERE system = ?1 AND control = ?2 AND read_back IS NOT NULL
        AND state IN ('confirmed', 'one-step-off', 'clamped', 'changed-at-device', 'lease-ended')
        ORDER BY seq DESC LIMIT 1";
    // What was predicted, and how right that was.
    ADD_PREDICTION = "
        INSERT INTO command_prediction SELECT ?1, ?2, ?3, ?4
        WHERE NOT EXISTS (SELECT 1 FROM command_prediction WHERE command_id = ?1)";
    ADD_SCORE = "
        INSERT INTO command_score SELECT ?1, ?2, ?3
        WHERE NOT EXISTS (SELECT 1 FROM command_score WHERE command_id = ?1)";
    PREDICTION = "
        SELECT made_us, due_us, prediction, scored_us, score FROM command_prediction
        LEFT JOIN command_score USING (command_id) WHERE command_id = ?1";
    PREDICTIONS = "
        SELECT command_id, made_us, due_us, prediction, scored_us, score FROM command_prediction
        LEFT JOIN command_score USING (command_id) WHERE command_id IN (
            SELECT id FROM command WHERE (?1 IS NULL OR system = ?1) AND asked_us < ?2 ORDER BY asked_us DESC LIMIT ?3)";
    NEXT_PREDICTION = "
        SELECT command_id, due_us FROM command_prediction
        WHERE NOT EXISTS (SELECT 1 FROM command_score WHERE command_score.command_id = command_prediction.command_id)
        ORDER BY due_us LIMIT 1";
    // Whatever may have been heard of another command ends what was predicted of this one.
    NEXT_COMMAND = "
        SELECT min(asked_us) FROM command WHERE system = ?1 AND id <> ?2 AND asked_us > ?3
        AND EXISTS (SELECT 1 FROM command_step WHERE command_id = id AND state IN ('sent', 'echoed', 'confirmed'))";
    // What may have been written: all that was recorded, but for what was not sent in the end, and for what was replaced
    // before it was sent.
    WRITES = "
        SELECT at_us, ran_us FROM command JOIN command_step ON command_id = id
        WHERE system = ?1 AND control = ?2 AND CASE WHEN ran_us IS NULL THEN at_us >= ?3 ELSE ran_us >= ?4 END AND state = 'journalled' AND NOT EXISTS (
            SELECT 1 FROM command_step WHERE command_id = id
            AND state IN ('refused', 'unchanged', 'not-sent', 'expired'))
        AND (NOT EXISTS (SELECT 1 FROM command_step WHERE command_id = id AND state = 'superseded')
            OR EXISTS (SELECT 1 FROM command_step WHERE command_id = id AND state NOT IN ('journalled', 'superseded'))) ORDER BY at_us";
    WRITES_EVER = "
        SELECT count(*) FROM command JOIN command_step ON command_id = id
        WHERE system = ?1 AND control = ?2 AND state = 'journalled' AND NOT EXISTS (
            SELECT 1 FROM command_step WHERE command_id = id
            AND state IN ('refused', 'unchanged', 'not-sent', 'expired'))
        AND (NOT EXISTS (SELECT 1 FROM command_step WHERE command_id = id AND state = 'superseded')
            OR EXISTS (SELECT 1 FROM command_step WHERE command_id = id AND state NOT IN ('journalled', 'superseded')))";
}
