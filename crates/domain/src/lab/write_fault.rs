//! What a simulated controller does wrong when somebody sets something. Without any of these it obeys.

use crate::wire::Wire;

/// A fault of how a controller takes writes, the same over Modbus, SunSpec and CAN. Where nobody answers a write (CAN),
/// it is not heard instead of refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Wire)]
#[repr(u8)]
pub enum WriteFault {
    /// Every write is refused.
    Refused = 0,
    /// Writes are confirmed, and nothing changes.
    Ignored = 1,
    /// Values are said to be one step beside what they are.
    OneStepOff = 2,
    /// Values above a narrower range than the device declares become the highest of that range.
    Clamped = 3,
    /// The connection ends on a write, which is not carried out.
    Dropped = 4,
    /// Writes are carried out and never answered.
    Unanswered = 5,
    /// What was written is forgotten after 5 s, renewed or not.
    Forgotten = 6,
    /// Somebody at the device has switched to local control: it is read, and takes no writes.
    LocalControl = 7,
}

impl WriteFault {
    /// Every fault with its name in forms and addresses and its name for people, in wire order.
    pub const ALL: [(WriteFault, &'static str, &'static str); 8] = [
        (WriteFault::Refused, "writes-refused", "controller refuses writes"),
        (WriteFault::Ignored, "writes-ignored", "controller confirms writes and ignores them"),
        (WriteFault::OneStepOff, "values-one-step-off", "controller says its set values one step off"),
        (WriteFault::Clamped, "writes-clamped", "controller keeps to a narrower range"),
        (WriteFault::Dropped, "writes-dropped", "controller hangs up on a write"),
        (WriteFault::Unanswered, "writes-unanswered", "controller carries writes out and does not answer"),
        (WriteFault::Forgotten, "writes-forgotten", "controller forgets what was written after 5 s"),
        (WriteFault::LocalControl, "local-control", "controller switched to local control"),
    ];

    /// Its name in forms and addresses.
    pub fn id(self) -> &'static str {
        WriteFault::ALL[self as usize].1
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        WriteFault::ALL[self as usize].2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_place_and_its_number() {
        for (place, (fault, id, name)) in WriteFault::ALL.into_iter().enumerate() {
            assert_eq!((fault as usize, fault.id(), fault.name()), (place, id, name));
            assert_eq!(fault.to_bytes()[1..], [place as u8], "{id}");
        }
    }
}
