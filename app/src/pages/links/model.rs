//! What the page says about a link: pure, so that the server, the browser and the tests agree.

use crate::format::{duration, fixed, quoted, sentence};
use crate::order;
use domain::link::{LinkFault, LinkSpec, LinkState, LinkStatus};
use domain::time::Mono;

/// How a link does, for the eye: each has its own shape beside its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Readings arrive.
    Good,
    /// Nothing is wrong, nothing arrives.
    Waiting,
    /// It should deliver and does not.
    Bad,
}

/// What is said of a link while the server cannot be reached.
pub const NOT_KNOWN: &str = "Not known: no connection to the server";

/// How the link does at `now`. A link that says "up" but whose last reading is too old does not deliver, and neither does
/// one from which nothing came for as long.
pub fn health(spec: &LinkSpec, status: &LinkStatus, now: Mono) -> Health {
    match status.state {
        LinkState::Up if is_stale(spec, status, now) => Health::Bad,
        LinkState::Up => Health::Good,
        LinkState::Connecting if waits_long(spec, status, now) => Health::Bad,
        LinkState::Idle | LinkState::Connecting | LinkState::Ended => Health::Waiting,
        LinkState::Silent | LinkState::Down | LinkState::WrongDevice => Health::Bad,
    }
}

/// Whether the link's last reading is older than it should be; a link that never delivered is not stale but new.
pub fn is_stale(spec: &LinkSpec, status: &LinkStatus, now: Mono) -> bool {
    status.last_at.is_some_and(|at| now.since(at) > spec.silent_after)
}

/// Whether a link that never delivered should have by now: then it is an alarm too.
fn waits_long(spec: &LinkSpec, status: &LinkStatus, now: Mono) -> bool {
    status.last_at.is_none() && now.since(Mono::START) > spec.silent_after
}

/// The state in a word.
pub fn word(spec: &LinkSpec, status: &LinkStatus, now: Mono) -> &'static str {
    match status.state {
        LinkState::Connecting if waits_long(spec, status, now) => "silent",
        LinkState::Connecting if spec.listens() => "listening",
        _ if is_stale(spec, status, now) && health(spec, status, now) == Health::Bad => "silent",
        state => state.word(),
    }
}

/// What the state means and what to do, in a sentence.
pub fn advice(spec: &LinkSpec, status: &LinkStatus, now: Mono) -> String {
    let device = &spec.name;
    match status.state {
        LinkState::Down | LinkState::WrongDevice if !status.reason.is_empty() => {
            format!("{}; it is tried again by itself", sentence(&quoted(&status.reason)))
        }
        _ if !status.reason.is_empty() => sentence(&quoted(&status.reason)),
        LinkState::Idle => "Not started yet".to_owned(),
        LinkState::Connecting => {
            let for_s = || duration(now.seconds_since(Mono::START));
            match (spec.listens(), waits_long(spec, status, now)) {
                (true, true) => format!("Listening on {}; nothing has arrived for {}", spec.address, for_s()),
                (true, false) => format!("Listening on {}", spec.address),
                (false, true) => {
                    format!("No answer of {} for {}: check its power, network and address", spec.address, for_s())
                }
                (false, false) => format!("Waiting for the first answer of {}", spec.address),
            }
        }
        LinkState::Up if is_stale(spec, status, now) => format!("{device} has gone quiet: check its power and wiring"),
        LinkState::Up => "Readings arrive".to_owned(),
        LinkState::Silent => {
            format!("The path is open, but no valid reading arrives: check power and wiring of {device}")
        }
        LinkState::Down => format!("{} cannot be reached; it is tried again by itself", spec.address),
        LinkState::WrongDevice => format!("Another device answers at {} than the one expected", spec.address),
        LinkState::Ended => "The recording has been played to its end".to_owned(),
    }
}

/// The kinds of faults that were seen, most frequent first.
pub fn faults(status: &LinkStatus) -> Vec<(LinkFault, u32)> {
    let mut seen: Vec<(LinkFault, u32)> =
        LinkFault::ALL.into_iter().map(|fault| (fault, status.faults(fault))).filter(|(_, n)| *n > 0).collect();
    order::sort_by(&mut seen, |a, b| a.1 > b.1);
    seen
}

/// How often a fault was seen, in words: `1 impossible jump`, `30 time-outs`.
pub fn fault_words(fault: LinkFault, n: u32) -> String {
    let thing = match fault {
        LinkFault::Malformed => "malformed frame",
        LinkFault::UnknownId => "frame with an unknown id|frames with an unknown id",
        LinkFault::WrongLength => "frame of a wrong length|frames of a wrong length",
        LinkFault::Lost => "lost packet",
        LinkFault::OutOfOrder => "packet out of order|packets out of order",
        LinkFault::Refused => "refusal",
        LinkFault::BusOff => "time bus off|times bus off",
        LinkFault::ErrorPassive => "time error-passive|times error-passive",
        LinkFault::ArbitrationLost => "lost arbitration",
        LinkFault::OtherSender => "packet of another sender|packets of another sender",
        LinkFault::OutsideRange => "value outside its declared range|values outside their declared range",
        // Nouns as they are.
        _ => fault.words(),
    };
    match thing.split_once('|') {
        Some((one, many)) => format!("{} {}", crate::format::count(n.into()), if n == 1 { one } else { many }),
        None => crate::format::counted(n as usize, thing),
    }
}

