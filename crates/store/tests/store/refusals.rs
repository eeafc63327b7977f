//! What only a person can put right refuses to open, in words, and is left as it was.

use crate::common::{OPENED_AT, QUIET, open, run_sql, seconds, write};
use std::fs;
use std::path::Path;
use store::{Store, StoreError};

fn refusal(folder: &Path) -> StoreError {
    match Store::open_with(folder, OPENED_AT, QUIET) {
        Ok(_) => panic!("it opened"),
        Err(e) => e,
    }
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let error = refusal(folder.path());
    assert!(matches!(error, StoreError::InUse(_)));
    assert!(error.to_string().contains("is in use by another packtwin"), "{error}");
    write(&store, [1]);
    store.close().unwrap();
    assert_eq!(seconds(&open(folder.path())), [1]);
}

#[test]
fn the_schema_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().unwrap();
    let path = folder.path().join("history.db");
    let good = fs::read(&path).unwrap();
    // As migrations set it; and as it is when a program is killed before it has.
    for newer in [
        "PRAGMA user_version = 99",
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99, 'to come', TRUE, x'00', 0)",
    ] {
        fs::write(&path, &good).unwrap();
        run_sql(&path, newer);
        let before = fs::read(&path).unwrap();
        let error = refusal(folder.path());
        assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }), "{error}");
        assert!(error.to_string().contains("newer packtwin (schema 99"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_schema_that_no_released_version_made_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).close().unwrap();
    let path = folder.path().join("history.db");
    run_sql(&path, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 3");
    let error = refusal(folder.path());
    assert!(matches!(error, StoreError::OtherSchema { .. }), "{error}");
    assert!(error.to_string().contains("another build of packtwin (migration 3"), "{error}");
}

#[test]
fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    run_sql(&path, "CREATE TABLE cat (name)");
    let before = fs::read(&path).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, StoreError::Foreign(_)), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_folder_in_place_of_the_file_and_a_file_in_place_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("history.db")).unwrap();
    assert!(matches!(refusal(folder.path()), StoreError::NotAFile(_)));

    let file = folder.path().join("data");
    fs::write(&file, "").unwrap();
    assert!(matches!(refusal(&file), StoreError::NotAFolder(_)));
    assert!(matches!(refusal(&file.join("deeper")), StoreError::NotAFolder(_)));
}
