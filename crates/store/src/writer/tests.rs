//! The writer driven by hand: time is a parameter, nothing sleeps.

use super::*;
use crate::database::Reader;
use crate::shared::Health;
use std::path::Path;

fn row(utc_s: i64) -> Second {
    Second { system: "hv".to_owned(), utc_s, tape: vec![1; 1_500], ..Second::default() }
}

/// A started writer that is driven by hand.
fn writer(folder: &Path, options: Options) -> Writer {
    let shared = Arc::new(Shared::new(options.pending_max_bytes));
    let mut writer = Writer::new(folder.to_owned(), options, shared, Arc::default());
    assert_eq!(writer.start(Utc(0)).unwrap(), []);
    writer
}

fn stored(folder: &Path) -> Vec<i64> {
    Reader::open(&layout::database(folder))
        .unwrap()
        .tape("hv", i64::MIN, i64::MAX)
        .unwrap()
        .iter()
        .map(|row| row.utc_s)
        .collect()
}

#[test]
fn a_full_file_takes_all_of_a_batch_or_nothing_and_the_oldest_are_dropped_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options { pending_max_bytes: 100_000, ..Options::default() });
    writer.db.as_mut().unwrap().run("PRAGMA max_page_count = 12");
    (0..40).for_each(|s| writer.shared.append(row(s)));
    writer.cycle(Instant::now(), true);
    let health = writer.shared.health();
    assert!(health.error.unwrap().contains("the disk is full"));
    assert_eq!((health.pending, health.dropped, health.last_commit), (40, 0, None));
    assert_eq!(stored(folder.path()), Vec::<i64>::new());

    (40..100).for_each(|s| writer.shared.append(row(s)));
    let Health { pending, dropped, .. } = writer.shared.health();
    assert!(dropped > 0 && pending as u64 + dropped == 100);

    writer.db.as_mut().unwrap().run("PRAGMA max_page_count = 100000");
    writer.cycle(Instant::now(), true);
    assert_eq!(stored(folder.path()), (dropped as i64..100).collect::<Vec<_>>());
    let health = writer.shared.health();
    assert_eq!((health.error, health.pending, health.rows), (None, 0, pending as u64));
}

#[test]
fn only_its_owner_reads_what_is_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("data");
    let (store, _) = crate::Store::open(&folder, domain::time::Utc(0)).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    drop(store);
    let day = layout::systems(&folder).join("hv/pack/2026-11-20.parquet");
    let write = |new: &Path| std::fs::write(new, "day").map(|()| 3).map_err(StoreError::io(new));
    crate::segment::beside(&day, write).unwrap().put().unwrap();
    assert_eq!((mode(&day), mode(day.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn pauses_between_attempts_grow_and_start_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    let now = Instant::now();
    let full = || StoreError::Unwritten { rows: 1, why: "no room".to_owned() };
    let pauses: Vec<u64> = (0..7)
        .map(|_| {
            writer.failed(full(), now);
            (writer.retry_at - now).as_secs()
        })
        .collect();
    assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
    writer.cycle(now, true);
    writer.failed(full(), now);
    assert_eq!((writer.retry_at - now).as_secs(), 1);
}

#[test]
fn a_file_found_damaged_while_running_is_put_aside_and_rows_go_to_a_fresh_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    writer.shared.append(row(1));
    writer.cycle(Instant::now(), true);
    writer.shared.append(row(2));
    let path = layout::database(folder.path());
    writer.failed(StoreError::Damaged { path: path.clone(), why: "a bad page".to_owned() }, Instant::now());
    assert!(!path.exists());
    writer.cycle(Instant::now(), true);
    assert_eq!(stored(folder.path()), [2]);
    assert_eq!(writer.shared.health().rows, 1);
}

#[test]
fn old_rows_go_in_steps_and_at_intervals() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options { keep: Duration::from_secs(10), ..Options::default() });
    writer.wall = || Utc(3_000_000_000);
    let rows = EXPIRE_ROWS as i64 + 100;
    (0..rows).for_each(|s| writer.shared.append(row(s)));
    let start = writer.expire_at;
    writer.cycle(start, true);
    assert_eq!(stored(folder.path()).first(), Some(&(EXPIRE_ROWS as i64)));
    writer.cycle(start + EXPIRE_EVERY / 2, true);
    assert_eq!(stored(folder.path()).len(), 100);
    writer.cycle(start + EXPIRE_EVERY, true);
    assert_eq!(stored(folder.path()).first(), Some(&(rows - 11)));
}

