//! A value ready to be shown, and how far it can be believed. Pure.

use super::known::made_of_rows;
use crate::format::{self, Figure};
use domain::cells::{Column, ColumnStats};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Sample};
use domain::time::Mono;
use domain::twin::Snapshot;

/// Of how many cells a figure of all is, where some are missing: `of 100 of 260 cells`; else empty.
pub fn of_how_many(fresh: usize, cells: usize) -> String {
    let number = |n: usize| format::count(n as u64);
    if fresh < cells { format!("of {} of {} cells", number(fresh), number(cells)) } else { String::new() }
}

/// What a column says in one line at `now`. Where no cell is fresh, what it said when the newest value came: what was
/// known then is shown with its age, and a cell that was silent before that does not count again.
pub fn newest_stats(column: &Column, now: Mono) -> Option<ColumnStats> {
    let newest = || (0..column.len()).filter_map(|cell| column.last(cell)).map(|(_, at)| at).max();
    column.stats(now).or_else(|| column.stats(newest()?)).or_else(|| column.last_stats())
}

/// How far a value can be believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Freshness {
    /// Good, and this old, s.
    Fresh {
        /// Age, s.
        age_s: f32,
    },
    /// Good, as the mean of its minute: of that instant no more is kept.
    Mean,
    /// The last good value is too old, and this old, s.
    Stale {
        /// Age, s.
        age_s: f32,
    },
    /// There is no value.
    Missing(NoData),
}

/// A value ready to be shown. A stale one still has its figure, to be drawn faded; a missing one has none.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The number and its unit.
    pub figure: Option<Figure>,
    /// How far it can be believed.
    pub freshness: Freshness,
}

impl Shown {
    /// A value of which the sample, and the last good value with its time, are known at `now`.
    pub fn new(sample: Sample, last: Option<(f32, Mono)>, now: Mono, figure: impl Fn(f32) -> Figure) -> Shown {
        let age_s = last.map_or(0.0, |(_, at)| now.seconds_since(at));
        match (sample, last) {
            (Ok(value), _) => Shown { figure: Some(figure(value)), freshness: Freshness::Fresh { age_s } },
            (Err(NoData::Stale), Some((value, _))) => {
                Shown { figure: Some(figure(value)), freshness: Freshness::Stale { age_s } }
            }
            (Err(why), _) => Shown { figure: None, freshness: Freshness::Missing(why) },
        }
    }

    /// A point of `snapshot`, drawn in the way its unit is usually read.
    pub fn point(snapshot: &Snapshot, point: PointId) -> Shown {
        Shown::point_as(snapshot, point, |value| format::point(point, value))
    }

    /// A point of `snapshot`, drawn by `figure`.
    pub fn point_as(snapshot: &Snapshot, point: PointId, figure: impl Fn(f32) -> Figure) -> Shown {
        let last = snapshot.state.points.last_value(point);
        Shown::new(snapshot.point(point), last.last(), snapshot.now.mono, figure)
    }

    /// A cell's value of `snapshot`.
    pub fn cell(snapshot: &Snapshot, quantity: CellQuantity, cell: usize) -> Shown {
        let last = snapshot.state.cells.column(quantity).last(cell);
        let shown = Shown::new(snapshot.cell(quantity, cell), last, snapshot.now.mono, |value| match quantity {
            CellQuantity::Voltage => format::millivolts(value),
            CellQuantity::Temperature => format::celsius(value),
        });
        shown.of_cells(snapshot)
    }

    /// One figure of all cells, as old as the oldest of the fresh ones. Without a fresh one that of [`newest_stats`], as old
    /// as the newest value.
    pub fn cells(snapshot: &Snapshot, quantity: CellQuantity, figure: impl Fn(&ColumnStats) -> Figure) -> Shown {
        let (column, now) = (snapshot.state.cells.column(quantity), snapshot.now.mono);
        let times = |fresh: bool| {
            let cells = (0..column.len()).filter(move |cell| !fresh || column.sample(*cell, now).is_ok());
            cells.filter_map(|cell| column.last(cell)).map(|(_, at)| at)
        };
        let age_s = |at: Option<Mono>| at.map_or(0.0, |at| now.seconds_since(at));
        let (stats, freshness) = match (column.stats(now), newest_stats(column, now)) {
            (Some(stats), _) => (Some(stats), Freshness::Fresh { age_s: age_s(times(true).min()) }),
            (None, Some(stats)) => (Some(stats), Freshness::Stale { age_s: age_s(times(false).max()) }),
            (None, None) => (None, Freshness::Missing(NoData::NotPresent)),
        };
        Shown { figure: stats.as_ref().map(figure), freshness }.of_cells(snapshot)
    }

