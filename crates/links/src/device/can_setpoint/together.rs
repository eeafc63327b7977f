//! Setpoints of one message: each frame carries the values of all, so none may undo another. Pure.
//!
//! What a frame says of another setpoint's signal: the value that was sent last, while it holds; else, for one without a
//! lease, what its feedback says; else, for one with a lease, what `with` gives it, for then nothing is held.

use super::CanSetpoint;
use crate::device::dbc::Presence;
use crate::device::setpoint::{Complaint, SetpointEntry};

/// What would undo another setpoint of the message, if anything; `setpoints` are those of the `entries`, in their order.
pub fn undone(entries: &[SetpointEntry], setpoints: &[CanSetpoint]) -> Option<Complaint> {
    let pairs = entries.iter().zip(setpoints).flat_map(|(entry, one)| {
        let of_message = |other: &&CanSetpoint| other.id() == one.id() && other.signal() != one.signal();
        setpoints.iter().filter(of_message).map(move |other| (entry, one, other))
    });
    pairs.filter_map(|(entry, one, other)| Some((entry.with.as_ref()?.span(), words(one, other)?))).next()
}

fn words(one: &CanSetpoint, other: &CanSetpoint) -> Option<String> {
    let (name, of, signal) = (&one.setpoint.name, &other.setpoint.name, other.signal());
    if let Some(value) = one.given(signal).filter(|_| other.every.is_none() && !other.has_feedback()) {
        return Some(format!(
            "`with` has {signal} = {value}, but `{of}` sets it: a frame of `{name}` would undo what the device has. Give \
             `{of}` a `feedback`, by which its value is kept, or `lease_s` and `every_ms`: then {value} is sent while \
             nothing is held"
        ));
    }
    let both_hold = one.every.is_some() && other.every.is_some();
    let differs = |(known, value): &&(String, f64)| {
        both_hold && !one.is_switch(known) && other.given(known).is_some_and(|other| other != *value)
    };
    let (known, value) = one.with.iter().find(differs)?;
    let others = other.given(known)?;
    Some(format!(
        "`with` has {known} = {value} here and {known} = {others} in `{of}`: while both are held, the frames of one message \
         would contradict one another; write the same"
    ))
}

impl CanSetpoint {
    /// Whether other signals of the message are there by the value of this one.
    fn is_switch(&self, name: &str) -> bool {
        let signals = &self.message.signals;
        let switches =
            |present: &Presence| matches!(present, Presence::When { switch, .. } if signals[*switch].name == name);
        signals.iter().any(|signal| switches(&signal.present))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::dbc::Database;

    const FILE: &str = "\
BO_ 256 Limits: 8 A
 SG_ Discharge : 0|16@1+ (0.1,0) [0|250] \"kW\" A
 SG_ Charge : 16|16@1+ (0.1,0) [0|250] \"kW\" A
 SG_ Mode : 32|4@1+ (1,0) [0|3] \"\" A
BO_ 257 Status: 8 A
 SG_ ActiveCharge : 0|16@1+ (0.1,0) [0|0] \"kW\" A
 SG_ ActiveDischarge : 16|16@1+ (0.1,0) [0|0] \"kW\" A
";

    #[test]
    fn no_setpoint_of_a_message_undoes_another() {
        let (held, said) = ("every_ms = 100\nlease_s = 10\n", "feedback = \"Status.ActiveCharge\"\n");
        for (discharge, charge, mode, says) in [
            (held, held, 1, ""),
            (held, said, 1, ""),
            ("feedback = \"Status.ActiveDischarge\"\n", said, 1, ""),
            ("feedback = \"Status.ActiveDischarge\"\n", said, 2, ""),
            ("", "", 1, "`with` has Charge = 50, but `charge` sets it: a frame of `discharge` would undo"),
            (held, "", 1, "`with` has Charge = 50, but `charge` sets it"),
            ("", held, 1, "`with` has Discharge = 5, but `discharge` sets it"),
            (held, held, 2, "`with` has Mode = 1 here and Mode = 2 in `charge`"),
        ] {
            let entry = |name: &str, signal: &str, with: &str, more: &str| -> SetpointEntry {
                let text = format!(
                    "name = \"{name}\"\nsets = \"Limits.{signal}\"\nmin = 0\nmax = 200\nstep = 5\nwear = \"volatile\"\n\
                     with = {{ {with} }}\n{more}"
                );
                toml::from_str(&text).unwrap()
            };
            let entries = [
                entry("discharge", "Discharge", "Charge = 50, Mode = 1", discharge),
                entry("charge", "Charge", &format!("Discharge = 5, Mode = {mode}"), charge),
            ];
            let database = Database::parse(FILE.as_bytes()).unwrap();
            let setpoints: Vec<_> = entries.iter().map(|entry| CanSetpoint::new(entry, &database).unwrap()).collect();
            let told = undone(&entries, &setpoints).map_or(String::new(), |(_, words)| words);
            assert!(if says.is_empty() { told.is_empty() } else { told.starts_with(says) }, "{says}: {told}");
            assert_eq!(undone(&entries[..1], &setpoints[..1]), None);
        }
    }
}