#[test]
fn checkpoints_come_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    let file_size = || std::fs::metadata(layout::database(folder.path())).unwrap().len();
    let start = Instant::now();
    writer.shared.append(row(1));
    writer.cycle(start, true);
    let before = file_size();
    writer.cycle(start + Duration::from_secs(6), true);
    assert!(file_size() > before);
    writer.cycle(start + TRUNCATE_EVERY + Duration::from_secs(1), true);
    assert_eq!(std::fs::metadata(folder.path().join("history.db-wal")).unwrap().len(), 0);
}

#[test]
fn a_file_deleted_while_running_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    writer.shared.append(row(1));
    writer.cycle(Instant::now(), true);
    std::fs::remove_file(layout::database(folder.path())).unwrap();
    writer.shared.append(row(2));
    writer.cycle(Instant::now(), true);
    assert!(writer.shared.health().error.unwrap().contains("history.db"));
    writer.cycle(Instant::now(), true);
    assert_eq!(stored(folder.path()), [2]);
    assert_eq!((writer.shared.health().error, writer.shared.health().rows), (None, 1));
}

thread_local! {
    static WALL: std::cell::Cell<i64> = const { std::cell::Cell::new(0) };
    static FREE: std::cell::Cell<u64> = const { std::cell::Cell::new(u64::MAX) };
}
const HOUR_MS: i64 = 3_600_000;
/// 2026-11-29 16:00 UTC, ms.
const TODAY_MS: i64 = 1_795_968_000_000;

/// A writer whose clock and disk are the thread's, on a history of `days` sealed days of rows and of cells up to today.
fn by_hand(folder: &Path, days: i64, options: Options) -> Writer {
    let (bulk, _) = crate::Bulk::open(folder, Utc(0)).unwrap();
    for day in (0..days).map(|back| Day::of(TODAY_MS - 86_400_000 * back)) {
        let mut block = crate::Block::new();
        block.push(&domain::telemetry::Row::empty(day.start_ms()));
        bulk.replace("hv", day, &block).unwrap();
        bulk.join_cells("hv", day, &[minute(day.start_ms())]).unwrap();
    }
    bulk.close().unwrap();
    reopened(folder, options)
}

fn reopened(folder: &Path, options: Options) -> Writer {
    let shared = Arc::new(Shared::new(options.pending_max_bytes));
    let mut writer = Writer::new(folder.to_owned(), options, shared, Arc::default());
    writer.wall = || Utc(WALL.get() * 1_000);
    writer.free = |_| Some(FREE.get());
    assert_eq!(writer.start(Utc(0)).unwrap(), []);
    writer
}

fn minute(at_ms: i64) -> domain::minute::CellMinute {
    let mut minute = domain::minute::CellMinute::empty(at_ms.div_euclid(60_000), 2);
    minute.columns.iter_mut().flatten().for_each(|column| column.fill(7));
    minute
}

/// The clock shows `wall_ms`, `now` has come, a row and a minute of cells are appended, and the files are maintained.
fn pass(writer: &mut Writer, wall_ms: i64, now: Instant) {
    WALL.set(wall_ms);
    let rows = vec![domain::telemetry::Row::empty(wall_ms)];
    let cells = Some(minute(wall_ms));
    let second = Second { rows: rows.clone(), cells, ..row(wall_ms.div_euclid(1_000)) };
    writer.index.append("hv", &rows);
    writer.index.add_minute("hv", second.cells.as_ref());
    writer.shared.append(second);
    writer.cycle(now, true);
    assert_eq!(writer.shared.health().error, None);
}

fn sealed(writer: &Writer) -> (Vec<Day>, Vec<Day>) {
    writer
        .index
        .with("hv", |indexed| {
            (indexed.segments.keys().copied().collect(), indexed.cells.days.keys().copied().collect())
        })
        .unwrap()
}

fn aside(folder: &Path, kind: &str) -> usize {
    let files = std::fs::read_dir(folder.join("set-aside/wrong-time/hv").join(kind)).into_iter().flatten().flatten();
    files.filter(|file| file.path().extension().is_some_and(|ending| ending == "parquet")).count()
}

