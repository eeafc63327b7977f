//! What is in a DBC file, for people: its messages and signals in words, and a map of it ready to paste.
//!
//! Pure text out of a [`Database`]; nothing here runs while a link does.

mod arrays;
mod names;
mod propose;

pub use propose::{propose, propose_site};

use crate::device::dbc::{Database, Message, Presence, Signal};
use arrays::arrays;
use std::fmt::Write as _;

/// Signals of one kind from this number on are one line.
const MANY: usize = 4;

/// Every message with its signals, units, ranges and words, one line each; numbered signals share a line.
pub fn describe(database: &Database) -> String {
    let signals: usize = database.messages.iter().map(|message| message.signals.len()).sum();
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let mut text = format!("{}, {}\n", many(database.messages.len(), "message"), many(signals, "signal"));
    for warning in database.warnings() {
        let _ = writeln!(text, "  {warning}");
    }
    for message in &database.messages {
        let variants = match message.variants().len() {
            1 => String::new(),
            count => format!(", {count} variants"),
        };
        let _ = writeln!(text, "\n{} {}, {} bytes{variants}", message.id, message.name, message.size);
        for row in rows(message) {
            let _ = writeln!(text, "  {row}");
        }
    }
    text
}

/// The lines of a message: numbered signals together at the place of the first.
fn rows(message: &Message) -> Vec<String> {
    let groups: Vec<_> = arrays([message]).into_iter().filter(|array| array.members.len() >= MANY).collect();
    let mut rows = Vec::new();
    for (index, signal) in message.signals.iter().enumerate() {
        match groups.iter().find(|array| array.members.iter().any(|member| member.signal == index)) {
            None => rows.push(format!("{}{}", signal.name, details(message, signal))),
            Some(array) if array.members[0].signal == index => {
                let last = array.members.last().map_or(index, |member| member.signal);
                let last = &message.signals[last].name;
                let count = array.members.len();
                rows.push(format!("{} to {last} ({count}){}", signal.name, values(signal)));
            }
            Some(_) => {}
        }
    }
    rows
}

/// Unit, range, words, and when a frame carries it.
fn details(message: &Message, signal: &Signal) -> String {
    let mut text = values(signal);
    if let Presence::When { switch, values } = &signal.present {
        let ranges = values.iter().map(|range| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}-{}", range.start(), range.end()),
        });
        let _ = write!(text, ", when {} is {}", message.signals[*switch].name, ranges.collect::<Vec<_>>().join(", "));
    }
    text
}

fn values(signal: &Signal) -> String {
    let mut text = String::new();
    if !signal.unit.is_empty() {
        let _ = write!(text, ", {}", signal.unit);
    }
    if let Some((low, high)) = signal.range {
        let _ = write!(text, ", {low} to {high}");
    }
    if !signal.words.is_empty() {
        let words = signal.words.iter().take(MANY).map(|(value, word)| format!("{value} {word}"));
        let more = if signal.words.len() > MANY { ", ..." } else { "" };
        let _ = write!(text, ": {}{more}", words.collect::<Vec<_>>().join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_listed_with_units_ranges_words_and_switches() {
        let dbc = include_bytes!("../../../dbc/packtwin_hv.dbc");
        let text = describe(&Database::parse(dbc).unwrap());
        for line in [
            "0x250 CellVoltages, 8 bytes, 65 variants",
            "  CellVoltage_000 to CellVoltage_259 (260), mV, 0 to 8191",
            "  BatteryVoltage, V, -1638.4 to 1638.3",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} in {text}");
        }
        let dbc = include_bytes!("../../../dbc/pylontech_hv.dbc");
        let text = describe(&Database::parse(dbc).unwrap());
        assert!(text.contains("  Status, 0 to 7: 0 sleep, 1 charge, 2 discharge, 3 idle\n"), "{text}");
    }
}
