//! The demo as a page has it: requests in, frames and answers out, time by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by it")]

use api::history::HistoryResponse;
use api::home::HomeResponse;
use api::operations::{OCTETS, OPERATIONS};
use api::playback::{PlaybackSegment, SeekResponse};
use demo::Demo;
use domain::lab::LabState;
use domain::link::{FrameRow, LinkState};
use domain::live::Decoder;
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::series::{CellMap, Table};
use domain::time::{Mono, Now, Utc};
use domain::twin::Snapshot;
use domain::wire::Wire;
use std::time::Duration;

/// 2026-11-21 12:00:00 UTC.
const NOON: Utc = Utc(1_795_262_400_000_000);
const HV: usize = 0;
const HOME: usize = 1;

/// The demo as a page runs it, and what it has decoded of its frames.
struct Page {
    demo: Demo,
    decoders: Vec<Option<Decoder>>,
}

impl Page {
    fn open() -> Page {
        let demo = Demo::new(Now { utc: NOON, mono: Mono::START }, 0).unwrap();
        Page { decoders: vec![None, None], demo }
    }

    /// Lets so many seconds pass, in steps as long as those of a browser's timer.
    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds * 10 {
            let to = self.demo.now() + Duration::from_millis(100);
            for published in self.demo.advance(to) {
                match &mut self.decoders[published.system] {
                    Some(decoder) => decoder.decode(&published.delta).unwrap(),
                    // Who comes later begins with a key frame.
                    none => {
                        let mut decoder = Decoder::of(&self.demo.site().systems[published.system]);
                        decoder.decode(&self.demo.key_frame(published.system).unwrap()).unwrap();
                        *none = Some(decoder);
                    }
                }
            }
        }
    }

    fn snapshot(&self, system: usize) -> &Snapshot {
        self.decoders[system].as_ref().expect("nothing was published").snapshot()
    }

    fn ask<T: Wire>(&self, path: &str) -> T {
        T::from_bytes(&self.demo.answer("GET", path, None).unwrap_or_else(|why| panic!("{path}: {why}"))).unwrap()
    }

    fn lab(&self, form: &str) -> LabState {
        LabState::from_bytes(&self.demo.answer("POST", "/actions/lab", Some(form)).unwrap()).unwrap()
    }

    fn alarms(&self, system: usize) -> Vec<&'static str> {
        self.snapshot(system).alarms.iter().filter_map(|alarm| Some(alarm.rule.rule()?.id)).collect()
    }

    fn now_ms(&self) -> i64 {
        self.demo.now().utc.0 / 1_000
    }
}

#[test]
fn devices_speak_real_bytes_and_everything_is_known_within_seconds() {
    let mut page = Page::open();
    page.pass(5);
    let pack = page.snapshot(HV);
    for point in [PointId::Voltage, PointId::Current, PointId::Soc, PointId::LoadPower, PointId::GridPower] {
        assert!(pack.point(point).is_ok(), "{}: {:?}", point.spec().path, pack.point(point));
    }
    assert!((760.0..920.0).contains(&pack.point(PointId::Voltage).unwrap()));
    let known = |quantity| (0..260).filter(|cell| pack.cell(quantity, *cell).is_ok()).count();
    assert_eq!([CellQuantity::Voltage, CellQuantity::Temperature].map(known), [260, 260]);
    let house = page.snapshot(HOME);
    for point in [PointId::Voltage, PointId::Soc, PointId::InverterSoc, PointId::SolarPower, PointId::LoadPower] {
        assert!(house.point(point).is_ok(), "{}: {:?}", point.spec().path, house.point(point));
    }
    let states: Vec<_> = pack.links.iter().map(|link| link.state).collect();
    assert_eq!(states, [LinkState::Up; 7]);
    assert!(page.demo.site().systems.iter().all(|system| system.simulated));
    assert!((0..300_000).contains(&(page.demo.now().utc.0 - pack.now.utc.0)), "the demo's time is the caller's");
}

#[test]
fn values_move_and_a_late_follower_sees_the_same() {
    let mut page = Page::open();
    page.pass(20);
    let table: Table = page.ask("/api/v1/series?system=hv&points=load/power,battery/power&cell=7.12&seconds=15");
    assert!(table.at.len() > 60, "{} rows", table.at.len());
    let mut loads: Vec<u32> = table.series[0].values.iter().flatten().map(|value| *value as u32).collect();
    loads.dedup();
    assert!(loads.len() > 5, "{loads:?}");
    let mut late = Decoder::of(&page.demo.site().systems[HV]);
    late.decode(&page.demo.key_frame(HV).unwrap()).unwrap();
    let (late, early) = (late.snapshot(), page.snapshot(HV));
    assert_eq!(late.now, early.now);
    let cells = |snapshot: &Snapshot| (0..260).map(|n| snapshot.cell(CellQuantity::Voltage, n)).collect::<Vec<_>>();
    assert!(cells(late) == cells(early) && late.point(PointId::LoadPower) == early.point(PointId::LoadPower));
}

