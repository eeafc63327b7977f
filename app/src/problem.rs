//! Problems: alarms as a person wants to read them: one line per cause, however many cells it is about and whatever
//! follows from it; and the one answer to "is anything wrong?". Pure.

mod silent;

use crate::format;
use crate::reading::made_of_rows;
use domain::alarm::{Alarm, Direction, Severity, Subject, Watch};
use domain::cause::{Folded, Group, folded};
use domain::link::LinkStatus;
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::twin::Snapshot;

/// All active alarms of one rule (of device points: those about one quantity), and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// What tells it apart from every other problem of its system: the rule, and the quantity of device points.
    pub(crate) key: String,
    /// How bad it is, with all that follows from it.
    pub(crate) severity: Severity,
    /// What is wrong, told by the worst of them.
    pub(crate) words: String,
    /// How many others: `, and 3 more cells`; empty for none, and where the words name them.
    pub(crate) others: String,
    /// What follows from it, each in words.
    pub(crate) effects: Vec<String>,
    /// What to do.
    pub(crate) advice: &'static str,
    /// When the first of them became active.
    pub(crate) since: Utc,
    /// Whether it cannot be known now if it is over.
    pub(crate) signal_lost: bool,
    /// Where it is seen.
    pub(crate) seen: Seen,
}

/// Where a problem is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// One cell, from 0.
    Cell(usize),
    /// All cells.
    Cells,
    /// The link with this id.
    Link(String),
    /// The curves of the system.
    Trends,
    /// The page of the house.
    Home,
}

