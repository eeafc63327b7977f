//! Alarms and what is kept of them: what a cycle changed becomes events of history, what was kept is handed to the twin again
//! after a restart (`restore.rs`), and what people do about alarms goes to the engine and back (`orders.rs`).

mod orders;
mod restore;

pub(crate) use orders::AlarmOrders;
pub(crate) use restore::restore;

use domain::alarm::AlarmChange;
use domain::engine::AlarmEvent;
use store::{Event, EventKind, Second};

/// So many changes of one cycle are told to the log one by one.
const LOGGED: usize = 20;

/// The alarms that a cycle of a system raised and cleared, told to the log and for the store.
pub(crate) fn second(system: &str, happened: &[AlarmEvent]) -> Second {
    for AlarmEvent { change, rule, words, .. } in happened.iter().take(LOGGED) {
        tracing::info!(system, rule, "alarm {}: {words}", kind(change).word());
    }
    if let Some(more @ 1..) = happened.len().checked_sub(LOGGED) {
        tracing::info!(system, "and {more} more alarms in the same cycle");
    }
    let events = happened.iter().map(|event| Event {
        at_ms: event.at.utc.0.div_euclid(1_000),
        kind: kind(&event.change),
        rule: event.rule.to_owned(),
        subject: event.subject.clone(),
        severity: event.change.alarm().severity(),
        value: Some(event.change.alarm().value),
        words: event.words.clone(),
    });
    let utc_s = happened.first().map_or(0, |event| event.at.utc.0.div_euclid(1_000_000));
    Second { system: system.to_owned(), utc_s, events: events.collect(), ..Second::default() }
}

fn kind(change: &AlarmChange) -> EventKind {
    match change {
        AlarmChange::Raised(_) => EventKind::Raised,
        AlarmChange::Cleared(_) => EventKind::Cleared,
    }
}
