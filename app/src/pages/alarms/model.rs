//! What the page says of alarms: groups by cause, their filter, and words. Pure.

use crate::address::{Address, encoded};
use ::api::alarms::AlarmResponse;
use domain::alarm::{AlarmState, Severity};
use domain::time::Utc;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// Where an alarm stands in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Section {
    /// It stands, and nobody has acknowledged it.
    Unacknowledged,
    /// It stands, and somebody has seen it.
    Acknowledged,
    /// Its condition is over, and a person has something left to do.
    Over,
    /// Put aside for a time.
    Shelved,
}

impl Section {
    /// All of them, in their order.
    pub(super) const ALL: [Section; 4] =
        [Section::Unacknowledged, Section::Acknowledged, Section::Over, Section::Shelved];

    /// Its word, in addresses and for people.
    pub(super) fn word(self) -> &'static str {
        match self {
            Section::Unacknowledged => "unacknowledged",
            Section::Acknowledged => "acknowledged",
            Section::Over => "over",
            Section::Shelved => "shelved",
        }
    }

    fn of(alarm: &AlarmResponse) -> Section {
        match alarm.state.0 {
            AlarmState::Shelved => Section::Shelved,
            _ if !alarm.active => Section::Over,
            _ if alarm.acknowledged.is_some() => Section::Acknowledged,
            _ => Section::Unacknowledged,
        }
    }
}

/// Alarms of one rule that stand alike, and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Where it stands.
    pub(super) section: Section,
    /// How bad the worst of it is, with all that follows.
    pub(super) severity: Severity,
    /// The alarms, worst and oldest first.
    pub(super) alarms: Vec<AlarmResponse>,
    /// What follows from them.
    pub(super) effects: Vec<AlarmResponse>,
}

impl Group {
    /// What tells it apart from the others.
    pub(super) fn key(&self) -> String {
        format!("{}-{}", self.section.word(), self.alarms.first().map_or("", |alarm| &alarm.rule))
    }

    /// The first of its alarms, which stands for it.
    pub(super) fn first(&self) -> Option<&AlarmResponse> {
        self.alarms.first()
    }

    /// All of it.
    pub(super) fn all(&self) -> impl Iterator<Item = &AlarmResponse> {
        self.alarms.iter().chain(&self.effects)
    }

    /// What can be acknowledged of it.
    pub(super) fn unacknowledged(&self) -> Vec<&AlarmResponse> {
        self.all().filter(|alarm| alarm.since.is_some() && alarm.acknowledged.is_none()).collect()
    }

    /// What waits for a reset, and can be reset: it is over and somebody has seen it.
    pub(super) fn latched(&self) -> Vec<&AlarmResponse> {
        self.all().filter(|alarm| alarm.state.0 == AlarmState::Latched && alarm.acknowledged.is_some()).collect()
    }

    /// What can be shelved, or taken off the shelf.
    pub(super) fn shelved(&self, are: bool) -> Vec<&AlarmResponse> {
        self.all().filter(|alarm| alarm.shelved.is_some() == are).collect()
    }

    /// What is wrong, told by the first; how many others of the kind there are is [`Group::others`].
    pub(super) fn words(&self) -> String {
        self.first().map_or_else(String::new, words)
    }

    /// `, and 3 more like it`; empty for none.
    pub(super) fn others(&self) -> String {
        match self.alarms.len().saturating_sub(1) {
            0 => String::new(),
            n => format!(", and {n} more like it"),
        }
    }

    /// When the first of them was raised last.
    pub(super) fn since(&self) -> Option<Utc> {
        self.alarms.iter().filter_map(|alarm| alarm.since).min()
    }

    /// When the last of them was over; `None` while one stands.
    pub(super) fn over(&self) -> Option<Utc> {
        let over = self.alarms.iter().all(|alarm| !alarm.active);
        self.alarms.iter().filter_map(|alarm| alarm.ended).max().filter(|_| over)
    }

