//! The file as it should be, and what is done to it.

use super::*;
use crate::audit::hash;
use crate::database::AuditFilter;
use domain::audit::Entry;
use domain::people::{Requester, Role, Scope};
use domain::time::{Utc, rfc3339};
use std::os::unix::fs::PermissionsExt as _;
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

fn fresh() -> (TempDir, Control) {
    let folder = tempfile::tempdir().unwrap();
    let control = Control::open(folder.path()).unwrap();
    (folder, control)
}

fn entry(n: i64) -> Entry {
    let system = Some(if n % 2 == 0 { "hv" } else { "home" }.to_owned());
    Entry { system, ..Entry::of(&Requester::console(), Utc(n * 1_000_000), "test") }
}

fn append(control: &Control, count: i64) {
    let many = |tables: &mut Tables<'_>| (1..=count).try_for_each(|n| tables.audit(entry(n)).map(drop));
    control.write(many).unwrap();
}

#[test]
fn accounts_with_their_sessions_and_tokens_are_kept() {
    let (folder, control) = fresh();
    let (made, secret) = (Utc(7), [7; 32]);
    control.write(|t| t.add_user("mara", Role::Admin, "$argon2id$", made, "console")).unwrap();
    let mara = control.read(|t| t.user("mara")).unwrap().unwrap();
    assert_eq!(
        (mara.role, mara.made, &mara.made_by[..], &mara.password[..]),
        (Role::Admin, made, "console", "$argon2id$")
    );
    assert!(control.write(|t| t.add_user("mara", Role::Viewer, "", made, "")).is_err(), "a name is taken once");
    assert_eq!(control.read(|t| Ok((t.any_user()?, t.admins()?))).unwrap(), (true, 1));

    let from = ("192.0.2.7", "Firefox");
    let id = control.write(|t| t.add_session(&secret, (mara.id, Utc(10), from))).unwrap();
    control.write(|t| t.see_session(id, Utc(20))).unwrap();
    control.write(|t| t.see_session(id, Utc(15))).unwrap();
    let session = control.read(|t| t.session(&secret)).unwrap().unwrap();
    assert_eq!((session.id, &session.name[..], session.role, session.seen), (id, "mara", Role::Admin, Utc(20)));
    assert_eq!(control.read(|t| t.session(&[8; 32])).unwrap(), None);
    assert!(control.read(|t| t.is_familiar("mara", "192.0.2.7")).unwrap());
    assert!(!control.read(|t| t.is_familiar("mara", "192.0.2.8")).unwrap());
    // A number is never given twice: a page that still has it means no other session.
    assert!(control.write(|t| t.end_session(id)).unwrap() && !control.write(|t| t.end_session(id)).unwrap());
    let ids: Vec<i64> = (0..25)
        .map(|n| control.write(|t| t.add_session(&[n + 30; 32], (mara.id, Utc(30 + i64::from(n)), from))).unwrap())
        .collect();
    assert!(ids[0] > id);
    assert_eq!(control.read(|t| t.sessions()).unwrap().len(), 20, "the oldest make room");
    assert_eq!(control.write(|t| t.end_sessions_of(mara.id, Some(ids[24]))).unwrap(), 19);
    assert_eq!(control.write(|t| t.forget_sessions(Utc(55))).unwrap(), 1);

    let token =
        |t: &mut Tables<'_>, name| t.add_token((name, Scope::Control), ("pt_ab", &secret), (made, "mara"), Utc(99));
    let id = control.write(|t| token(t, "planner")).unwrap().unwrap();
    assert_eq!(control.write(|t| token(t, "planner")).unwrap(), None, "a name is taken once");
    control.write(|t| t.use_token(id, Utc(60))).unwrap();
    let found = control.read(|t| t.token(&secret)).unwrap().unwrap();
    assert_eq!(
        (found.scope, found.ends, found.used, &found.prefix[..]),
        (Scope::Control, Utc(99), Some(Utc(60)), "pt_ab")
    );
    assert_eq!(control.write(|t| t.end_tokens_by("mara")).unwrap(), ["planner"]);
    assert!(!control.write(|t| t.end_token(id)).unwrap());

    assert_eq!(control.read(|t| t.armed()).unwrap(), None);
    control.write(|t| t.arm(true, Utc(70), "mara")).unwrap();
    control.write(|t| t.add_session(&secret, (mara.id, Utc(80), from))).unwrap();
    drop(control);
    let control = Control::open(folder.path()).unwrap();
    let (armed, setting) = control.read(|t| t.armed()).unwrap().unwrap();
    assert_eq!((armed, setting.at, &setting.by[..]), (true, Utc(70), "mara"));
    control.write(|t| t.set_role(mara.id, Role::Viewer)).unwrap();
    control.write(|t| t.set_password(mara.id, "other")).unwrap();
    let changed = control.read(|t| t.users()).unwrap();
    assert_eq!((changed.len(), changed[0].role, &changed[0].password[..]), (1, Role::Viewer, "other"));
    control.write(|t| t.remove_user(mara.id)).unwrap();
    assert_eq!(control.read(|t| Ok((t.sessions()?.len(), t.any_user()?))).unwrap(), (0, false));
}