/// An hour of a clock that stands `days` from the truth, with sealing, and two days after it, in steps of a minute.
fn wrong_for_an_hour(days: i64, restart: bool) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { keep_sealed: Duration::from_secs(30 * 86_400), ..Options::default() };
    let mut writer = by_hand(folder.path(), 10, options);
    let before = sealed(&writer);
    let start = Instant::now();
    let at = |minutes: i64| start + Duration::from_secs(60 * minutes as u64);
    let mut minutes = 0;
    let mut go = |writer: &mut Writer, wrong_ms: i64, count: i64| {
        for _ in 0..count {
            minutes += 1;
            pass(writer, TODAY_MS + 60_000 * minutes + wrong_ms, at(minutes));
        }
    };
    go(&mut writer, 0, 30);
    go(&mut writer, 86_400_000 * days, 90);
    assert!(writer.report.troubles.iter().any(|told| told.kind == StorageKind::Clock), "it is said");
    if restart {
        drop(writer);
        WALL.set(TODAY_MS + 60_000 * 121);
        writer = reopened(folder.path(), options);
    }
    go(&mut writer, 0, 12 * 60);
    let after = sealed(&writer);
    assert!(before.0.iter().all(|day| after.0.contains(day)), "{before:?} {after:?}");
    assert!(before.1.iter().all(|day| after.1.contains(day)), "{before:?} {after:?}");
    assert!(
        after.0.iter().chain(&after.1).all(|day| day.0 <= Day::of(TODAY_MS).0 + 1),
        "no day of a wrong time is left"
    );
    assert!(after.0.iter().chain(&after.1).all(|day| day.0 >= before.0[0].0), "no day of a wrong time is left");
    assert!(aside(folder.path(), "pack") > 0 && aside(folder.path(), "cells") > 0, "they are set aside");
    let tail = writer.index.with("hv", |indexed| indexed.tail.at_ms().to_vec()).unwrap();
    assert!(tail.iter().all(|at| (at - TODAY_MS).abs() < 86_400_000), "the hot tail has the right time only");
    assert!(stored(folder.path()).len() >= 30 + 90 + 600, "no tape went by a wrong time");
    assert!(writer.report.troubles.iter().any(|told| told.words.contains("wrong-time")), "where they are is said");
}

#[test]
fn a_clock_that_stands_500_days_ahead_for_an_hour_costs_no_day() {
    wrong_for_an_hour(500, false);
    wrong_for_an_hour(500, true);
}

#[test]
fn a_clock_that_stands_in_the_past_for_an_hour_costs_no_day_and_mixes_nothing() {
    wrong_for_an_hour(-400, false);
    wrong_for_an_hour(-400, true);
}

#[test]
fn by_age_a_day_goes_an_hour_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Duration::from_secs(3 * 86_400);
    let mut writer = by_hand(folder.path(), 10, Options { keep_sealed: kept, keep_cells: kept, ..Options::default() });
    let start = Instant::now();
    for hour in 0..9 {
        pass(&mut writer, TODAY_MS + HOUR_MS * hour, start + Duration::from_secs(3_601 * hour as u64 + 1));
        let (days, cells) = sealed(&writer);
        let left = 10 - (hour as usize).min(6);
        assert_eq!((days.len(), cells.len()), (left, left), "hour {hour}");
    }
    assert!(writer.report.troubles.iter().any(|told| told.words.contains("older than 3 days")));
    let events = Reader::open(&layout::database(folder.path())).unwrap().events("hv", 0, i64::MAX, 99).unwrap();
    assert_eq!(events.iter().filter(|event| event.words.contains("older than 3 days")).count(), 12);
}

#[test]
fn what_can_be_made_again_goes_before_any_sealed_day() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = by_hand(folder.path(), 6, Options::default());
    let spill = folder.path().join("work/queries/query-1/spill/a.tmp");
    let cached = folder.path().join("work/cache/hv/x/at.i64");
    for path in [&spill, &cached] {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, vec![0; 2_000_000]).unwrap();
    }
    let start = Instant::now();
    let mut pass_with = |free: u64, minute: u64| {
        FREE.set(free);
        pass(&mut writer, TODAY_MS, start + Duration::from_secs(60 * minute + 1));
        let told = writer.report.troubles.iter().any(|told| told.kind == StorageKind::DiskShort);
        (sealed(&writer).0.len(), told)
    };
    // With a spill of 2 MB and a cache of 2 MB there would be room enough: no day goes for them.
    assert_eq!(pass_with(197_000_000, 1), (6, true));
    assert!(!cached.exists() && spill.exists());
    assert_eq!(pass_with(199_000_000, 2), (6, true));
    assert_eq!(pass_with(150_000_000, 3), (5, true));
    assert_eq!(pass_with(300_000_000, 4), (5, false));
}