    /// For how long it has stood at `now`, or had stood when it was over, s.
    pub(super) fn stood_s(&self, now: Utc) -> Option<f32> {
        let end = self.over().unwrap_or(now);
        Some((end.0.saturating_sub(self.since()?.0).max(0) as f64 / 1e6) as f32)
    }

    /// What there is to know besides: how it comes and goes.
    pub(super) fn marks(&self) -> Vec<String> {
        let any = |of: fn(&AlarmResponse) -> bool| self.alarms.iter().any(of);
        let times = self.alarms.iter().map(|alarm| alarm.count).max().unwrap_or_default();
        let latching = any(|alarm| alarm.state.0 == AlarmState::Latched);
        [
            (latching, "Latched until it is reset".to_owned()),
            (times > 1, format!("Raised {times} times")),
            (any(|alarm| alarm.chattering), "Comes and goes".to_owned()),
            (any(|alarm| alarm.signal_lost), "Signal lost: it cannot be known whether it is over".to_owned()),
        ]
        .into_iter()
        .filter_map(|(is, words)| is.then_some(words))
        .collect()
    }

    /// Who has seen it; empty if nobody has, or not all of it. When is beside.
    pub(super) fn seen_by(&self) -> Option<(String, Utc)> {
        let mut seen = self.alarms.iter().map(|alarm| alarm.acknowledged.as_ref());
        let first = seen.next()??;
        seen.all(|of| of.is_some()).then(|| (first.by.clone(), first.at))
    }
}

/// What is wrong, in words; of one that is put aside while nothing is wrong, what it is about.
pub(super) fn words(alarm: &AlarmResponse) -> String {
    match &*alarm.words {
        "" => format!("{} of {}", alarm.rule, alarm.subject),
        words => words.to_owned(),
    }
}

/// The alarms in groups, unacknowledged ones first, then worst first, then oldest first.
pub(super) fn groups(alarms: &[AlarmResponse]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let is_suppressed = |alarm: &AlarmResponse| alarm.state.0 == AlarmState::Suppressed;
    let stands = |alarm: &&AlarmResponse| !is_suppressed(alarm) && Section::of(alarm) < Section::Over;
    let explain: BTreeSet<&str> = alarms.iter().filter(stands).map(|alarm| &*alarm.rule).collect();
    let is_below = |alarm: &&AlarmResponse| {
        is_suppressed(alarm) && alarm.follows_from.as_deref().is_some_and(|cause| explain.contains(cause))
    };
    let (effects, causes): (Vec<_>, Vec<_>) = alarms.iter().partition(is_below);
    for alarm in causes {
        let section = Section::of(alarm);
        let own = groups
            .iter_mut()
            .find(|group| group.section == section && group.first().is_some_and(|first| first.rule == alarm.rule));
        match own {
            Some(own) => own.alarms.push(alarm.clone()),
            None => groups.push(Group {
                section,
                severity: alarm.severity.0,
                alarms: vec![alarm.clone()],
                effects: Vec::new(),
            }),
        }
    }
    for effect in effects {
        let follows = |group: &&mut Group| {
            group.section < Section::Over && group.first().map(|first| &first.rule) == effect.follows_from.as_ref()
        };
        if let Some(group) = groups.iter_mut().find(follows) {
            group.severity = group.severity.max(effect.severity.0);
            group.effects.push(effect.clone());
        }
    }
    groups.sort_by_key(|group| (group.section, Reverse(group.severity), group.since()));
    groups
}

/// What is wanted of the list. It stands in the address, so that it can be kept and sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) severity: Option<Severity>,
    pub(super) section: Option<Section>,
    /// What its words have in them; empty for anything.
    pub(super) text: String,
}

/// The severities, worst first.
pub(super) const SEVERITIES: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Notice];

