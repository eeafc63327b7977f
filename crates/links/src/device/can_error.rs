//! CAN error frames: what a controller says about itself and its bus. Pure.
//!
//! They are made by the driver, not by a node: the identifier is a set of classes, the eight data bytes say more about
//! some of them. Bits and places are those of `linux/can/error.h`; cannelloni and candump carry the same.

use crate::can::{CanFrame, FrameKind};
use domain::link::{DecodedValue, LinkFault};

const DATA_BYTES: usize = 8;

const LOST_ARBITRATION: u32 = 0x002;
const CONTROLLER: u32 = 0x004;
const BUS_OFF: u32 = 0x040;
const RESTARTED: u32 = 0x100;
const COUNTERS: u32 = 0x200;

/// Places in the data.
const STATE_AT: usize = 1;
const TX_ERRORS_AT: usize = 6;
const RX_ERRORS_AT: usize = 7;

/// Bits at [`STATE_AT`].
const RX_OVERFLOW: u8 = 0x01;
const WARNING: u8 = 0x04 | 0x08;
const PASSIVE: u8 = 0x10 | 0x20;
const ACTIVE: u8 = 0x40;

/// Every class, with what it is counted as, and in words.
const CLASSES: [(u32, Option<LinkFault>, &str); 10] = [
    (0x001, Some(LinkFault::BusError), "transmit time-out"),
    (LOST_ARBITRATION, Some(LinkFault::ArbitrationLost), "arbitration lost"),
    (CONTROLLER, None, "controller"),
    (0x008, Some(LinkFault::BusError), "protocol violation"),
    (0x010, Some(LinkFault::BusError), "transceiver"),
    (0x020, Some(LinkFault::BusError), "no acknowledgement"),
    (BUS_OFF, Some(LinkFault::BusOff), "bus-off"),
    (0x080, Some(LinkFault::BusError), "bus error"),
    (RESTARTED, None, "restarted"),
    (COUNTERS, None, "error counters"),
];

/// The state of a CAN controller by its error counters, as ISO 11898-1 has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Controller {
    /// Error-active: both counters below 96.
    #[default]
    Active,
    /// A counter has reached 96.
    Warning,
    /// Error-passive: a counter has reached 128. It still receives, but can no longer object to a broken frame.
    Passive,
    /// More than 255 transmit errors: it has left the bus and receives nothing until it restarts.
    BusOff,
}

impl Controller {
    /// The state in words.
    pub fn label(self) -> &'static str {
        match self {
            Controller::Active => "error-active",
            Controller::Warning => "error-warning",
            Controller::Passive => "error-passive",
            Controller::BusOff => "bus-off",
        }
    }
}

/// What an error frame says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorReport {
    classes: u32,
    /// The state that the controller is in now, if the frame tells.
    pub controller: Option<Controller>,
    /// Whether the controller has come back from bus-off.
    pub restarted: bool,
    /// Whether the controller's receive buffer was full: at least one frame is lost.
    pub overflow: bool,
    /// Transmit and receive error counters, if the frame has them.
    pub counters: Option<(u8, u8)>,
}

impl ErrorReport {
    /// Reads an error frame. One without data tells its classes only: some programs log them so.
    ///
    /// # Errors
    /// [`LinkFault::WrongLength`] if it has neither eight bytes nor none, [`LinkFault::UnknownId`] if no class of it is known or it
    /// is no error frame at all.
    pub fn parse(frame: &CanFrame<'_>) -> Result<ErrorReport, LinkFault> {
        let classes = frame.id.raw() & CLASSES.iter().map(|class| class.0).fold(0, |all, bit| all | bit);
        if frame.kind != FrameKind::Error || classes == 0 {
            return Err(LinkFault::UnknownId);
        }
        let data: &[u8; DATA_BYTES] = match frame.data {
            [] => &[0; DATA_BYTES],
            data => data.try_into().map_err(|_| LinkFault::WrongLength)?,
        };
        let has = |class: u32| classes & class != 0;
        let state = if has(CONTROLLER) { data[STATE_AT] } else { 0 };
        let restarted = has(RESTARTED);
        let controller = match () {
            () if has(BUS_OFF) => Some(Controller::BusOff),
            () if state & PASSIVE != 0 => Some(Controller::Passive),
            () if state & WARNING != 0 => Some(Controller::Warning),
            () if restarted || state & ACTIVE != 0 => Some(Controller::Active),
            () => None,
        };
        let counters = (data[TX_ERRORS_AT], data[RX_ERRORS_AT]);
        // Drivers of kernels before 6.0 fill the counters in without saying so.
        let told = has(COUNTERS) || (has(CONTROLLER) && counters != (0, 0));
        let overflow = state & RX_OVERFLOW != 0;
        Ok(ErrorReport { classes, controller, restarted, overflow, counters: told.then_some(counters) })
    }

