//! How much energy there is above the reserve, and how long it lasts. Pure.

use domain::point::PointId;
use domain::reading::{NoData, Sample};
use domain::spec::SystemSpec;
use domain::twin::Snapshot;

/// Below this a battery counts as idle, W.
pub(super) const IDLE_W: f32 = 100.0;
/// Longer than this is not worth telling, s.
const LONG_S: f32 = 72.0 * 3_600.0;

/// What comes next if power stays as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outlook {
    /// The reserve is reached in this many seconds.
    ReserveIn(f32),
    /// It is full in this many seconds.
    FullIn(f32),
    /// It is discharged below the reserve.
    BelowReserve,
    /// Nothing changes soon.
    Holding,
    /// It cannot be known, because this is not.
    Unknown(&'static str),
}

/// The point of the reserve that is set on a device; `None` where no device has one, and that of the site file holds.
pub(super) fn reserve_point(snapshot: &Snapshot) -> Option<PointId> {
    let has = |point: &PointId| snapshot.point(*point) != Err(NoData::NotPresent);
    [PointId::ReserveSet, PointId::MinimumSocSet].into_iter().find(has)
}

/// The reserve, %. One that a device was heard to have, and that is not known now, is not that of the site file.
pub(super) fn reserve_pct(snapshot: &Snapshot, spec: &SystemSpec) -> Sample {
    reserve_point(snapshot).map_or(Ok(spec.reserve_pct), |point| snapshot.point(point))
}

/// Energy above the reserve, Wh, not negative, or what of it is not known. A pack of unknown health counts as new.
pub(super) fn above_reserve_wh(snapshot: &Snapshot, spec: &SystemSpec) -> Result<f32, &'static str> {
    let soc_pct = snapshot.point(PointId::Soc).map_err(|_| "charge")?;
    let reserve_pct = reserve_pct(snapshot, spec).map_err(|_| "reserve")?;
    Ok(((soc_pct - reserve_pct) / 100.0 * usable_wh(snapshot, spec)).max(0.0))
}

fn usable_wh(snapshot: &Snapshot, spec: &SystemSpec) -> f32 {
    spec.energy_wh() * snapshot.point(PointId::Soh).unwrap_or(100.0) / 100.0
}

/// What comes next at the power of this snapshot.
pub(super) fn outlook(snapshot: &Snapshot, spec: &SystemSpec) -> Outlook {
    let (soc_pct, power_w) = match (snapshot.point(PointId::Soc), snapshot.point(PointId::Power)) {
        (Ok(soc_pct), Ok(power_w)) => (soc_pct, power_w),
        (Err(_), _) => return Outlook::Unknown("charge"),
        (_, Err(_)) => return Outlook::Unknown("power"),
    };
    let seconds = |share_pct: f32| share_pct / 100.0 * usable_wh(snapshot, spec) / power_w.abs() * 3_600.0;
    if power_w > IDLE_W {
        match reserve_pct(snapshot, spec).map(|reserve_pct| soc_pct - reserve_pct) {
            Err(_) => Outlook::Unknown("reserve"),
            Ok(above) if above <= 0.0 => Outlook::BelowReserve,
            Ok(above) if seconds(above) < LONG_S => Outlook::ReserveIn(seconds(above)),
            Ok(_) => Outlook::Holding,
        }
    } else if power_w < -IDLE_W && seconds(100.0 - soc_pct) < LONG_S {
        Outlook::FullIn(seconds(100.0 - soc_pct))
    } else {
        Outlook::Holding
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{snapshot, spec};
    use domain::time::Mono;
    use std::time::Duration;

    #[test]
    fn the_outlook_follows_the_direction_of_power() {
        let spec = spec();
        let at = |soc: Sample, power: Sample| {
            let mut snapshot = snapshot();
            snapshot.state.points.set(PointId::Soc, soc, snapshot.now.mono);
            snapshot.state.points.set(PointId::Power, power, snapshot.now.mono);
            snapshot.state.points.set(PointId::Soh, Ok(100.0), Mono(snapshot.now.mono.0));
            outlook(&snapshot, &spec)
        };
        let hour_w = spec.energy_wh() / 2.0;
        for (soc, power, expected) in [
            (Ok(70.0), Ok(hour_w), Outlook::ReserveIn(3_600.0)),
            (Ok(50.0), Ok(-hour_w), Outlook::FullIn(3_600.0)),
            (Ok(19.0), Ok(hour_w), Outlook::BelowReserve),
            (Ok(70.0), Ok(50.0), Outlook::Holding),
            (Ok(70.0), Ok(200.0), Outlook::Holding),
            (Err(NoData::Error), Ok(0.0), Outlook::Unknown("charge")),
            (Ok(70.0), Err(NoData::Timeout), Outlook::Unknown("power")),
        ] {
            match (at(soc, power), expected) {
                (Outlook::ReserveIn(a), Outlook::ReserveIn(b)) | (Outlook::FullIn(a), Outlook::FullIn(b)) => {
                    assert!((a - b).abs() < 1.0, "{a} {b}");
                }
                (got, expected) => assert_eq!(got, expected),
            }
        }
    }

    #[test]
    fn a_reserve_that_is_not_known_now_is_not_that_of_the_site_file() {
        let spec = spec();
        let mut snapshot = snapshot();
        assert_eq!(reserve_pct(&snapshot, &spec), Ok(spec.reserve_pct), "no device has one");
        snapshot.state.points.set(PointId::ReserveSet, Ok(40.0), snapshot.now.mono);
        assert_eq!(reserve_pct(&snapshot, &spec), Ok(40.0));
        snapshot.now = snapshot.now + Duration::from_secs(40);
        for (point, value) in [(PointId::Soc, 70.0), (PointId::Power, spec.energy_wh())] {
            snapshot.state.points.set(point, Ok(value), snapshot.now.mono);
        }
        assert_eq!(reserve_pct(&snapshot, &spec), Err(NoData::Stale));
        assert_eq!(above_reserve_wh(&snapshot, &spec), Err("reserve"));
        assert_eq!(outlook(&snapshot, &spec), Outlook::Unknown("reserve"));
    }

    #[test]
    fn there_is_never_less_than_nothing_above_the_reserve() {
        let spec = spec();
        let mut snapshot = snapshot();
        for (soc, health, wh) in [(70.0, 100.0, 0.5), (70.0, 90.0, 0.45), (10.0, 100.0, 0.0)] {
            snapshot.state.points.set(PointId::Soc, Ok(soc), snapshot.now.mono);
            snapshot.state.points.set(PointId::Soh, Ok(health), snapshot.now.mono);
            let above = above_reserve_wh(&snapshot, &spec).unwrap();
            assert!((above - wh * spec.energy_wh()).abs() < 1.0);
        }
    }
}