#[test]
fn a_change_stands_with_its_entry_or_not_at_all() {
    let (_folder, control) = fresh();
    let failed = control.write(|t| {
        t.audit(entry(1))?;
        t.add_user("mara", Role::Admin, "", Utc(1), "console")?;
        t.add_user("mara", Role::Admin, "", Utc(1), "console")
    });
    assert!(failed.is_err());
    assert_eq!(control.read(|t| Ok((t.any_user()?, t.audit_head()?))).unwrap(), (false, Head::NONE));
    append(&control, 1);
    assert_eq!(control.read(|t| t.audit_head()).unwrap().seq, 1, "and the connection is good");
}

#[test]
fn the_audit_is_read_in_pages_by_what_is_asked() {
    let (_folder, control) = fresh();
    append(&control, 50);
    let page = |filter: AuditFilter, before, most| -> Vec<i64> {
        control.read(|t| t.audit_page(&filter, before, most)).unwrap().iter().map(|entry| entry.seq).collect()
    };
    let all = AuditFilter::default;
    assert_eq!(page(all(), i64::MAX, 3), [50, 49, 48]);
    assert_eq!(page(all(), 48, 2), [47, 46]);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(page(AuditFilter { system: text("home"), ..all() }, i64::MAX, 2), [49, 47]);
    assert_eq!(page(AuditFilter { who: text("console"), ..all() }, 3, 9), [2, 1]);
    assert!(page(AuditFilter { who: text("' OR 1=1 --"), ..all() }, i64::MAX, 9).is_empty());
    let (from, to) = (Some(rfc3339(Utc(10_000_000))), Some(rfc3339(Utc(12_000_000))));
    assert_eq!(page(AuditFilter { from, to, ..all() }, i64::MAX, 9), [11, 10]);
    let read = control.read(|t| t.audit_after(48, 9)).unwrap();
    assert_eq!(read.iter().map(|of| of.entry().unwrap()).collect::<Vec<_>>(), [entry(49), entry(50)]);
}