    /// What it is counted as; each kind once.
    pub fn faults(&self) -> impl Iterator<Item = LinkFault> {
        let classes = self.classes;
        let seen = CLASSES.iter().filter(move |class| classes & class.0 != 0).filter_map(|class| class.1);
        let bus_error = seen.clone().any(|fault| fault == LinkFault::BusError).then_some(LinkFault::BusError);
        let state = match self.controller {
            Some(Controller::Warning) => Some(LinkFault::BusWarning),
            Some(Controller::Passive) => Some(LinkFault::ErrorPassive),
            _ => None,
        };
        let lost = self.overflow.then_some(LinkFault::Lost);
        seen.filter(|fault| *fault != LinkFault::BusError).chain(bus_error).chain(state).chain(lost)
    }

    /// Its classes in words, for people.
    pub fn causes(&self) -> String {
        let words: Vec<&str> =
            CLASSES.iter().filter(|class| self.classes & class.0 != 0).map(|class| class.2).collect();
        words.join(", ")
    }
}

/// Something that changes what the link can deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusEvent {
    /// The controller has left the bus.
    Off,
    /// It is back: what comes now belongs to a new life of the bus.
    Restarted,
}

/// Follows a controller through its error frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ControllerWatch {
    /// Its state.
    pub state: Controller,
    /// Its last transmit and receive error counters, if they were ever told.
    pub counters: Option<(u8, u8)>,
}

impl ControllerWatch {
    /// Takes what an error frame says.
    pub fn report(&mut self, report: &ErrorReport) -> Option<BusEvent> {
        let was_off = self.state == Controller::BusOff;
        self.state = report.controller.unwrap_or(self.state);
        self.counters = report.counters.or(self.counters);
        match (was_off, self.state == Controller::BusOff) {
            (false, true) => Some(BusEvent::Off),
            (true, false) => Some(BusEvent::Restarted),
            // A restart whose bus-off was missed.
            (false, false) if report.restarted => Some(BusEvent::Restarted),
            _ => None,
        }
    }

    /// Takes note of a message: who receives one is on the bus, whether a restart was told or not.
    pub fn message(&mut self) -> Option<BusEvent> {
        let was_off = self.state == Controller::BusOff;
        was_off.then(|| {
            *self = ControllerWatch::default();
            BusEvent::Restarted
        })
    }

    /// State and counters in words: `error-passive (128 transmit errors, 0 receive errors)`.
    pub fn label(&self) -> String {
        match self.counters {
            Some((tx, rx)) => format!("{} ({tx} transmit errors, {rx} receive errors)", self.state.label()),
            None => self.state.label().to_owned(),
        }
    }

