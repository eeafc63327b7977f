//! How old the values of a link may be: the one place that makes an age of a period. Pure.

use domain::cells::CELL_MAX_AGE;
use domain::point::{MaxAge, PointId};
use std::time::Duration;

/// How old a link's values may be before they are stale, where that is not as the catalogue says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    /// Its points, each at most once.
    pub points: Vec<MaxAge>,
    /// Its cells; `None` if it has none, or theirs is the usual age.
    pub cells: Option<Duration>,
}

/// How long values are good that are asked for each `period`, each answer within `timeout`: one poll may be lost, and
/// the next may be late.
pub(crate) fn between_polls(period: Duration, timeout: Duration) -> Duration {
    period * 5 / 2 + timeout
}

impl Ages {
    /// Those of `points`, and of cells if it has some, when all values are good for `usual`.
    pub(crate) fn of(points: impl IntoIterator<Item = PointId>, cells: bool, usual: Duration) -> Ages {
        let mut ages = Ages { points: Vec::new(), cells: (cells && usual > CELL_MAX_AGE).then_some(usual) };
        for point in points {
            let known = ages.points.iter().any(|known| known.point == point);
            if usual > point.spec().max_age && !known {
                ages.points.push(MaxAge { point, age: usual });
            }
        }
        ages
    }

    /// Those of two sources of the same values: the slower one counts.
    pub(crate) fn and(mut self, other: Ages) -> Ages {
        for max in other.points {
            match self.points.iter_mut().find(|known| known.point == max.point) {
                Some(known) => known.age = known.age.max(max.age),
                None => self.points.push(max),
            }
        }
        self.cells = self.cells.max(other.cells);
        self
    }

    /// How old a point may be.
    pub(crate) fn max_age(&self, point: PointId) -> Duration {
        let given = self.points.iter().find(|given| given.point == point);
        given.map_or(point.spec().max_age, |given| given.age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_outlasts_a_poll_that_is_lost_and_one_that_is_late() {
        let ms = Duration::from_millis;
        for (period, timeout, age) in [(200, 1_000, 1_500), (5_000, 1_000, 13_500), (60_000, 20_000, 170_000)] {
            assert_eq!(between_polls(ms(period), ms(timeout)), ms(age));
        }
        let ages = Ages::of([PointId::Voltage, PointId::Soh, PointId::Voltage], true, ms(5_000));
        assert_eq!(ages.points, [MaxAge { point: PointId::Voltage, age: ms(5_000) }]);
        assert_eq!((ages.cells, ages.max_age(PointId::Soh)), (Some(ms(5_000)), ms(10_000)));
        assert_eq!(Ages::of([PointId::Voltage], true, ms(1_500)), Ages::default());
        let slower = Ages::of([PointId::Voltage], false, ms(9_000)).and(ages.clone());
        assert_eq!(
            slower.and(Ages::default()),
            Ages { points: vec![MaxAge { point: PointId::Voltage, age: ms(9_000) }], cells: ages.cells }
        );
    }
}