#[test]
fn nobody_changes_the_audit_with_sql_and_who_goes_around_it_is_found_out() {
    let (folder, control) = fresh();
    append(&control, 1_200);
    let head = control.verify(None).unwrap().unwrap();
    assert_eq!(head.seq, 1_200);
    let path = layout::control(folder.path());
    let mut other = ControlFile::write(&path).unwrap();
    for refused in [
        "UPDATE audit SET entry = '{}' WHERE seq = 5",
        "UPDATE audit SET seq = 5000 WHERE seq = 1200",
        "DELETE FROM audit WHERE seq = 5",
        "DELETE FROM audit",
        "INSERT OR REPLACE INTO audit (seq, entry, hash) VALUES (5, '{}', zeroblob(32))",
        "REPLACE INTO audit (seq, entry, hash) VALUES (1200, '{}', zeroblob(32))",
        "INSERT INTO audit (seq, entry, hash) VALUES (5000, '{}', zeroblob(32))",
        "INSERT INTO audit (seq, entry, hash) VALUES (0, '{}', zeroblob(32))",
        "UPDATE OR IGNORE audit SET entry = '{}'",
    ] {
        assert!(other.run_any(refused).is_err(), "{refused}");
    }
    assert_eq!(control.verify(Some(head)).unwrap(), Ok(head), "nothing of it was done");
    // Who may write the file can drop the triggers; the chain tells.
    other.run_any("DROP TRIGGER audit_is_not_changed; DROP TRIGGER audit_is_not_removed").unwrap();
    other.run_any("UPDATE audit SET entry = replace(entry, 'hv', 'xx') WHERE seq = 700").unwrap();
    assert_eq!(control.verify(None).unwrap(), Err(Broken::Changed(700)));
    // A broken entry is shown as it is, and hides no other.
    other.run_any("UPDATE audit SET entry = 'no json' WHERE seq = 700").unwrap();
    let shown = control.read(|t| t.audit_page(&AuditFilter::default(), 702, 3)).unwrap();
    assert_eq!(shown.iter().map(|of| of.entry().is_some()).collect::<Vec<_>>(), [true, false, true]);
    other.run_any("DELETE FROM audit WHERE seq >= 600 AND seq < 800").unwrap();
    assert_eq!(control.verify(None).unwrap(), Err(Broken::Gap { expected: 600, found: 800 }));
    other.run_any("DELETE FROM audit WHERE seq >= 600").unwrap();
    assert_eq!(control.verify(None).unwrap().unwrap().seq, 599, "an end that is cut off is not seen ...");
    assert_eq!(
        control.verify(Some(head)).unwrap(),
        Err(Broken::Cut { last: 599, noted: 1_200 }),
        "... but by who noted it"
    );
}

#[test]
fn several_processes_append_to_one_chain() {
    let (folder, control) = fresh();
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                // A handle of its own is what another process has.
                let own = Control::open(folder.path()).unwrap();
                for n in 1..=40 {
                    own.write(|t| t.audit(entry(n))).unwrap();
                }
            });
        }
    });
    assert_eq!(control.verify(None).unwrap().unwrap().seq, 120);
    println!("120 durable entries from 3 writers in {:?}", start.elapsed());
}

/// `kill -9` leaves no half entry, a full log is folded in, and many entries are checked in little memory and time.
#[test]
fn a_long_audit_is_checked_in_parts() {
    let (folder, control) = fresh();
    append(&control, 20_000);
    for n in 0..2 * i64::from(CHECKPOINT_EVERY) {
        control.write(|t| t.audit(entry(n))).unwrap();
    }
    let log = fs::metadata(folder.path().join("control.db-wal")).unwrap().len();
    assert!(log < 16 << 20, "the log is {log} bytes");
    let start = Instant::now();
    let head = control.verify(None).unwrap().unwrap();
    println!("{} entries checked in {:?}, {BATCH} in memory", head.seq, start.elapsed());
    assert_eq!(head.seq, 20_000 + 2 * i64::from(CHECKPOINT_EVERY));
}

