//! Rows in memory, column by column: the hot tail, a day to be sealed, the answer to a question.

use crate::day::Day;
use domain::point::PointId;
use domain::telemetry::Row;
use std::ops::Range;

/// Rows of one system in the order of time. A column exists once a row brought a value for it; NaN is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    at_ms: Vec<i64>,
    columns: Vec<Option<Vec<f32>>>,
}

impl Block {
    /// No rows, no columns.
    pub fn new() -> Block {
        Block { at_ms: Vec::new(), columns: vec![None; PointId::COUNT] }
    }

    /// A block of these columns, all as long as `at_ms`, which must not go back in time.
    pub fn from_columns(at_ms: Vec<i64>, columns: impl IntoIterator<Item = (PointId, Vec<f32>)>) -> Block {
        let mut block = Block { at_ms, ..Block::new() };
        for (point, values) in columns {
            debug_assert_eq!(values.len(), block.at_ms.len());
            block.columns[point as usize] = Some(values);
        }
        block
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.at_ms.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.at_ms.is_empty()
    }

    /// When each row was taken, ms since 1970-01-01 UTC, never going back.
    pub fn at_ms(&self) -> &[i64] {
        &self.at_ms
    }

    /// The values of a point, NaN for none; `None` if no row has one.
    pub fn column(&self, point: PointId) -> Option<&[f32]> {
        self.columns.get(point as usize)?.as_deref()
    }

    /// The points that have a column.
    pub fn points(&self) -> impl Iterator<Item = PointId> {
        PointId::ALL.iter().copied().filter(|point| self.column(*point).is_some())
    }

    /// Adds a row at its place in time: mostly the end. A row of the same time goes after those that are there.
    pub fn push(&mut self, row: &Row) {
        let place = match self.at_ms.last() {
            Some(last) if *last > row.at_ms => self.at_ms.partition_point(|at| *at <= row.at_ms),
            _ => self.at_ms.len(),
        };
        let old_len = self.at_ms.len();
        self.at_ms.insert(place, row.at_ms);
        for (column, value) in self.columns.iter_mut().zip(row.values) {
            match column {
                Some(values) => values.insert(place, value),
                None if value.is_nan() => {}
                None => {
                    let mut values = vec![f32::NAN; old_len];
                    values.insert(place, value);
                    *column = Some(values);
                }
            }
        }
    }

    /// The rows from `from_ms` up to but not including `to_ms`.
    pub fn range(&self, from_ms: i64, to_ms: i64) -> Range<usize> {
        let from = self.at_ms.partition_point(|at| *at < from_ms);
        from..self.at_ms.partition_point(|at| *at < to_ms).max(from)
    }

    /// A copy of some rows.
    pub fn slice(&self, rows: Range<usize>) -> Block {
        let columns = self.columns.iter().map(|column| column.as_ref().map(|values| values[rows.clone()].to_vec()));
        Block { at_ms: self.at_ms[rows.clone()].to_vec(), columns: columns.collect() }
    }

    /// Removes the rows before `before_ms`.
    pub fn forget_before(&mut self, before_ms: i64) {
        let gone = self.at_ms.partition_point(|at| *at < before_ms);
        self.at_ms.drain(..gone);
        for values in self.columns.iter_mut().flatten() {
            values.drain(..gone);
        }
    }

    /// One row.
    pub fn row(&self, place: usize) -> Row {
        let mut row = Row::empty(self.at_ms[place]);
        for (value, column) in row.values.iter_mut().zip(&self.columns) {
            if let Some(values) = column {
                *value = values[place];
            }
        }
        row
    }

    /// Takes what `others` know into the empty places of rows of the same time; nothing is overwritten. Returns how many
    /// of their rows filled a place, and those of times that are not here.
    pub(crate) fn fill(&mut self, others: &Block) -> (u64, Block) {
        let (mut same, mut new) = (Vec::new(), Block::new());
        for (row, at_ms) in others.at_ms.iter().enumerate() {
            let place = self.at_ms.partition_point(|at| at < at_ms);
            match self.at_ms.get(place) {
                Some(at) if at == at_ms => same.push((row, place)),
                _ => new.push(&others.row(row)),
            }
        }
        let mut filled = vec![false; others.len()];
        for (ours, theirs) in self.columns.iter_mut().zip(&others.columns) {
            let Some(theirs) = theirs else { continue };
            for (row, place) in same.iter().filter(|(row, _)| !theirs[*row].is_nan()) {
                let value = &mut ours.get_or_insert_with(|| vec![f32::NAN; self.at_ms.len()])[*place];
                if value.is_nan() {
                    *value = theirs[*row];
                    filled[*row] = true;
                }
            }
        }
        (filled.into_iter().filter(|filled| *filled).count() as u64, new)
    }

