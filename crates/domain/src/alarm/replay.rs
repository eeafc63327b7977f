//! The alarm of a sag at an instant of the past, from the rows before it, as the live system had it.

use super::{Alarm, AlarmBook, Observed, Subject, Watch};
use crate::reading::{NoData, Sample};
use crate::sag::{SagWatch, WINDOW_S};
use crate::spec::{SiteSpec, SystemIdx};
use crate::time::Now;
use std::time::Duration;

/// Rows from so long before an instant tell whether there was an alarm: the window of the level, and longer than a sag
/// that is not over can go on while the level stays.
pub const SAG_LEAD: Duration = Duration::from_secs(4 * WINDOW_S);

/// Goes through rows, oldest first, as the cycle of the live system does; knows nothing but the pack voltage.
#[derive(Debug)]
pub struct SagReplay {
    watch: SagWatch,
    book: AlarmBook,
}

/// The depth of a sag, and nothing else.
struct Depth(Sample);

impl Observed for Depth {
    fn watch(&self, watch: Watch, _: Subject) -> Sample {
        if watch == Watch::BusSag { self.0 } else { Err(NoData::NotPresent) }
    }
}

impl SagReplay {
    /// Before the first row of a system.
    pub fn new(site: &SiteSpec, system: SystemIdx) -> SagReplay {
        SagReplay { watch: SagWatch::default(), book: AlarmBook::of(site, system, |rule| rule.watch == Watch::BusSag) }
    }

    /// Takes the pack voltage of the next row, V.
    pub fn take(&mut self, voltage_v: Sample, now: Now) {
        let depth = self.watch.update(voltage_v, now.mono);
        self.book.evaluate(&Depth(depth), now);
    }

    /// The alarm that is active after the last row.
    pub fn alarm(&self) -> Option<Alarm> {
        self.book.active().first().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::{at, batch, site, step};
    use crate::point::PointId;
    use crate::reading::Target;
    use crate::twin::Site;

    #[test]
    fn the_alarm_is_that_of_the_live_system_row_by_row() {
        let spec = site();
        let (mut live, mut replay) = (Site::new(spec.clone()), SagReplay::new(&spec, SystemIdx(0)));
        let mut active = 0;
        for tick in 1..=400_u32 {
            // A long sag, one that is too short, one that hardly ends, and a level that sinks.
            let volts = match tick {
                50..90 | 150 | 200..215 => 795.0,
                215..240 => 812.0,
                _ => 850.0 - tick as f32 * 0.05,
            };
            let now = at(tick as f32 * 0.2);
            step(&mut live, now, [batch(tick as f32 * 0.2, &[(Target::Point(PointId::Voltage), Ok(volts))])]);
            replay.take(Ok(volts), now);
            let sag = |alarm: &&Alarm| alarm.rule.rule().is_some_and(|rule| rule.watch == Watch::BusSag);
            assert_eq!(live.systems[0].alarms.active().iter().find(sag).copied(), replay.alarm(), "row {tick}");
            active += u32::from(replay.alarm().is_some());
        }
        assert!((50..150).contains(&active), "{active}");
    }
}