/// What may have happened to the file: each is refused with what to do, and nothing is changed.
#[test]
fn a_file_that_is_not_as_it_was_is_refused_and_never_taken_for_an_empty_one() {
    type Act = fn(&Path);
    let acts: [(&str, Act, &str); 9] = [
        ("gone", |file| fs::remove_file(file).unwrap(), "bring it back from a backup"),
        ("empty", |file| fs::write(file, "").unwrap(), "bring it back from a backup"),
        ("another file", |file| fs::write(file, "no database at all".repeat(1_000)).unwrap(), "is damaged"),
        ("its header", |file| bend(file, |bytes| bytes[..16].fill(0)), "is damaged"),
        ("its first page", |file| bend(file, |bytes| bytes[100..3_000].fill(0xA5)), "is damaged"),
        (
            "its middle",
            |file| {
                bend(file, |bytes| {
                    let at = bytes.len() / 2 / 4_096 * 4_096;
                    bytes[at..at + 4_096].fill(0xA5)
                })
            },
            "is damaged",
        ),
        ("cut", |file| bend(file, |bytes| bytes.truncate(bytes.len() / 2)), "is damaged"),
        (
            "a folder",
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap()
            },
            "is a folder",
        ),
        (
            "newer",
            |file| {
                let mut newer = ControlFile::write(file).unwrap();
                newer.run_any("PRAGMA user_version = 99").unwrap()
            },
            "newer packtwin",
        ),
    ];
    for (what, act, says) in acts {
        let (folder, control) = fresh();
        append(&control, 500);
        drop(control);
        let path = layout::control(folder.path());
        act(&path);
        let before = fs::read(&path).ok();
        for attempt in 1..=2 {
            let refused = Control::open(folder.path()).map(drop).expect_err(what).to_string();
            assert!(refused.contains(says), "{what}, attempt {attempt}: {refused}");
            assert!(!refused.contains("Error") && refused.contains("control.db"), "{refused}");
        }
        assert_eq!(fs::read(&path).ok(), before, "{what}: it was changed");
        assert!(Control::exists(folder.path()));
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(!Control::exists(folder.path()));
    // History's file in its place is of another program to it.
    drop(crate::database::Database::open(&layout::control(folder.path())).unwrap());
    assert!(matches!(Control::open(folder.path()).map(drop), Err(StoreError::Foreign(_))));
}

#[test]
fn a_backup_of_each_day_is_whole_and_is_named_when_the_file_is_lost() {
    let (folder, control) = fresh();
    append(&control, 700);
    let head = control.verify(None).unwrap().unwrap();
    let day = |n: i64| Utc((20_000 + n) * 86_400_000_000 + 5);
    let first = control.back_up(day(0)).unwrap().unwrap();
    assert!(first.ends_with("backups/control-2024-10-04.db"), "{}", first.display());
    assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(control.back_up(day(0)).unwrap(), None, "once a day");
    for n in 1..=20 {
        append(&control, 1);
        assert!(control.back_up(day(n)).unwrap().is_some());
    }
    let kept = backup::backups(folder.path());
    assert_eq!((kept.len(), first.exists()), (14, false));
    assert_eq!(fs::read_dir(layout::backups(folder.path())).unwrap().count(), 14, "nothing unfinished is left");
    let path = layout::control(folder.path());
    drop(control);
    fs::write(&path, "x".repeat(5_000)).unwrap();
    let refused = Control::open(folder.path()).map(drop).unwrap_err().to_string();
    assert!(refused.contains("is damaged") && refused.contains("control-2024-10-24.db"), "{refused}");
    // As the words say.
    fs::remove_file(&path).unwrap();
    fs::copy(kept.last().unwrap(), &path).unwrap();
    let control = Control::open(folder.path()).unwrap();
    assert_eq!(control.verify(Some(head)).unwrap().unwrap().seq, 720);
    // What is not whole is no backup.
    control.write(|t| t.audit(entry(1))).unwrap();
    let mut other = ControlFile::write(&path).unwrap();
    other.run_any("DROP TRIGGER audit_is_not_changed; UPDATE audit SET entry = '{}' WHERE seq = 9").unwrap();
    let refused = control.back_up(day(30)).unwrap_err().to_string();
    assert!(refused.contains("entry 9 was changed"), "{refused}");
    assert_eq!(fs::read_dir(layout::backups(folder.path())).unwrap().count(), 14);
}

fn bend(file: &Path, how: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(file).unwrap();
    how(&mut bytes);
    fs::write(file, bytes).unwrap();
}

