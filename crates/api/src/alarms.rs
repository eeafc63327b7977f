//! Alarms with their lives, what people do about them, and the figures of a period (`past`).

mod past;

pub use past::{AlarmCount, AlarmFiguresResponse, AlarmHistoryResponse, AlarmPeriodRequest, EndedAlarm};

use crate::json::{Timestamp, Word, maybe_timestamp, timestamp};
use domain::alarm::{
    Acknowledged, Alarm, AlarmRecord, AlarmState, Life, NAMED_MOST, REASON_MAX, RuleIdx, SHELVED_LEAST, SHELVED_MOST,
    Severity, Shelf, Subject,
};
use domain::cause::explained;
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::twin::Snapshot;
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

/// Which alarms.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmsRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
}

/// An alarm by names that stay.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmRef {
    /// The id of its rule.
    #[schemars(example = &"cell.voltage.low")]
    pub rule: String,
    /// What it is about.
    #[schemars(example = &"cell 7.12")]
    pub subject: String,
}

/// An example.
fn one() -> Vec<AlarmRef> {
    vec![AlarmRef { rule: "cell.voltage.low".into(), subject: "cell 7.12".into() }]
}

/// Somebody has seen alarms. All of them are acknowledged, or none.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeRequest {
    /// The system's id.
    #[schemars(example = &"hv")]
    pub system: String,
    /// Which.
    #[schemars(length(min = 1, max = NAMED_MOST), example = one())]
    pub alarms: Vec<AlarmRef>,
    /// The `timestamp` of the answer in which they were seen: one that was raised after it is not acknowledged (409). Now if
    /// not given.
    #[serde(default)]
    #[schemars(example = &"2026-11-21T13:04:05.678Z")]
    pub seen: Option<String>,
}

/// Somebody has seen every alarm that was shown: what is shelved was not.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgeAllRequest {
    /// The system's id.
    #[schemars(example = &"hv")]
    pub system: String,
    /// The `timestamp` of the answer in which they were seen: what was raised after it stays as it is.
    #[schemars(example = &"2026-11-21T13:04:05.678Z")]
    pub seen: String,
}

/// Latches that are released, or alarms that are taken off the shelf: all of them, or none.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedAlarmsRequest {
    /// The system's id.
    #[schemars(example = &"hv")]
    pub system: String,
    /// Which.
    #[schemars(length(min = 1, max = NAMED_MOST), example = one())]
    pub alarms: Vec<AlarmRef>,
}

/// Alarms that are put aside for a time: all of them, or none.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShelveRequest {
    /// The system's id.
    #[schemars(example = &"hv")]
    pub system: String,
    /// Which; they need not be active.
    #[schemars(length(min = 1, max = NAMED_MOST), example = one())]
    pub alarms: Vec<AlarmRef>,
    /// For how long, s.
    #[schemars(range(min = SHELVED_LEAST.as_secs(), max = SHELVED_MOST.as_secs()), example = 3_600)]
    pub lasts_s: u64,
    /// Why, for whoever comes next.
    #[schemars(length(min = 1, max = REASON_MAX), example = &"the sensor is replaced on Monday")]
    pub why: String,
}

/// What was done. It is on the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Wire, Serialize, JsonSchema)]
pub struct AlarmsChangedResponse {
    /// How many alarms were changed; 0 if all was so already.
    pub changed: u64,
}

/// Alarms of a system that are not normal, or shelved: active and unacknowledged ones first, then worst first, then oldest
/// first.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AlarmsResponse {
    /// The system's id.
    pub system: String,
    /// Now: what `seen` wants of whoever acknowledges these.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub timestamp: Utc,
    /// The alarms.
    pub alarms: Vec<AlarmResponse>,
}

/// An alarm and its life.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AlarmResponse {
    /// The id of its rule.
    #[schemars(example = &"cell.voltage.low")]
    pub rule: String,
    /// What it is about, by a name that stays.
    #[schemars(example = &"cell 7.12")]
    pub subject: String,
    /// How bad it is.
    pub severity: Word<Severity>,
    /// Where it stands, as ISA-18.2 has it.
    pub state: Word<AlarmState>,
    /// Whether its condition stands, or may stand; also of one that is shelved or suppressed.
    pub active: bool,
    /// What is wrong, or was, for people; empty while it is normal.
    pub words: String,
    /// What to do, for people.
    pub advice: String,
    /// What happens if nothing is done, for people.
    pub consequence: String,
    /// Whether it stays until it is reset.
    pub latching: bool,
    /// When it was raised while it was normal; null while it is.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub first: Option<Utc>,
    /// When it was raised last; null while it is normal.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub since: Option<Utc>,
    /// When its condition was found to be over; null while it stands, and while it is normal.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub ended: Option<Utc>,
    /// How often it was raised since it was normal; 0 while it is.
    pub count: u32,
    /// There is no data now, so it cannot be known whether it is over.
    pub signal_lost: bool,
    /// It comes and goes faster than its rule waits.
    pub chattering: bool,
    /// The id of the rule whose alarm explains it; null if it stands for itself.
    #[schemars(example = &"link.silent")]
    pub follows_from: Option<String>,
    /// Who has acknowledged it since it was raised last; null if nobody has.
    pub acknowledged: Option<AcknowledgedResponse>,
    /// Who has put it aside, until when and why; null if nobody has.
    pub shelved: Option<ShelfResponse>,
}