    /// Both blocks' rows in the order of time; of equal times, `self`'s first.
    pub fn merged(self, later: &Block) -> Block {
        let in_order = match (self.at_ms.last(), later.at_ms.first()) {
            (Some(last), Some(first)) => last <= first,
            _ => true,
        };
        let len = self.len();
        let mut order: Vec<(i64, usize)> = Vec::new();
        if !in_order {
            order = self.at_ms.iter().chain(&later.at_ms).copied().zip(0..).collect();
            order.sort();
        }
        let columns = (self.columns.into_iter().zip(&later.columns)).map(|(ours, theirs)| {
            if ours.is_none() && theirs.is_none() {
                return None;
            }
            let mut values = ours.unwrap_or_else(|| vec![f32::NAN; len]);
            match theirs {
                Some(theirs) => values.extend_from_slice(theirs),
                None => values.resize(len + later.len(), f32::NAN),
            }
            Some(if in_order { values } else { order.iter().map(|(_, place)| values[*place]).collect() })
        });
        let columns = columns.collect();
        let mut at_ms = self.at_ms;
        at_ms.extend_from_slice(&later.at_ms);
        if !in_order {
            at_ms = order.iter().map(|(at, _)| *at).collect();
        }
        Block { at_ms, columns }
    }
}

/// Splits rows by the days they lie in.
pub fn by_day(mut rows: Block) -> Vec<(Day, Block)> {
    let mut days = Vec::new();
    while let Some(first_ms) = rows.at_ms().first().copied() {
        let day = Day::of(first_ms);
        let end = rows.range(first_ms, day.end_ms()).end;
        if end == rows.len() {
            days.push((day, rows));
            return days;
        }
        days.push((day, rows.slice(0..end)));
        rows.forget_before(day.end_ms());
    }
    days
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) fn row(at_ms: i64, values: &[(PointId, f32)]) -> Row {
        let mut row = Row::empty(at_ms);
        values.iter().for_each(|(point, value)| row.set(*point, *value));
        row
    }

    fn block(rows: &[(i64, f32)]) -> Block {
        let mut block = Block::new();
        rows.iter().for_each(|(at, soc)| block.push(&row(*at, &[(PointId::Soc, *soc)])));
        block
    }

    #[test]
    fn a_column_begins_with_its_first_value() {
        let mut block = block(&[(1, 50.0), (2, 51.0)]);
        block.push(&row(3, &[(PointId::Voltage, 832.0)]));
        assert_eq!(block.points().collect::<Vec<_>>(), [PointId::Soc, PointId::Voltage]);
        let voltage = block.column(PointId::Voltage).unwrap();
        assert!(voltage[0].is_nan() && voltage[1].is_nan() && voltage[2] == 832.0);
        assert!(block.column(PointId::Soc).unwrap()[2].is_nan());
        assert_eq!(block.column(PointId::Current), None);
        assert_eq!(block.row(2).get(PointId::Voltage), 832.0);
        assert_eq!(block.range(2, 3), 1..2);
        assert_eq!(block.slice(1..2).column(PointId::Soc), Some(&[51.0][..]));
        block.forget_before(2);
        assert_eq!(block.at_ms(), [2, 3]);
    }

    #[test]
    fn empty_places_are_filled_and_nothing_is_overwritten() {
        let mut there = block(&[(1, 50.0), (2, 51.0), (4, f32::NAN)]);
        let mut others = Block::new();
        for (at_ms, soc, voltage) in [(1, 60.0, f32::NAN), (2, 61.0, 800.0), (3, 62.0, 801.0), (4, 63.0, f32::NAN)] {
            others.push(&row(at_ms, &[(PointId::Soc, soc), (PointId::Voltage, voltage)]));
        }
        let (filled, new) = there.fill(&others);
        assert_eq!((filled, new.at_ms()), (2, &[3][..]));
        assert_eq!(there.column(PointId::Soc), Some(&[50.0, 51.0, 63.0][..]));
        let voltage = there.column(PointId::Voltage).unwrap();
        assert!(voltage[0].is_nan() && voltage[1] == 800.0 && voltage[2].is_nan());
        // Once more, nothing is empty that they know.
        assert_eq!(there.fill(&others).0, 0);
    }

    proptest! {
        /// However rows come, they stand in the order of time, and none is lost.
        #[test]
        fn rows_stand_in_the_order_of_time(
            one in prop::collection::vec((0..50_i64, 0..100_u8), 0..40),
            two in prop::collection::vec((0..50_i64, 0..100_u8), 0..40),
        ) {
            let floats = |rows: &[(i64, u8)]| rows.iter().map(|(at, v)| (*at, f32::from(*v))).collect::<Vec<_>>();
            let (one, two) = (floats(&one), floats(&two));
            let merged = block(&one).merged(&block(&two));
            let mut expected = [one.clone(), two.clone()].concat();
            expected.sort_by_key(|(at, _)| *at);
            prop_assert_eq!(merged.at_ms(), expected.iter().map(|r| r.0).collect::<Vec<_>>());
            let values: Vec<f32> = expected.iter().map(|r| r.1).collect();
            prop_assert_eq!(merged.column(PointId::Soc).unwrap_or(&[]), values);
            let range = merged.range(10, 20);
            prop_assert_eq!(range.len(), expected.iter().filter(|(at, _)| (10..20).contains(at)).count());
        }
    }
}