#[test]
fn only_its_owner_reads_the_file() {
    let (folder, control) = fresh();
    append(&control, 1);
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("control.db"), mode("control.db-wal"), mode("control.db-shm")), (0o600, 0o600, 0o600));
    drop(control);
    assert!(!folder.path().join("control.db-wal").exists(), "the log is in the file when it is closed");
    fs::set_permissions(folder.path().join("control.db"), fs::Permissions::from_mode(0o644)).unwrap();
    drop(Control::open(folder.path()).unwrap());
    assert_eq!(mode("control.db"), 0o600);
}

#[test]
fn a_command_is_kept_with_each_of_its_steps_and_none_is_changed() {
    use crate::commands::{CommandRow, CommandStep};
    let (folder, control) = fresh();
    let step = |at, state: &str, read_back| CommandStep {
        at: Utc(at),
        state: state.into(),
        words: format!("{state}."),
        read_back,
    };
    let row = |id: &str, asked, last| CommandRow {
        id: id.into(),
        system: "hv".into(),
        control: "reserve".into(),
        value: 30.0,
        before: Some(20.0),
        hold_s: None,
        revision: 3,
        who: "mara".into(),
        asked: Utc(asked),
        last,
    };
    let add = |id: &str, asked, at, state: &str, read_back| {
        let row = row(id, asked, step(at, state, read_back));
        control.write(|t| t.add_command_step(&row, Duration::from_micros(at.unsigned_abs() - 9_000))).unwrap();
    };
    for (id, states) in [
        ("a", &["journalled", "sent", "echoed", "confirmed", "effective"][..]),
        ("b", &["journalled", "unchanged"]),
        ("c", &["refused"]),
        ("d", &["journalled", "sent"]),
        ("e", &["journalled"]),
        // Replaced before and after it was sent, and after it was read back by the next start.
        ("f", &["journalled", "superseded"]),
        ("g", &["journalled", "sent", "superseded"]),
        ("h", &["journalled", "confirmed", "superseded"]),
    ] {
        let asked = i64::from(id.as_bytes()[0]) * 100;
        for (state, at) in states.iter().zip(asked..) {
            add(id, asked, at, state, (*state == "confirmed").then_some(30.0));
        }
    }
    let known = control.read(|t| Ok((t.command("a")?, t.command("z")?, t.command_steps("a")?))).unwrap();
    assert_eq!(known.0, Some(row("a", 9_700, step(9_704, "effective", None))));
    assert_eq!((known.1, known.2.len(), known.2[3].read_back), (None, 5, Some(30.0)));
    let ids = |rows: Vec<CommandRow>| rows.into_iter().map(|row| row.id).collect::<String>();
    let asked = |system, before, most| ids(control.read(|t| t.commands(system, Utc(before), most)).unwrap());
    assert_eq!(
        (asked(None, i64::MAX, 9), asked(Some("hv"), 10_000, 2), asked(Some("x"), i64::MAX, 9)),
        ("hgfedcba".into(), "cb".into(), String::new())
    );
    assert_eq!(ids(control.read(|t| t.commands_open()).unwrap()), "abde", "all but what is over");
    // By running time, whatever the clock says.
    for now in [10_405, 9_000, i64::MAX / 2] {
        let us = Duration::from_micros;
        let asked = |span, ran| control.read(|t| t.writes(("hv", "reserve"), us(span), (us(ran), Utc(now)))).unwrap();
        let (recent, ever) = asked(600, 1_400);
        let at: Vec<i64> = recent.iter().map(|write| write.at.0).collect();
        assert_eq!((at, ever), (vec![10_000, 10_100, 10_300, 10_400], 5), "what may have been sent");
        assert!(recent.iter().all(|write| write.ran == Some(us(write.at.0.unsigned_abs() - 9_000))));
        assert_eq!(asked(100, 1_900).0.len(), 0);
    }
    assert_eq!(control.read(|t| t.ran()).unwrap(), Duration::from_micros(1_402), "the newest step has it");
    control.write(|t| t.keep_ran(Duration::from_micros(5_000), Utc(1))).unwrap();
    assert_eq!(control.read(|t| t.ran()).unwrap(), Duration::from_micros(5_000));
    assert_eq!(control.read(|t| t.last_change("hv", "reserve")).unwrap().unwrap().id, "h");
    drop(control);
    let mut file = ControlFile::write(&layout::control(folder.path())).unwrap();
    file.run_any(
        "INSERT INTO command_prediction VALUES ('a', 1, 2, '{}'); INSERT INTO command_score VALUES ('a', 3, '{}')",
    )
    .unwrap();
    for sql in [
        "UPDATE command_prediction SET prediction = '{}'",
        "DELETE FROM command_prediction",
        "UPDATE command_score SET score = '{}'",
        "DELETE FROM command_score",
        "UPDATE command SET value = 0",
        "UPDATE command_step SET state = 'x'",
        "DELETE FROM command_step",
        // An insertion that replaces asks no trigger of what is removed.
        "DELETE FROM command",
        "INSERT OR REPLACE INTO command SELECT id, system, control, 0, before, hold_s, revision, who, asked_us FROM command",
        "INSERT OR REPLACE INTO command (rowid, id, system, control, value, revision, who, asked_us)
            SELECT rowid, 'other', system, control, 0, revision, who, asked_us FROM command",
        "INSERT OR REPLACE INTO command_step SELECT seq, command_id, at_us, 'x', words, NULL, NULL FROM command_step",
        "INSERT OR REPLACE INTO command_prediction VALUES ('a', 1, 2, '[]')",
        "INSERT OR REPLACE INTO command_prediction (rowid, command_id, made_us, due_us, prediction)
            SELECT rowid, 'b', 1, 2, '[]' FROM command_prediction",
        "INSERT OR REPLACE INTO command_score VALUES ('a', 3, '[]')",
    ] {
        assert!(file.run_any(sql).unwrap_err().to_string().contains("cannot be"), "{sql}");
    }
}

