//! Cell values as struct of arrays: one column per quantity, so 260 or 6,400 cells are walked in a straight line.

use crate::last_value::LastValue;
use crate::reading::{CellQuantity, NoData, Sample};
use crate::time::Mono;
use std::time::Duration;

/// A cell value older than this is stale, unless [`SystemSpec::cell_max_age`](crate::spec::SystemSpec::cell_max_age)
/// says otherwise because the cells' source is slow.
pub const CELL_MAX_AGE: Duration = Duration::from_millis(1_500);

/// One quantity of every cell: last good value, its time, and why there is no newer one.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// A value that is older than this is stale.
    max_age: Duration,
    values: Vec<f32>,
    at: Vec<Mono>,
    no_data: Vec<Option<NoData>>,
    /// When it was last said that there is no value.
    no_data_at: Vec<Mono>,
}

impl Default for Column {
    fn default() -> Column {
        Column::new(0)
    }
}

impl Column {
    /// A column of `cells` cells of which nothing is known.
    pub fn new(cells: usize) -> Column {
        Column::with_max_age(cells, CELL_MAX_AGE)
    }

    /// As [`Column::new`], of values that are stale when they are older than `max_age`.
    pub fn with_max_age(cells: usize, max_age: Duration) -> Column {
        Column {
            max_age,
            values: vec![0.0; cells],
            at: vec![Mono(0); cells],
            no_data: vec![Some(NoData::NotPresent); cells],
            no_data_at: vec![Mono(0); cells],
        }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether it has no cells.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Takes a sample of `cell` of the instant `at`; one that is older than what is known already, as [`LastValue::set`] has
    /// it, and a cell that does not exist change nothing.
    pub fn set(&mut self, cell: usize, sample: Sample, at: Mono) {
        if cell >= self.len() {
            return;
        }
        match sample {
            _ if at < self.at[cell].max(self.no_data_at[cell]) => {}
            Ok(value) => {
                self.values[cell] = value;
                self.at[cell] = at;
                self.no_data[cell] = None;
            }
            Err(why) => (self.no_data[cell], self.no_data_at[cell]) = (Some(why), at),
        }
    }

    /// The value of `cell` if it is good and fresh at `now`, else why not.
    pub fn sample(&self, cell: usize, now: Mono) -> Sample {
        match self.no_data.get(cell) {
            None => Err(NoData::NotPresent),
            Some(Some(why)) => Err(*why),
            Some(None) if now.since(self.at[cell]) > self.max_age => Err(NoData::Stale),
            Some(None) => Ok(self.values[cell]),
        }
    }

    /// The last good value of `cell` and when it came, however old; `None` if there never was one.
    pub fn last(&self, cell: usize) -> Option<(f32, Mono)> {
        let never = self.no_data.get(cell)? == &Some(NoData::NotPresent);
        (!never).then(|| (self.values[cell], self.at[cell])).filter(|(_, at)| at.0 > 0)
    }

    /// What the device last said of `cell`: `None` for a good value, else why there was none. Age is not looked at.
    pub fn reported(&self, cell: usize) -> Option<NoData> {
        self.no_data.get(cell).copied().unwrap_or(Some(NoData::NotPresent))
    }

    /// All that is known of `cell`: nothing, if it does not exist.
    pub fn last_value(&self, cell: usize) -> LastValue {
        match self.no_data.get(cell) {
            Some(no_data) => LastValue::restored(Some((self.values[cell], self.at[cell])), *no_data),
            None => LastValue::default(),
        }
    }

    /// Sets all that is known of `cell`, as [`Column::last_value`] gave it; a cell that does not exist is ignored.
    pub fn restore(&mut self, cell: usize, last: LastValue) {
        if cell < self.len() {
            (self.values[cell], self.at[cell]) = last.last().unwrap_or((0.0, Mono(0)));
            (self.no_data[cell], self.no_data_at[cell]) = (last.reported(), Mono(0));
        }
    }

    /// Every cell's sample at `now`, in order.
    pub fn samples(&self, now: Mono) -> impl Iterator<Item = Sample> + '_ {
        (0..self.len()).map(move |cell| self.sample(cell, now))
    }

    /// Minimum, maximum, mean and where, over the cells that are good and fresh; `None` if there are none.
    pub fn stats(&self, now: Mono) -> Option<ColumnStats> {
        ColumnStats::of(self.samples(now).enumerate().filter_map(|(cell, sample)| Some((cell, sample.ok()?))))
    }

