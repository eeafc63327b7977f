//! Figures of a period, as ISA-18.2 (IEC 62682) asks for them: how many alarms came, how many at once, which stand for long,
//! which come again and again, and how soon somebody saw them. Pure.

use super::answer::AlarmName;
use super::rules::Severity;
use crate::time::Utc;
use std::collections::BTreeMap;

/// An alarm that stands for longer is no signal any more, µs.
const STANDING_US: i64 = 24 * 3_600 * 1_000_000;
/// An alarm that is raised so often within [`CHATTER_US`] chatters.
const CHATTER_TIMES: usize = 3;
/// See [`CHATTER_TIMES`].
const CHATTER_US: i64 = 60 * 1_000_000;
/// Alarms are counted in pieces of so long, µs.
const PIECE_US: i64 = 600 * 1_000_000;
/// More alarms in one piece are a flood: nobody reads them any more.
const FLOOD: u64 = 10;
/// So many are named of each list.
const NAMED: usize = 10;

/// An alarm that was raised or is over, as history has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Happening {
    /// When.
    pub at: Utc,
    /// Whether it was raised; else it was over.
    pub raised: bool,
    /// Which.
    pub name: AlarmName,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, or was, for people.
    pub words: String,
}

/// An alarm from when it was raised until it was over.
#[derive(Clone, Debug, PartialEq)]
pub struct Occurrence<'a> {
    /// Which.
    pub name: &'a AlarmName,
    /// How bad it is.
    pub severity: Severity,
    /// What was wrong at its end, with the worst of it; while it stands, when it was raised.
    pub words: &'a str,
    /// When it was raised; `None` if that is not known: before what was asked about.
    pub raised: Option<Utc>,
    /// When it was over; `None` while it stands.
    pub ended: Option<Utc>,
}

/// Puts together what belongs together in `happened`, which is in order; in the order of the begins, as far as they are known.
pub fn occurrences(happened: &[Happening]) -> Vec<Occurrence<'_>> {
    let mut found: Vec<Occurrence<'_>> = Vec::new();
    let mut open: BTreeMap<&AlarmName, usize> = BTreeMap::new();
    for Happening { at, raised, name, severity, words } in happened {
        let before = open.remove(name).and_then(|place| found.get_mut(place));
        if let Some(before) = before {
            before.ended = Some(*at);
            if !raised {
                before.words = words;
                continue;
            }
        }
        // What is raised while it stands: that it was over in between was not kept.
        let (begin, end) = if *raised { (Some(*at), None) } else { (None, Some(*at)) };
        if *raised {
            open.insert(name, found.len());
        }
        found.push(Occurrence { name, severity: *severity, words, raised: begin, ended: end });
    }
    found
}

/// An alarm that somebody has acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it was raised.
    pub raised: Utc,
    /// When somebody acknowledged it.
    pub at: Utc,
}

/// An alarm, and how much there was of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// Which.
    pub name: AlarmName,
    /// How bad it is.
    pub severity: Severity,
    /// How often it was raised in the period.
    pub times: u64,
    /// How long it stood at once at most in the period, s.
    pub longest_s: f32,
}

/// How soon alarms were acknowledged, s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Within {
    /// Half of them within this.
    pub median_s: f32,
    /// Nine of ten within this.
    pub most_s: f32,
}

/// The figures of a period, as far as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// How long was recorded of it, days.
    pub days: f64,
    /// How many were raised.
    pub raised: u64,
    /// Of these critical ones.
    pub critical: u64,
    /// Of these warnings.
    pub warnings: u64,
    /// Of these notices.
    pub notices: u64,
    /// The most that were raised in one piece of ten minutes.
    pub busiest: u64,
    /// Pieces of ten minutes with more than ten, as a share of all, %; `None` if nothing was recorded.
    pub flood_pct: Option<f32>,
    /// Those that stood for longer than 24 h at once, longest first.
    pub standing: Vec<Counted>,
    /// Those that chattered, the most frequent first.
    pub chattering: Vec<Counted>,
    /// Those that were raised most often, the most frequent first.
    pub top: Vec<Counted>,
    /// How many acknowledgements there were.
    pub acknowledged: u64,
    /// How soon; `None` if nobody acknowledged any.
    pub within: Option<Within>,
}

impl Figures {
    /// Alarms a day, on the average; `None` if less than a day was recorded: minutes say nothing of a day.
    pub fn per_day(&self) -> Option<f64> {
        (self.days >= 1.0).then(|| self.raised as f64 / self.days)
    }
}

/// What is gathered of one alarm.
struct Gathered {
    severity: Severity,
    raised: Vec<Utc>,
    longest_us: i64,
}

