//! Statements against the schema, the schema against files of earlier versions, and the one way to open a database.

use super::connection::{Access, Connection};
use super::open::{self, Durability, Spec};
use super::{ControlFile, Database, HISTORY, raw, sql};
use crate::error::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Column as _, Row as _, SqlSafeStr as _, TypeInfo as _, ValueRef as _};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

#[test]
fn the_library_is_new_enough_and_says_so() {
    assert!(raw::library_version() >= open::OLDEST_SQLITE, "{}", raw::library_version_name());
    let why = StoreError::OldSqlite("3.50.4".to_owned());
    assert!(why.needs_a_person() && why.to_string().contains("build packtwin with SQLite 3.51.3"), "{why}");
}

/// SQLite knows every table and column of each. How many parameters were bound is looked at whenever one runs.
#[test]
fn every_statement_fits_the_schema() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = Database::open(&folder.path().join("history.db")).unwrap();
    for (name, statement) in sql::ALL {
        db.conn.prepare(*statement).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(sql::ALL.len() > 50);
    let mut control = ControlFile::write(&folder.path().join("control.db")).unwrap();
    for (name, statement) in sql::control::ALL {
        control.prepare(*statement).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    assert!(sql::control::ALL.len() > 25);
}

/// The table of statements is complete: nothing else in the crate builds or runs one.
#[test]
fn no_statement_is_written_elsewhere() {
    let mut looked_at = 0;
    for (name, shipped) in crate::tests::sources().iter().filter(|(name, _)| !name.starts_with("database/sql")) {
        looked_at += 1;
        for (line, text) in (1..).zip(shipped.lines().filter(|line| !line.trim_start().starts_with("//"))) {
            let runs = ["sqlx::query", "raw_sql", "AssertSqlSafe", "QueryBuilder", "SqliteConnection"];
            let allowed = name == "database/connection.rs";
            assert!(allowed || !runs.iter().any(|word| text.contains(word)), "{name}, near {line}: {text}");
            let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "PRAGMA ", "CREATE ", "DROP ", "ALTER "];
            let starts = |verb: &&str| text.contains(&format!("\"{verb}"));
            assert!(!verbs.iter().any(starts), "{name}, near {line}: {text}");
        }
    }
    assert!(looked_at > 50, "{looked_at} files");
}

/// Each table's rows, in words.
fn dump(path: &Path) -> BTreeMap<String, Vec<String>> {
    let mut conn = Connection::open(path, Access::Read).unwrap();
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '_sqlx_migrations' ORDER BY name";
    let tables = conn.all_any(tables, |row| row.try_get::<String, _>(0)).unwrap();
    let words = |row: &sqlx::sqlite::SqliteRow| {
        let value = |k: usize| -> sqlx::Result<String> {
            let raw = row.try_get_raw(k)?;
            let kind = raw.type_info().name().to_owned();
            Ok(match kind.as_str() {
                _ if raw.is_null() => "NULL".to_owned(),
                "INTEGER" => row.try_get::<i64, _>(k)?.to_string(),
                "REAL" => row.try_get::<f64, _>(k)?.to_string(),
                "TEXT" => row.try_get::<String, _>(k)?,
                "BLOB" => format!("{:02x?}", row.try_get::<Vec<u8>, _>(k)?),
                other => panic!("{other}"),
            })
        };
        let columns = row.columns().iter().map(|column| Ok(format!("{}={}", column.name(), value(column.ordinal())?)));
        Ok(columns.collect::<sqlx::Result<Vec<_>>>()?.join(" "))
    };
    let of = |table: String| {
        let mut rows = conn.all_any(&format!("SELECT * FROM {table}"), words).unwrap();
        rows.sort();
        (table, rows)
    };
    tables.into_iter().map(of).collect()
}

/// A file that version 7 of the schema wrote before sqlx: two systems, with something in every table.
fn golden(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("history.db");
    let packed: &[u8] = include_bytes!("../../tests/golden/history-7.db.zst");
    fs::write(&path, zstd::decode_all(packed).unwrap()).unwrap();
    path
}

#[test]
fn a_file_from_before_sqlx_is_migrated_and_keeps_all_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = golden(folder.path());
    let before = dump(&path);
    let filled: Vec<(&str, usize)> = before.iter().map(|(table, rows)| (table.as_str(), rows.len())).collect();
    assert_eq!(
        filled,
        [
            ("active_alarm", 2),
            ("cell_segment", 1),
            ("cell_tail", 2),
            ("clock", 1),
            ("doubtful", 2),
            ("event", 8),
            ("replacing", 1),
            ("rollup", 3),
            ("segment", 1),
            ("system", 2),
            ("tail", 6),
            ("tape", 6)
        ]
    );
    for opening in 1..=2 {
        let mut db = Database::open(&path).unwrap();
        assert_eq!(db.rows(), 6);
        let known = db.conn.all_any("SELECT version FROM _sqlx_migrations ORDER BY 1", |row| row.try_get::<i64, _>(0));
        assert_eq!(known.unwrap(), (1..=HISTORY.newest()).collect::<Vec<_>>(), "opening {opening}");
        assert_eq!(db.conn.number(sql::VERSION.plain()).unwrap(), HISTORY.newest());
        drop(db);
        let mut after = dump(&path);
        after.retain(|table, rows| before.contains_key(table) || !rows.is_empty());
        assert_eq!(after, before, "opening {opening}");
    }
    // And it is what its readers make of it.
    let mut reader = super::Reader::open(&path).unwrap();
    let active = reader.active_alarms().unwrap();
    let told: Vec<_> = active.iter().map(|a| (a.system.as_str(), a.raised.subject.as_str(), a.raised.value)).collect();
    assert_eq!(told, [("hv", "cell 1.2", None), ("home", "cell 1.2", None)]);
    let all = reader.everything().unwrap();
    let tails: Vec<_> =
        all.tails.iter().map(|(of, rows)| (of.as_str(), rows.len(), all.cells.tails[of].len())).collect();
    assert_eq!(tails, [("hv", 15, 1), ("home", 15, 1)]);
    assert_eq!((all.catalogue[0].1.rows, all.cells.days[0].1.rows), (40, all.cells.days[0].1.rows));
    assert_eq!(reader.events("hv", i64::MIN, i64::MAX, 100).unwrap().len(), 4);
}

