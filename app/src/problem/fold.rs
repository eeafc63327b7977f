//! Cause first: a problem that follows from another one is told in its line and not beside it. Pure.
//!
//! Only what the snapshot itself shows counts: which cells are silent, which link fell silent with them.

use crate::format::{self, THIN};
use domain::alarm::{Alarm, RuleIdx, Severity, Subject, Watch};
use domain::point::{PointId, Unit};
use domain::reading::{CellQuantity, NoData};
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Mono;
use domain::twin::Snapshot;

/// Values that came this long before or after a link's last one may have come over it, s. Longer for links that ask
/// seldom.
const TOGETHER_S: f32 = 2.0;
/// So many values are named that a silent link no longer brings.
const NAMED: usize = 3;

/// A rule with active alarms, and the rules whose alarms follow from these.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded {
    pub(super) cause: RuleIdx,
    pub(super) effects: Vec<RuleIdx>,
}

/// The rules with an active alarm in `snapshot`, in its order, effects folded into their causes.
pub(super) fn folded(snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> Vec<Folded> {
    let mut rules: Vec<RuleIdx> = Vec::new();
    for alarm in &snapshot.alarms {
        if !rules.contains(&alarm.rule) {
            rules.push(alarm.rule);
        }
    }
    let of = |rule: RuleIdx| snapshot.alarms.iter().filter(move |alarm| alarm.rule == rule).collect::<Vec<_>>();
    let mut folded: Vec<Folded> = rules.iter().map(|rule| Folded { cause: *rule, effects: Vec::new() }).collect();
    // The deepest causes first: what follows from a silent link is not told with one of its effects.
    for depth in [is_link, is_node, is_limit] {
        for cause in rules.iter().filter(|rule| watch(**rule).is_some_and(depth)) {
            if !folded.iter().any(|f| f.cause == *cause) {
                continue;
            }
            let causes = of(*cause);
            let effects: Vec<RuleIdx> = (folded.iter())
                .filter(|f| f.cause != *cause && f.effects.is_empty())
                .map(|f| f.cause)
                .filter(|rule| explains(&causes, &of(*rule), snapshot, site, system))
                .collect();
            folded.retain(|f| !effects.contains(&f.cause));
            if let Some(own) = folded.iter_mut().find(|f| f.cause == *cause) {
                own.effects.extend(effects);
            }
        }
    }
    folded
}

fn watch(rule: RuleIdx) -> Option<Watch> {
    rule.rule().map(|rule| rule.watch)
}

fn is_link(watch: Watch) -> bool {
    matches!(watch, Watch::LinkSilence | Watch::LinkWrongDevice)
}

fn is_node(watch: Watch) -> bool {
    watch == Watch::NodeState
}

/// Whatever has a limit of its own: beyond it the warning before it stands too.
fn is_limit(watch: Watch) -> bool {
    !is_link(watch) && !is_node(watch)
}

fn severity(alarms: &[&Alarm]) -> Option<Severity> {
    alarms.first().map(|alarm| alarm.severity())
}

/// Whether all alarms of one rule follow from those of another.
fn explains(causes: &[&Alarm], effects: &[&Alarm], snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> bool {
    let first = |alarms: &[&Alarm]| alarms.first().and_then(|alarm| watch(alarm.rule));
    let (Some(cause), Some(effect)) = (first(causes), first(effects)) else { return false };
    let hit = |subject: Subject| causes.iter().any(|alarm| alarm.subject == subject);
    match (cause, effect) {
        (cause, Watch::CellsMissing | Watch::NodeState | Watch::NodeDelay) if is_link(cause) => {
            let newest = newest_cell(snapshot);
            newest.is_some_and(|at| causes.iter().any(|alarm| came_over(alarm.subject, at, snapshot, site)))
        }
        (Watch::NodeState, Watch::NodeDelay) => effects.iter().all(|alarm| hit(alarm.subject)),
        (Watch::NodeState, Watch::CellsMissing) => {
            let column = snapshot.state.cells.column(CellQuantity::Voltage);
            (0..column.len())
                .filter(|cell| column.sample(*cell, snapshot.now.mono).is_err())
                .all(|cell| hit(Subject::Node(system.topology.module_of(cell) as u16)))
        }
        // A warning of what is beyond its limit already.
        (cause, effect) if cause == effect => {
            severity(causes) > severity(effects) && effects.iter().all(|alarm| hit(alarm.subject))
        }
        (Watch::CellVoltageLow | Watch::CellVoltageHigh, Watch::CellSpread) => {
            let stats = snapshot.state.cells.column(CellQuantity::Voltage).stats(snapshot.now.mono);
            stats.is_some_and(|s| hit(Subject::Cell(s.min_at as u16)) || hit(Subject::Cell(s.max_at as u16)))
        }
        _ => false,
    }
}

/// A value's name within a sentence: `state of charge`, `grid power`.
fn value_name(point: PointId) -> String {
    let name = point.spec().name;
    // Abbreviations keep their capitals.
    let second_is_lower = name.chars().nth(1).is_some_and(|c| c.is_ascii_lowercase());
    let name = if second_is_lower { name.to_ascii_lowercase() } else { name.to_owned() };
    let says_power = point.spec().unit != Unit::Watt || name.contains("power") || name.contains("limit");
    if says_power { name } else { format!("{name} power") }
}

/// When the newest cell voltage came.
fn newest_cell(snapshot: &Snapshot) -> Option<Mono> {
    let column = snapshot.state.cells.column(CellQuantity::Voltage);
    (0..column.len()).filter_map(|cell| column.last(cell)).map(|(_, at)| at).max()
}

/// Whether what came at `at` may be of the link's last sweep.
fn came_over(link: Subject, at: Mono, snapshot: &Snapshot, site: &SiteSpec) -> bool {
    let Subject::Link(link) = link else { return false };
    let Some(spec) = site.links.get(usize::from(link.0)) else { return false };
    let Some(last) = snapshot.links.get(usize::from(link.0)).and_then(|status| status.last_at) else { return false };
    let apart_s = last.seconds_since(at).max(at.seconds_since(last));
    apart_s <= TOGETHER_S.max(spec.silent_after.as_secs_f32())
}

/// What no longer comes over the silent links, in words: `No new state of charge, pack voltage and 9 more values`.
pub(super) fn standing_still(alarms: &[&Alarm], snapshot: &Snapshot, site: &SiteSpec) -> Option<String> {
    let silent = |at| alarms.iter().any(|alarm| came_over(alarm.subject, at, snapshot, site));
    let names: Vec<String> = (PointId::ALL.iter())
        .filter(|point| snapshot.point(**point) == Err(NoData::Stale))
        .filter(|point| snapshot.state.points.last_value(**point).last().is_some_and(|(_, at)| silent(at)))
        .map(|point| value_name(*point))
        .collect();
    let more = names.len().saturating_sub(NAMED);
    let list = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match (names.len(), more) {
        (0, _) => None,
        (_, 0) => Some(format!("No new {list}")),
        (_, 1) => Some(format!("No new {list} and 1{THIN}more value")),
        (_, n) => Some(format!("No new {list} and {}{THIN}more values", format::count(n as u64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_named_as_what_they_are() {
        for (point, name) in [
            (PointId::GridPower, "grid power"),
            (PointId::LoadPower, "load power"),
            (PointId::Power, "battery power"),
            (PointId::Soc, "state of charge"),
        ] {
            assert_eq!(value_name(point), name);
        }
    }
}