/// How many of the links deliver.
pub fn delivering(specs: &[LinkSpec], statuses: &[LinkStatus], now: Mono) -> usize {
    specs.iter().zip(statuses).filter(|(spec, status)| health(spec, status, now) == Health::Good).count()
}

/// A rate in bytes a second with a unit that keeps it short.
pub fn bytes_per_s(rate: f32) -> (String, &'static str) {
    match rate {
        r if r < 1_000.0 => (fixed(r, 0), "B/s"),
        r if r < 1_000_000.0 => (fixed(r / 1e3, 1), "kB/s"),
        r => (fixed(r / 1e6, 1), "MB/s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::spec::SystemIdx;
    use std::time::Duration;

    fn spec() -> LinkSpec {
        LinkSpec {
            id: "bms".into(),
            name: "Battery controller".into(),
            protocol: "CAN over UDP (cannelloni)".into(),
            device: String::new(),
            address: "127.0.0.1:20000".into(),
            system: SystemIdx(0),
            silent_after: Duration::from_secs(1),
            only_settings: false,
        }
    }

    fn status(state: LinkState, last_at: Option<Mono>) -> LinkStatus {
        LinkStatus { state, last_at, ..LinkStatus::default() }
    }

    #[test]
    fn a_link_that_says_up_but_is_late_is_bad() {
        let now = Mono(10_000_000);
        for (state, last_at, expected) in [
            (LinkState::Up, Some(Mono(9_500_000)), Health::Good),
            (LinkState::Up, Some(Mono(8_900_000)), Health::Bad),
            (LinkState::Silent, Some(Mono(9_500_000)), Health::Bad),
            (LinkState::Down, None, Health::Bad),
            (LinkState::Connecting, Some(Mono(9_900_000)), Health::Waiting),
            (LinkState::Connecting, None, Health::Waiting),
            (LinkState::Ended, Some(Mono(1)), Health::Waiting),
        ] {
            assert_eq!(health(&spec(), &status(state, last_at), now), expected, "{state:?} {last_at:?}");
        }
        // It should have spoken by now: that is an alarm too.
        let long = Mono(Mono::START.0 + 2_000_000);
        assert_eq!(health(&spec(), &status(LinkState::Connecting, None), long), Health::Bad);
        let late = status(LinkState::Up, Some(Mono(8_900_000)));
        assert!(advice(&spec(), &late, now).contains("has gone quiet"));
        assert_eq!(delivering(&[spec(), spec()], &[late, status(LinkState::Up, Some(now))], now), 1);
    }

    #[test]
    fn a_link_that_listens_does_not_wait_for_an_answer_of_its_own_address() {
        let asks = LinkSpec { protocol: "Modbus TCP".into(), ..spec() };
        let new = status(LinkState::Connecting, None);
        let (soon, late) = (Mono(Mono::START.0 + 500_000), Mono(Mono::START.0 + 240_000_000));
        let state_and_advice =
            |spec: &LinkSpec, now| (word(spec, &new, now), advice(spec, &new, now).replace('\u{202f}', " "));
        let listening = "Listening on 127.0.0.1:20000";
        assert_eq!(state_and_advice(&spec(), soon), ("listening", listening.to_owned()));
        assert_eq!(state_and_advice(&spec(), late), ("silent", format!("{listening}; nothing has arrived for 4 min")));
        assert_eq!(
            state_and_advice(&asks, soon),
            ("connecting", "Waiting for the first answer of 127.0.0.1:20000".to_owned())
        );
        assert!(
            state_and_advice(&asks, late).1.starts_with("No answer of 127.0.0.1:20000 for 4 min"),
            "{:?}",
            state_and_advice(&asks, late)
        );
    }

    #[test]
    fn what_the_link_says_of_itself_comes_first() {
        let mut status = status(LinkState::Down, None);
        assert_eq!(advice(&spec(), &status, Mono(0)), "127.0.0.1:20000 cannot be reached; it is tried again by itself");
        status.reason = "the CAN controller is off the bus".to_owned();
        assert_eq!(advice(&spec(), &status, Mono(0)), "The CAN controller is off the bus; it is tried again by itself");
    }

    #[test]
    fn faults_are_listed_by_number_and_zeros_left_out() {
        let mut status = LinkStatus::default();
        assert!(faults(&status).is_empty());
        status.faults[LinkFault::Lost as usize] = 2;
        status.faults[LinkFault::UnknownId as usize] = 40;
        assert_eq!(faults(&status), [(LinkFault::UnknownId, 40), (LinkFault::Lost, 2)]);
    }

    #[test]
    fn rates_keep_short() {
        for (rate, text) in [(0.0, "0 B/s"), (999.0, "999 B/s"), (31_420.0, "31.4 kB/s"), (2.5e6, "2.5 MB/s")] {
            let (number, unit) = bytes_per_s(rate);
            assert_eq!(format!("{number} {unit}"), text);
        }
    }

    #[test]
    fn faults_are_counted_in_english() {
        for (fault, n, words) in [
            (LinkFault::Jump, 1, "1 impossible jump"),
            (LinkFault::Timeout, 30, "30 time-outs"),
            (LinkFault::SkippedPoll, 4, "4 skipped polls"),
            (LinkFault::BusOff, 2, "2 times bus off"),
            (LinkFault::UnknownId, 1, "1 frame with an unknown id"),
            (LinkFault::Malformed, 2, "2 malformed frames"),
        ] {
            assert_eq!(fault_words(fault, n), words);
        }
    }
}
