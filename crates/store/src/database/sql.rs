//! Every statement, in one table for each database. Nothing else can be run: only this file makes a [`Statement`].
//! Those of this file are for every database, then for `history.db`; [`control`] has those of `control.db`.
//!
//! Tests prepare each against the migrated schema. Parameters are numbered, and bound in that order.

use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use sqlx::{Encode, Type};

/// A statement with what was bound to it so far.
pub(super) struct Statement {
    query: Query<'static, Sqlite, SqliteArguments>,
    sql: Sql,
    bound: usize,
}

impl Statement {
    /// Binds the next parameter.
    pub(super) fn bind<'v>(self, value: impl Encode<'v, Sqlite> + Type<Sqlite>) -> Statement {
        Statement { query: self.query.bind(value), bound: self.bound + 1, ..self }
    }

    /// For the connection that runs it. A parameter that is not bound would be NULL, without an error.
    pub(super) fn into_query(self) -> Query<'static, Sqlite, SqliteArguments> {
        debug_assert_eq!(self.bound, self.sql.parameters(), "{}", self.sql.0);
        self.query
    }
}

/// The text of a statement.
#[derive(Clone, Copy)]
pub(super) struct Sql(&'static str);

impl Sql {
    /// The statement without parameters.
    pub(super) fn plain(self) -> Statement {
        Statement { query: sqlx::query(self.0), sql: self, bound: 0 }
    }

    /// How many parameters it has: the highest number behind a `?`.
    fn parameters(self) -> usize {
        let digits = |rest: &'static str| rest.split(|c: char| !c.is_ascii_digit()).next();
        let numbers = self.0.split('?').skip(1).filter_map(|rest| digits(rest)?.parse().ok());
        numbers.max().unwrap_or(0)
    }

    /// Only to see whether it fits the schema.
    #[cfg(test)]
    pub(super) fn text(self) -> &'static str {
        self.0
    }

    /// Binds the first parameter.
    pub(super) fn bind<'v>(self, value: impl Encode<'v, Sqlite> + Type<Sqlite>) -> Statement {
        self.plain().bind(value)
    }
}

macro_rules! statements {
    ($($name:ident = $text:literal;)*) => {
        $(pub(in crate::database) const $name: Sql = Sql($text);)*
        #[cfg(test)]
        pub(in crate::database) const ALL: &[(&str, Sql)] = &[$((stringify!($name), $name)),*];
    };
}

pub(super) mod control;

