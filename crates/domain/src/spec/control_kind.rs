//! What can be commanded of a system: one row for each kind of control.

use super::SystemKind;
use crate::point::PointId;
use std::time::Duration;

/// In which direction a value becomes safer for the battery and for what it has to feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safer {
    /// A higher value is safer: more stays in the battery.
    Higher,
    /// A lower value is safer: less power, or none.
    Lower,
    /// What lies nearer to the safe value is safer: a power that may have either direction.
    Nearer,
}

impl Safer {
    /// Every direction.
    pub const ALL: [Safer; 3] = [Safer::Higher, Safer::Lower, Safer::Nearer];

    /// Whether `value` lies further from the safe side than `before`, of a control with the safe value `safe`.
    pub fn is_wider(self, value: f64, before: f64, safe: f64) -> bool {
        match self {
            Safer::Higher => value < before,
            Safer::Lower => value > before,
            Safer::Nearer => (value - safe).abs() > (before - safe).abs(),
        }
    }

    /// The direction in one word, in the API.
    pub fn word(self) -> &'static str {
        match self {
            Safer::Higher => "higher",
            Safer::Lower => "lower",
            Safer::Nearer => "nearer",
        }
    }
}

/// By which measured value it is seen that a confirmed value is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The battery does not discharge with more power than the value, W.
    DischargeBelow,
    /// The battery is not charged with more power than the value, W.
    ChargeBelow,
    /// The battery does not discharge while its state of charge is below the value, %.
    NoDischargeBelowSoc,
    /// The contactors are closed at 1, and the battery carries no power at 0.
    Runs,
    /// The grid power comes near the value, W.
    GridPower,
    /// No measured value would show it.
    NotMeasured,
}

/// A kind of control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControlKind {
    /// State of charge that is kept for a failure of the grid.
    Reserve,
    /// The most that the battery gives.
    DischargeLimit,
    /// The most that the battery takes.
    ChargeLimit,
    /// What the controller works towards.
    Mode,
    /// Whether the battery is connected and works.
    Run,
    /// State of charge below which a Victron ESS does not discharge.
    MinimumSoc,
    /// Power that a Victron ESS draws from the grid.
    GridSetpoint,
}

/// What is known of a kind of control before a site says more.
#[derive(Clone, Copy, Debug)]
pub struct ControlKindSpec {
    /// Its name in site files, in the API and in the audit: `discharge-limit`.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// Unit of its values; empty for a choice.
    pub unit: &'static str,
    /// The values that no site file may widen, inclusive.
    pub range: (f64, f64),
    /// Values are multiples of this above the lowest, unless the site file has a coarser step.
    pub step: f64,
    /// The value to which a system returns, unless the site file says another.
    pub safe: f64,
    /// In which direction it becomes safer.
    pub safer: Safer,
    /// Its values with their names, if they are a choice.
    pub choices: &'static [(f64, &'static str)],
    /// The point that says what is set, as it was read back.
    pub point: PointId,
    /// What must be known and fresh before the value may move away from the safe side.
    pub inputs: &'static [PointId],
    /// What is measured afterwards, and within which time it must be seen.
    pub effect: (Effect, Duration),
}

const fn seconds(s: u64) -> Duration {
    Duration::from_secs(s)
}