/// Who has seen an alarm.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AcknowledgedResponse {
    /// The account or the token; `anonymous` for somebody at the machine itself while nobody has an account.
    pub by: String,
    /// When.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub at: Utc,
}

/// Who has put an alarm aside.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct ShelfResponse {
    /// The account or the token; `anonymous` for somebody at the machine itself while nobody has an account.
    pub by: String,
    /// When.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub at: Utc,
    /// Until when.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub until: Utc,
    /// Why, in their words.
    pub why: String,
}

impl AlarmsResponse {
    /// The alarms of a system of which `records` are kept, with what `snapshot` says of the active ones, at `now`.
    pub fn of(
        site: &SiteSpec,
        spec: &SystemSpec,
        records: &[AlarmRecord],
        snapshot: &Snapshot,
        now: Utc,
    ) -> AlarmsResponse {
        let seen: HashMap<(RuleIdx, Subject), &Alarm> =
            snapshot.alarms.iter().map(|alarm| ((alarm.rule, alarm.subject), alarm)).collect();
        let causes = explained(snapshot, site, spec);
        let of = |record| AlarmResponse::of(site, spec, record, snapshot, &seen, &causes);
        let mut alarms: Vec<AlarmResponse> = records.iter().filter_map(of).collect();
        alarms
            .sort_by_key(|alarm| (alarm.state.0, alarm.acknowledged.is_some(), Reverse(alarm.severity.0), alarm.since));
        AlarmsResponse { system: spec.id.clone(), timestamp: now, alarms }
    }
}

impl AlarmsResponse {
    /// The alarms of a system as `snapshot` alone has them: of an instant of the past. Who did what is not known then, only
    /// that somebody had.
    pub fn then(site: &SiteSpec, spec: &SystemSpec, snapshot: &Snapshot) -> AlarmsResponse {
        let now = snapshot.now.utc;
        let record = |alarm: &Alarm, ended: Option<Utc>| {
            let Alarm { rule, subject, since, value, worst, standing, .. } = *alarm;
            let acknowledged = standing.acknowledged.then(|| Acknowledged { by: "".into(), at: since });
            let life = Life { first: since, since, ended, times: standing.times, value, worst, acknowledged };
            // When it ends is not known; that it was put aside is.
            let shelf = standing.shelved.then(|| Shelf {
                by: "".into(),
                why: "".into(),
                at: now,
                until: now,
                ends: snapshot.now.mono,
            });
            AlarmRecord { rule, subject, life: Some(life), shelf }
        };
        let active = snapshot.alarms.iter().map(|alarm| record(alarm, None));
        let waiting = snapshot.waiting.iter().map(|alarm| record(alarm, Some(now)));
        let records: Vec<AlarmRecord> = active.chain(waiting).collect();
        AlarmsResponse::of(site, spec, &records, snapshot, now)
    }
}

impl AlarmResponse {
    fn of(
        site: &SiteSpec,
        spec: &SystemSpec,
        record: &AlarmRecord,
        snapshot: &Snapshot,
        seen: &HashMap<(RuleIdx, Subject), &Alarm>,
        causes: &BTreeMap<(RuleIdx, Subject), RuleIdx>,
    ) -> Option<AlarmResponse> {
        let AlarmRecord { rule: index, subject, life, shelf } = record;
        let (rule, key) = (index.rule()?, (*index, *subject));
        let active = life.as_ref().is_some_and(|life| life.ended.is_none());
        let seen = seen.get(&key).filter(|_| active);
        let cause = causes.get(&key).filter(|_| active).and_then(|cause| cause.rule());
        let state = match life {
            _ if shelf.is_some() => AlarmState::Shelved,
            _ if cause.is_some() => AlarmState::Suppressed,
            Some(life) => life.state(rule.latching),
            None => AlarmState::Normal,
        };
        let words = match (seen, life) {
            (Some(alarm), _) => alarm.words(site, spec, &snapshot.links),
            (None, Some(life)) => Some(rule.words(*subject, life.worst, site, spec)),
            (None, None) => None,
        };
        Some(AlarmResponse {
            rule: rule.id.to_owned(),
            subject: subject.name(site, spec),
            severity: Word(rule.severity),
            state: Word(state),
            active,
            words: words.unwrap_or_default(),
            advice: rule.advice.to_owned(),
            consequence: index.consequence().to_owned(),
            latching: rule.latching,
            first: life.as_ref().map(|life| life.first),
            since: life.as_ref().map(|life| life.since),
            ended: life.as_ref().and_then(|life| life.ended),
            count: life.as_ref().map_or(0, |life| life.times),
            signal_lost: seen.is_some_and(|alarm| alarm.signal_lost),
            chattering: seen.is_some_and(|alarm| alarm.chattering),
            follows_from: cause.map(|cause| cause.id.to_owned()),
            acknowledged: life.as_ref().and_then(AcknowledgedResponse::of),
            shelved: shelf.as_ref().map(ShelfResponse::of),
        })
    }
}

