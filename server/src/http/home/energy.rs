//! The energy of a day, from its rows. Pure.

use api::home::DayEnergy;
use domain::energy::{by_direction, held_s};
use domain::point::PointId;
use store::Block;

/// What is added up.
pub(super) const POINTS: [PointId; 4] = [PointId::SolarPower, PointId::LoadPower, PointId::GridPower, PointId::Power];

/// The energy of these rows. A row stands until the next one, but not through a gap.
pub(super) fn of(rows: &Block) -> DayEnergy {
    let held_s = held_s(rows.at_ms(), None);
    DayEnergy::by_direction(|point| by_direction(rows.column(point)?, &held_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_goes_by_its_direction_and_stops_in_gaps() {
        // Every second for an hour, with a gap of an hour after the first half.
        let at_ms: Vec<i64> = (0..3_600).map(|s| (s + if s < 1_800 { 0 } else { 3_600 }) * 1_000).collect();
        let grid = (0..3_600).map(|s| if s < 1_800 { 2_000.0 } else { -500.0 }).collect();
        let battery = (0..3_600).map(|s| if s % 2 == 0 { f32::NAN } else { -1_000.0 }).collect();
        let rows = Block::from_columns(
            at_ms,
            [(PointId::GridPower, grid), (PointId::Power, battery), (PointId::LoadPower, vec![f32::NAN; 3_600])],
        );
        let energy = of(&rows);
        let near = |got: Option<f32>, wh: f32| got.is_some_and(|got| (got - wh).abs() < 2.0);
        assert!(near(energy.import_wh, 1_000.0) && near(energy.export_wh, 250.0), "{energy:?}");
        assert!(near(energy.charged_wh, 500.0) && energy.discharged_wh == Some(0.0), "{energy:?}");
        assert_eq!((energy.solar_wh, energy.load_wh), (None, None), "what is not known is not zero");
    }
}