/// The figures of `from..to`, all of which was recorded. What was raised before and still stood then is in `happened`, too; `seen` are acknowledgements in
/// the period.
pub fn figures(happened: &[Happening], seen: &[Seen], from: Utc, to: Utc) -> Figures {
    let mut alarms: BTreeMap<&AlarmName, Gathered> = BTreeMap::new();
    let mut pieces: BTreeMap<i64, u64> = BTreeMap::new();
    let mut severities = [0_u64; 3];
    for Occurrence { name, severity, raised, ended, .. } in occurrences(happened) {
        if raised.is_some_and(|at| at >= to) || ended.is_some_and(|at| at < from) {
            continue;
        }
        let of = alarms.entry(name).or_insert(Gathered { severity, raised: Vec::new(), longest_us: 0 });
        // One that was raised before the period has stood at least since then.
        let stood_us = ended.unwrap_or(to).0.min(to.0).saturating_sub(raised.unwrap_or(from).0);
        of.longest_us = of.longest_us.max(stood_us);
        let Some(at) = raised.filter(|at| *at >= from) else { continue };
        of.raised.push(at);
        *pieces.entry(at.0.saturating_sub(from.0).div_euclid(PIECE_US)).or_default() += 1;
        severities[severity as usize] += 1;
    }
    let length_us = to.0.saturating_sub(from.0).max(0);
    let all_pieces = (length_us as f64 / PIECE_US as f64).ceil();
    let floods = pieces.values().filter(|count| **count > FLOOD).count();
    let counted = |(name, of): (&&AlarmName, &Gathered)| Counted {
        name: AlarmName::clone(name),
        severity: of.severity,
        times: of.raised.len() as u64,
        longest_s: (of.longest_us as f64 / 1e6) as f32,
    };
    let list = |wanted: &dyn Fn(&Gathered) -> bool, rank: &dyn Fn(&Counted) -> f64| {
        let mut list: Vec<Counted> = alarms.iter().filter(|(_, of)| wanted(of)).map(counted).collect();
        list.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then_with(|| a.name.cmp(&b.name)));
        list.truncate(NAMED);
        list
    };
    let often = |of: &Counted| of.times as f64;
    Figures {
        days: length_us as f64 / 86_400e6,
        raised: severities.iter().sum(),
        critical: severities[Severity::Critical as usize],
        warnings: severities[Severity::Warning as usize],
        notices: severities[Severity::Notice as usize],
        busiest: pieces.values().copied().max().unwrap_or_default(),
        flood_pct: (all_pieces > 0.0).then(|| (100.0 * floods as f64 / all_pieces) as f32),
        standing: list(&|of| of.longest_us > STANDING_US, &|of| f64::from(of.longest_s)),
        chattering: list(&chatters, &often),
        top: list(&|of| !of.raised.is_empty(), &often),
        acknowledged: seen.len() as u64,
        within: within(seen),
    }
}

fn chatters(of: &Gathered) -> bool {
    of.raised.windows(CHATTER_TIMES).any(|few| match (few.first(), few.last()) {
        (Some(first), Some(last)) => last.0 - first.0 <= CHATTER_US,
        _ => false,
    })
}