/// The active alarms of `snapshot` by cause, worst first.
pub(crate) fn problems(snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> Vec<Problem> {
    let folded = folded(snapshot, site, system);
    let mut problems: Vec<Problem> = folded.iter().filter_map(|f| problem(f, snapshot, site, system)).collect();
    // Those with bad effects go up; the rest keeps the order of the snapshot.
    crate::order::sort_by(&mut problems, |a, b| a.severity > b.severity);
    problems
}

/// How bad it is that the past is not being kept: the battery goes on, what it does is lost.
pub(crate) const STORAGE: Severity = Severity::Warning;

/// How many problems there are, with that of the storage, and how bad the worst is.
pub(crate) fn tally(snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> (usize, Option<Severity>) {
    let storage = (!snapshot.site.storage.is_empty()).then_some(STORAGE);
    let worst = snapshot.alarms.iter().filter(|alarm| !alarm.standing.shelved).map(Alarm::severity).max();
    (folded(snapshot, site, system).len() + usize::from(storage.is_some()), worst.max(storage))
}

/// How bad the worst alarm is of those that look at one of these.
pub(crate) fn standing(snapshot: &Snapshot, watches: &[Watch]) -> Option<Severity> {
    let rules = snapshot.alarms.iter().filter_map(|alarm| alarm.rule.rule());
    rules.filter(|rule| watches.contains(&rule.watch)).map(|rule| rule.severity).max()
}

/// How many active alarms somebody has put aside: they are no problems for a time.
pub(crate) fn shelved(snapshot: &Snapshot) -> usize {
    snapshot.alarms.iter().filter(|alarm| alarm.standing.shelved).count()
}

/// How many problems, in words.
pub(crate) fn count_words(problems: usize) -> String {
    match problems {
        0 => "No problems".to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

fn problem(folded: &Folded<'_>, snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> Option<Problem> {
    let Folded { cause, effects } = folded;
    let rule = cause.rule.rule()?;
    let worst = worst_first(cause, system).into_iter().next()?;
    let since = cause.alarms.iter().map(|alarm| alarm.since).min()?;
    let (words, others) = told(cause, snapshot, site, system)?;
    let told = effects.iter().filter_map(|effect| told(effect, snapshot, site, system));
    let mut told: Vec<String> = told.map(|(words, others)| words + &others).collect();
    if matches!(rule.watch, Watch::LinkSilence | Watch::LinkWrongDevice) {
        told.extend(silent::standing_still(&cause.alarms, snapshot, site));
        told.extend(silent::unwatched(&cause.alarms, site, system));
    }
    let severities = effects.iter().filter_map(|effect| effect.rule.rule()).map(|rule| rule.severity);
    Some(Problem {
        key: format!("{}-{}", cause.rule.0, cause.quantity),
        severity: severities.fold(rule.severity, Severity::max),
        words,
        others,
        effects: told,
        advice: if answers(&cause.alarms, snapshot) { BELIEVE } else { rule.advice },
        since,
        signal_lost: cause.alarms.iter().any(|alarm| alarm.signal_lost),
        seen: seen(worst, rule.watch, site, system),
    })
}

/// What to do about a device that answers with what cannot be: its power and wiring are well.
const BELIEVE: &str = "see on Links what it says, and check its register table or DBC file, and the device itself";

/// Whether all these alarms are of silent links whose devices answer.
fn answers(alarms: &[&Alarm], snapshot: &Snapshot) -> bool {
    let answers = |alarm: &&Alarm| match (alarm.rule.rule().map(|rule| rule.watch), alarm.subject) {
        (Some(Watch::LinkSilence), Subject::Link(link)) => {
            snapshot.links.get(usize::from(link.0)).is_some_and(LinkStatus::is_unbelievable)
        }
        _ => false,
    };
    !alarms.is_empty() && alarms.iter().all(answers)
}

/// What the alarms of a group say together: what is wrong, and how many others there are.
fn told(group: &Group<'_>, snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> Option<(String, String)> {
    let count = group.alarms.len();
    let alarms = worst_first(group, system);
    let worst = alarms.first()?;
    let thing = match worst.subject {
        Subject::Cell(_) => "cell",
        // A node that is not named is looked for in all modules.
        Subject::Node(_) if count > 1 => {
            let others = alarms.iter().skip(1).filter_map(|alarm| match alarm.subject {
                Subject::Node(node) => Some((usize::from(node) + 1).to_string()),
                _ => None,
            });
            let (others, more) = (others.collect::<Vec<_>>(), count - alarms.len());
            let nodes = if others.len() > 1 { "nodes" } else { "node" };
            let list = match (others.split_last(), more) {
                (Some((last, first)), 0) if !first.is_empty() => format!("{} and {last}", first.join(", ")),
                (_, 0) => others.join(", "),
                (_, more) => format!("{} and {more} more", others.join(", ")),
            };
            return Some((worst.words(site, system, &snapshot.links)?, format!(", also {nodes} {list}")));
        }
        Subject::Node(_) => "node",
        Subject::Link(_) if count > 1 => {
            let names = alarms.iter().skip(1).filter_map(|alarm| match alarm.subject {
                Subject::Link(link) => site.links.get(usize::from(link.0)).map(|link| link.name.as_str()),
                _ => None,
            });
            let names = names.collect::<Vec<_>>().join(", ");
            let more = match count - alarms.len() {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            return Some((worst.words(site, system, &snapshot.links)?, format!(", also {names}{more}")));
        }
        Subject::Link(_) => "link",
        Subject::Device(_) if count > 1 => {
            let named: Vec<_> = alarms.iter().map(|alarm| (alarm.subject, alarm.value)).collect();
            return Some((group.rule.rule()?.words_of_devices(&named, count, system), String::new()));
        }
        Subject::Point(_) | Subject::Device(_) => "value",
        Subject::System => "problem",
    };
    let others = match count - 1 {
        0 => String::new(),
        n => format!(", and {n} more {thing}{}", if n == 1 { "" } else { "s" }),
    };
    Some((worst.words(site, system, &snapshot.links)?, others))
}

/// So many device points, links or nodes are named in one line.
const NAMED: usize = 3;

/// The worst alarms of a group, the worst of all first: of device points, which have limits of their own, that which is
/// furthest beyond its limit.
fn worst_first<'a>(group: &Group<'a>, system: &SystemSpec) -> Vec<&'a Alarm> {
    let badness = |alarm: &&'a Alarm| {
        let Some(rule) = alarm.rule.rule() else { return 0.0 };
        let limit = rule.bound_of(system, alarm.subject).raise;
        let beyond = (alarm.value - limit) / limit.abs().max(f32::EPSILON);
        if rule.direction == Direction::Below { -beyond } else { beyond }
    };
    crate::order::first(group.alarms.iter().copied(), NAMED, |a, b| badness(a) > badness(b))
}

fn seen(alarm: &Alarm, watch: Watch, site: &SiteSpec, system: &SystemSpec) -> Seen {
    match (alarm.subject, watch) {
        (Subject::Cell(cell), _) => Seen::Cell(usize::from(cell)),
        // A node measures the cells of its module.
        (Subject::Node(node), _) => Seen::Cell(usize::from(node) * usize::from(system.topology.cells_per_module)),
        (Subject::Link(link), _) => {
            site.links.get(usize::from(link.0)).map_or(Seen::Trends, |link| Seen::Link(link.id.clone()))
        }
        (Subject::System, Watch::CellSpread | Watch::CellsMissing) => Seen::Cells,
        (Subject::System, Watch::SocMove | Watch::InverterSocMove) if crate::whose::has("/home", system) => Seen::Home,
        (Subject::Device(number), _) => {
            system.watched_point(number).map_or(Seen::Trends, |point| Seen::Link(point.link().to_owned()))
        }
        (Subject::System | Subject::Point(_), _) => Seen::Trends,
    }
}

/// The one answer to "is anything wrong?".
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// Whether all is well and known to be.
    pub(crate) ok: bool,
    /// The answer.
    pub(crate) words: String,
    /// What it rests on.
    pub(crate) detail: String,
}

/// What a battery says of itself: while none of these is fresh, nothing is known of it.
const BATTERY: [PointId; 4] = [PointId::Soc, PointId::Voltage, PointId::Current, PointId::Power];

/// The answer for `snapshot`. Cells that do not report are not healthy, and of a battery of which nothing is known now it
/// is not said that all is well, whatever its neighbours say.
pub(crate) fn verdict(snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> Verdict {
    let cells = system.topology.cells();
    let fresh =
        snapshot.state.cells.column(CellQuantity::Voltage).samples(snapshot.now.mono).filter(Result::is_ok).count();
    let mut is_faulty = vec![false; cells];
    for alarm in &snapshot.alarms {
        if let Subject::Cell(cell) = alarm.subject
            && let Some(is_faulty) = is_faulty.get_mut(usize::from(cell))
        {
            *is_faulty = true;
        }
    }
    let faulty = is_faulty.into_iter().filter(|is_faulty| *is_faulty).count();
    let reporting = || format!("{} of {} cells report", format::count(fresh as u64), format::count(cells as u64));
    let none_active = tally(snapshot, site, system).1.is_none();
    let known = cells > 0 || BATTERY.iter().any(|point| snapshot.point(*point).is_ok());
    let heard = || BATTERY.iter().any(|point| snapshot.state.points.last_value(*point).last().is_some());
    let column = snapshot.state.cells.column(CellQuantity::Voltage);
    let cells_heard = || (0..cells).any(|cell| column.last(cell).is_some());
    // A snapshot of the past that was not kept whole says nothing of the links.
    let unrecorded = made_of_rows(snapshot) && !site.links.is_empty();
    let ok = none_active && fresh == cells && known;
    let words = match (none_active, cells) {
        (true, 0) if !known => "The battery does not report".to_owned(),
        (true, 0) => count_words(0),
        // What is put aside is not healthy.
        (true, _) if fresh == cells && shelved(snapshot) > 0 => reporting(),
        (true, _) if fresh == cells => format!("{} cells healthy", format::count(cells as u64)),
        (true, _) if fresh == 0 => "No cell reports".to_owned(),
        (true, _) => reporting(),
        (false, _) => count_words(tally(snapshot, site, system).0),
    };
    let detail = match (ok, cells) {
        (true, _) if shelved(snapshot) > 0 => "Nothing is wrong but what is shelved.".to_owned(),
        (true, 0) => "The battery reports. No alarm is active.".to_owned(),
        (true, _) => "All cells report. No alarm is active.".to_owned(),
        (false, 0) if !known && heard() => "What is shown of the battery is old: see the links.".to_owned(),
        (false, 0) if !known && unrecorded => "Nothing of it was recorded at this instant.".to_owned(),
        (false, 0) if !known => "Nothing has come from it since the start: see the links.".to_owned(),
        (false, 0) => String::new(),
        (false, _) if fresh == cells => {
            format!("{} cells without an alarm", format::count((cells - faulty.min(cells)) as u64))
        }
        (false, _) if fresh == 0 && cells_heard() => "What is shown of the cells is old: see the links.".to_owned(),
        (false, _) if fresh == 0 && unrecorded => "Nothing of the cells was recorded at this instant.".to_owned(),
        (false, _) if fresh == 0 => "No cell has reported since the start: see the links.".to_owned(),
        (false, _) if none_active && unrecorded => "Nothing was recorded of the others.".to_owned(),
        (false, _) if none_active => "The others are silent: see the links.".to_owned(),
        (false, _) => reporting(),
    };
    Verdict { ok, words, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{site, snapshot, spec};
    use domain::alarm::{RULES, RuleIdx};
    use domain::link::{LinkIdx, LinkState};
    use domain::point::{DevicePoint, PointLimits, Unit, WatchedPoint};
    use domain::reading::{CellQuantity, NodeQuantity};
    use domain::time::Mono;
    use domain::topology::Topology;
    use domain::twin::SystemState;
    use std::time::Duration;

    fn alarm(rule: &str, subject: Subject, value: f32) -> Alarm {
        let place = RULES.iter().position(|r| r.id == rule).unwrap();
        let since = Utc(snapshot().now.utc.0 - 60_000_000);
        Alarm {
            rule: RuleIdx(place as u8),
            subject,
            since,
            value,
            worst: value,
            signal_lost: false,
            chattering: false,
            standing: Default::default(),
        }
    }

    fn answer(snapshot: &Snapshot, system: &SystemSpec) -> (bool, String, String) {
        let Verdict { ok, words, detail } = verdict(snapshot, &site(), system);
        (ok, words, detail)
    }

    #[test]
    fn a_battery_that_says_nothing_is_not_well_whatever_the_grid_says() {
        let meter_only = SystemSpec { topology: Topology::default(), ..spec() };
        let mut snapshot = Snapshot { state: SystemState::new(&meter_only), ..snapshot() };
        snapshot.state.points.set(PointId::GridPower, Ok(1_000.0), snapshot.now.mono);
        let said = answer(&snapshot, &meter_only);
        assert_eq!((said.0, said.1.as_str()), (false, "The battery does not report"));
        assert!(said.2.contains("Nothing has come from it since the start"), "{}", said.2);
        snapshot.state.points.set(PointId::Soc, Ok(50.0), snapshot.now.mono);
        let said = answer(&snapshot, &meter_only);
        assert_eq!((said.0, said.1.as_str()), (true, "No problems"));
        snapshot.now = snapshot.now + Duration::from_secs(60);
        let said = answer(&snapshot, &meter_only);
        assert_eq!((said.0, said.1.as_str()), (false, "The battery does not report"));
        assert!(said.2.contains("old"), "{}", said.2);
    }

    #[test]
    fn cells_of_one_rule_are_one_line_told_by_the_worst() {
        let mut snapshot = snapshot();
        snapshot.alarms = vec![
            alarm("cell.voltage.low", Subject::Cell(3), 2.84),
            alarm("cell.voltage.low", Subject::Cell(131), 2.80),
            alarm("cell.voltage.low", Subject::Cell(5), 2.83),
            alarm("bus.sag", Subject::System, 6.1),
        ];
        let problems = problems(&snapshot, &site(), &spec());
        let lines: Vec<_> = problems.iter().map(|p| format!("{}{}", p.words, p.others)).collect();
        assert_eq!(
            lines,
            [
                "Cell 7.12 at 2800 mV, limit 2850 mV, and 2 more cells",
                "Pack voltage 6.1 % below its level of the last 30 s, limit 5 %"
            ]
        );
        assert_eq!((&problems[0].seen, &problems[1].seen), (&Seen::Cell(131), &Seen::Trends));
        let (_, words, detail) = answer(&snapshot, &spec());
        assert_eq!((words.as_str(), detail.as_str()), ("2 problems", "257 cells without an alarm"));
    }

    #[test]
    fn dead_nodes_are_named() {
        let mut snapshot = snapshot();
        for (nodes, others) in [
            (&[2_u16][..], ""),
            (&[2, 6], ", also node 7"),
            (&[2, 6, 8], ", also nodes 7 and 9"),
            (&[2, 6, 8, 11, 12], ", also nodes 7, 9 and 2 more"),
        ] {
            snapshot.alarms = nodes.iter().map(|node| alarm("afe.node.lost", Subject::Node(*node), 2.0)).collect();
            let problems = problems(&snapshot, &site(), &spec());
            assert_eq!(
                (problems[0].words.as_str(), problems[0].others.as_str()),
                ("AFE node 3 does not answer", others)
            );
        }
    }

    #[test]
    fn a_silent_link_whose_device_answers_is_not_a_matter_of_wiring() {
        let mut snapshot = snapshot();
        snapshot.alarms = vec![alarm("link.silent", Subject::Link(LinkIdx(0)), 2.0)];
        for (reason, words, advice) in [
            ("", "is silent", "check power and wiring"),
            (
                "answers, but with no value that can be believed: register 40",
                "can be believed",
                "check its register table",
            ),
        ] {
            let link = &mut snapshot.links[0];
            (link.state, link.reason) = (LinkState::Silent, reason.to_owned());
            let problem = &problems(&snapshot, &site(), &spec())[0];
            assert!(problem.words.ends_with(words) && problem.advice.contains(advice), "{problem:?}");
        }
    }

    #[test]
    fn a_figure_knows_the_worst_alarm_about_it() {
        let mut snapshot = snapshot();
        snapshot.alarms = vec![
            alarm("cell.voltage.low", Subject::Cell(131), 2.80),
            alarm("cell.voltage.low.warning", Subject::Cell(131), 2.80),
            alarm("cell.temperature.high", Subject::Cell(3), 51.0),
        ];
        for (watches, severity) in [
            (&[Watch::CellVoltageLow, Watch::CellTemperatureHigh][..], Some(Severity::Critical)),
            (&[Watch::CellTemperatureHigh], Some(Severity::Warning)),
            (&[Watch::Insulation], None),
        ] {
            assert_eq!(standing(&snapshot, watches), severity, "{watches:?}");
        }
    }

    #[test]
    fn a_warning_is_told_with_the_critical_alarm_of_the_same() {
        let mut snapshot = snapshot();
        let (critical, warning) =
            (alarm("insulation.low", Subject::System, 7.0), alarm("insulation.low.warning", Subject::System, 7.0));
        for alarms in [vec![critical, warning], vec![warning, critical]] {
            snapshot.alarms = alarms;
            let found = problems(&snapshot, &site(), &spec());
            assert_eq!(
                (found.len(), found[0].severity, found[0].effects.len()),
                (1, Severity::Critical, 1),
                "{found:?}"
            );
        }
        snapshot.alarms = vec![warning];
        assert_eq!(problems(&snapshot, &site(), &spec()).len(), 1);
    }

    #[test]
    fn what_is_shelved_is_no_problem_and_not_healthy_either() {
        let mut snapshot = snapshot();
        snapshot.alarms =
            vec![alarm("cell.voltage.low", Subject::Cell(131), 2.80), alarm("bus.sag", Subject::System, 6.1)];
        snapshot.alarms[0].standing.shelved = true;
        assert_eq!(problems(&snapshot, &site(), &spec()).len(), 1);
        assert_eq!((tally(&snapshot, &site(), &spec()), shelved(&snapshot)), ((1, Some(Severity::Warning)), 1));
        snapshot.alarms.pop();
        let (ok, words, detail) = answer(&snapshot, &spec());
        assert_eq!((ok, &*words), (true, "260 of 260 cells report"));
        assert!(detail.contains("shelved"), "{detail}");
        // Its figure says how bad it is all the same.
        assert_eq!(standing(&snapshot, &[Watch::CellVoltageLow]), Some(Severity::Critical));
    }

    #[test]
    fn silence_is_not_health() {
        let mut snapshot = snapshot();
        assert_eq!((answer(&snapshot, &spec()).0, answer(&snapshot, &spec()).1.as_str()), (true, "260 cells healthy"));
        snapshot.now.mono = Mono(snapshot.now.mono.0 + 60_000_000);
        assert_eq!((answer(&snapshot, &spec()).0, answer(&snapshot, &spec()).1.as_str()), (false, "No cell reports"));
    }

    #[test]
    fn cells_that_never_reported_are_not_called_old() {
        let of = |snapshot: &Snapshot| answer(snapshot, &spec()).2;
        let never = Snapshot { state: SystemState::new(&spec()), ..snapshot() };
        assert_eq!(of(&never), "No cell has reported since the start: see the links.");
        assert_eq!(of(&Snapshot { links: Vec::new(), ..never }), "Nothing of the cells was recorded at this instant.");
        let mut old = snapshot();
        old.now = old.now + Duration::from_secs(60);
        assert_eq!(of(&old), "What is shown of the cells is old: see the links.");
        let house = SystemSpec { topology: Topology::default(), ..spec() };
        let past = Snapshot::unknown(&house, Utc(0));
        assert_eq!(answer(&past, &house).2, "Nothing of it was recorded at this instant.");
    }

    #[test]
    fn a_past_that_is_not_kept_is_a_problem() {
        let mut snapshot = snapshot();
        snapshot.site.storage = "the disk is full".to_owned();
        assert_eq!(tally(&snapshot, &site(), &spec()), (1, Some(Severity::Warning)));
        let (ok, words, detail) = answer(&snapshot, &spec());
        assert_eq!((ok, words.as_str(), detail.as_str()), (false, "1 problem", "260 cells without an alarm"));
    }

    #[test]
    fn a_lost_node_explains_its_cells_and_no_others() {
        let mut snapshot = snapshot();
        let now = snapshot.now.mono;
        for cell in 100..120 {
            snapshot.state.cells.column_mut(CellQuantity::Voltage).set(cell, Err(domain::reading::NoData::Error), now);
        }
        snapshot.state.nodes[5].set(NodeQuantity::State, Ok(2.0), now);
        snapshot.alarms = vec![
            alarm("afe.node.lost", Subject::Node(5), 2.0),
            alarm("afe.node.delay", Subject::Node(5), 30.0),
            alarm("cells.missing", Subject::System, 7.7),
        ];
        let found = problems(&snapshot, &site(), &spec());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].words.as_str(), &found[0].seen), ("AFE node 6 does not answer", &Seen::Cell(100)));
        assert_eq!(found[0].effects.len(), 2, "{:?}", found[0].effects);
        assert!(found[0].effects[1].contains("20 of 260 cells"), "{:?}", found[0].effects);
        assert_eq!(answer(&snapshot, &spec()).1, "1 problem");
        // A cell of another module is missing too: that is a problem of its own.
        snapshot.state.cells.column_mut(CellQuantity::Voltage).set(3, Err(domain::reading::NoData::Error), now);
        assert_eq!(problems(&snapshot, &site(), &spec()).len(), 2);
    }

    #[test]
    fn a_silent_link_explains_what_came_over_it_and_says_which_values_stand_still() {
        let mut snapshot = snapshot();
        snapshot.now = snapshot.now + Duration::from_secs(20);
        let silent = |link| alarm("link.silent", Subject::Link(LinkIdx(link)), 20.0);
        snapshot.alarms = vec![
            alarm("afe.node.lost", Subject::Node(5), 2.0),
            silent(0),
            alarm("cells.missing", Subject::System, 100.0),
        ];
        let found = problems(&snapshot, &site(), &spec());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].words.as_str(), found[0].severity), ("Battery controller is silent", Severity::Critical));
        assert_eq!(found[0].seen, Seen::Link("bms".into()));
        let last = found[0].effects.last().unwrap();
        assert!(last.starts_with("No new state of charge") && last.ends_with("more values"), "{last}");
        // A link that fell silent at another time has nothing to do with the cells.
        snapshot.links[0].last_at = Some(Mono(1_000_000));
        assert_eq!(problems(&snapshot, &site(), &spec()).len(), 3);
    }

    /// A hall of eight GPUs over the second link, each with a temperature and a fan that limits are kept of; one such fan
    /// over the first.
    fn hall() -> SystemSpec {
        let point = |path: String, unit, limits| DevicePoint {
            path,
            unit,
            resolution: 0.1,
            max_age: Duration::from_secs(3),
            limits,
        };
        let hot = PointLimits { low: None, high: Some(90.0) };
        let slow = PointLimits { low: Some(20.0), high: None };
        let of = |gpu| {
            let temperature = point(format!("grid-meter/gpu/{gpu}/temperature"), Unit::Celsius, hot);
            [temperature, point(format!("grid-meter/gpu/{gpu}/fan"), Unit::Percent, slow)]
        };
        let mut points: Vec<DevicePoint> = (0..8).flat_map(of).collect();
        points.push(point("bms/fan".into(), Unit::Percent, slow));
        SystemSpec { watched_points: WatchedPoint::of(&points).into(), ..spec() }
    }

    fn lines(snapshot: &Snapshot, system: &SystemSpec) -> Vec<(String, Vec<String>)> {
        let problems = problems(snapshot, &site(), system);
        problems.into_iter().map(|p| (p.words + &p.others, p.effects)).collect()
    }

    #[test]
    fn device_points_of_one_rule_are_one_line_for_each_quantity_that_names_the_devices() {
        let mut snapshot = snapshot();
        let high = |gpu: u16, value| alarm("device.point.high", Subject::Device(gpu * 2), value);
        let low = |number, value| alarm("device.point.low", Subject::Device(number), value);
        snapshot.alarms = vec![high(3, 91.0), high(7, 93.5), low(1, 12.0)];
        let of_two = "2 values of temperature above their limit: grid-meter/gpu/7 at 93.5 °C, grid-meter/gpu/3 at 91 °C; \
                      limit 90 °C";
        let found = lines(&snapshot, &hall());
        assert_eq!(
            found,
            [(of_two.to_owned(), vec![]), ("grid-meter/gpu/0/fan at 12 %, limit 20 %".to_owned(), vec![])]
        );
        assert_eq!(answer(&snapshot, &hall()).1, "2 problems", "the count is that of the lines");
        snapshot.alarms = vec![high(0, 91.0)];
        assert_eq!(lines(&snapshot, &hall())[0].0, "grid-meter/gpu/0/temperature at 91 °C, limit 90 °C");
        snapshot.alarms = (0..8).map(|gpu| high(gpu, 91.0 + f32::from(gpu))).collect();
        let of_all = "8 values of temperature above their limit: grid-meter/gpu/7 at 98 °C, grid-meter/gpu/6 at 97 °C, \
                      grid-meter/gpu/5 at 96 °C and 5 more";
        assert_eq!(lines(&snapshot, &hall())[0].0, of_all);
        // The furthest beyond its own limit, not the largest number.
        snapshot.alarms = vec![low(1, 12.0), low(16, 3.0)];
        let slow = "2 values of fan below their limit: bms at 3 %, grid-meter/gpu/0 at 12 %; limit 20 %";
        assert_eq!(lines(&snapshot, &hall())[0].0, slow);
    }

    #[test]
    fn a_silent_link_explains_the_device_points_that_came_over_it_and_no_others() {
        let mut snapshot = snapshot();
        snapshot.now = snapshot.now + Duration::from_secs(20);
        snapshot.links[1].state = LinkState::Silent;
        let stale = |number| alarm("device.point.stale", Subject::Device(number), 6.0);
        let hot = alarm("device.point.high", Subject::Device(4), 95.0);
        let silent = alarm("link.silent", Subject::Link(LinkIdx(1)), 20.0);
        snapshot.alarms = vec![stale(0), hot, silent, stale(2), stale(3), stale(16)];
        let found = lines(&snapshot, &hall());
        let words: Vec<&str> = found.iter().map(|(words, _)| words.as_str()).collect();
        // What was too hot before is a problem of its own.
        assert_eq!(
            words,
            [
                "grid-meter/gpu/2/temperature at 95 °C, limit 90 °C",
                "Grid meter is silent",
                "bms/fan has no fresh value, although its device answers",
            ]
        );
        let effects = &found[1].1;
        for expected in [
            "2 values of temperature without a fresh one: grid-meter/gpu/0, grid-meter/gpu/1",
            "grid-meter/gpu/1/fan has no fresh value: Grid meter does not answer",
            "No new values, and no alarms, of 16 device points that limits are kept of",
        ] {
            assert!(effects.iter().any(|words| words == expected), "{expected}: {effects:?}");
        }
        // Silent links are named.
        let also = |link| alarm("link.silent", Subject::Link(LinkIdx(link)), 8.0 - f32::from(link));
        snapshot.alarms = vec![also(2), also(0)];
        assert_eq!(lines(&snapshot, &spec())[0].0, "Battery controller is silent, also AI load meter");
        // The other link's points are not explained by this one.
        snapshot.alarms = vec![silent, stale(16)];
        assert_eq!(lines(&snapshot, &hall()).len(), 2);
    }

    /// Without the server the clock of the last snapshot runs on; what follows from what stays as it was.
    #[test]
    fn what_is_folded_stays_folded_while_the_snapshot_grows_old() {
        let mut lost_node = snapshot();
        let now = lost_node.now.mono;
        for cell in 100..120 {
            let column = lost_node.state.cells.column_mut(CellQuantity::Voltage);
            column.set(cell, Err(domain::reading::NoData::Error), now);
        }
        lost_node.state.nodes[5].set(NodeQuantity::State, Ok(2.0), now);
        lost_node.alarms =
            vec![alarm("afe.node.lost", Subject::Node(5), 2.0), alarm("cells.missing", Subject::System, 7.7)];
        let mut low_cell = snapshot();
        low_cell.state.cells.column_mut(CellQuantity::Voltage).set(131, Ok(2.8), now);
        low_cell.alarms = vec![
            alarm("cell.voltage.low", Subject::Cell(131), 2.8),
            alarm("cell.voltage.low.warning", Subject::Cell(131), 2.8),
            alarm("cell.spread", Subject::System, 0.4),
        ];
        let mut silent = snapshot();
        silent.alarms = vec![
            alarm("link.silent", Subject::Link(LinkIdx(1)), 20.0),
            alarm("device.point.stale", Subject::Device(0), 6.0),
        ];
        for mut snapshot in [lost_node, low_cell, silent] {
            for age_s in [0, 1, 4, 60, 86_400] {
                snapshot.now = snapshot.now + Duration::from_secs(age_s);
                let found = lines(&snapshot, &hall());
                assert_eq!(found.len(), 1, "{age_s} s later: {found:?}");
            }
        }
    }

    #[test]
    fn of_warnings_those_that_are_critical_too_are_told_with_them() {
        let mut snapshot = snapshot();
        let of = |rule, cell, value| alarm(rule, Subject::Cell(cell), value);
        snapshot.alarms = vec![
            of("cell.voltage.low", 131, 2.80),
            of("cell.voltage.low.warning", 131, 2.80),
            of("cell.voltage.low.warning", 7, 2.90),
        ];
        let found = lines(&snapshot, &spec());
        let words: Vec<_> = found.iter().map(|(words, effects)| (words.as_str(), effects.len())).collect();
        assert_eq!(
            words,
            [("Cell 7.12 at 2800 mV, limit 2850 mV", 1), ("Cell 1.8 at 2900 mV, limit 3000 mV", 0)],
            "{found:?}"
        );
    }

    #[test]
    fn a_low_cell_explains_the_spread() {
        let mut snapshot = snapshot();
        snapshot.state.cells.column_mut(CellQuantity::Voltage).set(131, Ok(2.8), snapshot.now.mono);
        let spread = alarm("cell.spread", Subject::System, 0.4);
        snapshot.alarms = vec![alarm("cell.voltage.low", Subject::Cell(131), 2.8), spread];
        assert_eq!(problems(&snapshot, &site(), &spec()).len(), 1);
        snapshot.alarms = vec![alarm("cell.voltage.low", Subject::Cell(7), 2.84), spread];
        assert_eq!(problems(&snapshot, &site(), &spec()).len(), 2, "another cell makes the spread");
    }
}