    /// The same of a value of cells: that of a snapshot made of rows is the mean of its minute.
    fn of_cells(self, snapshot: &Snapshot) -> Shown {
        match self.freshness {
            Freshness::Fresh { .. } if made_of_rows(snapshot) => Shown { freshness: Freshness::Mean, ..self },
            _ => self,
        }
    }

    /// A value that follows from others: as fresh as the oldest of `inputs`.
    pub fn derived(snapshot: &Snapshot, sample: Sample, inputs: &[PointId], figure: impl Fn(f32) -> Figure) -> Shown {
        let oldest =
            inputs.iter().filter_map(|point| snapshot.state.points.last_value(*point).last()).map(|(_, at)| at).min();
        let last = sample.ok().zip(oldest);
        Shown::new(sample, last, snapshot.now.mono, figure)
    }

    /// Whether the value is good and fresh.
    pub fn is_fresh(&self) -> bool {
        matches!(self.freshness, Freshness::Fresh { .. } | Freshness::Mean)
    }

    /// The number, or a dash.
    pub fn number(&self) -> String {
        self.figure.as_ref().map_or_else(|| format::NONE.to_owned(), |figure| figure.number.clone())
    }

    /// The unit; empty where there is no value.
    pub fn unit(&self) -> &'static str {
        self.figure.as_ref().map_or("", |figure| figure.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_of_all_cells_stays_with_its_age_when_they_fall_silent() {
        let mut snapshot = crate::sample::snapshot();
        let hottest = |m: &Snapshot| Shown::cells(m, CellQuantity::Temperature, |stats| format::celsius(stats.max));
        let fresh = hottest(&snapshot);
        assert!(fresh.is_fresh() && matches!(fresh.freshness, Freshness::Fresh { .. }));
        snapshot.now = snapshot.now + std::time::Duration::from_secs(24);
        let old = hottest(&snapshot);
        assert_eq!(old.number(), fresh.number(), "the hottest, not any cell");
        assert!(matches!(old.freshness, Freshness::Stale { age_s } if (age_s - 24.1).abs() < 0.01), "{old:?}");
        let never = Snapshot { state: domain::twin::SystemState::new(&crate::sample::spec()), ..snapshot.clone() };
        assert_eq!(hottest(&never).freshness, Freshness::Missing(NoData::NotPresent));
        let rows = Snapshot { links: Vec::new(), ..crate::sample::snapshot() };
        assert_eq!(hottest(&rows).freshness, Freshness::Mean);
        assert_eq!(Shown::cell(&rows, CellQuantity::Voltage, 7).freshness, Freshness::Mean);
    }

    #[test]
    fn cells_that_were_silent_before_do_not_count_again_when_all_fall_silent() {
        let mut snapshot = crate::sample::snapshot();
        let cells = snapshot.state.cells.len();
        // Forty cells are silent for long, one of them hot then.
        let mut column = Column::new(cells);
        let now = snapshot.now.mono;
        for cell in 0..cells {
            let (celsius, at) = if cell < 40 { (60.0, Mono(now.0 - 30_000_000)) } else { (25.0, now) };
            column.set(cell, Ok(celsius), at);
        }
        *snapshot.state.cells.column_mut(CellQuantity::Temperature) = column;
        for later_s in [0, 24] {
            let at = snapshot.now + std::time::Duration::from_secs(later_s);
            let stats = newest_stats(snapshot.state.cells.column(CellQuantity::Temperature), at.mono).unwrap();
            assert_eq!((stats.fresh, stats.max), (cells - 40, 25.0), "{later_s} s later");
        }
    }

    #[test]
    fn a_stale_value_keeps_its_figure_and_a_missing_one_has_none() {
        let now = Mono(10_000_000);
        let last = Some((3.3, Mono(8_000_000)));
        let shown = |sample, last| Shown::new(sample, last, now, format::volts);
        assert_eq!(shown(Ok(3.3), last).freshness, Freshness::Fresh { age_s: 2.0 });
        assert_eq!(shown(Err(NoData::Stale), last).freshness, Freshness::Stale { age_s: 2.0 });
        assert_eq!(shown(Err(NoData::Stale), last).number(), "3.3");
        assert_eq!(shown(Err(NoData::Error), last).number(), format::NONE);
        assert_eq!(shown(Err(NoData::NotPresent), None).unit(), "");
    }
}