fn within(seen: &[Seen]) -> Option<Within> {
    let mut took: Vec<i64> = seen.iter().map(|seen| seen.at.0.saturating_sub(seen.raised.0).max(0)).collect();
    took.sort_unstable();
    // The least that so many percent are within.
    let at = |percent: usize| {
        let place = (took.len() * percent).div_ceil(100).saturating_sub(1);
        took.get(place).map(|us| (*us as f64 / 1e6) as f32)
    };
    Some(Within { median_s: at(50)?, most_s: at(90)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000;
    const DAY: i64 = 86_400 * S;

    fn name(subject: &str) -> AlarmName {
        AlarmName { rule: "cell.voltage.low".into(), subject: subject.into() }
    }

    fn at(second: i64, raised: bool, subject: &str) -> Happening {
        let words = format!("{subject} at {second}");
        Happening { at: Utc(second * S), raised, name: name(subject), severity: Severity::Critical, words }
    }

    #[test]
    fn an_end_belongs_to_the_begin_before_it_and_what_is_missing_is_not_known() {
        let happened = [
            at(1, false, "a"),
            at(2, true, "b"),
            at(3, true, "a"),
            at(4, false, "b"),
            // That it was over in between was not kept.
            at(5, true, "a"),
            at(6, true, "c"),
            at(7, false, "a"),
        ];
        let told = occurrences(&happened);
        let s = |at: Option<Utc>| at.map(|at| at.0 / S);
        let told: Vec<_> = told.iter().map(|of| (&*of.name.subject, s(of.raised), s(of.ended), of.words)).collect();
        assert_eq!(
            told,
            [
                ("a", None, Some(1), "a at 1"),
                ("b", Some(2), Some(4), "b at 4"),
                ("a", Some(3), Some(5), "a at 3"),
                ("a", Some(5), Some(7), "a at 7"),
                ("c", Some(6), None, "c at 6"),
            ]
        );
    }

    #[test]
    fn of_a_quiet_period_there_is_nothing_to_tell() {
        let figures = figures(&[], &[], Utc(0), Utc(DAY));
        assert_eq!((figures.raised, figures.busiest, figures.flood_pct, figures.within), (0, 0, Some(0.0), None));
        assert!(figures.standing.is_empty() && figures.chattering.is_empty() && figures.top.is_empty());
        // Of less than a day there is no rate of a day, and no share of nothing.
        assert_eq!(super::figures(&[], &[], Utc(0), Utc(DAY - 1)).per_day(), None);
        let nothing = super::figures(&[], &[], Utc(5), Utc(5));
        assert_eq!((nothing.per_day(), nothing.flood_pct, figures.per_day()), (None, None, Some(0.0)));
    }

    #[test]
    fn floods_chatter_and_what_stands_are_told_apart() {
        let mut happened = Vec::new();
        // Eleven cells in the second ten minutes: a flood.
        happened.extend((0..11).map(|cell| at(600 + cell, true, &format!("cell {cell:02}"))));
        happened.extend((0..11).map(|cell| at(630 + cell, false, &format!("cell {cell:02}"))));
        // One that comes three times in a minute, and one three times in 61 s.
        for second in [3_000, 3_030, 3_060] {
            happened.extend([at(second, true, "loose"), at(second + 1, false, "loose")]);
        }
        for second in [4_000, 4_030, 4_061] {
            happened.extend([at(second, true, "slow"), at(second + 1, false, "slow")]);
        }
        // One that stands for a day and a second, and one for exactly a day.
        happened.extend([at(5_000, true, "stands"), at(6_000, true, "a day")]);
        happened.extend([at(6_000 + 86_400, false, "a day"), at(5_001 + 86_400, false, "stands")]);
        happened.sort_by_key(|of| of.at);
        let figures = figures(&happened, &[], Utc(0), Utc(2 * DAY));
        assert_eq!((figures.raised, figures.critical, figures.warnings), (19, 19, 0));
        assert_eq!((figures.per_day(), figures.busiest), (Some(9.5), 11));
        assert!(figures.flood_pct.is_some_and(|pct| (pct - 100.0 / 288.0).abs() < 1e-4), "{:?}", figures.flood_pct);
        let names = |list: &[Counted]| list.iter().map(|of| (of.name.subject.clone(), of.times)).collect::<Vec<_>>();
        assert_eq!(names(&figures.standing), [("stands".to_owned(), 1)]);
        assert_eq!(names(&figures.chattering), [("loose".to_owned(), 3)]);
        assert_eq!(
            names(&figures.top)[..3],
            [("loose".to_owned(), 3), ("slow".to_owned(), 3), ("a day".to_owned(), 1)]
        );
        assert_eq!(figures.top.len(), NAMED);
    }

    #[test]
    fn what_began_before_the_period_stands_and_is_not_counted_and_what_comes_after_it_is_not_there() {
        let day = DAY / S;
        let happened = [
            at(0, true, "old"),
            at(10, true, "over before"),
            at(20, false, "over before"),
            at(2 * day, false, "unknown begin"),
            at(3 * day, true, "later"),
        ];
        let figures = figures(&happened, &[], Utc(DAY / 2), Utc(2 * DAY + S));
        assert_eq!((figures.raised, figures.top.len()), (0, 0));
        let standing: Vec<_> = figures.standing.iter().map(|of| (&*of.name.subject, of.longest_s)).collect();
        assert_eq!(standing, [("old", (2 * day + 1) as f32), ("unknown begin", (day + day / 2) as f32)]);
    }

    #[test]
    fn half_of_them_were_seen_within_the_median_and_nine_of_ten_within_the_other() {
        let seen = |s: i64| Seen { raised: Utc(7 * S), at: Utc((7 + s) * S) };
        for (took, median_s, most_s) in
            [(vec![5], 5.0, 5.0), (vec![1, 9], 1.0, 9.0), ((1..=10).rev().collect(), 5.0, 9.0), (vec![-3], 0.0, 0.0)]
        {
            let seen: Vec<Seen> = took.iter().map(|s| seen(*s)).collect();
            assert_eq!(within(&seen), Some(Within { median_s, most_s }), "{took:?}");
        }
    }
}