    /// State, counters and the causes that `last` names, as the decoded values of an error frame.
    pub fn decoded(&self, last: &ErrorReport) -> Vec<DecodedValue> {
        let value = |name: &str, text: String| DecodedValue { name: name.to_owned(), text };
        let counter = |count: Option<u8>| count.map_or_else(|| "not told".to_owned(), |count| count.to_string());
        vec![
            value("Controller", self.state.label().to_owned()),
            value("TransmitErrors", counter(self.counters.map(|(tx, _)| tx))),
            value("ReceiveErrors", counter(self.counters.map(|(_, rx)| rx))),
            value("Causes", last.causes()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::can::OwnedFrame;
    use proptest::prelude::*;

    fn report(classes: u32, data: [u8; 8]) -> ErrorReport {
        let frame = OwnedFrame::from_linux(0x2000_0000 | classes, false, &data).unwrap();
        ErrorReport::parse(&frame.frame()).unwrap()
    }

    #[test]
    fn error_frames_say_state_counters_and_faults() {
        use LinkFault::{ArbitrationLost, BusError, BusOff, BusWarning, ErrorPassive, Lost};
        for (classes, data, controller, counters, faults) in [
            (0x040, [0; 8], Some(Controller::BusOff), None, vec![BusOff]),
            (0x204, [0, 0x10, 0, 0, 0, 0, 0, 130], Some(Controller::Passive), Some((0, 130)), vec![ErrorPassive]),
            // Both directions reach the limit at once; the driver fills the counters in without their class.
            (0x004, [0, 0x0C, 0, 0, 0, 0, 96, 97], Some(Controller::Warning), Some((96, 97)), vec![BusWarning]),
            (0x204, [0, 0x40, 0, 0, 0, 0, 0, 0], Some(Controller::Active), Some((0, 0)), vec![]),
            (0x004, [0, 0x01, 0, 0, 0, 0, 0, 0], None, None, vec![Lost]),
            (0x002, [11, 0, 0, 0, 0, 0, 0, 0], None, None, vec![ArbitrationLost]),
            (0x0A8, [0, 0, 0x80, 0x19, 0, 0, 0, 0], None, None, vec![BusError]),
            (0x100, [0; 8], Some(Controller::Active), None, vec![]),
            (0x200, [0, 0, 0, 0, 0, 0, 3, 4], None, Some((3, 4)), vec![]),
        ] {
            let report = report(classes, data);
            assert_eq!((report.controller, report.counters), (controller, counters), "{classes:#x}");
            assert_eq!(report.faults().collect::<Vec<_>>(), faults, "{classes:#x}");
        }
        let bare = OwnedFrame::from_linux(0x2000_0080, false, &[]).unwrap();
        assert_eq!(ErrorReport::parse(&bare.frame()), Ok(report(0x080, [0; 8])));
        assert_eq!(report(0x0A8, [0; 8]).causes(), "protocol violation, no acknowledgement, bus error");
    }

    #[test]
    fn what_is_no_error_frame_is_refused() {
        for (word, data, fault) in [
            (0x2000_0000, &[0; 8][..], LinkFault::UnknownId),
            (0x2000_0400, &[0; 8], LinkFault::UnknownId),
            (0x2000_0040, &[0; 7], LinkFault::WrongLength),
            (0x0000_0040, &[0; 8], LinkFault::UnknownId),
        ] {
            let frame = OwnedFrame::from_linux(word, false, data).unwrap();
            assert_eq!(ErrorReport::parse(&frame.frame()), Err(fault), "{word:#x}");
        }
    }

    #[test]
    fn a_controller_goes_off_and_comes_back() {
        let mut watch = ControllerWatch::default();
        let passive = report(0x204, [0, 0x20, 0, 0, 0, 0, 200, 0]);
        let (off, back) = (report(0x040, [0; 8]), report(0x100, [0; 8]));
        assert_eq!((watch.report(&passive), watch.state), (None, Controller::Passive));
        assert_eq!(watch.label(), "error-passive (200 transmit errors, 0 receive errors)");
        assert_eq!((watch.report(&off), watch.report(&off)), (Some(BusEvent::Off), None));
        assert_eq!((watch.report(&back), watch.state), (Some(BusEvent::Restarted), Controller::Active));
        // A restart that nobody told is noticed by the first message, one whose bus-off was missed by itself.
        watch.report(&off);
        assert_eq!((watch.message(), watch.message()), (Some(BusEvent::Restarted), None));
        assert_eq!(watch.report(&back), Some(BusEvent::Restarted));
        let texts: Vec<String> = watch.decoded(&passive).into_iter().map(|v| v.text).collect();
        assert_eq!(texts, ["error-active", "not told", "not told", "controller, error counters"]);
    }

    proptest! {
        #[test]
        fn no_frame_makes_it_panic(word in any::<u32>(), data in prop::collection::vec(any::<u8>(), 0..=8)) {
            let mut watch = ControllerWatch::default();
            if let Some(frame) = OwnedFrame::from_linux(word | 0x2000_0000, false, &data)
                && let Ok(report) = ErrorReport::parse(&frame.frame())
            {
                let event = watch.report(&report);
                prop_assert_eq!(event == Some(BusEvent::Off), watch.state == Controller::BusOff);
                prop_assert!(report.faults().count() <= 5 && !report.causes().is_empty());
            }
        }
    }
}