#[test]
fn tape_around_alarms_has_a_cap_and_each_row_is_looked_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (cap, keep) = (150_000, Duration::from_secs(10));
    let mut writer = writer(folder.path(), Options { keep, keep_around_max_bytes: cap, ..Options::default() });
    writer.wall = || Utc(3_000_000_000);
    // An alarm a minute keeps everything.
    for s in 0..1_500 {
        let event = crate::Event {
            at_ms: s * 1_000,
            kind: crate::EventKind::Raised,
            rule: "bus.sag".to_owned(),
            subject: String::new(),
            severity: domain::alarm::Severity::Warning,
            value: None,
            words: String::new(),
        };
        let events = if s % 60 == 0 { vec![event] } else { Vec::new() };
        writer.shared.append(Second { events, ..row(s) });
    }
    let start = writer.expire_at;
    for minute in 0..3 {
        writer.cycle(start + EXPIRE_EVERY * minute, true);
    }
    let left = stored(folder.path());
    assert!(left.len() <= cap as usize / 1_500 + EXPIRE_ROWS && left.len() < 1_500, "{}", left.len());
    assert_eq!(left.last(), Some(&1_499));
}

/// Between the replacing of a day's file and its entry anything may fail: then the file is right, and the entry is not.
#[test]
fn a_file_that_could_not_be_registered_is_taken_in_and_never_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    let start = Instant::now();
    let day = Day(20_000);
    let hour = |writer: &mut Writer, hour: i64| {
        for minute in 0..60 {
            let at_ms = day.start_ms() + (hour * 60 + minute) * 60_000;
            let mut row = domain::telemetry::Row::empty(at_ms);
            row.set(domain::point::PointId::Voltage, 800.0);
            writer.index.append("hv", &[row]);
            writer.shared.append(Second {
                system: "hv".to_owned(),
                utc_s: at_ms / 1_000,
                rows: vec![row],
                ..Second::default()
            });
        }
        writer.cycle(start + Duration::from_secs(120 * (1 + hour) as u64), true);
    };
    hour(&mut writer, 0);
    hour(&mut writer, 1);
    assert_eq!(writer.shared.health().error, None);
    let of = |writer: &Writer| writer.index.with("hv", |indexed| indexed.segments.get(&day).map(|s| s.rows)).unwrap();
    assert_eq!(of(&writer), Some(60));
    let db = writer.db.as_mut().unwrap();
    db.run("CREATE TRIGGER no BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'not now'); END");
    hour(&mut writer, 2);
    assert!(writer.shared.health().error.unwrap().contains("not now"));
    assert_eq!(of(&writer), None, "its entry is not that of the file");
    writer.shared.found(Finding::Damaged("hv".to_owned(), crate::sealed::Kind::Pack, day));
    writer.db.as_mut().unwrap().run("DROP TRIGGER no");
    hour(&mut writer, 3);
    hour(&mut writer, 4);
    assert_eq!(writer.shared.health().error, None);
    assert_eq!(of(&writer), Some(240));
    assert_eq!(writer.shared.health().troubles, []);
    assert!(!folder.path().join("set-aside").exists());
}

/// While the new file of a day is made, seconds are stored; a file that changed meanwhile is not replaced.
#[test]
fn the_writer_goes_on_storing_while_a_day_is_sealed_and_each_row_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    let start = Instant::now();
    let sealed = |writer: &Writer, kind: Kind| writer.index.with("hv", |indexed| indexed.days(kind).len()).unwrap();
    let finish = |writer: &mut Writer, now: Instant| {
        let patience = Instant::now() + Duration::from_secs(60);
        while writer.sealing.is_busy() {
            assert!(Instant::now() < patience, "it is not sealed");
            std::thread::sleep(Duration::from_millis(5));
            writer.cycle(now, false);
        }
    };
    an_hour_waits(&mut writer, 0);
    an_hour_waits(&mut writer, 1);
    writer.cycle(start, false);
    // A thread makes the files: none is in its place yet, and what came is stored.
    assert!(writer.sealing.is_busy() && sealed(&writer, Kind::Pack) == 0 && sealed(&writer, Kind::Cells) == 0);
    writer.shared.append(row(7));
    writer.cycle(start, false);
    assert!(stored(folder.path()).contains(&7));
    finish(&mut writer, start);
    assert_eq!((sealed(&writer, Kind::Pack), sealed(&writer, Kind::Cells)), (1, 1));
    assert_eq!(writer.shared.health().error, None);

    // The file that would be replaced is another one by then.
    an_hour_waits(&mut writer, 2);
    let later = start + Duration::from_secs(120);
    writer.cycle(later, false);
    assert!(writer.sealing.is_busy());
    let path = Kind::Pack.path(folder.path(), "hv", DAY);
    while !writer.sealing.is_made() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::thread::sleep(Duration::from_millis(20));
    std::fs::write(&path, bytes).unwrap();
    finish(&mut writer, later);
    let rows = |writer: &Writer| writer.index.with("hv", |indexed| indexed.segments.get(&DAY).map(|s| s.rows)).unwrap();
    writer.cycle(later + Duration::from_secs(120), true);
    assert_eq!((rows(&writer), writer.shared.health().error), (Some(120), None), "it is sealed anew");
    let left = writer.index.with("hv", |indexed| (indexed.tail.len(), indexed.cells.tail.len()));
    assert_eq!(left, Some((60, 60)));
    assert!(!path.with_extension("parquet.new").exists());
    drop(writer);
    each_once(&crate::History::open(folder.path()).unwrap(), 3);
}

