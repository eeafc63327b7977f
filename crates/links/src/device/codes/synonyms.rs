//! What devices call events, modes and contactors, as tables. Pure.
//!
//! A name is cut into words where its letters change case and at everything that is no letter or digit. In a table
//! `=word` is a whole word of it, anything else a part of the name without its spaces.

use domain::bms::{ANOTHER, EVENTS};
use domain::derived::{ANOTHER_MODE, MODES};

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// Our code.
    Code(f32),
    /// That there is no value.
    NoValue,
}

/// Parts of a name of which one is enough.
type Any = &'static [&'static str];

const HIGH: Any = &["over", "high", "above", "exceed", "=hi", "=max"];
const LOW: Any =
    &["under", "below", "toolow", "voltagelow", "temperaturelow", "templow", "soclow", "=low", "=lo", "=min"];
const CHARGE: Any = &["charg", "=chg", "=chrg"];
const DISCHARGE: Any = &["discharg", "=dchg", "=dischg", "=dsg"];
const CURRENT: Any = &["current", "=curr"];
const TEMPERATURE: Any = &["temp", "therm"];
const VOLTAGE: Any = &["volt"];
const SOC: Any = &["=soc", "stateofcharge", "soclow", "sochigh"];
const UNEVEN: Any = &["imbalance", "unbalance", "inbalance", "spread", "deviation", "difference", "=delta", "=diff"];

/// Our event, and what its name must have: one of each. The first row that fits counts.
#[rustfmt::skip]
const EVENT_NAMES: &[(&str, &[Any])] = &[
    // A high-voltage interlock and a low-voltage supply say nothing of the battery's voltage.
    ("another event", &[&["interlock", "hvil", "supply", "auxiliary", "=aux", "=12v", "=24v"]]),
    ("insulation fault", &[&["insul", "isolat", "=iso", "=imd", "=ir"]]),
    ("ground fault", &[&["ground", "earth"]]),
    ("precharge failed", &[&["precharg"]]),
    ("short circuit", &[&["shortcircuit", "=sc", "=scp", "=scd", "=short"]]),
    ("contactor error", &[&["contactor", "relay", "weld"]]),
    ("fan error", &[&["=fan", "=fans", "fanfault", "fanerror", "fanfail"]]),
    ("door open", &[&["=door", "dooropen"]]),
    ("wrong configuration", &[&["config"]]),
    ("temperature imbalance", &[UNEVEN, TEMPERATURE]),
    ("current imbalance", &[UNEVEN, CURRENT]),
    ("voltage imbalance", &[UNEVEN, &["volt", "cell"]]),
    ("temperature too high", &[TEMPERATURE, HIGH]),
    ("temperature too high", &[&["overheat", "thermalrunaway", "=ot", "=otp"]]),
    ("temperature too low", &[TEMPERATURE, LOW]),
    ("temperature too low", &[&["=ut", "=utp"]]),
    ("discharge current too high", &[DISCHARGE, CURRENT, HIGH]),
    ("discharge current too high", &[&["=ocd", "=docp", "=odcp"]]),
    ("charge current too high", &[CHARGE, CURRENT, HIGH]),
    ("charge current too high", &[&["=occ", "=cocp"]]),
    ("current too high", &[CURRENT, HIGH]),
    ("current too high", &[&["=oc", "=ocp"]]),
    ("voltage too high", &[VOLTAGE, HIGH]),
    ("voltage too high", &[&["=ov", "=ovp", "=cov"]]),
    ("voltage too low", &[VOLTAGE, LOW]),
    ("voltage too low", &[&["=uv", "=uvp", "=cuv"]]),
    ("state of charge below its minimum", &[SOC, LOW]),
    ("state of charge above its maximum", &[SOC, HIGH]),
    ("communication error", &[&["communi", "=comm", "=com", "=coms", "=comms", "commloss", "commlost", "commfault",
        "commerr", "timeout", "busoff"]]),
];

/// Our mode, and what its name has one of. The first row that fits counts.
#[rustfmt::skip]
const MODE_NAMES: &[(&str, Any)] = &[
    ("error", &["error", "fault", "fail", "=err", "=trip", "tripped", "emergency"]),
    ("precharge", &["precharg"]),
    ("discharge", DISCHARGE),
    ("charge", CHARGE),
    ("open contactors", &["opencontactor", "contactoropen", "contactorsopen", "disconnect", "=open"]),
    ("standby", &["standby"]),
    ("idle", &["=idle", "=rest", "=resting", "=ready"]),
    ("uninitialised", &["uninit"]),
    ("initialised", &["initialised", "initialized"]),
    ("initialising", &["=init", "initialising", "initializing", "startup", "=boot", "booting", "selftest"]),
    ("normal", &["=normal", "=run", "=running", "=on", "=operating", "=operational", "=operation", "=connected"]),
];

