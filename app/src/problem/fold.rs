//! Cause first: a problem that follows from another one is told in its line and not beside it. Pure.
//!
//! Only what the snapshot itself shows counts: which cells are silent, which link fell silent with them.

use crate::format::{self, THIN};
use domain::alarm::{Alarm, RuleIdx, Severity, Subject, Watch};
use domain::link::LinkIdx;
use domain::point::{PointId, Unit, WatchedPoint};
use domain::reading::{CellQuantity, NoData};
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Mono;
use domain::twin::Snapshot;

/// Values that came this long before or after a link's last one may have come over it, s. Longer for links that ask
/// seldom.
const TOGETHER_S: f32 = 2.0;
/// So many values are named that a silent link no longer brings.
const NAMED: usize = 3;

/// Active alarms that are one line: those of one rule; of device points those about one quantity.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group<'a> {
    pub(super) rule: RuleIdx,
    /// The quantity of device points; empty for everything else.
    pub(super) quantity: &'a str,
    /// Its alarms, in the order of the snapshot.
    pub(super) alarms: Vec<&'a Alarm>,
}

impl Group<'_> {
    fn watch(&self) -> Option<Watch> {
        self.rule.rule().map(|rule| rule.watch)
    }

    fn severity(&self) -> Option<Severity> {
        self.rule.rule().map(|rule| rule.severity)
    }
}

/// A group, and what follows from its alarms.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Folded<'a> {
    pub(super) cause: Group<'a>,
    pub(super) effects: Vec<Group<'a>>,
}

/// The active alarms of `snapshot` in groups, in its order, effects folded into their causes. An alarm that follows from
/// nothing stays, though others of its group follow.
pub(super) fn folded<'a>(snapshot: &'a Snapshot, site: &SiteSpec, system: &'a SystemSpec) -> Vec<Folded<'a>> {
    let mut folded: Vec<Folded<'a>> = Vec::new();
    for alarm in &snapshot.alarms {
        let quantity = device_point(alarm, system).map_or("", WatchedPoint::quantity);
        match folded.iter_mut().find(|f| (f.cause.rule, f.cause.quantity) == (alarm.rule, quantity)) {
            Some(own) => own.cause.alarms.push(alarm),
            None => folded
                .push(Folded { cause: Group { rule: alarm.rule, quantity, alarms: vec![alarm] }, effects: Vec::new() }),
        }
    }
    // The deepest causes first: what follows from a silent link is not told with one of its effects.
    for depth in [is_link, is_node, is_limit] {
        for place in 0..folded.len() {
            let cause = folded[place].cause.clone();
            if cause.alarms.is_empty() || !cause.watch().is_some_and(depth) {
                continue;
            }
            let mut effects = Vec::new();
            for (other, f) in folded.iter_mut().enumerate() {
                if other == place || !f.effects.is_empty() {
                    continue;
                }
                let follow = follow(&cause, &f.cause, snapshot, site, system);
                if !follow.is_empty() {
                    let rest = |alarm: &&Alarm| !follow.iter().any(|other| std::ptr::eq(*other, *alarm));
                    match follow.len() == f.cause.alarms.len() {
                        true => f.cause.alarms.clear(),
                        false => f.cause.alarms.retain(rest),
                    }
                    effects.push(Group { alarms: follow, ..f.cause.clone() });
                }
            }
            folded[place].effects.extend(effects);
        }
    }
    folded.retain(|f| !f.cause.alarms.is_empty());
    folded
}

/// The device point that an alarm is about.
pub(super) fn device_point<'a>(alarm: &Alarm, system: &'a SystemSpec) -> Option<&'a WatchedPoint> {
    match alarm.subject {
        Subject::Device(number) => system.watched_point(number),
        _ => None,
    }
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

/// The alarms of a group that follow from those of another.
///
/// Nothing here asks for the time of the snapshot: its clock runs on while no frames come, and what follows from what does
/// not change by that. Cells are seen as they were when the newest of them came.
fn follow<'a>(
    cause: &Group<'_>,
    effect: &Group<'a>,
    snapshot: &Snapshot,
    site: &SiteSpec,
    system: &SystemSpec,
) -> Vec<&'a Alarm> {
    let (Some(of), Some(watch)) = (cause.watch(), effect.watch()) else { return Vec::new() };
    let those = |follows: &dyn Fn(&Alarm) -> bool| effect.alarms.iter().copied().filter(|a| follows(a)).collect();
    let all_if = |follow: bool| if follow { effect.alarms.clone() } else { Vec::new() };
    let hit = |subject: Subject| cause.alarms.iter().any(|alarm| alarm.subject == subject);
    let column = snapshot.state.cells.column(CellQuantity::Voltage);
    let newest = newest_cell(snapshot);
    match (of, watch) {
        (of, Watch::CellsMissing | Watch::NodeState | Watch::NodeDelay) if is_link(of) => {
            all_if(newest.is_some_and(|at| cause.alarms.iter().any(|a| came_over(a.subject, at, snapshot, site))))
        }
        // Beyond its limit it was before its device fell silent: that stays a problem of its own.
        (of, Watch::DevicePointAge) if is_link(of) => those(&|alarm| {
            let link = device_point(alarm, system).and_then(|point| site.find_link(point.link()));
            link.is_some_and(|link| hit(Subject::Link(LinkIdx(link as u8))))
        }),
        (Watch::NodeState, Watch::NodeDelay) => those(&|alarm| hit(alarm.subject)),
        (Watch::NodeState, Watch::CellsMissing) => {
            let is_silent = |cell: &usize| newest.is_none_or(|at| column.sample(*cell, at).is_err());
            let silent: Vec<usize> = (0..column.len()).filter(is_silent).collect();
            let of_nodes = silent.iter().all(|cell| hit(Subject::Node(system.topology.module_of(*cell) as u16)));
            // What the server counted, and no cell beside those of the nodes.
            let missing = |alarm: &&Alarm| (alarm.value / 100.0 * column.len() as f32).round() as usize;
            all_if(of_nodes && effect.alarms.iter().all(|alarm| missing(&alarm) <= silent.len()))
        }
        // A warning of what is beyond its limit already.
        (of, watch) if of == watch && cause.severity() > effect.severity() => those(&|alarm| hit(alarm.subject)),
        (Watch::CellVoltageLow | Watch::CellVoltageHigh, Watch::CellSpread) => {
            let stats = newest.and_then(|at| column.stats(at));
            all_if(stats.is_some_and(|s| hit(Subject::Cell(s.min_at as u16)) || hit(Subject::Cell(s.max_at as u16))))
        }
        _ => Vec::new(),
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

/// The alarms of device points that cannot be raised now, because nothing comes over the silent links, in words.
pub(super) fn unwatched(alarms: &[&Alarm], site: &SiteSpec, system: &SystemSpec) -> Option<String> {
    let silent = |point: &&WatchedPoint| {
        let link = site.find_link(point.link());
        link.is_some_and(|link| alarms.iter().any(|alarm| alarm.subject == Subject::Link(LinkIdx(link as u8))))
    };
    match system.watched_points.iter().filter(silent).count() {
        0 => None,
        n => Some(format!(
            "No new values, and no alarms, of {} that limits are kept of",
            format::counted(n, "device point")
        )),
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
