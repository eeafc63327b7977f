//! What only a person can put right refuses to open, in words, and is left as it was.

use crate::common::{OPENED_AT, QUIET, open, seconds, write};
use rusqlite::Connection;
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
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let error = refusal(folder.path());
    assert!(matches!(error, StoreError::NewerSchema { found: 99, .. }));
    assert!(error.to_string().contains("newer packtwin (schema 99"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn another_programs_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE cat (name)").unwrap();
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

#[test]
fn sqlite_is_new_enough() {
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}