/// What contactors are called that are one thing to their BMS: precharge is main minus and the precharge contactor.
const CONTACTOR_WORDS: &[(f32, Any)] = &[
    (6.0, &["precharg"]),
    (0.0, &["=open", "=opened", "=off", "disconnect"]),
    (3.0, &["=closed", "=close", "=on", "=connected"]),
];

/// What single contactors are called, by their bit.
const CONTACTOR_NAMES: &[(u32, Any)] =
    &[(2, &["precharg"]), (0, &["plus", "positive", "=pos"]), (1, &["minus", "negative", "=neg"])];

/// Words of a device that has no value.
const NO_VALUE: &[&str] =
    &["sna", "na", "invalid", "notavailable", "unavailable", "datanotavailable", "novalue", "signalnotavailable"];
/// Words of a device that reports no event.
const NONE: &[&str] =
    &["none", "ok", "normal", "inactive", "notactive", "off", "false", "clear", "cleared", "good", "healthy", "allok"];
/// Words that say only that what the signal is about is so.
const YES: &[&str] = &[
    "yes",
    "true",
    "on",
    "active",
    "set",
    "alarm",
    "warning",
    "fault",
    "error",
    "failure",
    "fail",
    "triggered",
    "raised",
    "detected",
    "protection",
    "1",
];

/// A name, cut into words.
struct Name {
    words: Vec<String>,
    whole: String,
}

impl Name {
    fn of(text: &str) -> Name {
        let mut words = vec![String::new()];
        let mut lower = false;
        for letter in text.chars() {
            let starts = lower && letter.is_uppercase() || !letter.is_alphanumeric();
            if starts && words.last().is_some_and(|word| !word.is_empty()) {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
                word.extend(letter.to_lowercase());
            }
            lower = letter.is_lowercase() || letter.is_numeric();
        }
        words.retain(|word| !word.is_empty());
        Name { whole: words.concat(), words }
    }

    fn has(&self, any: Any) -> bool {
        any.iter().any(|part| match part.strip_prefix('=') {
            Some(word) => self.words.iter().any(|known| known == word),
            None => self.whole.contains(part),
        })
    }

    /// Whether it denies what follows.
    fn denies(&self) -> bool {
        let denial =
            |word: &String| ["no", "not", "non", "without", "nofault", "noerror", "noalarm"].contains(&word.as_str());
        self.words.first().is_some_and(denial)
    }

    fn is(&self, any: &[&str]) -> bool {
        any.contains(&self.whole.as_str())
    }
}

/// The event that `text` names, as a bit of ours; 0 for none; `None` if it is not known.
pub(super) fn event(text: &str) -> Option<Meaning> {
    let name = Name::of(text);
    let bit = |bit: u32| Some(Meaning::Code((1_u32 << bit) as f32));
    let bit_of = |words: &str| EVENTS.iter().zip(0_u32..).find(|(known, _)| **known == words).map(|(_, bit)| bit);
    if name.is(NO_VALUE) {
        return Some(Meaning::NoValue);
    }
    if let Some(known) = bit_of(text.trim()) {
        return bit(known);
    }
    if name.is(NONE) || name.denies() {
        return Some(Meaning::Code(0.0));
    }
    if name.is(&["another", "other", "otherevent", "otheralarm"]) {
        return bit(ANOTHER);
    }
    let (words, _) = EVENT_NAMES.iter().find(|(_, groups)| groups.iter().all(|any| name.has(any)))?;
    bit_of(words).and_then(bit)
}

/// The mode that `text` names; `None` if it is not known.
pub(super) fn mode(text: &str) -> Option<Meaning> {
    let name = Name::of(text);
    let code_of = |words: &str| MODES.iter().zip(0_u8..).find(|(known, _)| **known == words).map(|(_, code)| code);
    if name.is(NO_VALUE) {
        return Some(Meaning::NoValue);
    }
    if name.is(&["another", "anothermode", "other", "othermode"]) {
        return Some(Meaning::Code(ANOTHER_MODE.into()));
    }
    if name.denies() {
        return None;
    }
    let known = MODE_NAMES.iter().find(|(_, any)| name.has(any)).map(|(words, _)| *words);
    code_of(text.trim()).or_else(|| code_of(known?)).map(|code| Meaning::Code(code.into()))
}