/// Every file that was ever begun is finished: killed after any step, and even before the first.
#[test]
fn a_schema_that_is_half_made_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole.db");
    drop(Database::open(&whole).unwrap());
    for steps in 0..=HISTORY.newest() {
        let path = folder.path().join(format!("{steps}.db"));
        let mut conn = Connection::open(&path, Access::Write).unwrap();
        conn.migrate_to(&HISTORY.steps, steps).unwrap();
        assert_eq!(conn.number(sql::VERSION.plain()).unwrap(), steps, "each step sets user_version to its number");
        drop(conn);
        drop(Database::open(&path).unwrap());
        assert_eq!(dump(&path), dump(&whole), "after {steps} steps");
    }
}

/// A second database, with its own schema and commits that survive a power cut.
#[test]
fn another_database_opens_in_the_same_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.db");
    let text =
        "CREATE TABLE setting (name TEXT PRIMARY KEY) STRICT; PRAGMA application_id = 7; PRAGMA user_version = 1";
    let step = Migration::new(1, "setting".into(), MigrationType::Simple, text.into_sql_str(), false);
    let spec = |durability| Spec {
        owner: 7,
        steps: Migrator::with_migrations(vec![step.clone()]),
        durability,
        check_limit: Duration::from_secs(2),
        copy_before_steps: true,
    };
    for (durability, synchronous) in [(Durability::Commit, 2), (Durability::Checkpoint, 1)] {
        let mut conn = open::open(&path, &spec(durability)).unwrap();
        let set = |conn: &mut Connection, name| {
            conn.all_any(&format!("SELECT {name} FROM pragma_{name}"), |row| row.try_get_unchecked::<String, _>(0))
                .unwrap()
        };
        assert_eq!(set(&mut conn, "synchronous"), [synchronous.to_string()]);
        assert_eq!(set(&mut conn, "journal_mode"), ["wal"]);
        assert_eq!(set(&mut conn, "foreign_keys"), ["1"]);
    }
    assert!(matches!(Database::open(&path), Err(StoreError::Foreign(_))));
    let mut newer = Connection::open(&path, Access::Write).unwrap();
    newer.run_any("PRAGMA user_version = 2").unwrap();
    drop(newer);
    let refused = open::open(&path, &spec(Durability::Commit));
    assert!(matches!(refused, Err(StoreError::NewerSchema { found: 2, known: 1, .. })));
}

/// Before its schema changes a copy is kept, with the schema that it had; a new file has none.
#[test]
fn a_file_is_copied_before_its_schema_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("control.db");
    let texts = [
        "CREATE TABLE one (x) STRICT; PRAGMA application_id = 7; PRAGMA user_version = 1",
        "CREATE TABLE two (x) STRICT; PRAGMA user_version = 2",
    ];
    let texts = texts.map(|text| text.replace("(x)", "(x TEXT)"));
    let steps: Vec<Migration> = (texts.iter().zip(1..))
        .map(|(text, n)| {
            let text = sqlx::AssertSqlSafe(text.clone()).into_sql_str();
            Migration::new(n, "step".into(), MigrationType::Simple, text, false)
        })
        .collect();
    let spec = |steps: &[Migration]| Spec {
        owner: 7,
        steps: Migrator::with_migrations(steps.to_vec()),
        durability: Durability::Commit,
        check_limit: Duration::from_secs(2),
        copy_before_steps: true,
    };
    let copy = folder.path().join("control.db.schema-1");
    let mut conn = open::open(&path, &spec(&steps[..1])).unwrap();
    conn.run_any("INSERT INTO one VALUES ('kept')").unwrap();
    drop(conn);
    assert!(!copy.exists());
    for _ in 0..2 {
        drop(open::open(&path, &spec(&steps)).unwrap());
        let tables: Vec<String> = dump(&copy).into_keys().collect();
        assert_eq!(tables, ["one"]);
        assert_eq!(dump(&copy)["one"], ["x=kept"]);
        assert_eq!(dump(&path)["one"], ["x=kept"]);
    }
    // An earlier program takes the copy, and not the file.
    assert!(matches!(open::open(&path, &spec(&steps[..1])), Err(StoreError::NewerSchema { found: 2, known: 1, .. })));
    drop(open::open(&copy, &spec(&steps[..1])).unwrap());
}

/// After a full disk SQLite takes the transaction back by itself: the connection stays good.
#[test]
fn a_connection_survives_a_transaction_that_did_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let mut db = Database::open(&folder.path().join("history.db")).unwrap();
    db.run("CREATE TABLE big (x BLOB); PRAGMA max_page_count = 60");
    for _ in 0..3 {
        let failed = db.conn.transaction(|conn| {
            conn.run(sql::ADD_SYSTEM.bind("hv"))?;
            conn.run_any("INSERT INTO big VALUES (zeroblob(1000000))")
        });
        assert_eq!(crate::error::code(&failed.unwrap_err()), Some(libsqlite3_sys::SQLITE_FULL));
        assert_eq!(db.systems().unwrap(), Vec::<String>::new());
    }
    db.conn.transaction(|conn| conn.run(sql::ADD_SYSTEM.bind("hv"))).unwrap();
    assert_eq!(db.systems().unwrap(), ["hv"]);
}
