//! Problems: alarms as a person wants to read them: one line per rule, however many cells it is about; and the one
//! answer to "is anything wrong?". Pure.

use crate::format;
use domain::alarm::{Alarm, Direction, RuleIdx, Severity, Subject};
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::twin::Moment;

/// All active alarms of one rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// The rule.
    pub(crate) rule: RuleIdx,
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What is wrong, told by the worst of them.
    pub(crate) words: String,
    /// How many others: ` and 3 more cells`; empty for none.
    pub(crate) others: String,
    /// What to do.
    pub(crate) advice: &'static str,
    /// When the first of them became active.
    pub(crate) since: Utc,
    /// How long ago that was, s.
    pub(crate) for_s: f32,
    /// Whether it cannot be known now if it is over.
    pub(crate) signal_lost: bool,
    /// Where more is to be seen.
    pub(crate) page: &'static str,
}

/// The rules with an active alarm in `moment`, worst first: how many problems there are.
pub(crate) fn broken_rules(moment: &Moment) -> Vec<RuleIdx> {
    let mut rules: Vec<RuleIdx> = Vec::new();
    for alarm in &moment.alarms {
        if !rules.contains(&alarm.rule) {
            rules.push(alarm.rule);
        }
    }
    rules
}

/// The active alarms of `moment` by rule, worst first.
pub(crate) fn problems(moment: &Moment, site: &SiteSpec, system: &SystemSpec) -> Vec<Problem> {
    broken_rules(moment).into_iter().filter_map(|rule| problem(rule, moment, site, system)).collect()
}