#[test]
fn what_is_predicted_of_a_command_is_due_until_it_is_scored_and_ends_with_the_next_command() {
    use crate::commands::{CommandRow, CommandStep, Prediction};
    let (_folder, control) = fresh();
    let add = |id: &str, system: &str, asked: i64, state: &str| {
        let last = CommandStep { at: Utc(asked), state: state.into(), words: String::new(), read_back: None };
        let (control_key, who) = ("reserve".into(), "mara".into());
        let row = CommandRow {
            id: id.into(),
            system: system.into(),
            control: control_key,
            value: 30.0,
            before: None,
            hold_s: None,
            revision: 1,
            who,
            asked: Utc(asked),
            last,
        };
        control.write(|t| t.add_command_step(&row, Duration::ZERO)).unwrap();
    };
    for (id, system, asked, state) in [
        ("a", "hv", 100, "sent"),
        ("b", "home", 110, "sent"),
        ("c", "hv", 120, "refused"),
        ("d", "hv", 130, "confirmed"),
        ("e", "hv", 140, "confirmed"),
    ] {
        add(id, system, asked, state);
    }
    let due = || control.read(|t| t.next_prediction()).unwrap();
    assert_eq!(due(), None);
    for (id, made, due) in [("a", 101, 700), ("d", 131, 600)] {
        control.write(|t| t.add_prediction(id, Utc(made), Utc(due), "{\"load\":\"x\"}")).unwrap();
    }
    assert!(control.write(|t| t.add_prediction("z", Utc(1), Utc(2), "{}")).is_err(), "of no command");
    assert_eq!(due(), Some(("d".into(), Utc(600))));
    control.write(|t| t.add_score("d", Utc(605), "{}")).unwrap();
    assert_eq!(due(), Some(("a".into(), Utc(700))));
    let kept = control.read(|t| t.prediction("d")).unwrap().unwrap();
    let scored = Some((Utc(605), "{}".to_owned()));
    assert_eq!(kept, Prediction { made: Utc(131), due: Utc(600), prediction: "{\"load\":\"x\"}".into(), scored });
    assert_eq!(control.read(|t| t.prediction("a")).unwrap().unwrap().scored, None);
    assert_eq!(control.read(|t| t.prediction("b")).unwrap(), None);
    let next = |besides: &str, after| control.read(|t| t.next_command("hv", besides, Utc(after))).unwrap();
    assert_eq!((next("a", 101), next("d", 131), next("e", 140)), (Some(Utc(130)), Some(Utc(140)), None));
}

