//! Every cell over time, from its minutes.

use super::instant;
use crate::run::Demo;
use api::cells::{CellsHistoryRequest, MapQuantity};
use domain::minute::{CellMinute, MINUTE_MS, NONE, Stat, difference, fine_value};
use domain::reading::CellQuantity;
use domain::series::CellMap;
use domain::time::Utc;

pub(super) fn answer(demo: &Demo, asked: &CellsHistoryRequest) -> Result<CellMap, String> {
    let session = demo.find(asked.system.as_deref())?;
    let to_ms = instant("to", asked.to.as_deref(), demo.now_ms() + 1)?;
    let from_ms = instant("from", asked.from.as_deref(), to_ms - 86_400_000)?;
    if from_ms >= to_ms {
        return Err("from must be before to".to_owned());
    }
    let quantity = asked.quantity.unwrap_or_default();
    let (unit, resolution) = quantity.unit();
    let width = asked.width.unwrap_or(1_000).clamp(1, 4_096) as i64;
    let (first, end) = (from_ms.div_euclid(MINUTE_MS), (to_ms + MINUTE_MS - 1).div_euclid(MINUTE_MS));
    let minutes_a_step = ((end - first) / width).max(1);
    let (steps, cells) =
        (((end - first + minutes_a_step - 1) / minutes_a_step) as usize, session.spec.topology.cells());
    let (mut sums, mut known) = (vec![0.0_f64; cells * steps], vec![0_u32; cells * steps]);
    for minute in session.minutes.iter().filter(|minute| (first..end).contains(&minute.minute)) {
        let step = ((minute.minute - first) / minutes_a_step) as usize;
        for (cell, value) in values(minute, quantity).enumerate().take(cells) {
            if let Some(value) = value {
                sums[cell * steps + step] += f64::from(value);
                known[cell * steps + step] += 1;
            }
        }
    }
    let mean = |(sum, known): (f64, u32)| if known > 0 { (sum / f64::from(known)) as f32 } else { f32::NAN };
    Ok(CellMap {
        from: Utc(first * MINUTE_MS * 1_000),
        step_ms: (minutes_a_step * MINUTE_MS) as u64,
        steps,
        cells,
        unit,
        resolution,
        values: sums.into_iter().zip(known).map(mean).collect(),
    })
}

/// The mean of each cell in a minute, or how far it lies from that of all.
fn values(minute: &CellMinute, quantity: MapQuantity) -> impl Iterator<Item = Option<f32>> {
    let of = match quantity {
        MapQuantity::Voltage | MapQuantity::Deviation => CellQuantity::Voltage,
        MapQuantity::Temperature => CellQuantity::Temperature,
    };
    let counts = minute.column(of, Stat::Mean);
    let known = counts.iter().filter(|count| **count != NONE);
    let (sum, n) = known.fold((0.0, 0_u32), |(sum, n), count| (sum + f64::from(*count), n + 1));
    let centre = sum / f64::from(n.max(1));
    counts.iter().map(move |count| match (*count != NONE, quantity) {
        (false, _) => None,
        (true, MapQuantity::Deviation) => Some(difference(of, f64::from(*count) - centre)),
        (true, _) => Some(fine_value(of, f64::from(*count))),
    })
}
