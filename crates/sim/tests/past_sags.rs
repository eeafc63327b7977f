//! The simulated past has sags, and what is found in its rows is what the alarm says of them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::alarm::{AlarmBook, AlarmChange, Observed, RULES, Subject, Watch};
use domain::point::PointId;
use domain::reading::{NoData, Sample};
use domain::sag::{Sag, SagFinder, SagWatch};
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use sim::past::{Columns, Past};

const DAYS: usize = 3;
const DAY_ROWS: usize = 432_000;
const PERIOD_MS: i64 = 200;

/// The demo's pack without its cells, of which this asks nothing.
fn site() -> SiteSpec {
    let system = SystemSpec {
        kind: SystemKind::DataCentre,
        rate_hz: 1.0,
        simulated: true,
        ..SystemSpec::new("hv", "832 V pack", Topology::NONE, 280.0, 832.0)
    };
    SiteSpec { name: "Hall".into(), systems: vec![system], links: Vec::new() }
}

/// What the rules see of a row: the depth below the level.
struct Row(Sample);

impl Observed for Row {
    fn watch(&self, watch: Watch, _: Subject) -> Sample {
        if watch == Watch::BusSag { self.0 } else { Err(NoData::Stale) }
    }
}

fn column(columns: &Columns, point: PointId) -> &[f32] {
    &columns.iter().find(|(of, _)| *of == point).unwrap().1
}

#[test]
fn the_alarm_says_of_some_days_what_is_found_in_its_rows() {
    let site = site();
    let mut past = Past::new(7, 1_767_225_600_000);
    let limit_pct = site.systems[0].limits.sag_pct;
    let (mut watch, mut finder) = (SagWatch::default(), SagFinder::new(limit_pct));
    let mut book = AlarmBook::new(&site, SystemIdx(0));
    let mut sags: Vec<Sag> = Vec::new();
    // When each was raised and cleared, and the worst of it.
    let mut alarms: Vec<(i64, i64, f32)> = Vec::new();
    for _ in 0..DAYS {
        let first_ms = past.at_ms();
        let day = past.make(DAY_ROWS, PERIOD_MS);
        let rows = column(&day, PointId::Voltage).iter().zip(column(&day, PointId::Current));
        for (k, (voltage, current)) in rows.enumerate() {
            let at_ms = first_ms + k as i64 * PERIOD_MS;
            sags.extend(finder.take(at_ms, *voltage, *current));
            let now = Now { mono: Mono(at_ms as u64 * 1_000), utc: Utc(at_ms * 1_000) };
            for change in book.evaluate(&Row(watch.update(Ok(*voltage), now.mono)), now) {
                match change {
                    AlarmChange::Raised(_) => alarms.push((at_ms, 0, 0.0)),
                    AlarmChange::Cleared(alarm) => {
                        let last = alarms.last_mut().unwrap();
                        (last.1, last.2) = (at_ms, alarm.worst);
                    }
                }
            }
        }
    }
    assert!((DAYS..10 * DAYS).contains(&sags.len()), "{} sags: {sags:?}", sags.len());
    // The alarm waits before it is raised and before it is cleared: what only touches the limit is none.
    let rule = RULES.iter().find(|rule| rule.watch == Watch::BusSag).unwrap();
    let (on_ms, off_ms) = (rule.on_delay.as_millis() as i64, rule.off_delay.as_millis() as i64);
    let lasting = sags.iter().filter(|sag| sag.depth_pct > limit_pct + 0.1 && sag.duration_ms > on_ms);
    let expected = lasting.map(|sag| (sag.at_ms + on_ms, sag.at_ms + sag.duration_ms + off_ms, sag.depth_pct));
    assert_eq!(alarms, expected.collect::<Vec<_>>(), "{sags:?}");
    for sag in &sags {
        assert!(sag.depth_pct < 12.0 && sag.velocity_v_s < 0.0 && (60.0..280.0).contains(&sag.current_a), "{sag:?}");
    }
}
