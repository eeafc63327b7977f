//! Gaps in curves of single rows. Pure.

use domain::series::{Series, Table};
use domain::time::Utc;

/// Between two rows further apart than so many usual steps there is a gap.
const GAP_STEPS: i64 = 5;
/// No shorter stretch is a gap, µs.
const GAP_MIN_US: i64 = 5_000_000;

/// The table with a row without values in each gap, so that a line ends there.
pub(super) fn with_gaps(table: &Table) -> Table {
    let mut steps: Vec<i64> = table.at.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    steps.sort_unstable();
    let usual = steps.get(steps.len() / 2).copied().unwrap_or(0);
    let longest = (GAP_STEPS * usual).max(GAP_MIN_US);
    // Which row each of the new ones is of.
    let (mut at, mut indices) = (Vec::with_capacity(table.at.len()), Vec::with_capacity(table.at.len()));
    for (i, now) in table.at.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| table.at[i]);
        if let Some(before) = before.filter(|before| now.0 - before.0 > longest) {
            at.push(Utc(before.0 + (now.0 - before.0) / 2));
            indices.push(None);
        }
        at.push(*now);
        indices.push(Some(i));
    }
    let series = table.series.iter().map(|series| {
        let value = |index: &Option<usize>| index.and_then(|i| series.values.get(i).copied().flatten());
        Series { values: indices.iter().map(value).collect(), ..series.clone() }
    });
    Table { at, series: series.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::PointId;

    #[test]
    fn a_gap_becomes_a_row_without_values() {
        let values = vec![Some(53.0), None, Some(53.2), Some(53.3)];
        let table = Table {
            at: [0, 500_000, 1_000_000, 60_000_000].map(Utc).to_vec(),
            series: vec![Series::of(PointId::Voltage, values), Series::of(PointId::Soc, Vec::new())],
        };
        let table = with_gaps(&table);
        assert_eq!(table.at.iter().map(|at| at.0 / 1_000).collect::<Vec<_>>(), [0, 500, 1_000, 30_500, 60_000]);
        assert_eq!(table.series[0].values, [Some(53.0), None, Some(53.2), None, Some(53.3)]);
        assert_eq!(table.series[1].values, [None; 5], "a point without a column has no values");
    }
}