statements! {
    // Transactions, settings, the state of the file.
    BEGIN = "BEGIN IMMEDIATE";
    BEGIN_TO_READ = "BEGIN DEFERRED";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
    WAL_WITHOUT_AUTOMATIC_CHECKPOINTS = "
        PRAGMA journal_mode = WAL;
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA journal_size_limit = 8388608";
    SYNCHRONOUS_NORMAL = "PRAGMA synchronous = NORMAL";
    SYNCHRONOUS_FULL = "PRAGMA synchronous = FULL";
    CHECKPOINT_PASSIVE = "PRAGMA wal_checkpoint(PASSIVE)";
    CHECKPOINT_TRUNCATE = "PRAGMA wal_checkpoint(TRUNCATE)";
    COPY_INTO = "VACUUM INTO ?1";
    QUICK_CHECK = "PRAGMA quick_check(1)";
    VERSION = "SELECT user_version FROM pragma_user_version";
    OWNER = "SELECT application_id FROM pragma_application_id";
    IS_EMPTY = "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE tbl_name <> '_sqlx_migrations')";

    // A second.
    ADD_SYSTEM = "INSERT INTO system (name) VALUES (?1) ON CONFLICT DO NOTHING";
    // Four in one, which waits once for the connection's thread. What is NULL is left out.
    ADD_SECOND = "
        INSERT INTO system (name) VALUES (?1) ON CONFLICT DO NOTHING;
        INSERT INTO tape (system_id, utc_s, frames) SELECT id, ?2, ?3 FROM system WHERE name = ?1 AND ?3 IS NOT NULL;
        INSERT INTO tail (system_id, utc_s, rows) SELECT id, ?2, ?4 FROM system WHERE name = ?1 AND ?4 IS NOT NULL;
        INSERT INTO cell_tail (system_id, minute, cells)
        SELECT id, ?5, ?6 FROM system WHERE name = ?1 AND ?6 IS NOT NULL";
    ADD_DEVICE_MINUTE = "
        INSERT INTO device_tail (system_id, minute, points) SELECT id, ?2, ?3 FROM system WHERE name = ?1";
    ADD_EVENT = "
        INSERT INTO event (system_id, at_ms, rule, subject, severity, value, words, kind)
        SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM system WHERE name = ?1";
    ADD_ACTIVE_ALARM = "
        INSERT OR REPLACE INTO active_alarm (system_id, at_ms, rule, subject, severity, value, words)
        SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM system WHERE name = ?1";
    DELETE_ACTIVE_ALARM = "
        DELETE FROM active_alarm WHERE rule = ?2 AND subject = ?3
        AND system_id = (SELECT id FROM system WHERE name = ?1)";

    // Systems, and what of them is sealed.
    SYSTEMS = "SELECT name, id FROM system ORDER BY id";
    SYSTEM_ID = "SELECT id FROM system WHERE name = ?1";
    SEGMENTS = "
        SELECT name, day, rows, first_ms, last_ms, bytes, checksum
        FROM segment JOIN system ON system_id = id ORDER BY day";
    CELL_SEGMENTS = "
        SELECT name, day, rows, samples, cells, first_minute, last_minute, bytes, checksum
        FROM cell_segment JOIN system ON system_id = id ORDER BY day";
    SEGMENT = "
        SELECT rows, bytes, checksum FROM segment JOIN system ON system_id = id WHERE name = ?1 AND day = ?2";
    CELL_SEGMENT = "
        SELECT rows, bytes, checksum FROM cell_segment JOIN system ON system_id = id WHERE name = ?1 AND day = ?2";
    PUT_SEGMENT = "INSERT OR REPLACE INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    PUT_CELL_SEGMENT = "INSERT OR REPLACE INTO cell_segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    SET_CHECKSUM = "
        UPDATE segment SET checksum = ?4 WHERE day = ?2 AND bytes = ?3 AND checksum IS NULL
        AND system_id = (SELECT id FROM system WHERE name = ?1)";
    SET_CELL_CHECKSUM = "
        UPDATE cell_segment SET checksum = ?4 WHERE day = ?2 AND bytes = ?3 AND checksum IS NULL
        AND system_id = (SELECT id FROM system WHERE name = ?1)";
    DELETE_SEGMENT = "DELETE FROM segment WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)";
    DELETE_CELL_SEGMENT = "
        DELETE FROM cell_segment WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)";
    DEVICE_SEGMENTS = "
        SELECT name, day, rows, samples, points, first_minute, last_minute, bytes, checksum
        FROM device_segment JOIN system ON system_id = id ORDER BY day";
    DEVICE_SEGMENT = "
        SELECT rows, bytes, checksum FROM device_segment JOIN system ON system_id = id WHERE name = ?1 AND day = ?2";
    PUT_DEVICE_SEGMENT = "INSERT OR REPLACE INTO device_segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    SET_DEVICE_CHECKSUM = "
        UPDATE device_segment SET checksum = ?4 WHERE day = ?2 AND bytes = ?3 AND checksum IS NULL
        AND system_id = (SELECT id FROM system WHERE name = ?1)";
    DELETE_DEVICE_SEGMENT = "
        DELETE FROM device_segment WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)";

    // Rollups of sealed days.
    MINUTES = "
        SELECT day, minutes FROM rollup JOIN system ON system_id = id
        WHERE name = ?1 AND of = ?2 AND day >= ?3 AND day <= ?4";
    TENS = "
        SELECT day, tens FROM rollup JOIN system ON system_id = id
        WHERE name = ?1 AND of = ?2 AND day >= ?3 AND day <= ?4";
    ADD_ROLLUP = "INSERT INTO rollup VALUES (?1, ?2, ?3, ?4, ?5)";
    DELETE_ROLLUPS = "DELETE FROM rollup WHERE day = ?2 AND system_id = (SELECT id FROM system WHERE name = ?1)";

    // What is not sealed.
    UNSEALED_ROWS = "
        SELECT utc_s, rows, seq FROM tail JOIN system ON system_id = id
        WHERE name = ?1 AND utc_s < ?2 ORDER BY utc_s, seq";
    UNSEALED_CELLS = "
        SELECT minute, cells, seq FROM cell_tail JOIN system ON system_id = id
        WHERE name = ?1 AND minute < ?2 ORDER BY minute, seq";
    DELETE_ROWS = "
        DELETE FROM tail WHERE system_id = (SELECT id FROM system WHERE name = ?1)
        AND utc_s >= ?2 AND utc_s < ?3 AND seq <= ?4";
    DELETE_CELLS = "
        DELETE FROM cell_tail WHERE system_id = (SELECT id FROM system WHERE name = ?1)
        AND minute >= ?2 AND minute < ?3 AND seq <= ?4";
    UNSEALED_DEVICES = "
        SELECT minute, points, seq FROM device_tail JOIN system ON system_id = id
        WHERE name = ?1 AND minute < ?2 ORDER BY minute, seq";
    DELETE_DEVICES = "
        DELETE FROM device_tail WHERE system_id = (SELECT id FROM system WHERE name = ?1)
        AND minute >= ?2 AND minute < ?3 AND seq <= ?4";

    // Files of sealed days that are about to be replaced.
    NOTE_REPLACING = "INSERT OR REPLACE INTO replacing VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    REPLACING = "SELECT system, cells, day, bytes, checksum, before, newest FROM replacing";
    ANY_REPLACING = "SELECT EXISTS (SELECT 1 FROM replacing)";
    DELETE_REPLACING = "DELETE FROM replacing WHERE system = ?1 AND cells = ?2 AND day = ?3";

    // Events.
    EVENT_BEFORE = "
        SELECT at_ms, kind, rule, subject, severity, value, words FROM event JOIN system ON system_id = id
        WHERE name = ?1 AND kind = ?2 AND at_ms < ?3 ORDER BY at_ms DESC, seq DESC LIMIT 1";
    EVENT_AFTER = "
        SELECT at_ms, kind, rule, subject, severity, value, words FROM event JOIN system ON system_id = id
        WHERE name = ?1 AND kind = ?2 AND at_ms > ?3 ORDER BY at_ms, seq LIMIT 1";
    NEWEST_EVENTS = "
        SELECT at_ms, kind, rule, subject, severity, value, words FROM event JOIN system ON system_id = id
        WHERE name = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms DESC, seq DESC LIMIT ?4";
    ACTIVE_ALARMS = "
        SELECT at_ms, 'raised', rule, subject, severity, value, words, name
        FROM active_alarm JOIN system ON system_id = id ORDER BY at_ms, rule, subject";

    // The tape.
    TAPE_ROWS = "SELECT count(*) FROM tape";
    TAPE = "
        SELECT utc_s, frames FROM system JOIN tape ON system_id = id
        WHERE name = ?1 AND utc_s >= ?2 AND utc_s < ?3 ORDER BY utc_s, seq";
    TAPE_SECOND_AFTER = "
        SELECT utc_s FROM tape WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3 ORDER BY utc_s LIMIT 1 OFFSET ?4";
    TAPE_BYTES = "
        SELECT COALESCE(sum(length(frames)), 0) FROM tape WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3";
    OLDEST_TAPE_BYTES = "
        SELECT COALESCE(sum(bytes), 0) FROM (
            SELECT length(frames) AS bytes FROM tape WHERE system_id = ?1 AND utc_s < ?2 ORDER BY utc_s LIMIT ?3)";
    DELETE_TAPE_WITHOUT_ALARM = "
        DELETE FROM tape WHERE system_id = ?1 AND utc_s >= ?2 AND utc_s < ?3 AND NOT EXISTS (
            SELECT 1 FROM event WHERE event.system_id = ?1 AND kind = 'raised'
            AND at_ms >= (utc_s - ?4) * 1000 AND at_ms <= (utc_s + ?4) * 1000)";
    DELETE_OLDEST_TAPE = "
        DELETE FROM tape WHERE seq IN (
            SELECT seq FROM tape WHERE system_id = ?1 AND utc_s < ?2 ORDER BY utc_s LIMIT ?3)";

    // The clock.
    KNOWN_CLOCK = "SELECT known_us, behind FROM clock";
    PUT_CLOCK = "INSERT OR REPLACE INTO clock VALUES (1, ?1, ?2)";
    DOUBTFUL = "SELECT system, cells, day FROM doubtful";
    ADD_DOUBTFUL = "INSERT OR IGNORE INTO doubtful VALUES (?1, ?2, ?3)";
    DELETE_DOUBTFUL = "DELETE FROM doubtful";
}