#[test]
fn alarms_and_shelves_are_kept_by_names_that_stay_and_nothing_of_what_is_normal() {
    use domain::alarm::{Acknowledged, AlarmName, KeptAlarm, Life, Shelf};
    use domain::time::{Mono, Now};
    let (_folder, control) = fresh();
    let now = Now { utc: Utc(1_000_000_000), mono: Mono::START };
    let name = |subject: &str| AlarmName { rule: "cell.voltage.low".into(), subject: subject.into() };
    let life = Life {
        first: Utc(1),
        since: Utc(7),
        ended: None,
        times: 3,
        value: 2.75,
        worst: f32::NEG_INFINITY,
        acknowledged: Some(Acknowledged { by: "mara".into(), at: Utc(9) }),
    };
    let ended = Life { ended: Some(Utc(10)), acknowledged: None, ..life.clone() };
    let shelf = Shelf::new(&"timo".into(), "it's loose", std::time::Duration::from_secs(60), now).unwrap();
    let alarms = [
        KeptAlarm { name: name("cell 1.1"), life: Some(life), shelf: None },
        KeptAlarm { name: name("cell 1.2"), life: Some(ended), shelf: Some(shelf.clone()) },
        KeptAlarm { name: name("cell 1.3"), life: None, shelf: Some(shelf) },
    ];
    let keep = |alarms: &[KeptAlarm]| {
        control.write(|t| alarms.iter().try_for_each(|alarm| t.keep_alarm("hv", alarm))).unwrap();
    };
    let kept = |now| control.read(|t| t.kept_alarms(now)).unwrap();
    keep(&alarms);
    keep(&alarms[..1]);
    assert_eq!(kept(now), alarms.clone().map(|alarm| ("hv".to_owned(), alarm)));
    // Another time, when the shelf has ended.
    let later = kept(now + std::time::Duration::from_secs(61));
    assert!(later.iter().all(|(_, alarm)| alarm.shelf.is_none()) && later.len() == 3);
    keep(&alarms.map(|alarm| KeptAlarm { life: None, shelf: None, ..alarm }));
    assert_eq!(kept(now), []);
}

#[test]
fn how_soon_alarms_were_seen_is_kept_for_400_days() {
    use domain::alarm::{AlarmName, Seen};
    let (_folder, control) = fresh();
    let day = |day: i64| Utc(day * 86_400_000_000);
    let name = |subject: &str| AlarmName { rule: "bus.sag".into(), subject: subject.into() };
    let seen = |raised, at| Seen { raised: day(raised), at: day(at) };
    let add = |system: &str, of: &[(AlarmName, Seen)]| control.write(|t| t.add_alarms_seen(system, of)).unwrap();
    add("hv", &[(name("a"), seen(1, 2)), (name("b"), seen(1, 3))]);
    // Again, as after a disk that failed: it stays one.
    add("hv", &[(name("b"), seen(1, 3))]);
    add("racks", &[(name("a"), seen(1, 2))]);
    let found = |from, to, limit| control.read(|t| t.alarms_seen("hv", day(from), day(to), limit)).unwrap();
    assert_eq!(found(0, 9, 9), [seen(1, 3), seen(1, 2)]);
    assert_eq!(
        (found(0, 9, 1), found(0, 3, 9), found(3, 4, 9)),
        (vec![seen(1, 3)], vec![seen(1, 2)], vec![seen(1, 3)])
    );
    add("hv", &[(name("a"), seen(402, 403))]);
    assert_eq!(found(0, 999, 9), [seen(402, 403), seen(1, 3)]);
    assert_eq!(control.read(|t| t.alarms_seen("racks", day(0), day(9), 9)).unwrap().len(), 1);
}