/// Every kind, in the order of [`ControlKind::ALL`].
const KINDS: [ControlKindSpec; 7] = [
    ControlKindSpec {
        key: "reserve",
        label: "Backup reserve",
        unit: "%",
        range: (10.0, 50.0),
        step: 1.0,
        safe: 20.0,
        safer: Safer::Higher,
        choices: &[],
        point: PointId::ReserveSet,
        inputs: &[PointId::Soc],
        effect: (Effect::NoDischargeBelowSoc, seconds(30)),
    },
    ControlKindSpec {
        key: "discharge-limit",
        label: "Peak discharge limit",
        unit: "W",
        range: (0.0, 250e3),
        step: 1e3,
        safe: 150e3,
        safer: Safer::Lower,
        choices: &[],
        point: PointId::DischargeLimitSet,
        inputs: &[PointId::Power],
        effect: (Effect::DischargeBelow, seconds(10)),
    },
    ControlKindSpec {
        key: "charge-limit",
        label: "Peak charge limit",
        unit: "W",
        range: (0.0, 250e3),
        step: 1e3,
        safe: 50e3,
        safer: Safer::Lower,
        choices: &[],
        point: PointId::ChargeLimitSet,
        inputs: &[PointId::Power],
        effect: (Effect::ChargeBelow, seconds(10)),
    },
    ControlKindSpec {
        key: "mode",
        label: "Mode",
        unit: "",
        range: (0.0, 1.0),
        step: 1.0,
        safe: 0.0,
        safer: Safer::Lower,
        choices: &[(0.0, "Max Safety"), (1.0, "Max ROI")],
        point: PointId::ModeSet,
        inputs: &[PointId::Soc],
        effect: (Effect::NotMeasured, Duration::ZERO),
    },
    ControlKindSpec {
        key: "run",
        label: "Operation",
        unit: "",
        range: (0.0, 1.0),
        step: 1.0,
        safe: 0.0,
        safer: Safer::Lower,
        choices: &[(0.0, "Standby"), (1.0, "Run")],
        point: PointId::RunSet,
        inputs: &[PointId::Voltage],
        effect: (Effect::Runs, seconds(60)),
    },
    ControlKindSpec {
        key: "minimum-soc",
        label: "Minimum state of charge",
        unit: "%",
        range: (0.0, 100.0),
        step: 1.0,
        safe: 20.0,
        safer: Safer::Higher,
        choices: &[],
        point: PointId::MinimumSocSet,
        inputs: &[PointId::Soc],
        effect: (Effect::NoDischargeBelowSoc, seconds(60)),
    },
    ControlKindSpec {
        key: "grid-setpoint",
        label: "Grid setpoint",
        unit: "W",
        range: (-100e3, 100e3),
        step: 10.0,
        safe: 50.0,
        safer: Safer::Nearer,
        choices: &[],
        point: PointId::GridSetpointSet,
        inputs: &[PointId::GridPower, PointId::Soc],
        effect: (Effect::GridPower, seconds(30)),
    },
];

/// Other words of devices for the choices of a kind, in small letters.
const WORDS: &[(ControlKind, f64, &[&str])] = &[
    (ControlKind::Mode, 0.0, &["safety"]),
    (ControlKind::Mode, 1.0, &["roi"]),
    (ControlKind::Run, 0.0, &["stop", "stopped", "off", "disconnect", "disconnected"]),
    (ControlKind::Run, 1.0, &["running", "start", "started", "on", "connect", "connected"]),
];

/// What devices call the value of a kind: words that a name of it has all. The first row that fits counts.
const NAMES: &[(ControlKind, &[&str])] = &[
    (ControlKind::Reserve, &["backup", "reserve"]),
    (ControlKind::Reserve, &["reserve", "soc"]),
    (ControlKind::Reserve, &["min", "rsv"]),
    (ControlKind::MinimumSoc, &["min", "soc"]),
    (ControlKind::GridSetpoint, &["grid", "setpoint"]),
    (ControlKind::GridSetpoint, &["ac", "power", "set", "point"]),
    (ControlKind::DischargeLimit, &["discharge", "limit"]),
    (ControlKind::DischargeLimit, &["discharge", "max"]),
    (ControlKind::DischargeLimit, &["discharge", "power"]),
    (ControlKind::ChargeLimit, &["charge", "limit"]),
    (ControlKind::ChargeLimit, &["charge", "max"]),
    (ControlKind::ChargeLimit, &["charge", "power"]),
];

/// Names that mean a kind only if they are the whole one; those in one word are of SunSpec.
const WHOLE_NAMES: &[(ControlKind, &[&str])] = &[
    (ControlKind::Reserve, &["reserve", "reserve set"]),
    (ControlKind::DischargeLimit, &["out wrte"]),
    (ControlKind::ChargeLimit, &["in wrte", "wcha max"]),
    (ControlKind::Mode, &["mode", "mode set"]),
    (ControlKind::Run, &["run", "run set", "operation", "set op", "set inv state"]),
];

/// Words that devices use for those in [`NAMES`].
const SPELLINGS: &[(&str, &[&str])] = &[
    ("max", &["maximum", "maximal"]),
    ("min", &["minimum", "minimal"]),
    ("charge", &["charging"]),
    ("discharge", &["discharging"]),
];