#[test]
fn a_fault_of_the_lab_raises_its_alarm_and_ends_with_it() {
    let mut page = Page::open();
    page.pass(5);
    assert_eq!(page.alarms(HV), Vec::<&str>::new());
    let state = page.lab("system=hv&action=inject&fault=high-cell&cell=7.12");
    assert_eq!(state.faults.len(), 1);
    page.pass(15);
    assert!(page.alarms(HV).contains(&"cell.voltage.high"), "{:?}", page.alarms(HV));
    page.lab("system=hv&action=clear-all");
    page.pass(30);
    assert_eq!(page.alarms(HV), Vec::<&str>::new());
    let refused = page.demo.answer("POST", "/actions/lab", Some("system=hv&action=load&kw=900"));
    assert_eq!(refused.unwrap_err(), "kw: “900” is not a number from 0 to 400 kW");
}

#[test]
fn a_silent_device_is_given_up_by_its_link_and_found_again() {
    let mut page = Page::open();
    page.pass(5);
    page.lab("system=hv&action=inject&fault=silent-link&device=grid-meter");
    page.lab("system=home&action=inject&fault=silent-link&device=gx");
    page.pass(20);
    let states: Vec<_> = page.snapshot(HV).links.iter().map(|link| link.state).collect();
    // The GX has two links: its values, and its settings.
    let (up, down) = (LinkState::Up, LinkState::Down);
    assert_eq!(states, [up, down, up, up, down, down, up]);
    assert!(page.snapshot(HV).links[1].reason.contains("no answer"), "{}", page.snapshot(HV).links[1].reason);
    assert!(page.alarms(HV).contains(&"link.silent"), "{:?}", page.alarms(HV));
    page.lab("system=hv&action=clear-all");
    page.lab("system=home&action=clear-all");
    // The link looks for its device with pauses.
    page.pass(40);
    assert!(page.snapshot(HV).links.iter().all(|link| link.state == LinkState::Up));
    assert_eq!(page.alarms(HV), Vec::<&str>::new());
}

#[test]
fn what_the_session_has_seen_is_played_back_drawn_and_looked_for() {
    let mut page = Page::open();
    page.pass(5);
    page.lab("system=hv&action=inject&fault=high-cell&cell=7.12");
    page.pass(150);
    let now_ms = page.now_ms();

    let from = now_ms - 30_000;
    let segment: PlaybackSegment =
        page.ask(&format!("/api/v1/playback/frames?system=hv&from={from}&step_ms=200&count=64"));
    assert_eq!(segment.frames.len(), 64);
    let mut decoder = Decoder::of(&page.demo.site().systems[HV]);
    let mut times = Vec::new();
    for frame in &segment.frames {
        decoder.decode(&frame.bytes).unwrap();
        times.push(decoder.snapshot().now.utc.0 / 1_000);
    }
    assert!((0..=400).contains(&(from - times[0])) && times.is_sorted(), "{times:?}");
    assert!(times.windows(2).all(|pair| (100..=400).contains(&(pair[1] - pair[0]))), "{times:?}");
    assert!(decoder.snapshot().alarms.iter().any(|alarm| alarm.rule.rule().unwrap().id == "cell.voltage.high"));
    let before = NOON.0 / 1_000 - 60_000;
    let none: PlaybackSegment =
        page.ask(&format!("/api/v1/playback/frames?system=hv&from={before}&step_ms=200&count=8"));
    assert!(none.frames.is_empty() && none.next.0 / 1_000 >= NOON.0 / 1_000);

    let alarm: SeekResponse = page.ask(&format!("/api/v1/playback/jump?system=hv&to=alarm&from={now_ms}&back=true"));
    assert!((NOON.0 / 1_000..now_ms).contains(&(alarm.at.unwrap().0 / 1_000)) && !alarm.words.is_empty());
    let spread: SeekResponse = page.ask(&format!("/api/v1/playback/jump?system=hv&to=spread&from={from}"));
    assert!(spread.words.starts_with("Cells ") && spread.words.contains(" mV apart"), "{}", spread.words);
    let after: SeekResponse = page.ask(&format!("/api/v1/playback/jump?system=hv&to=alarm&from={now_ms}"));
    assert_eq!((after.at, after.words.as_str()), (None, "No further alarm"));

    let path = "/api/v1/history?system=hv&points=soc,battery/voltage,cells/7.12/voltage&width=40";
    let history: HistoryResponse = page.ask(&format!("{path}&from={}&to={now_ms}", now_ms - 120_000));
    assert!(history.step_ms > 0 && history.table.series.len() == 2 && history.rows > 500, "{}", history.rows);
    assert!(history.cells.series[0].values.iter().flatten().count() > 20);
    assert_eq!(history.statistics.len(), 3);
    assert!(history.points.contains(&"battery/soc".to_owned()) && history.flow.known_s > 100.0);
    let all: HistoryResponse = page.ask("/api/v1/history?system=hv&points=soc");
    assert!(all.events.iter().any(|event| event.began) && all.whole.is_some());

    let map: CellMap =
        page.ask(&format!("/api/v1/cells/history?system=hv&quantity=deviation&from={}", now_ms - 180_000));
    let known = |cell: usize| (0..map.steps).filter_map(|step| map.get(cell, step)).next_back();
    assert_eq!(map.cells, 260);
    // Cell 7.12 has number 131, and is shown 600 mV too high.
    assert!((0.55..0.65).contains(&known(131).unwrap()) && known(0).unwrap().abs() < 0.1, "{:?}", known(131));

    let home: HomeResponse = page.ask("/api/v1/home?system=home&hours=24&width=640");
    assert!(home.voltage.is_some() && home.day.load_wh.is_some() && home.poller.unwrap().failures == 0);
    assert!(!home.curves.at.is_empty());
}

