//! The lab's forms: their fields, how a command is written as fields, and where an error belongs.
//!
//! The forms work as they are, posted by the browser; [`LabCommand::from_fields`] reads them on the server. When the page
//! is alive the same function checks them before they are sent, so both sides refuse with the same words.

use crate::format::{MINUS, THIN};
use domain::decimal::fixed;
use domain::lab::{LabCommand, LabError, LoadMode};
use domain::topology::Topology;

/// The form field that an error is about.
pub fn field_of(error: &LabError) -> &'static str {
    match error {
        LabError::Missing(field) | LabError::Invalid { field, .. } => field,
    }
}

/// The error for the person who typed: what is asked for, not the field's technical name.
pub fn advice(error: &LabError) -> String {
    match error {
        LabError::Missing(_) => "Give a value".to_owned(),
        LabError::Invalid { got, wanted, .. } if got.is_empty() => format!("Give {}", minus(wanted)),
        LabError::Invalid { got, wanted, .. } => format!("“{got}” is not {}", minus(wanted)),
    }
}

/// Negative numbers with the sign of typography; hyphens within words stay.
pub fn minus(words: &str) -> String {
    words
        .split(' ')
        .map(|word| word.strip_prefix('-').map_or(word.to_owned(), |rest| format!("{MINUS}{rest}")))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What was done, in words, for the line under the form.
pub fn answer(command: LabCommand, topology: &Topology) -> String {
    match command {
        LabCommand::Load(LoadMode::Auto) => "The load runs by itself".to_owned(),
        LabCommand::Load(LoadMode::Fixed(power_w)) => format!("The load is held at {}", kilowatts(power_w)),
        LabCommand::Burst { power_w, seconds } => {
            format!("A burst of {} runs for {} s", kilowatts(power_w), trim(seconds))
        }
        LabCommand::Ambient(celsius) => {
            format!("The ambient temperature is {}{THIN}°C", minus(&trim(celsius)))
        }
        LabCommand::Inject(fault) => format!("Injected: {}", fault.words(topology)),
        LabCommand::Clear(fault) => format!("Cleared: {}", fault.words(topology)),
        LabCommand::ClearAll => "All faults are cleared".to_owned(),
    }
}

/// A power for a sentence: `180 kW`, with as many decimals as were set.
pub fn kilowatts(power_w: f32) -> String {
    format!("{}{THIN}kW", trim(power_w / 1e3))
}

/// A number with at most one decimal, and none if it is whole.
pub fn trim(value: f32) -> String {
    fixed(value.into(), 1).trimmed().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::lab::{LabFault, PackFault, SimDevice};
    use domain::spec::SystemKind;

    const KIND: SystemKind = SystemKind::DataCentre;
    const RACKS: Topology = Topology::new(20, 10, 32);

    fn read(fields: &[(&str, String)]) -> Result<LabCommand, LabError> {
        LabCommand::from_fields(|name| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.as_str()), &RACKS, KIND)
    }

    #[test]
    fn the_fields_of_every_fault_are_read_back() {
        for fault in [
            LabFault::WeakCell(6_399),
            LabFault::HotCell(0),
            LabFault::DeadNode(199),
            LabFault::SilentLink(SimDevice::LoadMeter),
            LabFault::HighCell(1),
            LabFault::LowCell(2),
            LabFault::FrozenCell(3),
            LabFault::SlowNode(4),
            LabFault::Pack(PackFault::LooseBusbar),
        ] {
            let mut fields = fault.fields(&RACKS);
            fields.push(("action", "clear".to_owned()));
            assert_eq!(read(&fields), Ok(LabCommand::Clear(fault)));
        }
    }

    #[test]
    fn an_error_says_what_is_asked_for_beside_its_field() {
        for (kw, expected) in
            [("", "Give a number from 0 to 400 kW"), ("-900", "“-900” is not a number from 0 to 400 kW")]
        {
            let error = read(&[("action", "load".to_owned()), ("kw", kw.to_owned())]).unwrap_err();
            assert_eq!((field_of(&error), advice(&error).as_str()), ("kw", expected));
        }
    }

    #[test]
    fn answers_are_sentences() {
        for (command, words) in [
            (LabCommand::Load(LoadMode::Fixed(180_500.0)), "The load is held at 180.5\u{202f}kW"),
            (LabCommand::Burst { power_w: 240e3, seconds: 30.0 }, "A burst of 240\u{202f}kW runs for 30 s"),
            (LabCommand::Ambient(-5.0), "The ambient temperature is \u{2212}5\u{202f}°C"),
            (LabCommand::Inject(LabFault::HotCell(131)), "Injected: hot cell R1 5.4"),
        ] {
            assert_eq!(answer(command, &RACKS), words);
        }
    }
}