impl AcknowledgedResponse {
    fn of(life: &Life) -> Option<AcknowledgedResponse> {
        let acknowledged = life.acknowledged.as_ref()?;
        Some(AcknowledgedResponse { by: acknowledged.by.to_string(), at: acknowledged.at })
    }
}

impl ShelfResponse {
    fn of(shelf: &Shelf) -> ShelfResponse {
        ShelfResponse { by: shelf.by.to_string(), at: shelf.at, until: shelf.until, why: shelf.why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::alarm::Acknowledged;
    use domain::link::{LinkIdx, LinkSpec};
    use domain::time::{Mono, Now};
    use domain::topology::Topology;
    use std::time::Duration;

    #[test]
    fn active_ones_come_first_unacknowledged_on_top_and_what_follows_says_from_what() {
        let spec = SystemSpec::new("hv", "Pack", Topology::new(1, 2, 3), 280.0, 832.0);
        let link = LinkSpec { id: "bms".into(), name: "BMS".into(), ..LinkSpec::default() };
        let site = SiteSpec { systems: vec![spec.clone()], links: vec![link], ..SiteSpec::default() };
        let now = Now { utc: Utc(1_000_000_000), mono: Mono::START };
        let rule = |id| RuleIdx::from_id(id).unwrap();
        let record = |id, subject, life| AlarmRecord { rule: rule(id), subject, life, shelf: None };
        let raised = |at| Life::raised(None, Utc(at), 2.7);
        let mara = || Acknowledged { by: "mara".into(), at: Utc(9) };
        let seen = |life: Life| life.acknowledged(mara(), true);
        let over = |life: Life| life.over(Utc(8), 3.3, 2.6, true);
        let shelf = Shelf::new(&"timo".into(), "loose", Duration::from_secs(60), now).unwrap();
        let low = "cell.voltage.low";
        let mut records = vec![
            record("cells.missing", Subject::System, Some(raised(3))),
            record("cell.voltage.high", Subject::Cell(1), over(raised(1))),
            record("bus.sag", Subject::System, over(raised(2))),
            record(low, Subject::Cell(1), seen(raised(1))),
            record("link.silent", Subject::Link(LinkIdx(0)), Some(raised(1))),
            record(low, Subject::Cell(2), Some(raised(5))),
            record(low, Subject::Cell(3), Some(raised(4))),
            AlarmRecord { shelf: Some(shelf), ..record(low, Subject::Cell(4), None) },
        ];
        records[4].life = seen(raised(1)).map(|life| Life { times: 3, ..life });
        // What is explained by what the snapshot says.
        let mut snapshot = Snapshot::unknown(&spec, now.utc);
        let (since, value, worst, standing) = (Utc(1), 5.0, 5.0, Default::default());
        let alarm = |id, subject| {
            let rule = rule(id);
            Alarm { rule, subject, since, value, worst, signal_lost: true, chattering: false, standing }
        };
        snapshot.alarms = vec![alarm("afe.node.lost", Subject::Node(0)), alarm("afe.node.delay", Subject::Node(0))];
        records.push(record("afe.node.delay", Subject::Node(0), Some(raised(6))));
        let told = AlarmsResponse::of(&site, &spec, &records, &snapshot, now.utc).alarms;
        let short = |of: &AlarmResponse| format!("{} {} {} {}", of.state.0.word(), of.rule, of.subject, of.count);
        assert_eq!(
            told.iter().map(short).collect::<Vec<_>>(),
            [
                "active-unacknowledged cell.voltage.low cell 2.1 1",
                "active-unacknowledged cell.voltage.low cell 1.3 1",
                "active-unacknowledged cells.missing system 1",
                "active-acknowledged cell.voltage.low cell 1.2 1",
                "active-acknowledged link.silent link bms 3",
                "cleared-unacknowledged bus.sag system 1",
                "latched cell.voltage.high cell 1.2 1",
                "shelved cell.voltage.low cell 2.2 0",
                "suppressed afe.node.delay node 1 1",
            ]
        );
        assert_eq!(told[8].follows_from.as_deref(), Some("afe.node.lost"));
        assert_eq!((told[8].signal_lost, told[8].active, told[6].active), (true, true, false));
        assert_eq!(told[6].words, "Cell 1.2 at 2600 mV, limit 3650 mV");
        assert_eq!(told[7].shelved.as_ref().map(|shelf| &*shelf.why), Some("loose"));
        assert_eq!((&*told[7].words, told[7].since, told[3].acknowledged.is_some()), ("", None, true));
        // Of the past there is the snapshot alone.
        snapshot.alarms[0].standing.acknowledged = true;
        snapshot.waiting = vec![alarm("bus.sag", Subject::System)];
        let then = AlarmsResponse::then(&site, &spec, &snapshot).alarms;
        assert_eq!(
            then.iter().map(short).collect::<Vec<_>>(),
            [
                "active-acknowledged afe.node.lost node 1 1",
                "cleared-unacknowledged bus.sag system 1",
                "suppressed afe.node.delay node 1 1",
            ]
        );
    }
}