/// A name in words as they stand in [`NAMES`]: `MaxDischargePower`, `discharge_power_max`.
fn in_words(name: &str) -> String {
    let (mut words, mut before) = (String::new(), ' ');
    for letter in name.replace("SoC", "Soc").chars() {
        let part = letter.is_alphanumeric();
        if part && (!before.is_alphanumeric() || before.is_lowercase() && letter.is_uppercase()) {
            words.push(' ');
        }
        words.extend(part.then(|| letter.to_lowercase()).into_iter().flatten());
        before = letter;
    }
    let plain = |word| SPELLINGS.iter().find(|(_, others)| others.contains(&word)).map_or(word, |(plain, _)| *plain);
    let words: Vec<&str> = words.split_whitespace().map(plain).collect();
    words.join(" ").replace("state of charge", "soc")
}

impl ControlKind {
    /// Every kind, in the order in which pages show them.
    pub const ALL: [ControlKind; 7] = [
        ControlKind::Reserve,
        ControlKind::DischargeLimit,
        ControlKind::ChargeLimit,
        ControlKind::Mode,
        ControlKind::Run,
        ControlKind::MinimumSoc,
        ControlKind::GridSetpoint,
    ];

    /// What is known of it.
    pub fn spec(self) -> &'static ControlKindSpec {
        &KINDS[self as usize]
    }

    /// The kind with this key.
    pub fn from_key(key: &str) -> Option<ControlKind> {
        ControlKind::ALL.into_iter().find(|kind| kind.spec().key == key)
    }

    /// Whether a system of this kind can have it.
    pub fn fits(self, system: SystemKind) -> bool {
        match self {
            ControlKind::MinimumSoc | ControlKind::GridSetpoint => system == SystemKind::Home,
            _ => true,
        }
    }

    /// Whether a setpoint of the other kind can be taken for one of this: they are one, or two names of one thing.
    pub(crate) fn is_like(self, other: ControlKind) -> bool {
        let soc = |kind: ControlKind| matches!(kind, ControlKind::Reserve | ControlKind::MinimumSoc);
        self == other || (soc(self) && soc(other))
    }

    /// The name of a value, if it is a choice.
    pub(crate) fn choice(self, value: f64) -> Option<&'static str> {
        self.spec().choices.iter().find(|(choice, _)| (choice - value).abs() < 0.5).map(|(_, name)| *name)
    }

    /// What a value does at once that its name does not say; `None` for most.
    pub fn acts(self, value: f64) -> Option<&'static str> {
        match (self, self.choice(value)?) {
            (ControlKind::Run, "Standby") => Some("opens the contactors: the battery gives and takes nothing"),
            (ControlKind::Run, _) => Some("closes the contactors"),
            _ => None,
        }
    }

    /// Which choice of which kind a device means by a word, if it is one that is known.
    pub(crate) fn of_word(word: &str) -> Option<(ControlKind, f64)> {
        let plain = |word: &str| word.to_lowercase().replace(['_', '-'], " ").trim().to_owned();
        let word = plain(word);
        let choices =
            ControlKind::ALL.into_iter().flat_map(|kind| kind.spec().choices.iter().map(move |of| (kind, of)));
        let mut choices = choices.filter(|(_, (_, name))| plain(name) == word).map(|(kind, (value, _))| (kind, *value));
        let others =
            || WORDS.iter().find(|(.., words)| words.contains(&&*word)).map(|(kind, value, _)| (*kind, *value));
        choices.next().or_else(others)
    }

    /// The kind whose value a name is, if it tells: a point of the device (`charge_limit`), of a SunSpec model
    /// (`124.OutWRte`), a path, a signal, or a name for people. Of what is behind a dot or a slash the last part counts.
    pub(crate) fn of_name(name: &str) -> Option<ControlKind> {
        // What follows a comma says where it is: `124.OutWRte, unit 1`.
        let name = name.split(',').next().unwrap_or_default();
        let words = in_words(name.rsplit(['.', '/']).next().unwrap_or_default());
        if let Some((kind, _)) = WHOLE_NAMES.iter().find(|(_, names)| names.contains(&&*words)) {
            return Some(*kind);
        }
        let has = |word: &str| words.split(' ').any(|own| own == word);
        let (kind, _) = NAMES.iter().find(|(_, parts)| parts.iter().all(|part| has(part)))?;
        // A name of both directions tells neither; a limit of the state of charge or of a current is another thing.
        let power = matches!(kind, ControlKind::DischargeLimit | ControlKind::ChargeLimit);
        let other = has("charge") && has("discharge") || ["soc", "current", "voltage"].into_iter().any(has);
        (!(power && other)).then_some(*kind)
    }

    /// A value in words: with its unit, or by its name.
    pub fn words(self, value: f64) -> String {
        let spec = self.spec();
        let named = self.choice(value);
        let number = |value: f64, digits: usize| {
            let text = format!("{value:.digits$}");
            if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
        };
        match (named, spec.unit) {
            (Some(name), _) => name.to_owned(),
            (None, "W") if value.abs() >= 1e3 => format!("{} kW", number(value / 1e3, 2)),
            (None, unit) => format!("{} {unit}", number(value, 1)).trim_end().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_stands_at_its_place_and_its_numbers_agree() {
        for (place, kind) in ControlKind::ALL.into_iter().enumerate() {
            let ControlKindSpec { key, range: (low, high), step, safe, choices, .. } = *kind.spec();
            assert_eq!((kind as usize, ControlKind::from_key(key)), (place, Some(kind)));
            assert!(low < high && step > 0.0 && (low..=high).contains(&safe), "{key}");
            assert!(choices.iter().all(|(value, _)| (low..=high).contains(value)), "{key}");
        }
        assert_eq!(ControlKind::from_key("colour"), None);
    }

    #[test]
    fn standby_says_that_it_opens_the_contactors() {
        let acts = |kind: ControlKind, value| kind.acts(value).unwrap_or_default();
        assert!(acts(ControlKind::Run, 0.0).starts_with("opens the contactors"));
        assert_eq!(acts(ControlKind::Run, 1.0), "closes the contactors");
        assert_eq!(acts(ControlKind::Mode, 0.0), "");
        assert_eq!(acts(ControlKind::DischargeLimit, 0.0), "");
    }

    #[test]
    fn a_value_is_said_with_its_unit_or_by_its_name() {
        for (kind, value, words) in [
            (ControlKind::Reserve, 20.0, "20 %"),
            (ControlKind::DischargeLimit, 150e3, "150 kW"),
            (ControlKind::DischargeLimit, 0.0, "0 W"),
            (ControlKind::ChargeLimit, 12_500.0, "12.5 kW"),
            (ControlKind::GridSetpoint, -2_500.0, "-2.5 kW"),
            (ControlKind::GridSetpoint, 50.0, "50 W"),
            (ControlKind::Mode, 1.0, "Max ROI"),
            (ControlKind::Run, 0.0, "Standby"),
        ] {
            assert_eq!(kind.words(value), words);
        }
    }

    #[test]
    fn a_name_of_a_device_says_which_kind_it_is_or_nothing() {
        use ControlKind::{ChargeLimit, DischargeLimit, GridSetpoint, MinimumSoc, Mode, Reserve, Run};
        for kind in ControlKind::ALL {
            assert_eq!(ControlKind::of_name(kind.spec().key), Some(kind));
            assert_eq!(ControlKind::of_name(kind.spec().label).filter(|of| kind.is_like(*of)), Some(kind), "{kind:?}");
            let set = kind.spec().point.spec().path;
            assert!(ControlKind::of_name(set).is_some_and(|of| kind.is_like(of)), "{set}");
        }
        for (name, of) in [
            ("charge_limit", Some(ChargeLimit)),
            ("3/discharge_limit", Some(DischargeLimit)),
            ("DischargePowerMax", Some(DischargeLimit)),
            ("settings/0/Settings/CGwacs/MaxDischargePower", Some(DischargeLimit)),
            ("Maximum charging power", Some(ChargeLimit)),
            ("Limits.ChargeLimit", Some(ChargeLimit)),
            ("124.OutWRte, unit 1", Some(DischargeLimit)),
            ("124.InWRte", Some(ChargeLimit)),
            ("124.WChaMax", Some(ChargeLimit)),
            ("802.SoCRsvMin", Some(Reserve)),
            ("124.MinRsvPct", Some(Reserve)),
            ("settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit", Some(MinimumSoc)),
            ("settings/0/Settings/CGwacs/AcPowerSetPoint", Some(GridSetpoint)),
            ("Mode", Some(Mode)),
            ("802.SetOp", Some(Run)),
            // They tell nothing, or of both.
            ("register 2, unit 1", None),
            ("", None),
            ("limit", None),
            ("Word 7", None),
            ("fan_mode", None),
            ("operation_mode", None),
            ("Charge and discharge limit", None),
            ("Discharge SoC limit", None),
            ("charge_current_limit", None),
            ("ChargeLimits.Value", None),
        ] {
            assert_eq!(ControlKind::of_name(name), of, "{name}");
        }
    }
}
