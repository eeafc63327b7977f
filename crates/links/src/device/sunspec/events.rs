//! Events of models 802 and 803: bits that the battery sets, as those of [`domain::bms`]. Pure.

use super::layout::Model;
use super::models::{BANK, BATTERY};
use crate::device::poll::Events;

/// Offset of the events in model 802, and of those of a string in its group of model 803: 32 bits each.
const BATTERY_AT: usize = 26;
const STRING_AT: usize = 20;
/// Fixed part and group of model 803.
const BANK_FIXED: usize = 28;
const BANK_GROUP: usize = 32;
/// "Not implemented".
const NOTHING: u32 = u32::MAX;

/// Which bit of a model is which event; whether it is an alarm.
#[rustfmt::skip]
const BITS: [(u32, u32, bool); 29] = [
    (0, 0, true),
    (1, 1, true), (2, 1, false), (3, 2, true), (4, 2, false), (5, 3, true), (6, 3, false), (7, 4, true), (8, 4, false),
    (9, 5, true), (10, 5, false), (11, 6, true), (12, 6, false), (13, 7, true), (14, 7, false), (15, 8, true),
    (16, 8, false), (17, 9, false), (18, 10, true), (19, 10, false), (20, 12, true), (21, 13, true), (22, 14, true),
    (23, 15, true), (24, 11, false), (25, 16, true), (26, 16, false), (28, 17, true), (29, 17, false),
];

/// The events of 32 bits of a model.
fn of(bits: u32) -> Events {
    let mut events = Events::default();
    for (_, event, alarm) in BITS.iter().filter(|(bit, ..)| bits >> bit & 1 == 1) {
        let set = if *alarm { &mut events.alarms } else { &mut events.warnings };
        *set |= 1 << event;
    }
    events
}

/// What the words of a model say of events; `None` if it has none, or does not say.
pub(super) fn of_model(model: &Model, words: &[u16]) -> Option<Events> {
    let bits = |at: usize| {
        let [high, low] = words.get(at..at + 2)? else { return None };
        Some(u32::from(*high) << 16 | u32::from(*low)).filter(|bits| *bits != NOTHING)
    };
    match model.id {
        BATTERY => bits(BATTERY_AT).map(of),
        BANK => {
            let strings =
                (0..model.groups() as usize).filter_map(|string| bits(BANK_FIXED + string * BANK_GROUP + STRING_AT));
            strings.map(of).reduce(Events::and)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::bms::EVENTS;

    #[test]
    fn bits_of_the_battery_and_of_its_strings_are_alarms_and_warnings() {
        let battery = Model { id: BATTERY, address: 0, length: 62 };
        let mut words = vec![0; 64];
        assert_eq!(of_model(&battery, &words), Some(Events::default()));
        // Over-voltage alarm (9), under-temperature warning (4), ground fault (22).
        (words[26], words[27]) = (1 << 6, 1 << 9 | 1 << 4);
        let events = of_model(&battery, &words).unwrap();
        assert_eq!(events.label(), "voltage too high (alarm), ground fault (alarm), temperature too low (warning)");
        (words[26], words[27]) = (0xFFFF, 0xFFFF);
        assert_eq!(of_model(&battery, &words), None, "not implemented");

        let bank = Model { id: BANK, address: 0, length: 26 + 2 * 32 };
        let mut words = vec![0; 28 + 2 * 32];
        words[28 + 32 + 21] = 1 << 1;
        assert_eq!(of_model(&bank, &words), Some(Events { alarms: 1 << 1, warnings: 0 }));
        assert_eq!(of_model(&Model { id: 804, ..bank }, &words), None);
    }

    #[test]
    fn every_event_has_its_bit_once() {
        for alarm in [true, false] {
            let mut events: Vec<u32> =
                BITS.iter().filter(|(.., is)| *is == alarm).map(|(_, event, _)| *event).collect();
            let all = events.len();
            events.sort_unstable();
            events.dedup();
            assert_eq!(events.len(), all);
            assert!(events.iter().all(|event| (*event as usize) < EVENTS.len()));
        }
    }
}
