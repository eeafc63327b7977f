//! What the page of a house shows of its past.

use super::columns::{chart, column, flow, statistics};
use super::instant;
use crate::run::Demo;
use api::history::Statistics;
use api::home::{DayEnergy, HomeRequest, HomeResponse, Poller, SocJump};
use domain::alarm::MOVE_LIMIT_POINTS;
use domain::energy::{by_direction, held_s};
use domain::point::PointId;
use domain::soc::{Measured, count, moves};
use domain::telemetry::Row;
use domain::time::Utc;

const HOUR_MS: i64 = 3_600_000;
/// The curves.
const CURVES: [PointId; 5] =
    [PointId::Voltage, PointId::Current, PointId::Temperature, PointId::Soc, PointId::InverterSoc];

pub(super) fn answer(demo: &Demo, asked: &HomeRequest) -> Result<HomeResponse, String> {
    let place = demo.place(asked.system.as_deref())?;
    let session = demo.session(place);
    let (hours, width) = (asked.hours.unwrap_or(24).clamp(1, 72), asked.width.unwrap_or(640).clamp(100, 2_000));
    let to_ms = instant("until", asked.until.as_deref(), demo.now_ms())?;
    let from_ms = to_ms - i64::from(hours) * HOUR_MS;
    let day_ms = asked.day.unwrap_or(i64::MIN).clamp(to_ms - 25 * HOUR_MS, to_ms);
    let rows = session.rows(from_ms, to_ms + 1);
    let of = |point| Some(statistics(&column(&rows, point))).filter(|of: &Statistics| of.n > 0);
    let spec = &session.spec;
    let [measured, by_inverter] = [PointId::Soc, PointId::InverterSoc].map(|soc| measured(&rows, soc));
    let mut counted = count(&measured, spec.capacity_ah, spec.nominal_v);
    let every = counted.line.len().div_ceil(width).max(1);
    counted.line = counted.line.iter().step_by(every).chain(counted.line.last()).copied().collect();
    let jumps = |of: &[Measured], inverter| {
        let found = moves(of, spec.capacity_ah, MOVE_LIMIT_POINTS).into_iter();
        found.map(move |(at, movement)| SocJump { inverter, at, movement }).collect::<Vec<_>>()
    };
    let mut jumps = [jumps(&measured, false), jumps(&by_inverter, true)].concat();
    jumps.sort_by_key(|jump| jump.at);
    let links = demo.site().links.iter().zip(demo.handles());
    let gx = links.into_iter().find(|(link, _)| link.is_victron() && usize::from(link.system.0) == place);
    let readings_24h = of(PointId::Voltage).map_or(0, |of| of.n as u32);
    Ok(HomeResponse {
        from: Utc(from_ms * 1_000),
        to: Utc(to_ms * 1_000),
        curves: chart(&rows, &CURVES, width / 2).0,
        voltage: of(PointId::Voltage),
        current: of(PointId::Current),
        temperature: of(PointId::Temperature),
        flow: flow(&rows),
        counted,
        jumps,
        day: DayEnergy { from: Utc(day_ms * 1_000), ..energy(&session.rows(day_ms, to_ms + 1)) },
        poller: gx.filter(|_| asked.until.is_none()).map(|(_, link)| {
            let attempts = link.attempts();
            Poller {
                last_attempt: attempts.last,
                last_success: attempts.last_success,
                failures: attempts.failures,
                readings_24h,
                requests: None,
            }
        }),
    })
}

/// Where the current is known, with the state of charge of this point.
fn measured(rows: &[&Row], soc: PointId) -> Vec<Measured> {
    let at_ms: Vec<i64> = rows.iter().map(|row| row.at_ms).collect();
    let known = |value: f32| Some(value).filter(|value| !value.is_nan());
    let of = |(row, held_s): (&&Row, f32)| {
        Some(Measured {
            from: row.at(),
            to: Utc(row.at().0 + (f64::from(held_s) * 1e6) as i64),
            current_a: known(row.get(PointId::Current))?,
            voltage_v: known(row.get(PointId::Voltage)),
            soc_pct: known(row.get(soc)),
        })
    };
    rows.iter().zip(held_s(&at_ms, None)).filter_map(of).collect()
}

/// The energy of these rows. A row stands until the next one, but not through a gap.
fn energy(rows: &[&Row]) -> DayEnergy {
    let at_ms: Vec<i64> = rows.iter().map(|row| row.at_ms).collect();
    let held_s = held_s(&at_ms, None);
    DayEnergy::by_direction(|point| by_direction(&column(rows, point), &held_s))
}