/// A writer that is closed while files are made leaves nothing half done.
#[test]
fn a_writer_that_ends_waits_for_what_is_being_made() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = writer(folder.path(), Options::default());
    for hour in 0..2 {
        an_hour_waits(&mut writer, hour);
    }
    writer.cycle(Instant::now(), false);
    assert!(writer.sealing.is_busy());
    writer.sealing.abandon();
    assert!(!writer.sealing.is_busy());
    let left: Vec<_> =
        walk(folder.path()).into_iter().filter(|path| path.extension().is_some_and(|of| of == "new")).collect();
    assert_eq!(left, Vec::<PathBuf>::new());
}

const DAY: Day = Day(20_000);

/// Every file below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Hands over an hour of the day, a row and a minute of two cells each minute, and maintains the files.
fn an_hour(writer: &mut Writer, hour: i64, now: Instant) {
    an_hour_waits(writer, hour);
    WALL.set(DAY.start_ms() + (hour + 1) * HOUR_MS);
    writer.cycle(now + Duration::from_secs(120 * (1 + hour) as u64), true);
}

/// Hands over an hour of the day, a row and a minute of two cells each minute.
fn an_hour_waits(writer: &mut Writer, hour: i64) {
    for at_ms in (0..60).map(|minute| DAY.start_ms() + (hour * 60 + minute) * 60_000) {
        let rows = vec![row_at(at_ms)];
        let second = Second { rows: rows.clone(), cells: Some(minute(at_ms)), ..row(at_ms / 1_000) };
        writer.index.append("hv", &rows);
        writer.index.add_minute("hv", second.cells.as_ref());
        writer.shared.append(second);
    }
}

fn row_at(at_ms: i64) -> domain::telemetry::Row {
    let mut row = domain::telemetry::Row::empty(at_ms);
    row.set(domain::point::PointId::Voltage, 800.0);
    row
}

/// Asserts that each minute up to `hours` is there once, in rows, in charts and in cells.
fn each_once(history: &crate::History, hours: i64) {
    let range = crate::Range::new(DAY.start_ms(), DAY.end_ms());
    let points = [domain::point::PointId::Voltage];
    let expected: Vec<i64> = (0..hours * 60).map(|minute| DAY.start_ms() + minute * 60_000).collect();
    assert_eq!(history.rows("hv", range, &points).unwrap().at_ms(), expected);
    assert_eq!(history.summary("hv", range, &points).unwrap().points[0].1.n as usize, expected.len());
    let cell = (domain::reading::CellQuantity::Voltage, 1);
    let chart = history.cell_chart("hv", range, cell, 8_000).unwrap();
    let known: Vec<u32> = chart.buckets.iter().map(|bucket| bucket.n).filter(|n| *n > 0).collect();
    assert_eq!(known, vec![7; expected.len()]);
}

fn history_of(writer: &Writer) -> crate::History {
    let keeper = crate::integrity::Keeper::Writer(Arc::clone(&writer.shared));
    crate::History::new(&writer.folder, layout::database(&writer.folder), Arc::clone(&writer.index), keeper)
}

/// A server that was killed after the files of an hour took their place, and before that was registered.
fn killed_between(folder: &Path) {
    let mut writer = reopened(folder, Options::default());
    let start = Instant::now();
    (0..3).for_each(|hour| an_hour(&mut writer, hour, start));
    assert_eq!(writer.shared.health().error, None);
    each_once(&history_of(&writer), 3);
    deny(folder);
    an_hour(&mut writer, 3, start);
    assert!(writer.shared.health().error.unwrap().contains("not now"));
    drop(writer);
    allow(folder);
}

