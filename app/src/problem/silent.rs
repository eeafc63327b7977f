//! What a silent link takes with it, in words: values that stand still, and limits that nothing is held against. Pure.

use crate::format::{self, THIN};
use domain::alarm::{Alarm, Subject};
use domain::cause::came_over;
use domain::link::LinkIdx;
use domain::point::{PointId, Unit, WatchedPoint};
use domain::reading::NoData;
use domain::spec::{SiteSpec, SystemSpec};
use domain::twin::Snapshot;

/// So many values are named that a silent link no longer brings.
const NAMED: usize = 3;

/// A value's name within a sentence: `state of charge`, `grid power`.
fn value_name(point: PointId) -> String {
    let name = point.spec().name;
    // Abbreviations keep their capitals.
    let second_is_lower = name.chars().nth(1).is_some_and(|c| c.is_ascii_lowercase());
    let name = if second_is_lower { name.to_ascii_lowercase() } else { name.to_owned() };
    let says_power = point.spec().unit != Unit::Watt || name.contains("power") || name.contains("limit");
    if says_power { name } else { format!("{name} power") }
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
