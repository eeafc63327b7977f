//! Lines that mean two things, one above zero and another below: a current that charges or discharges. Pure.

use crate::charts::theme::SeriesColor;

/// What zero means on the value axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Zero {
    /// The name of the line at zero: `idle`.
    pub name: String,
    /// The colour of all lines below zero; above it they have their own.
    pub below: SeriesColor,
}

/// A segment cut where it crosses zero, and whether each part lies below.
pub(super) fn parts(segment: &[(f64, f64)]) -> Vec<(Vec<(f64, f64)>, bool)> {
    let mut parts: Vec<(Vec<(f64, f64)>, bool)> = Vec::new();
    let mut before: Option<(f64, f64)> = None;
    for (t, v) in segment.iter().copied() {
        let below = v < 0.0;
        match parts.last_mut() {
            Some((points, side)) if *side == below => points.push((t, v)),
            last => {
                // Both parts touch where the line between them crosses zero.
                let crossing = before.map(|(t0, v0)| (t0 + (t - t0) * v0 / (v0 - v), 0.0));
                if let (Some((points, _)), Some(crossing)) = (last, crossing) {
                    points.push(crossing);
                }
                parts.push((crossing.into_iter().chain([(t, v)]).collect(), below));
            }
        }
        before = Some((t, v));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_cut_where_it_crosses_zero() {
        for (segment, expected) in [
            (vec![], vec![]),
            (vec![(0.0, 2.0)], vec![(vec![(0.0, 2.0)], false)]),
            (vec![(0.0, 2.0), (1.0, 0.0)], vec![(vec![(0.0, 2.0), (1.0, 0.0)], false)]),
            (
                vec![(0.0, 2.0), (4.0, -2.0), (5.0, -1.0)],
                vec![(vec![(0.0, 2.0), (2.0, 0.0)], false), (vec![(2.0, 0.0), (4.0, -2.0), (5.0, -1.0)], true)],
            ),
            (
                vec![(0.0, -1.0), (1.0, 0.0), (2.0, -1.0)],
                vec![
                    (vec![(0.0, -1.0), (1.0, 0.0)], true),
                    (vec![(1.0, 0.0), (1.0, 0.0), (1.0, 0.0)], false),
                    (vec![(1.0, 0.0), (2.0, -1.0)], true),
                ],
            ),
        ] {
            assert_eq!(parts(&segment), expected, "{segment:?}");
        }
    }
}
