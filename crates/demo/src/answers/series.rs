//! Points and a cell of the last minutes, at full rate.

use super::{instant, traces};
use crate::run::Demo;
use api::series::SeriesRequest;
use domain::lab::parse_cell;
use domain::plain::quoted;
use domain::reading::CellQuantity;
use domain::recent::{RECENT_S, Sampler};
use domain::series::{Table, Trace};
use std::time::Duration;

pub(super) fn answer(demo: &Demo, asked: &SeriesRequest) -> Result<Table, String> {
    let session = demo.find(asked.system.as_deref())?;
    let spec = &session.spec;
    let points = asked.points.as_deref().unwrap_or_default();
    let mut wanted: Vec<Trace> = traces(points, spec)?.into_iter().map(|(_, trace)| trace).collect();
    if let Some(text) = asked.cell.as_deref() {
        let cell = parse_cell(text, &spec.topology)
            .ok_or_else(|| format!("cell: {} has no cell {}", spec.id, quoted(text)))?;
        wanted.extend(CellQuantity::ALL.map(|quantity| Trace::Cell(quantity, cell as u16)));
    }
    let seconds = asked.seconds.unwrap_or(RECENT_S).clamp(1, RECENT_S);
    if asked.until.is_none() {
        let from = demo.now().utc - Duration::from_secs(seconds.into());
        return Ok(session.recent.table(from, &wanted));
    }
    let until_ms = instant("until", asked.until.as_deref(), demo.now_ms())?;
    let sampler = Sampler::new(spec);
    let mut table = sampler.empty(&wanted);
    let from_ms = until_ms.saturating_sub(i64::from(seconds) * 1_000);
    session.play(from_ms, until_ms.saturating_add(1), |snapshot| sampler.push(&mut table, &wanted, snapshot));
    Ok(table)
}
