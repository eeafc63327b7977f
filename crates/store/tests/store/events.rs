//! Events are committed at once, and active alarms outlive the process.

use crate::common::*;
use domain::alarm::Severity;
use std::time::{Duration, Instant};
use store::{Event, EventKind, Range, Second, Store, StoreError};

fn event(kind: EventKind, at_ms: i64, rule: &str, subject: &str) -> Event {
    Event {
        at_ms,
        kind,
        rule: rule.to_owned(),
        subject: subject.to_owned(),
        severity: Severity::Critical,
        value: Some(2.8),
        words: format!("{subject} is bad"),
    }
}

fn happened(system: &str, event: Event) -> Second {
    Second { system: system.to_owned(), utc_s: event.at_ms / 1_000, events: vec![event], ..Second::default() }
}

fn all(store: &Store, system: &str) -> Vec<Event> {
    store.history().events(system, Range::new(i64::MIN, i64::MAX), 100).unwrap()
}

/// With a commit only once an hour, an event is there in a moment.
#[test]
fn an_event_does_not_wait_for_the_next_commit() {
    let folder = tempfile::tempdir().unwrap();

    let (store, _) = Store::open_with(folder.path(), OPENED_AT, QUIET).unwrap();
    let raised = event(EventKind::Raised, 5_000, "cell.voltage.low", "cell 1.1");
    store.append(happened("hv", raised.clone()));
    let start = Instant::now();
    while all(&store, "hv").is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "it waits");
        std::thread::yield_now();
    }
    assert_eq!(all(&store, "hv"), [raised]);
    assert_eq!(store.health().rows, 0, "an event is no row");
}

#[test]
fn what_was_raised_and_is_not_over_is_known_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(folder.path(), OPENED_AT).unwrap();
    let of = |kind, at_ms, subject| event(kind, at_ms, "cell.voltage.low", subject);
    for (system, event) in [
        ("hv", of(EventKind::Raised, 1_000, "cell 1.1")),
        ("hv", of(EventKind::Raised, 2_000, "cell 1.2")),
        ("home", of(EventKind::Raised, 3_000, "cell 1.1")),
        ("hv", of(EventKind::Cleared, 4_000, "cell 1.1")),
        // Of older versions and other programs: an event, but not active.
        ("hv", of(EventKind::Raised, 5_000, "")),
    ] {
        store.append(happened(system, event));
    }
    store.close().unwrap();
    let (store, _) = Store::open(folder.path(), OPENED_AT).unwrap();
    let active = store.history().active_alarms().unwrap();
    let told: Vec<_> = active.iter().map(|a| (a.system.as_str(), a.raised.subject.as_str(), a.raised.at_ms)).collect();
    assert_eq!(told, [("hv", "cell 1.2", 2_000), ("home", "cell 1.1", 3_000)]);
    assert_eq!(active[0].raised, of(EventKind::Raised, 2_000, "cell 1.2"));
    assert_eq!(all(&store, "hv").len(), 4);
}

/// A file as the version before made it, and one with a word of a version to come.
#[test]
fn events_of_older_files_stay_readable_and_unknown_words_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path(), OPENED_AT).unwrap());
    let run = |sql: &str| run_sql(&folder.path().join("history.db"), sql);
    run("DROP TABLE _sqlx_migrations; DROP TABLE active_alarm; DROP TABLE clock; DROP TABLE doubtful; DROP TABLE replacing;
         DROP TABLE device_tail; DROP TABLE device_segment;
         ALTER TABLE event DROP COLUMN subject; ALTER TABLE event DROP COLUMN value;
         ALTER TABLE segment DROP COLUMN checksum; ALTER TABLE cell_segment DROP COLUMN checksum;
         PRAGMA user_version = 3;
         INSERT INTO system (id, name) VALUES (1, 'hv');
         INSERT INTO event (system_id, at_ms, kind, rule, severity, words)
         VALUES (1, 7, 'raised', 'bus.sag', 'warning', 'Bus sags'), (1, 9, 'cleared', 'bus.sag', 'notice', 'Bus sags');");
    let (store, notices) = Store::open(folder.path(), OPENED_AT).unwrap();
    assert_eq!(notices, []);
    let told: Vec<_> =
        all(&store, "hv").into_iter().map(|e| (e.at_ms, e.kind, e.severity, e.subject, e.value)).collect();
    assert_eq!(
        told,
        [
            (7, EventKind::Raised, Severity::Warning, String::new(), None),
            (9, EventKind::Cleared, Severity::Notice, String::new(), None)
        ]
    );
    assert_eq!(store.history().active_alarms().unwrap(), []);
    drop(store);
    run("INSERT INTO event (system_id, at_ms, kind, rule, severity, words) VALUES (1, 11, 'acked', 'a', 'notice', '')");
    let (store, _) = Store::open(folder.path(), OPENED_AT).unwrap();
    let why = store.history().events("hv", Range::new(0, 100), 100).unwrap_err();
    assert!(matches!(why, StoreError::Sqlite { .. }) && why.to_string().contains("\"acked\""), "{why}");
    assert_eq!(store.history().events("hv", Range::new(0, 10), 100).unwrap().len(), 2, "the others are still there");
}
