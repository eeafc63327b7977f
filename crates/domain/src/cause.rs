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
use std::collections::BTreeMap;

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

/// Which active alarms of `snapshot` are suppressed by design, each with the rule of the alarm that explains it.
pub fn explained(snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> BTreeMap<(RuleIdx, Subject), RuleIdx> {
    let folded = folded(snapshot, site, system);
    let effects = folded.iter().flat_map(|f| f.effects.iter().map(|effect| (f.cause.rule, effect)));
    let alarms = effects.flat_map(|(cause, effect)| effect.alarms.iter().map(move |alarm| (*alarm, cause)));
    alarms.map(|(alarm, cause)| ((alarm.rule, alarm.subject), cause)).collect()
}

/// The active alarms of `snapshot` in groups, in its order, effects folded into their causes. An alarm that follows from
/// nothing stays, though others of its group follow. What is shelved is left out, and explains nothing: to put a cause aside
/// does not hide what follows from it.
pub fn folded<'a>(snapshot: &'a Snapshot, site: &SiteSpec, system: &'a SystemSpec) -> Vec<Folded<'a>> {
    let mut folded: Vec<Folded<'a>> = Vec::new();
    for alarm in snapshot.alarms.iter().filter(|alarm| !alarm.standing.shelved) {
        let quantity = device_point(alarm, system).map_or("", WatchedPoint::quantity);
        match folded.iter_mut().find(|f| (f.cause.rule, f.cause.quantity) == (alarm.rule, quantity)) {
            Some(own) => own.cause.alarms.push(alarm),
            None => folded
                .push(Folded { cause: Group { rule: alarm.rule, quantity, alarms: vec![alarm] }, effects: Vec::new() }),
        }
    }
    let newest = newest_cell(snapshot);
    // The deepest causes first: what follows from a silent link is not told with one of its effects.
    for depth in [is_link, is_node, is_limit] {
        for place in 0..folded.len() {
            let cause = folded[place].cause.clone();
            if cause.alarms.is_empty() || !cause.watch().is_some_and(depth) {
                continue;
            }
            let mut subjects: Vec<Subject> = Vec::with_capacity(cause.alarms.len());
            for alarm in &cause.alarms {
                // They come in order but for those of other instants; neither a sort nor a set is worth its code in a page.
                if let Err(place) = subjects.binary_search(&alarm.subject) {
                    subjects.insert(place, alarm.subject);
                }
            }
            let of = Cause { group: &cause, subjects, newest };
            let mut effects = Vec::new();
            for (other, f) in folded.iter_mut().enumerate() {
                if other == place || !f.effects.is_empty() {
                    continue;
                }
                let follow = follow(&of, &f.cause, snapshot, site, system);
                if !follow.is_empty() {
                    // They are in the order of the group.
                    let mut next = follow.iter().peekable();
                    let is_next =
                        |alarm: &Alarm, next: Option<&&&Alarm>| next.is_some_and(|of| std::ptr::eq(**of, alarm));
                    f.cause.alarms.retain(|alarm| {
                        let follows = is_next(alarm, next.peek());
                        if follows {
                            next.next();
                        }
                        !follows
                    });
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

/// A group whose alarms may explain others.
struct Cause<'a> {
    group: &'a Group<'a>,
    /// What its alarms are about, in order.
    subjects: Vec<Subject>,
    /// When the newest cell voltage came.
    newest: Option<Mono>,
}

/// The alarms of a group that follow from those of another, in their order.
///
/// Nothing here asks for the time of the snapshot: its clock runs on while no frames come, and what follows from what does
/// not change by that. Cells are seen as they were when the newest of them came.
fn follow<'a>(
    cause: &Cause<'_>,
    effect: &Group<'a>,
    snapshot: &Snapshot,
    site: &SiteSpec,
    system: &SystemSpec,
) -> Vec<&'a Alarm> {
    let Cause { group: cause, subjects, newest } = cause;
    let (Some(of), Some(watch)) = (cause.watch(), effect.watch()) else { return Vec::new() };
    let those = |follows: &dyn Fn(&Alarm) -> bool| effect.alarms.iter().copied().filter(|a| follows(a)).collect();
    let all_if = |follow: bool| if follow { effect.alarms.clone() } else { Vec::new() };
    let hit = |subject: Subject| subjects.binary_search(&subject).is_ok();
    let column = snapshot.state.cells.column(CellQuantity::Voltage);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Utc;
    use crate::topology::Topology;
    use std::time::Instant;

    fn alarm(id: &str, subject: Subject) -> Alarm {
        let rule = RuleIdx::from_id(id).unwrap();
        let (since, value, worst, standing) = (Utc(0), 2.0, 2.0, Default::default());
        Alarm { rule, subject, since, value, worst, signal_lost: false, chattering: false, standing }
    }

    #[test]
    fn a_lost_node_explains_its_silent_cells_and_a_limit_the_warning_before_it() {
        let site = crate::engine::tests::site();
        let system = &site.systems[0];
        let mut snapshot = Snapshot::unknown(system, Utc(0));
        let missing = Alarm { value: 50.0, ..alarm("cells.missing", Subject::System) };
        let warning = alarm("cell.voltage.low.warning", Subject::Cell(5));
        snapshot.alarms = vec![
            alarm("afe.node.lost", Subject::Node(0)),
            alarm("afe.node.lost", Subject::Node(1)),
            alarm("cell.voltage.low", Subject::Cell(4)),
            missing,
            alarm("cell.voltage.low.warning", Subject::Cell(4)),
            warning,
        ];
        let explained = explained(&snapshot, &site, system);
        let by = |of: &Alarm| explained.get(&(of.rule, of.subject)).and_then(|by| by.rule()).map(|rule| rule.id);
        let told: Vec<_> = snapshot.alarms.iter().map(by).collect();
        assert_eq!(told, [None, None, None, Some("afe.node.lost"), Some("cell.voltage.low"), None]);
        // What is shelved explains nothing.
        for alarm in &mut snapshot.alarms[..3] {
            alarm.standing.shelved = true;
        }
        assert!(super::explained(&snapshot, &site, system).is_empty());
        assert_eq!(folded(&snapshot, &site, system).len(), 2);
    }

    /// Every cell of a large system below its limit and below the warning: what explains what is found in about the time
    /// that it takes to go through them.
    #[test]
    fn a_storm_of_alarms_is_explained_at_once() {
        let mut site = crate::engine::tests::site();
        site.systems[0].topology = Topology::new(20, 10, 32);
        let mut snapshot = Snapshot::unknown(&site.systems[0], Utc(0));
        let all = |id: &'static str| (0..6_400).map(move |cell| alarm(id, Subject::Cell(cell)));
        snapshot.alarms = all("cell.voltage.low").chain(all("cell.voltage.low.warning")).collect();
        snapshot.alarms.sort_by_key(|alarm| std::cmp::Reverse(alarm.severity()));
        let start = Instant::now();
        assert_eq!(explained(&snapshot, &site, &site.systems[0]).len(), 6_400);
        let took = start.elapsed();
        assert!(took.as_millis() < 200, "{took:?}: each with each would take seconds");
    }
}