impl Filter {
    /// What fields say, typed or of an address. What is no word of ours is not wanted.
    pub(super) fn typed(field: impl Fn(&str) -> Option<String>) -> Filter {
        let severity = field("severity").unwrap_or_default();
        let section = field("state").unwrap_or_default();
        Filter {
            severity: SEVERITIES.into_iter().find(|of| of.word() == severity),
            section: Section::ALL.into_iter().find(|of| of.word() == section),
            text: field("text").unwrap_or_default().trim().to_owned(),
        }
    }

    /// What an address asks for.
    pub(super) fn of(address: &Address) -> Filter {
        Filter::typed(|name| address.field(name))
    }

    /// The address that asks for this.
    pub(super) fn address(&self, here: &Address) -> String {
        let fields = [
            ("severity", self.severity.map(Severity::word).unwrap_or_default().to_owned()),
            ("state", self.section.map(Section::word).unwrap_or_default().to_owned()),
            ("text", encoded(&self.text)),
        ];
        let with = |to: String, (name, value): (&str, String)| {
            Address::parse(&to).with(name, Some(&*value).filter(|value| !value.is_empty()))
        };
        fields.into_iter().fold(here.text(), with)
    }

    /// Whether a group is wanted.
    pub(super) fn wants(&self, group: &Group) -> bool {
        let text = self.text.to_ascii_lowercase();
        let has = |alarm: &AlarmResponse| {
            [&alarm.words, &alarm.rule, &alarm.subject].iter().any(|words| words.to_ascii_lowercase().contains(&text))
        };
        self.severity.is_none_or(|of| of == group.severity)
            && self.section.is_none_or(|of| of == group.section)
            && (text.is_empty() || group.all().any(has))
    }
}

/// How many there are of each kind: `2 unacknowledged, 1 shelved`.
pub(super) fn tally(groups: &[Group]) -> String {
    let count = |section: Section| {
        groups.iter().filter(|group| group.section == section).map(|group| group.alarms.len()).sum::<usize>()
    };
    let parts = Section::ALL.map(|section| (count(section), section.word()));
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    parts.join(", ")
}

/// What can be acknowledged of all that is not put aside: how many, and in words what they are if not all of them stand as
/// the list's own count has them.
pub(super) fn untold(groups: &[Group]) -> (usize, String) {
    let open = |alarm: &&AlarmResponse| alarm.since.is_some() && alarm.acknowledged.is_none();
    let (mut stand, mut follow, mut over) = (0, 0, 0);
    for group in groups.iter().filter(|group| group.section != Section::Shelved) {
        let own = group.alarms.iter().filter(open).count();
        *(if group.section == Section::Over { &mut over } else { &mut stand }) += own;
        follow += group.effects.iter().filter(open).count();
    }
    let parts = [(stand, "unacknowledged"), (follow, "that follow from others"), (over, "that are over")];
    let parts: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let words = if follow + over == 0 { String::new() } else { format!("They are {}. ", parts.join(", ")) };
    (stand + follow + over, words)
}

/// The names of alarms as a form has them.
pub(super) fn named(alarms: &[&AlarmResponse]) -> String {
    let line = |alarm: &&AlarmResponse| format!("{} {}", alarm.rule, alarm.subject);
    alarms.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// For how long an alarm may be put aside: seconds, and words.
pub(super) const SHELVES: [(u64, &str); 5] = [
    (900, "15 minutes"),
    (3_600, "1 hour"),
    (4 * 3_600, "4 hours"),
    (8 * 3_600, "8 hours"),
    (24 * 3_600, "24 hours, the longest"),
];

/// What was done, in words.
pub(super) fn done(what: &str, changed: u64) -> String {
    let alarms = if changed == 1 { "1 alarm".to_owned() } else { format!("{changed} alarms") };
    match what {
        _ if changed == 0 => "All of it was so already".to_owned(),
        "reset" => format!("{alarms} reset"),
        "shelve" => format!("{alarms} shelved"),
        "unshelve" => format!("{alarms} off the shelf"),
        _ => format!("{alarms} acknowledged"),
    }
}

#[cfg(test)]
mod tests;