/// No day can be registered.
fn deny(folder: &Path) {
    for table in ["segment", "cell_segment"] {
        let no =
            format!("CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'not now'); END");
        Database::open(&layout::database(folder)).unwrap().run(&no);
    }
}

fn allow(folder: &Path) {
    let mut db = Database::open(&layout::database(folder)).unwrap();
    db.run("DROP TRIGGER no_segment; DROP TRIGGER no_cell_segment");
}

#[test]
fn after_a_kill_between_a_file_and_its_entry_each_row_and_minute_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    killed_between(folder.path());
    let mut writer = reopened(folder.path(), Options::default());
    each_once(&history_of(&writer), 4);
    let start = Instant::now();
    for hour in 4..7 {
        an_hour(&mut writer, hour, start);
        assert_eq!(writer.shared.health().error, None);
        each_once(&history_of(&writer), hour + 1);
    }
    assert_eq!(writer.shared.health().troubles, []);
    assert_eq!(writer.db.as_mut().unwrap().replacements().unwrap(), []);
    assert!(!folder.path().join("set-aside").exists());
}

#[test]
fn what_could_not_be_registered_is_registered_while_running_and_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = reopened(folder.path(), Options::default());
    let start = Instant::now();
    an_hour(&mut writer, 0, start);
    an_hour(&mut writer, 1, start);
    deny(folder.path());
    an_hour(&mut writer, 2, start);
    assert!(writer.shared.health().error.unwrap().contains("not now"));
    allow(folder.path());
    for hour in 3..6 {
        an_hour(&mut writer, hour, start);
        assert_eq!(writer.shared.health().error, None);
        each_once(&history_of(&writer), hour + 1);
    }
}

#[test]
fn after_a_kill_before_the_new_file_took_its_place_the_old_one_and_the_tail_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = reopened(folder.path(), Options::default());
    let start = Instant::now();
    (0..3).for_each(|hour| an_hour(&mut writer, hour, start));
    let db = writer.db.as_mut().unwrap();
    for kind in [crate::sealed::Kind::Pack, crate::sealed::Kind::Cells] {
        let of = db.sealed_day("hv", kind, DAY).unwrap().unwrap();
        let new = crate::sealed::Sealed { checksum: of.checksum.map(|sum| !sum), ..of };
        db.replacing("hv", &new, crate::database::Taken { before: i64::MAX, newest: i64::MAX }).unwrap();
        let path = kind.path(folder.path(), "hv", DAY);
        std::fs::write(path.with_extension("parquet.new"), "half of a file").unwrap();
    }
    drop(writer);
    let mut writer = reopened(folder.path(), Options::default());
    assert_eq!(writer.db.as_mut().unwrap().replacements().unwrap(), []);
    each_once(&history_of(&writer), 3);
    an_hour(&mut writer, 3, start);
    each_once(&history_of(&writer), 4);
}

#[test]
fn a_program_that_reads_or_fills_a_history_after_a_kill_counts_each_row_once_too() {
    let folder = tempfile::tempdir().unwrap();
    killed_between(folder.path());
    each_once(&crate::History::open(folder.path()).unwrap(), 4);

    let folder = tempfile::tempdir().unwrap();
    killed_between(folder.path());
    // All of it again: sealed, just replaced, and not sealed yet; and an hour more, which is registered after a kill only.
    let mut block = crate::Block::new();
    (0..300).for_each(|minute| block.push(&row_at(DAY.start_ms() + minute * 60_000)));
    let minutes = |range: std::ops::Range<i64>| -> Vec<_> {
        range.map(|number| minute(DAY.start_ms() + number * 60_000)).collect()
    };
    let (bulk, _) = crate::Bulk::open(folder.path(), Utc(0)).unwrap();
    let nothing = crate::Joined::default();
    assert_eq!(bulk.join("hv", DAY, &block.slice(0..240)).unwrap(), nothing);
    assert_eq!(bulk.join_new_cells("hv", DAY, minutes(0..240)).unwrap(), nothing);
    deny(folder.path());
    assert!(bulk.join("hv", DAY, &block).is_err());
    assert!(bulk.join_new_cells("hv", DAY, minutes(0..300)).is_err());
    drop(bulk);
    allow(folder.path());
    let writer = reopened(folder.path(), Options::default());
    each_once(&history_of(&writer), 5);
}