/// A storm is one commit, and costs each alarm the same.
#[test]
fn a_storm_of_alarms_is_one_commit() {
    use domain::alarm::{AlarmName, KeptAlarm, Life};
    let (_folder, control) = fresh();
    let alarm = |n: u32| KeptAlarm {
        name: AlarmName { rule: "cell.voltage.low".into(), subject: format!("cell {}.{}", n / 32 + 1, n % 32 + 1) },
        life: Some(Life::raised(None, Utc(n.into()), 2.7)),
        shelf: None,
    };
    let storm: Vec<KeptAlarm> = (0..12_800).map(alarm).collect();
    let start = Instant::now();
    control.write(|t| storm.iter().try_for_each(|alarm| t.keep_alarm("racks", alarm))).unwrap();
    println!("12,800 alarms kept in {:?}", start.elapsed());
    assert!(start.elapsed().as_secs() < 5);
}

/// A file that version 1 of the schema wrote, with something in every table: its hashes hold for ever.
#[test]
fn a_file_of_an_earlier_version_is_read_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let packed: &[u8] = include_bytes!("../../tests/golden/control-1.db.zst");
    fs::write(layout::control(folder.path()), zstd::decode_all(packed).unwrap()).unwrap();
    let control = Control::open(folder.path()).unwrap();
    let noted = "3:d9b40cf3fb5c9d50d7de1bc157aa420bf08d86ed3630cd2cf8fb6b5f1ca49e0c".parse().unwrap();
    assert_eq!(control.verify(Some(noted)).unwrap(), Ok(noted));
    let names: Vec<(String, Role)> =
        control.read(|t| t.users()).unwrap().into_iter().map(|u| (u.name, u.role)).collect();
    assert_eq!(names, [("mara".to_owned(), Role::Admin), ("timo".to_owned(), Role::Viewer)]);
    let (sessions, tokens) = control.read(|t| Ok((t.sessions()?, t.tokens()?))).unwrap();
    assert_eq!((sessions.len(), &sessions[0].agent[..], tokens.len(), tokens[0].scope), (1, "Firefox", 1, Scope::Read));
    assert!(control.read(|t| t.armed()).unwrap().unwrap().0 && control.read(|t| t.is_familiar("timo", "::1")).unwrap());
    let next = control.write(|t| t.audit(entry(4))).unwrap();
    assert_eq!(hash(&noted_hash(noted), &control.read(|t| t.audit_after(3, 1)).unwrap()[0].canonical), next.hash);
}

fn noted_hash(head: Head) -> crate::audit::Hash {
    head.hash
}

/// Makes the file above. Run once, when version 1 was made.
#[test]
#[ignore = "writes the golden file of version 1, which never changes"]
fn write_the_golden_file() {
    let (folder, control) = fresh();
    control
        .write(|t| {
            t.add_user("mara", Role::Admin, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", Utc(1), "console")?;
            t.add_user("timo", Role::Viewer, "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaB", Utc(2), "mara")?;
            t.add_session(&[1; 32], (2, Utc(3), ("::1", "Firefox")))?;
            t.add_token(("logger", Scope::Read), ("pt_abcdefgh", &[2; 32]), (Utc(4), "mara"), Utc(5))?;
            t.arm(true, Utc(6), "mara")
        })
        .unwrap();
    append(&control, 3);
    println!("{}", control.read(|t| t.audit_head()).unwrap());
    drop(control);
    let packed = zstd::encode_all(&fs::read(layout::control(folder.path())).unwrap()[..], 19).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/control-1.db.zst");
    assert!(!golden.exists() || fs::metadata(&golden).unwrap().len() == 0, "it is there");
    fs::write(golden, packed).unwrap();
}