/// The state of the contactors that `text` names, as bits of ours; `None` if it is not known.
pub(super) fn contactors(text: &str) -> Option<Meaning> {
    let name = Name::of(text);
    if name.is(NO_VALUE) {
        return Some(Meaning::NoValue);
    }
    let known = CONTACTOR_WORDS.iter().find(|(_, any)| !name.denies() && name.has(any));
    known.map(|(bits, _)| Meaning::Code(*bits))
}

/// The bit of ours of the contactor that `text` names.
pub(super) fn contactor(text: &str) -> Option<u32> {
    let name = Name::of(text);
    CONTACTOR_NAMES.iter().find(|(_, any)| name.has(any)).map(|(bit, _)| *bit)
}

/// Whether `text` says only that what the signal is about is so.
pub(super) fn says_only_yes(text: &str) -> bool {
    Name::of(text).is(YES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_known_by_what_devices_call_them() {
        for (text, expected) in [
            ("overvoltage", "voltage too high"),
            ("Over Voltage", "voltage too high"),
            ("cell over-voltage", "voltage too high"),
            ("CELL_OV", "voltage too high"),
            ("PackVoltageHigh", "voltage too high"),
            ("undervoltage", "voltage too low"),
            ("Cell_Voltage_Low", "voltage too low"),
            ("over temperature", "temperature too high"),
            ("MOS overtemp", "temperature too high"),
            ("CellTempHigh", "temperature too high"),
            ("charge under temperature", "temperature too low"),
            ("overcurrent", "current too high"),
            ("ChargeOverCurrent", "charge current too high"),
            ("Discharge_Overcurrent", "discharge current too high"),
            ("over current discharge", "discharge current too high"),
            ("communication", "communication error"),
            ("CAN timeout", "communication error"),
            ("BMS internal comm fault", "communication error"),
            ("Isolation fault", "insulation fault"),
            ("insulation", "insulation fault"),
            ("Precharge failure", "precharge failed"),
            ("main contactor welded", "contactor error"),
            ("cell imbalance", "voltage imbalance"),
            ("Low SOC", "state of charge below its minimum"),
            ("short circuit", "short circuit"),
            ("High Voltage Interlock", "another event"),
        ] {
            let place = EVENTS.iter().position(|known| *known == expected).unwrap();
            assert_eq!(event(text), Some(Meaning::Code((1_u32 << place) as f32)), "{text}");
        }
        for (place, words) in EVENTS.iter().enumerate() {
            assert_eq!(event(words), Some(Meaning::Code((1_u32 << place) as f32)), "{words}");
        }
        for none in ["none", "OK", "No alarm", "no over voltage", "not active", "NoFault"] {
            assert_eq!(event(none), Some(Meaning::Code(0.0)), "{none}");
        }
        assert_eq!((event("SNA"), event("Not available")), (Some(Meaning::NoValue), Some(Meaning::NoValue)));
        for unknown in ["", "level 2", "command", "fault", "balancing", "recovery", "3"] {
            assert_eq!(event(unknown), None, "{unknown}");
        }
        assert!(says_only_yes("Active") && !says_only_yes("overvoltage"));
    }

    #[test]
    fn modes_and_contactors_are_known_by_their_words() {
        for (text, expected) in [
            ("Standby", "standby"),
            ("STAND_BY", "standby"),
            ("Pre-charge", "precharge"),
            ("Discharging", "discharge"),
            ("CHARGE", "charge"),
            ("Normal", "normal"),
            ("Run", "normal"),
            ("on", "normal"),
            ("Error", "error"),
            ("Fault", "error"),
            ("Self_Test", "initialising"),
            ("not initialised", "none"),
            ("balancing", "none"),
            ("abnormal", "none"),
            ("no error", "none"),
            ("overvoltage", "none"),
        ] {
            let code = MODES.iter().position(|known| *known == expected).map(|code| Meaning::Code(code as f32));
            assert_eq!(mode(text), code, "{text}");
        }
        for (code, words) in MODES.iter().enumerate() {
            assert_eq!(mode(words), Some(Meaning::Code(code as f32)), "{words}");
        }
        for (text, bits) in [("Open", 0.0), ("closed", 3.0), ("PreCharging", 6.0), ("disconnected", 0.0)] {
            assert_eq!(contactors(text), Some(Meaning::Code(bits)), "{text}");
        }
        assert_eq!((contactors("opening?"), contactors("stuck")), (None, None));
        let bits = ["main plus", "MainNegContactor", "Precharge", "aux"].map(contactor);
        assert_eq!(bits, [Some(0), Some(1), Some(2), None]);
    }
}
