//! The load profile: the last ten minutes of a few points at full rate, fetched after hydration, then grown by every
//! frame.

use super::Live;
use super::recent::{GAP_S, Recent};
use crate::fetch;
use domain::point::PointId;
use domain::series::Table;
use domain::twin::Snapshot;
use leptos::prelude::*;

/// The points that are kept.
pub const PROFILE_POINTS: [PointId; 5] =
    [PointId::LoadPower, PointId::GridPower, PointId::Power, PointId::Voltage, PointId::SolarPower];
/// How far back, s.
pub const PROFILE_S: f64 = 600.0;

/// The last ten minutes of [`PROFILE_POINTS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Profile(Recent<{ PROFILE_POINTS.len() }>);

impl Default for Profile {
    fn default() -> Profile {
        Profile(Recent::new(PROFILE_S))
    }
}

impl Profile {
    /// Takes the values of a snapshot, and says whether something is missing before it that the server may remember.
    pub fn push(&mut self, snapshot: &Snapshot) -> bool {
        self.0.push(snapshot.now.utc.0 as f64 / 1e6, PROFILE_POINTS.map(|point| snapshot.point(point).ok()))
    }

    /// The time of the newest row, UTC in s.
    pub fn newest_s(&self) -> Option<f64> {
        self.0.newest_s()
    }

    /// The curve of a point as (UTC s, value in the point's unit), cut where there was no data. Of every `step_s` the
    /// lowest and the highest value are kept.
    pub fn segments(&self, point: PointId, step_s: f64) -> Vec<Vec<(f64, f64)>> {
        column(point).map_or_else(Vec::new, |column| self.0.segments(column, step_s))
    }

    /// How much a point changed over the last `seconds`; `None` if either end is not known.
    pub fn change(&self, point: PointId, seconds: f64) -> Option<f32> {
        let column = column(point)?;
        let (newest_s, newest) = self.0.newest_before(f64::INFINITY)?;
        let (then_s, then) = self.0.newest_before(newest_s - seconds)?;
        let reached = newest_s - then_s <= seconds + GAP_S;
        Some(newest[column]? - then[column]?).filter(|_| reached)
    }
}

fn column(point: PointId) -> Option<usize> {
    PROFILE_POINTS.iter().position(|p| *p == point)
}

/// Fetches what the server remembers of the minutes before the snapshot that is shown. If that fails, the profile grows
/// from now on.
pub(super) fn fetch(live: Live) {
    let points = PROFILE_POINTS.map(|point| point.spec().path).join(",");
    let path = format!("/api/v1/series?system={}&points={points}&seconds={}", live.system().id, PROFILE_S as u32);
    live.feed.fetching.ask(move || {
        let (past, path) = (live.past.get_untracked(), format!("{path}{}", live.until()));
        async move {
            let table: Table = fetch::get(path).await?;
            // An answer about the past is nothing to the present, and the other way round.
            if live.past.try_get_untracked() == Some(past) {
                live.feed.profile.update(|profile| {
                    if past {
                        *profile = Profile::default();
                    }
                    profile.0.fill(rows(&table));
                });
            }
            Ok(())
        }
    });
}

/// The rows of the answer, with the columns in the order of [`PROFILE_POINTS`].
fn rows(table: &Table) -> impl Iterator<Item = (f64, [Option<f32>; PROFILE_POINTS.len()])> {
    let columns = PROFILE_POINTS.map(|point| table.find(point.spec().path));
    table.at.iter().enumerate().map(move |(i, at)| {
        (at.0 as f64 / 1e6, columns.map(|column| column.and_then(|column| column.values.get(i).copied().flatten())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::snapshot;
    use std::time::Duration;

    #[test]
    fn the_change_is_told_only_when_both_ends_are_known() {
        let mut profile = Profile::default();
        let mut now = snapshot();
        let mut tick = |profile: &mut Profile, seconds: u64, volts: f32| {
            now.now = now.now + Duration::from_secs(seconds);
            now.state.points.set(PointId::Voltage, Ok(volts), now.now.mono);
            profile.push(&now)
        };
        assert!(tick(&mut profile, 1, 832.0), "nothing is known before the first");
        assert_eq!(profile.change(PointId::Voltage, 10.0), None);
        for _ in 0..10 {
            assert!(!tick(&mut profile, 1, 810.0));
        }
        assert_eq!(profile.change(PointId::Voltage, 10.0), Some(-22.0));
        assert!(tick(&mut profile, 60, 800.0), "a minute is missing");
        assert_eq!(profile.change(PointId::Voltage, 10.0), None);
        assert_eq!(profile.change(PointId::Soc, 10.0), None);
    }
}
