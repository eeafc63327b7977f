//! What a BMS reports of itself as bits: one neutral set for SunSpec's `Evt1`, CAN state words and Modbus alarm registers.
//!
//! A bit of [`PointId::BmsAlarms`](crate::point::PointId::BmsAlarms) is an event that the device calls an alarm or error,
//! the same bit of [`PointId::BmsWarnings`](crate::point::PointId::BmsWarnings) one that it calls a warning. A float holds
//! 24 bits exactly; new events go to the end.

/// What can be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BmsEvent {
    /// It does not reach a part of itself.
    Communication = 0,
    /// Too warm.
    OverTemperature = 1,
    /// Too cold.
    UnderTemperature = 2,
    /// Too much charge current.
    ChargeOverCurrent = 3,
    /// Too much discharge current.
    DischargeOverCurrent = 4,
    /// A cell or the pack is over voltage.
    OverVoltage = 5,
    /// A cell or the pack is under voltage.
    UnderVoltage = 6,
    /// Too little charge.
    SocLow = 7,
    /// Too much charge.
    SocHigh = 8,
    /// Cell voltages are too far apart.
    VoltageImbalance = 9,
    /// Cell temperatures are too far apart.
    TemperatureImbalance = 10,
    /// Currents of strings are too far apart.
    CurrentImbalance = 11,
    /// A contactor does not do what it was told.
    Contactor = 12,
    /// A fan.
    Fan = 13,
    /// Insulation to earth.
    GroundFault = 14,
    /// A door is open.
    Door = 15,
    /// The high-voltage interlock is open.
    Interlock = 16,
    /// A fuse or a short circuit.
    ShortCircuit = 17,
    /// Settings that do not fit together.
    Configuration = 18,
    /// A fault within the BMS.
    Internal = 19,
    /// Anything else.
    Other = 20,
}

/// Every event by its bit, with its words.
const WORDS: [&str; 21] = [
    "communication lost",
    "over temperature",
    "under temperature",
    "charge over-current",
    "discharge over-current",
    "over voltage",
    "under voltage",
    "state of charge low",
    "state of charge high",
    "voltage imbalance",
    "temperature imbalance",
    "current imbalance",
    "contactor fault",
    "fan fault",
    "ground fault",
    "door open",
    "interlock open",
    "fuse or short circuit",
    "configuration fault",
    "internal fault",
    "other, see its display",
];

impl BmsEvent {
    /// The event's bit.
    pub const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The events of a bit field in words: `over voltage, ground fault`. Empty for none.
pub fn words(bits: f32) -> String {
    let bits = bits as u32;
    let set = WORDS.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
    set.map(|(_, words)| *words).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_events_in_words() {
        for (bits, expected) in [
            (0, ""),
            (BmsEvent::Communication.bit(), "communication lost"),
            (BmsEvent::OverVoltage.bit() | BmsEvent::GroundFault.bit(), "over voltage, ground fault"),
            (BmsEvent::Other.bit(), "other, see its display"),
            (1 << 23, ""),
        ] {
            assert_eq!(words(bits as f32), expected, "{bits:#x}");
        }
        assert_eq!(WORDS.len(), BmsEvent::Other as usize + 1);
    }
}