/// How many problems, in words.
pub(crate) fn count_words(problems: usize) -> String {
    match problems {
        0 => "No problems".to_owned(),
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

fn problem(idx: RuleIdx, moment: &Moment, site: &SiteSpec, system: &SystemSpec) -> Option<Problem> {
    let rule = idx.rule()?;
    let alarms = || moment.alarms.iter().filter(|alarm| alarm.rule == idx);
    let badness = |alarm: &Alarm| match rule.direction {
        Direction::Above => alarm.value,
        Direction::Below => -alarm.value,
    };
    let worst = alarms().max_by(|a, b| badness(a).total_cmp(&badness(b)))?;
    let since = alarms().map(|alarm| alarm.since).min()?;
    let thing = match worst.subject {
        Subject::Cell(_) => "cell",
        Subject::Node(_) => "node",
        Subject::Link(_) => "link",
        Subject::System => "problem",
    };
    let others = match alarms().count() - 1 {
        0 => String::new(),
        1 => format!(", and 1 more {thing}"),
        n => format!(", and {n} more {thing}s"),
    };
    Some(Problem {
        rule: idx,
        severity: rule.severity,
        words: worst.words(site, &system.topology, &moment.links)?,
        others,
        advice: rule.advice,
        since,
        for_s: (moment.now.utc.0 - since.0).max(0) as f32 / 1e6,
        signal_lost: alarms().any(|alarm| alarm.signal_lost),
        page: match worst.subject {
            Subject::Link(_) | Subject::Node(_) => "/links",
            Subject::Cell(_) | Subject::System => "/cells",
        },
    })
}

/// The one answer to "is anything wrong?".
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Verdict {
    /// Whether all is well and known to be.
    pub(crate) well: bool,
    /// The answer.
    pub(crate) words: String,
    /// What it rests on.
    pub(crate) detail: String,
}

/// The answer for `moment`. Cells that do not report are not healthy, and of a system of which nothing is known now it is
/// not said that all is well.
pub(crate) fn verdict(moment: &Moment, system: &SystemSpec) -> Verdict {
    let cells = system.topology.cells();
    let fresh = moment.state.cells.column(CellQuantity::Voltage).samples(moment.now.mono).filter(Result::is_ok).count();
    let mut is_ill = vec![false; cells];
    for alarm in &moment.alarms {
        if let Subject::Cell(cell) = alarm.subject
            && let Some(is_ill) = is_ill.get_mut(usize::from(cell))
        {
            *is_ill = true;
        }
    }
    let ill = is_ill.into_iter().filter(|is_ill| *is_ill).count();
    let reporting = || format!("{} of {} cells report", format::count(fresh as u64), format::count(cells as u64));
    let none_active = moment.alarms.is_empty();
    let known = cells > 0 || PointId::ALL.iter().any(|point| moment.point(*point).is_ok());
    let well = none_active && fresh == cells && known;
    let words = match (none_active, cells) {
        (true, 0) if !known => "Nothing reports".to_owned(),
        (true, 0) => count_words(0),
        (true, _) if fresh == cells => format!("{} cells healthy", format::count(cells as u64)),
        (true, _) if fresh == 0 => "No cell reports".to_owned(),
        (true, _) => reporting(),
        (false, _) => count_words(broken_rules(moment).len()),
    };
    let detail = match (well, cells) {
        (true, 0) => "All limits are kept".to_owned(),
        (true, _) => "All report, all within their limits".to_owned(),
        (false, 0) if !known => "Nothing is known of it now: see the links".to_owned(),
        (false, 0) => String::new(),
        (false, _) if fresh == cells => {
            format!("{} cells healthy", format::count((cells - ill.min(cells)) as u64))
        }
        (false, _) if fresh == 0 => "What is shown is old: see the links".to_owned(),
        (false, _) if none_active => "The others are silent: see the links".to_owned(),
        (false, _) => reporting(),
    };
    Verdict { well, words, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{moment, site, spec};
    use domain::alarm::RULES;
    use domain::time::Mono;
    use domain::topology::Topology;
    use domain::twin::SystemState;

    fn alarm(rule: &str, subject: Subject, value: f32) -> Alarm {
        let place = RULES.iter().position(|r| r.id == rule).unwrap();
        let since = Utc(moment().now.utc.0 - 60_000_000);
        Alarm { rule: RuleIdx(place as u8), subject, since, value, worst: value, signal_lost: false, chattering: false }
    }

    #[test]
    fn of_a_system_that_says_nothing_it_is_not_said_that_all_is_well() {
        let meter_only = SystemSpec { topology: Topology::default(), ..spec() };
        let silent = Moment { state: SystemState::new(&meter_only), ..moment() };
        let said = verdict(&silent, &meter_only);
        assert_eq!((said.well, said.words.as_str()), (false, "Nothing reports"));
        let mut speaking = silent;
        speaking.state.points.set(PointId::GridPower, Ok(1_000.0), speaking.now.mono);
        assert!(verdict(&speaking, &meter_only).well);
    }

    #[test]
    fn cells_of_one_rule_are_one_line_told_by_the_worst() {
        let mut moment = moment();
        moment.alarms = vec![
            alarm("cell.voltage.low", Subject::Cell(3), 2.84),
            alarm("cell.voltage.low", Subject::Cell(131), 2.80),
            alarm("cell.voltage.low", Subject::Cell(5), 2.83),
            alarm("bus.sag", Subject::System, 6.1),
        ];
        let problems = problems(&moment, &site(), &spec());
        let lines: Vec<_> = problems.iter().map(|p| format!("{}{}", p.words, p.others)).collect();
        assert_eq!(lines, ["Cell 7.12 at 2800 mV, limit 2850 mV, and 2 more cells", "Bus sags by 6.1 %, limit 5 %"]);
        assert_eq!(problems[0].for_s, 60.0);
        let verdict = verdict(&moment, &spec());
        assert_eq!((verdict.words.as_str(), verdict.detail.as_str()), ("2 problems", "257 cells healthy"));
    }

    #[test]
    fn silence_is_not_health() {
        let mut moment = moment();
        let well = verdict(&moment, &spec());
        assert_eq!((well.well, well.words.as_str()), (true, "260 cells healthy"));
        moment.now.mono = Mono(moment.now.mono.0 + 60_000_000);
        let silent = verdict(&moment, &spec());
        assert_eq!((silent.well, silent.words.as_str()), (false, "No cell reports"));
    }
}
