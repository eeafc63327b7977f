//! The battery's charge by our own count, and what is reported of it that the current does not explain. Pure.

use api::home::SocJump;
use domain::alarm::MOVE_LIMIT_POINTS;
use domain::point::PointId;
use domain::soc::{Count, Measured, count, moves};
use domain::spec::SystemSpec;
use domain::time::Utc;
use store::{Bucket, Chart, Range, held_s};

/// How far back a full charge is looked for, ms: five days.
pub(super) const REACH_MS: i64 = 5 * 24 * 3_600_000;
/// Charge is counted in steps of this, ms.
const STEP_MS: i64 = 60_000;
/// What is needed.
pub(super) const POINTS: [PointId; 4] = [PointId::Current, PointId::Voltage, PointId::Soc, PointId::InverterSoc];

/// For how many pixels a chart is whose steps are no longer than those of the count.
pub(super) fn width(range: Range) -> usize {
    (range.len_ms() / STEP_MS) as usize
}

/// The count of the whole chart with its line within `range`, thinned to about `points`, and the movements within it.
pub(super) fn of(chart: &Chart, spec: &SystemSpec, range: Range, points: usize) -> (Count, Vec<SocJump>) {
    let within = |at: Utc| (range.from_ms..=range.to_ms).contains(&(at.0 / 1_000));
    let [measured, by_inverter] = [PointId::Soc, PointId::InverterSoc].map(|soc| measured(chart, soc, range.to_ms));
    let mut counted = count(&measured, spec.capacity_ah, spec.nominal_v);
    counted.line.retain(|(at, _)| within(*at));
    let every = counted.line.len().div_ceil(points).max(1);
    let last = counted.line.len().saturating_sub(1);
    let mut index = 0..;
    counted
        .line
        .retain(|(_, pct)| index.next().is_some_and(|i: usize| i.is_multiple_of(every) || i == last || pct.is_none()));
    let of = |measured: &[Measured], inverter| {
        let found = moves(measured, spec.capacity_ah, MOVE_LIMIT_POINTS);
        let within = found.into_iter().filter(|(at, _)| within(*at));
        within.map(|(at, movement)| SocJump { inverter, at, movement }).collect::<Vec<_>>()
    };
    let mut jumps = [of(&measured, false), of(&by_inverter, true)].concat();
    jumps.sort_by_key(|jump| jump.at);
    (counted, jumps)
}

/// Where the current is known, with the state of charge of this point. A minute with any reading counts as a whole.
fn measured(chart: &Chart, soc: PointId, now_ms: i64) -> Vec<Measured> {
    let known = |value: f32| Some(value).filter(|value| !value.is_nan());
    match chart {
        Chart::Rows(rows) => {
            let value = |point, row: usize| rows.column(point).and_then(|values| known(values[row]));
            let held_s = held_s(rows.at_ms(), Some(now_ms));
            let of = |(row, at_ms): (usize, &i64)| {
                Some(Measured {
                    from: Utc(at_ms * 1_000),
                    to: Utc(at_ms * 1_000 + (f64::from(held_s[row]) * 1e6) as i64),
                    current_a: value(PointId::Current, row)?,
                    voltage_v: value(PointId::Voltage, row),
                    soc_pct: value(soc, row),
                })
            };
            rows.at_ms().iter().enumerate().filter_map(of).collect()
        }
        Chart::Grid(_, grid) => {
            let series = |point| grid.series.iter().find(|(of, _)| *of == point).map(|(_, buckets)| buckets);
            let bucket =
                |point, i: usize| series(point).and_then(|buckets| buckets.get(i)).filter(|bucket| bucket.n > 0);
            let of = |i: usize| {
                let from_ms = grid.from_ms + i as i64 * grid.step_ms;
                Some(Measured {
                    from: Utc(from_ms * 1_000),
                    to: Utc((from_ms + grid.step_ms).min(now_ms.max(from_ms)) * 1_000),
                    current_a: bucket(PointId::Current, i).and_then(Bucket::mean)? as f32,
                    voltage_v: bucket(PointId::Voltage, i).map(|bucket| bucket.min),
                    soc_pct: bucket(soc, i).map(|bucket| bucket.last),
                })
            };
            (0..series(PointId::Current).map_or(0, Vec::len)).filter_map(of).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use domain::soc::{Full, FullBy};
    use domain::spec::SystemKind;
    use domain::topology::Topology;
    use store::{Block, Grid, Tier};

    fn spec() -> SystemSpec {
        SystemSpec {
            kind: SystemKind::Home,
            rate_hz: 1.0,
            ..SystemSpec::new("home", "House", Topology::new(0, 0, 0), 100.0, 51.2)
        }
    }

    #[test]
    fn rows_and_buckets_are_counted_alike() {
        // Five minutes of tail, an hour of 20 A out; the estimate jumps in its middle.
        let at_ms: Vec<i64> = (0..65 * 60).map(|s| s * 1_000).collect();
        let column = |value: fn(i64) -> f32| at_ms.iter().map(|ms| value(ms / 60_000)).collect::<Vec<f32>>();
        let columns = [
            (PointId::Current, column(|minute| if minute < 5 { -2.0 } else { 20.0 })),
            (PointId::Voltage, column(|minute| if minute < 5 { 55.6 } else { 53.0 })),
            (PointId::Soc, column(|minute| 100.0 - (minute - 5).max(0) as f32 / 3.0)),
            (PointId::InverterSoc, column(|minute| 96.0 - minute as f32 / 3.0 + if minute < 35 { 0.0 } else { 8.0 })),
        ];
        let buckets = |values: &Vec<f32>| values.chunks(60).map(Bucket::of).collect();
        let series = columns.iter().map(|(point, values)| (*point, buckets(values))).collect();
        let grid = Chart::Grid(Tier::Minutes, Grid { from_ms: 0, step_ms: 60_000, series });
        for chart in [Chart::Rows(Block::from_columns(at_ms.clone(), columns.clone())), grid] {
            let now_ms = 65 * 60_000;
            let (counted, jumps) = of(&chart, &spec(), Range::new(10 * 60_000, now_ms), 20);
            assert_eq!(counted.full, Some(Full { at: Utc(5 * 60_000_000), by: FullBy::Tail }));
            assert!((counted.soc_pct.unwrap() - 80.0).abs() < 0.02, "{:?}", counted.soc_pct);
            assert!((10..=25).contains(&counted.line.len()), "{}", counted.line.len());
            assert_eq!(counted.line.last().map(|(at, pct)| (at.0 / 1_000, *pct)), Some((now_ms, counted.soc_pct)));
            let [jump] = jumps[..] else { panic!("{jumps:?}") };
            assert!(jump.inverter && (jump.movement.moved - 7.7).abs() < 0.4, "{jump:?}");
            assert!((35..=36).contains(&(jump.at.0 / 60_000_000)), "{jump:?}");
        }
    }

    #[test]
    fn without_a_current_nothing_is_counted() {
        let (counted, jumps) = of(&Chart::Rows(Block::default()), &spec(), Range::new(0, 1_000), 100);
        assert_eq!((counted, jumps.len()), (Count::default(), 0));
    }
}
