//! One cycle of one system: what its rules say now.

use super::view::View;
use crate::alarm::AlarmChange;
use crate::link::LinkState;
use crate::point::PointId;
use crate::reading::CellQuantity;
use crate::spec::SystemIdx;
use crate::time::{Mono, Now};
use crate::twin::Site;

/// Evaluates one system at `now` and returns what changed in its alarms. The others are not touched: each has a rhythm
/// of its own, and delays of rules are counted in it.
pub fn cycle(site: &mut Site, idx: SystemIdx, now: Now) -> Vec<AlarmChange> {
    let Some(system) = site.systems.get_mut(idx.0 as usize) else { return Vec::new() };
    let sag_pct = system.sag.update(system.state.points.sample(PointId::Voltage, now.mono), now.mono);
    let current_a = system.state.points.sample(PointId::Current, now.mono);
    let mut soc_move = |watch: usize, point| {
        let soc_pct = system.state.points.sample(point, now.mono);
        let found = system.soc[watch].update(soc_pct, current_a, system.spec.capacity_ah, now.mono);
        found.map(|found| found.unexplained)
    };
    let soc_moves = [soc_move(0, PointId::Soc), soc_move(1, PointId::InverterSoc)];
    system.reports = system.state.reports(now.mono);
    let column = |quantity| system.state.cells.column(quantity);
    system.frozen.update(&system.state.points, column(CellQuantity::Voltage), &system.spec, now.mono);
    let voltage = column(CellQuantity::Voltage).stats(now.mono);
    let links = site.spec.links.iter().zip(&site.links).zip(&site.cell_links);
    let cells_are_due = voltage.is_none()
        && links.into_iter().any(|((spec, link), cells)| *cells && spec.system == idx && link.state == LinkState::Up);
    system.cells_due = if cells_are_due { system.cells_due.or(Some(now.mono)) } else { None };
    let overdue = |since: Mono| now.mono.since(since) >= system.spec.cell_max_age;
    let view = View {
        spec: &system.spec,
        state: &system.state,
        voltage,
        cells_overdue: system.cells_due.is_some_and(overdue),
        temperature: column(CellQuantity::Temperature).stats(now.mono),
        sag_pct,
        soc_moves,
        frozen: &system.frozen,
        links: &site.links,
        link_specs: &site.spec.links,
        now: now.mono,
    };
    system.alarms.evaluate(&view, now)
}