    /// The same over the last good value of every cell, however old.
    pub fn last_stats(&self) -> Option<ColumnStats> {
        ColumnStats::of((0..self.len()).filter_map(|cell| Some((cell, self.last(cell)?.0))))
    }
}

/// What a column says in one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ColumnStats {
    /// Cells with a good, fresh value.
    pub fresh: usize,
    /// The lowest value, in the quantity's unit.
    pub min: f32,
    /// The cell with the lowest value.
    pub min_at: usize,
    /// The highest value.
    pub max: f32,
    /// The cell with the highest value.
    pub max_at: usize,
    /// The mean over the fresh cells.
    pub mean: f32,
}

impl ColumnStats {
    /// The stats of these values, each with its cell; `None` if there are none.
    pub fn of(values: impl Iterator<Item = (usize, f32)>) -> Option<ColumnStats> {
        let mut stats: Option<ColumnStats> = None;
        let mut sum = 0.0_f64;
        for (cell, value) in values {
            let s = stats.get_or_insert(ColumnStats {
                fresh: 0,
                min: value,
                min_at: cell,
                max: value,
                max_at: cell,
                mean: value,
            });
            s.fresh += 1;
            sum += f64::from(value);
            if value < s.min {
                (s.min, s.min_at) = (value, cell);
            }
            if value > s.max {
                (s.max, s.max_at) = (value, cell);
            }
        }
        if let Some(s) = &mut stats {
            s.mean = (sum / s.fresh as f64) as f32;
        }
        stats
    }

    /// Highest minus lowest.
    pub fn spread(&self) -> f32 {
        self.max - self.min
    }
}

/// Every quantity of every cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellFrame {
    columns: [Column; CellQuantity::ALL.len()],
}

impl CellFrame {
    /// A frame of `cells` cells of which nothing is known.
    pub fn new(cells: usize) -> CellFrame {
        CellFrame { columns: std::array::from_fn(|_| Column::new(cells)) }
    }

    /// As [`CellFrame::new`], of values that are stale when they are older than `max_age`.
    pub fn with_max_age(cells: usize, max_age: Duration) -> CellFrame {
        CellFrame { columns: std::array::from_fn(|_| Column::with_max_age(cells, max_age)) }
    }

    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.columns[0].len()
    }

    /// Whether the system has no cells.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One quantity of all cells.
    pub fn column(&self, quantity: CellQuantity) -> &Column {
        &self.columns[quantity as usize]
    }

    /// One quantity of all cells, to be written.
    pub fn column_mut(&mut self, quantity: CellQuantity) -> &mut Column {
        &mut self.columns[quantity as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Mono {
        Mono(ms * 1_000)
    }

    #[test]
    fn a_value_is_good_until_its_max_age_and_then_stale_but_still_known() {
        let mut column = Column::new(2);
        assert_eq!(column.sample(0, ms(1)), Err(NoData::NotPresent));
        column.set(0, Ok(3.3), ms(100));
        assert_eq!(column.sample(0, ms(1_600)), Ok(3.3));
        assert_eq!(column.sample(0, ms(1_601)), Err(NoData::Stale));
        assert_eq!(column.last(0), Some((3.3, ms(100))));
        column.set(0, Err(NoData::Error), ms(1_700));
        assert_eq!(column.sample(0, ms(1_700)), Err(NoData::Error));
        assert_eq!(column.last(0), Some((3.3, ms(100))));
        column.set(9, Ok(1.0), ms(1_700));
        assert_eq!(column.last(1), None);
    }

    #[test]
    fn cells_of_a_slow_source_have_longer_until_they_are_stale() {
        let mut frame = CellFrame::with_max_age(1, Duration::from_secs(13));
        let column = frame.column_mut(CellQuantity::Voltage);
        column.set(0, Ok(3.3), ms(100));
        assert_eq!(column.sample(0, ms(13_100)), Ok(3.3));
        assert_eq!(column.sample(0, ms(13_101)), Err(NoData::Stale));
    }

    #[test]
    fn statistics_leave_out_what_is_not_good() {
        let mut column = Column::new(4);
        assert_eq!(column.stats(ms(0)), None);
        for (cell, sample) in [(0, Ok(3.2)), (1, Ok(3.4)), (2, Err(NoData::Error))] {
            column.set(cell, sample, ms(10));
        }
        let stats = column.stats(ms(10)).unwrap();
        assert_eq!((stats.fresh, stats.min_at, stats.max_at), (2, 0, 1));
        assert!((stats.mean - 3.3).abs() < 1e-6 && (stats.spread() - 0.2).abs() < 1e-6);
    }
}
