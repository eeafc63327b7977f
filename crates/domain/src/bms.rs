//! What a battery management system itself reports: kinds of events, each as an alarm or as a warning.
//!
//! The points `battery/bms_alarms` and `battery/bms_warnings` are sets of them: bit `n` is the `n`th of [`EVENTS`].

/// The kinds of events in words, by bit. The order is on disk: new ones go to the end, and there is room for 24, because
/// a point's value is exact up to there.
pub const EVENTS: [&str; 22] = [
    "communication error",
    "temperature too high",
    "temperature too low",
    "charge current too high",
    "discharge current too high",
    "voltage too high",
    "voltage too low",
    "state of charge below its minimum",
    "state of charge above its maximum",
    "voltage imbalance",
    "temperature imbalance",
    "current imbalance",
    "contactor error",
    "fan error",
    "ground fault",
    "door open",
    "an event that has no name",
    "wrong configuration",
    "current too high",
    "insulation fault",
    "precharge failed",
    "short circuit",
];

/// The bit of an event that none of the others names.
pub const ANOTHER: u32 = 16;

/// The events of a point's value, in words.
pub fn words(events: f32) -> Vec<&'static str> {
    let bits = events.max(0.0) as u32;
    EVENTS.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, words)| *words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::PointId;

    #[test]
    fn events_are_told_by_their_bits_and_all_of_them_are_a_value() {
        assert_eq!(words(0.0), Vec::<&str>::new());
        assert_eq!(words((1 << 5 | 1 << 14) as f32), ["voltage too high", "ground fault"]);
        assert_eq!(words((1 << ANOTHER) as f32), ["another event"]);
        let all = (1_u32 << EVENTS.len()) - 1;
        assert_eq!((all as f32) as u32, all);
        for point in [PointId::BmsAlarms, PointId::BmsWarnings] {
            assert!(point.spec().plausible.1 >= all as f32 && point.spec().max_step.is_none());
        }
    }
}
