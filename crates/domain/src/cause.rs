//! Cause first: alarms that follow from others, found in a snapshot. Pages tell them in one line, programs get the rule
//! of the cause with them.
//!
//! Only what the snapshot itself shows counts: which cells are silent, which link fell silent with them.

use crate::alarm::{Alarm, RuleIdx, Severity, Subject, Watch};
use crate::link::LinkIdx;
use crate::point::WatchedPoint;
use crate::reading::CellQuantity;
use crate::spec::{SiteSpec, SystemSpec};
use crate::time::Mono;
use crate::twin::Snapshot;

/// Values that came this long before or after a link's last one may have come over it, s. Longer for links that ask
/// seldom.
const TOGETHER_S: f32 = 2.0;

/// Active alarms that are one line: those of one rule; of device points those about one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct Group<'a> {
    /// The rule.
    pub rule: RuleIdx,
    /// The quantity of device points; empty for everything else.
    pub quantity: &'a str,
    /// Its alarms, in the order of the snapshot.
    pub alarms: Vec<&'a Alarm>,
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
pub struct Folded<'a> {
    /// What stands for itself.
    pub cause: Group<'a>,
    /// What follows from it, by rule and quantity.
    pub effects: Vec<Group<'a>>,
}

/// The active alarms of `snapshot` in groups, in its order, effects folded into their causes. An alarm that follows from
/// nothing stays, though others of its group follow.
pub fn folded<'a>(snapshot: &'a Snapshot, site: &SiteSpec, system: &'a SystemSpec) -> Vec<Folded<'a>> {
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
fn device_point<'a>(alarm: &Alarm, system: &'a SystemSpec) -> Option<&'a WatchedPoint> {
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
            let missing = |alarm: &Alarm| (alarm.value / 100.0 * column.len() as f32).round() as usize;
            all_if(of_nodes && effect.alarms.iter().all(|alarm| missing(alarm) <= silent.len()))
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

/// When the newest cell voltage came.
fn newest_cell(snapshot: &Snapshot) -> Option<Mono> {
    let column = snapshot.state.cells.column(CellQuantity::Voltage);
    (0..column.len()).filter_map(|cell| column.last(cell)).map(|(_, at)| at).max()
}

/// Whether what came at `at` may be of the link's last sweep.
pub fn came_over(link: Subject, at: Mono, snapshot: &Snapshot, site: &SiteSpec) -> bool {
    let Subject::Link(link) = link else { return false };
    let Some(spec) = site.links.get(usize::from(link.0)) else { return false };
    let Some(last) = snapshot.links.get(usize::from(link.0)).and_then(|status| status.last_at) else { return false };
    let apart_s = last.seconds_since(at).max(at.seconds_since(last));
    apart_s <= TOGETHER_S.max(spec.silent_after.as_secs_f32())
}
