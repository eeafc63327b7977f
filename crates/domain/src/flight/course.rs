//! What happened after a flight check, from the history of it.

use super::Dispatch;
use crate::point::PointId;
use crate::series::Table;
use crate::time::Utc;
use crate::wire::Wire;

/// Instants are so far apart, s.
const EVERY_S: f32 = 30.0;
/// The load counts as covered while the grid is above its cap by no more than this, share and W, or for no longer, s.
const ABOVE_CAP: (f32, f32) = (0.02, 1e3);
const ABOVE_CAP_S: f32 = 15.0;
/// A value stands no longer than this, s.
const LONGEST_S: f32 = 90.0;

/// An instant after the check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire)]
pub struct Measured {
    /// Minutes from the check.
    pub at_min: f32,
    /// State of charge, %; `None` where it was not known.
    pub soc_pct: Option<f32>,
    /// Battery power since the instant before, mean, W, discharge positive.
    pub battery_w: Option<f32>,
    /// Lowest cell voltage since the instant before, V.
    pub lowest_v: Option<f32>,
}

/// What happened after a check.
#[derive(Clone, Debug, Default, PartialEq, Wire)]
pub struct Course {
    /// The instants, oldest first.
    pub measured: Vec<Measured>,
    /// When the load above the cap was no longer covered, min; `None` while it still is.
    pub ended_at_min: Option<f32>,
}

impl Course {
    /// The course from `began` on by a table with state of charge, battery power, lowest cell and grid power, whose values
    /// each stand until the next. The training has ended when the grid is above its cap for a quarter of a minute; without
    /// the grid's power, or where the grid was lost, that is not known.
    pub fn of(table: &Table, began: Utc, dispatch: Dispatch) -> Course {
        let columns = [PointId::Soc, PointId::Power, PointId::CellVoltageMin, PointId::GridPower]
            .map(|point| table.find(point.spec().path).map(|series| &series.values[..]).unwrap_or_default());
        let value = |column: usize, row: usize| columns[column].get(row).copied().flatten();
        let after_s = |at: Utc| ((at.0 - began.0) as f64 / 1e6) as f32;
        let mut course = Course::default();
        let mut part = Part::default();
        let mut above_since_s = None;
        for (row, at) in table.at.iter().enumerate().filter(|(_, at)| **at >= began) {
            let at_s = after_s(*at);
            let held_s = table.at.get(row + 1).map_or(0.0, |next| after_s(*next) - at_s).clamp(0.0, LONGEST_S);
            if let (Dispatch::PeakShaving { grid_cap_w }, Some(grid_w)) = (dispatch, value(3, row)) {
                let above = grid_w > grid_cap_w + (ABOVE_CAP.0 * grid_cap_w.abs()).max(ABOVE_CAP.1);
                let since_s = above_since_s.unwrap_or(at_s);
                above_since_s = above.then_some(since_s);
                if above && at_s - since_s >= ABOVE_CAP_S && course.ended_at_min.is_none() {
                    course.ended_at_min = Some(since_s / 60.0);
                }
            }
            part.take(held_s, value(0, row), value(1, row), value(2, row));
            if at_s + held_s >= part.began_s + EVERY_S {
                course.measured.push(part.end(at_s + held_s));
                part = Part { began_s: at_s + held_s, ..Part::default() };
            }
        }
        course
    }
}

/// What was measured since the last instant.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    began_s: f32,
    soc_pct: Option<f32>,
    energy_j: f64,
    known_s: f32,
    lowest_v: Option<f32>,
}

impl Part {
    fn take(&mut self, held_s: f32, soc_pct: Option<f32>, battery_w: Option<f32>, lowest_v: Option<f32>) {
        self.soc_pct = soc_pct.or(self.soc_pct);
        if let Some(battery_w) = battery_w {
            self.energy_j += f64::from(battery_w) * f64::from(held_s);
            self.known_s += held_s;
        }
        self.lowest_v = self.lowest_v.into_iter().chain(lowest_v).reduce(f32::min);
    }

    fn end(&self, at_s: f32) -> Measured {
        // Half of the time is enough to know the mean.
        let known = self.known_s > 0.5 * (at_s - self.began_s);
        Measured {
            at_min: at_s / 60.0,
            soc_pct: self.soc_pct,
            battery_w: known.then(|| (self.energy_j / f64::from(self.known_s)) as f32),
            lowest_v: self.lowest_v,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Series;

    #[test]
    fn a_course_is_read_from_history_and_ends_when_the_grid_stays_above_its_cap() {
        let rows = 0..3_000_u16;
        // A row a second from 100 s before the check; a ramp of 5 s is no end, at 1,200 s the battery gives up.
        let seconds = || rows.clone().map(|row| f32::from(row) - 100.0);
        let grid = |s: f32| if (300.0..305.0).contains(&s) || s >= 1_200.0 { 150e3 } else { 66e3 };
        let power = |s: f32| (!(600.0..660.0).contains(&s)).then_some(if s >= 1_200.0 { 0.0 } else { 84e3 });
        let table = Table {
            at: rows.clone().map(|row| Utc(i64::from(row) * 1_000_000)).collect(),
            series: vec![
                Series::of(PointId::Soc, seconds().map(|s| Some(70.0 - s / 60.0)).collect()),
                Series::of(PointId::Power, seconds().map(power).collect()),
                Series::of(PointId::CellVoltageMin, seconds().map(|s| Some(3.3 - s / 1e4)).collect()),
                Series::of(PointId::GridPower, seconds().map(|s| Some(grid(s))).collect()),
            ],
        };
        let began = Utc(100_000_000);
        let course = Course::of(&table, began, Dispatch::PeakShaving { grid_cap_w: 66e3 });
        assert_eq!(course.ended_at_min, Some(20.0));
        assert_eq!(Course::of(&table, began, Dispatch::Backup).ended_at_min, None);
        let at = |minute: f32| course.measured.iter().find(|instant| instant.at_min == minute).copied().unwrap();
        assert_eq!((course.measured[0].at_min, at(5.0).battery_w, at(10.5).battery_w), (0.5, Some(84e3), None));
        assert!((at(10.0).soc_pct.unwrap() - 60.0).abs() < 0.05 && (at(10.0).lowest_v.unwrap() - 3.24).abs() < 2e-4);
        assert_eq!(Course::of(&Table::default(), began, Dispatch::Backup), Course::default());
    }
}