#[test]
fn links_show_their_frames_and_what_needs_a_server_says_so() {
    let mut page = Page::open();
    page.pass(5);
    for (link, key) in [("bms", "0x"), ("grid-meter", "reg "), ("sol-ark", "reg ")] {
        let frames: Vec<FrameRow> = page.ask(&format!("/api/v1/links/{link}/frames"));
        assert!(!frames.is_empty() && frames[0].key.starts_with(key), "{link}: {:?}", frames.first());
        assert!(frames.iter().any(|frame| frame.count > 0 && !frame.decoded.is_empty()), "{link}");
    }
    for (method, path, says) in [
        ("POST", "/api/v1/analysis/sql", "history on a disk"),
        ("GET", "/api/v1/analysis/questions", "history on a disk"),
        ("GET", "/api/v1/links/bms/recording", "keeps no files"),
        ("GET", "/api/v1/history?system=ev", "there is no system \"ev\""),
        ("GET", "/api/v1/history?points=soc,warp", "there is no \"warp\""),
        ("GET", "/api/v1/links/x/frames", "there is no link"),
    ] {
        let why = page.demo.answer(method, path, None).unwrap_err();
        assert!(why.contains(says), "{path}: {why}");
    }
}

/// Pages ask in the binary form: what has one is answered here too, or said to need a server.
#[test]
fn every_address_that_pages_ask_is_known() {
    let mut page = Page::open();
    page.pass(2);
    let asked = OPERATIONS.iter().filter(|of| of.other.contains(&OCTETS) && of.replaced_by.is_none());
    let unknown: Vec<&str> = asked
        .filter(|of| {
            let path = of.path.replace("{id}", "bms");
            page.demo.answer(of.method.name(), &path, None).is_err_and(|why| why.starts_with("the demo has no "))
        })
        .map(|of| of.path)
        .collect();
    assert_eq!(unknown, [] as [&str; 0]);
}

#[test]
fn after_a_long_sleep_of_the_page_it_goes_on_at_the_present() {
    let mut page = Page::open();
    page.pass(5);
    let before = page.snapshot(HV).now.utc;
    let to = page.demo.now() + Duration::from_secs(3_600);
    let published = page.demo.advance(to);
    assert!((20..40).contains(&published.len()), "{}", published.len());
    page.decoders = vec![None, None];
    page.pass(3);
    let later = page.snapshot(HV);
    assert!((3_600..3_610).contains(&((later.now.utc.0 - before.0) / 1_000_000)));
    assert!(later.point(PointId::Voltage).is_ok() && later.links.iter().all(|link| link.state == LinkState::Up));
}

/// A cap on what an hour takes is in `session.rs`; this says what the minute does that most pages are open for.
#[test]
fn a_minute_takes_less_than_a_megabyte() {
    let mut page = Page::open();
    page.pass(5);
    let before = page.demo.bytes();
    page.pass(60);
    let grown = page.demo.bytes() - before;
    println!("{grown} bytes a minute, {} in all", page.demo.bytes());
    assert!(grown < 1_000_000, "{grown}");
}
