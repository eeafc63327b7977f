//! `docs/limits-and-alarms.md` is written from the tables of limits and rules.
//!
//! After a change of a table: `PACKTWIN_RENEW=1 cargo test -p domain --test documents`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::alarm::{Direction, Limit, RULES, Rule, RuleIdx, Watch};
use domain::limits::{CHEMISTRIES, Chemistry, KEYS, Key, Limits};
use domain::spec::{SystemKind, SystemSpec};
use domain::topology::Topology;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

const HEAD: &str = "# Limits and alarms

Every system has one set of limits. Alarms, the heatmap, charts, tiles and the home page ask this one.
It follows from three things, and each single limit can be given besides:

| key of `[[system]]` | what | default |
|---|---|---|
| `chemistry` | what the cells are made of: {chemistries} | `lfp` |
| `cells_in_series` | cells in series between the pack's poles | cells of a rack, if they fit `nominal_v` within a tenth; else `nominal_v` by the nominal voltage of a cell |
| `capacity_ah` | rated capacity, Ah | must be given |
| `[system.limits]` | single limits, by the keys below | what the chemistry says |

```toml
[[system]]
id = \"hall2\"
name = \"Hall 2\"
chemistry = \"lfp\"
cells_in_series = 260
capacity_ah = 280
nominal_v = 832

[system.limits]
cell_voltage_max_v = 3.55
charge_temperature_min_c = 5
```

`packtwin check-config FILE` says what is wrong with limits: beyond what the chemistry survives, in the wrong order, or a misspelt key.
Where limits come from is written beside the tables: [chemistry.rs](../crates/domain/src/limits/chemistry.rs).

## Limits

`pack_voltage_min_v` and `pack_voltage_max_v` follow from the limits of the cells, also where these are given. In the table, `x cells` is for each cell in series, `x Ah` for each ampere-hour of capacity, `x V` for each volt of the highest pack voltage.
A pack of less than 60 V has no limit of insulation unless one is given.
A warning that is not given keeps its distance from the limit that is given.

";

const RULES_HEAD: &str = "
## Alarms

An alarm is raised when what it watches has been beyond its limit for the time *after*, and is over when it has been on the good side by the distance *back* for the time *over after*.
What comes and goes faster is an alarm too, marked as such. Without data nothing is raised and nothing is over.

### The life of an alarm

As ISA-18.2 (IEC 62682) has it; the words are those of `GET /api/v1/alarms`.

| state | what it says |
|---|---|
| `active-unacknowledged` | its condition stands, and nobody has acknowledged it |
| `active-acknowledged` | its condition stands, and somebody has seen it |
| `cleared-unacknowledged` | its condition is over, and nobody has acknowledged it |
| `latched` | its condition is over, but it *latches*: somebody must look at the battery, acknowledge it and reset it |
| `shelved` | somebody has put it aside, for 24 h at most, with a reason; it comes back by itself |
| `suppressed` | another alarm explains it: the cells of a lost AFE node, the values of a silent link |
| `normal` | there is nothing to tell |

What is raised again before it was normal is the same alarm, counted once more, and again unacknowledged.
Shelving hides an alarm and does nothing else: what is raised meanwhile is there, unacknowledged, when the time is over. A cause that is shelved explains nothing: what follows from it is told for itself, unless it is shelved too.
Operators and admins acknowledge, reset and shelve, and so do programs with a token of the scope `control`; viewers only read. While the site has no account, whoever sits at the machine itself may. Each is in the audit; what changes nothing is not. Of resetting, shelving and taking back each person and each program has 60 at once and then one a second; beyond that the answer is 429 with `Retry-After`. Nobody acknowledges too often.
A reason for shelving is one line of words: letters that nobody sees, or that turn the words around, are refused.
A critical alarm that is active stands against commands to the wider side, whether it is acknowledged, shelved or neither; one that is over, latched or not, stands against nothing. Nothing about alarms ever stands against the safe side ([control.md](control.md)).
States, acknowledgements and shelves are in `control.db`: they outlive a kill, a power cut, and another order in the site file, for each is kept by its rule and the name of what it is about. What is of a system that the site file does not have is kept as it is, and comes back with it.
An alarm that was active when the server went away is active when it returns, until good data say otherwise.

### The page Alarms

What is not normal stands there by cause: the alarms of one rule together, what follows from them below, unacknowledged ones first, then the worst. A group is acknowledged with what follows from it, alone or all groups at once; what is raised after the list was drawn stays unacknowledged. A filter by severity, state and words stands in the address. In the past the page shows what was active then, and nothing can be done about it. Without scripts the list and its forms work; what ended and the figures need one.

Critical alarms that nobody has acknowledged or shelved are told above every page and in the title of the tab until somebody does. *Problems* on the overview leaves out what is shelved, and says how much that is.

*Ended* has what is over, each with the way to its moment and, where it watches a curve, the minute before it and after it. *Figures* are those that ISA-18.2 asks for, of 24 hours, 7 or 30 days:

| figure | what it says |
|---|---|
| alarms a day | raised in the period, by the days of it that were recorded, from one day on; 150 is the most that people can handle |
| most in 10 minutes | of the pieces of ten minutes from the beginning of what was recorded; more than 10 is a flood |
| time in floods | pieces with more than 10, as a share of all that were recorded |
| critical, warnings, notices | shares of those that were raised |
| acknowledged after | from being raised to being acknowledged: half of them within the first time, nine of ten within the second |
| stood longer than 24 h | at once, in the period or since before it |
| chattering | raised three times within a minute |
| raised most often | the ten most frequent |

`GET /api/v1/alarms/history` and `GET /api/v1/alarms/figures` have both for any period. `recorded_s` says how much of it was recorded: where that is nothing, rates and shares are `null`.

### Every alarm

";

const TAIL: &str = "
A sag is measured against the highest one-second mean of the pack voltage in the 30 s before. *Next sag* under every page and the question about sags on *Analysis* find the same ones, without the delays.

This file is written from the tables of limits and rules: after a change there, `PACKTWIN_RENEW=1 cargo test -p domain --test documents`.
";

/// A number without needless digits.
fn number(value: f32) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').replace('-', "\u{2212}")
}

fn limits(chemistry: Chemistry, cells: u16, capacity_ah: f32) -> Limits {
    Limits::of(chemistry, cells, capacity_ah)
}

/// The default of a key, and what it is multiplied with.
fn default(key: &Key, chemistry: Chemistry) -> String {
    let base = limits(chemistry, 100, 100.0);
    let value = key.get(&base);
    let doubles = |other: &Limits| value != 0.0 && (key.get(other) / value - 2.0).abs() < 1e-3;
    let follows_cells = doubles(&limits(chemistry, 200, 100.0));
    if follows_cells && key.key.starts_with("insulation") {
        return format!("{} x V", number(value / base.pack_voltage_v.high));
    }
    if follows_cells {
        return format!("{} x cells", number(value / 100.0));
    }
    if doubles(&limits(chemistry, 100, 200.0)) {
        return format!("{} x Ah", number(value / 100.0));
    }
    number(value)
}

/// What a rule watches, in words, with its unit and how many of them one of the rule's is.
fn watched(watch: Watch) -> (&'static str, &'static str, f32) {
    match watch {
        Watch::CellVoltageLow | Watch::CellVoltageHigh => ("voltage of each cell", "V", 1.0),
        Watch::CellTemperatureLow | Watch::CellTemperatureHigh => ("temperature of each cell", "°C", 1.0),
        Watch::ChargeColdest => ("lowest temperature while charging", "°C", 1.0),
        Watch::ChargeHottest => ("highest temperature while charging", "°C", 1.0),
        Watch::DischargeColdest => ("lowest temperature while discharging", "°C", 1.0),
        Watch::DischargeHottest => ("highest temperature while discharging", "°C", 1.0),
        Watch::CellSpread => ("highest minus lowest cell voltage", "mV", 1e3),
        Watch::CellsMissing => ("cells without a fresh voltage", "%", 1.0),
        Watch::BusSag => ("pack voltage below its level of the last 30 s", "%", 1.0),
        Watch::PackVoltage => ("pack voltage", "V", 1.0),
        Watch::VoltageOff => ("a pack voltage that cannot be, off `nominal_v`", "%", 1.0),
        Watch::ChargeCurrent => ("charge current", "A", 1.0),
        Watch::DischargeCurrent => ("discharge current", "A", 1.0),
        Watch::ChargeLimitUse => ("charge, as a share of what the BMS allows", "%", 1.0),
        Watch::DischargeLimitUse => ("discharge, as a share of what the BMS allows", "%", 1.0),
        Watch::SocLow => ("state of charge", "%", 1.0),
        Watch::Insulation => ("insulation to earth", "kΩ", 1.0),
        Watch::ContactorMismatch => ("contactor feedback against the command", "", 1.0),
        Watch::BmsAlarms => ("alarms that the BMS reports", "", 1.0),
        Watch::BmsWarnings => ("warnings that the BMS reports", "", 1.0),
        Watch::StandsStill => ("a value that is repeated while others move, for", "s", 1.0),
        Watch::NodeDelay => ("delay of an AFE node's answer", "ms", 1e3),
        Watch::NodeState => ("an AFE node that does not answer", "", 1.0),
        Watch::LinkSilence => ("age of a link's last reading, as a multiple of its `silent_ms`", "", 1.0),
        Watch::LinkWrongDevice => ("another device on a link than the one expected", "", 1.0),
        Watch::SopUse => ("battery power, as a share of the state of power", "%", 1.0),
        Watch::ControllerMode => ("error mode of the controller", "", 1.0),
        Watch::SocMove => ("state of charge moved as no current explains, points", "", 1.0),
        Watch::DevicePointHigh | Watch::DevicePointLow => {
            ("a device point to which its table gives the limit", "", 1.0)
        }
        Watch::DevicePointAge => {
            ("age of a device point with a limit while its link delivers, as a multiple of its max age", "", 1.0)
        }
        Watch::InverterSocMove => ("an inverter's estimate moved as no current explains, points", "", 1.0),
    }
}

/// Whether a rule's limit only tells yes from no.
fn is_yes_or_no(watch: Watch) -> bool {
    use Watch::{BmsAlarms, BmsWarnings, ContactorMismatch, ControllerMode, LinkWrongDevice, NodeState, VoltageOff};
    matches!(
        watch,
        BmsAlarms | BmsWarnings | ContactorMismatch | ControllerMode | LinkWrongDevice | NodeState | VoltageOff
    )
}

/// A system with the defaults of LFP.
fn system() -> SystemSpec {
    SystemSpec {
        kind: SystemKind::DataCentre,
        rate_hz: 1.0,
        ..SystemSpec::new("hv", "832 V pack", Topology::new(1, 13, 20), 280.0, 832.0)
    }
}

/// The limit of a rule, and how far back it must be.
fn bounds(rule: &'static Rule) -> (String, String) {
    let system = system();
    let bound = rule.bound(&system);
    let (_, unit, per_unit) = watched(rule.watch);
    let with_unit = |value: f32| format!("{} {unit}", number(value * per_unit)).trim_end().to_owned();
    let side = if rule.direction == Direction::Above { "above" } else { "below" };
    let limit = match rule.limit {
        Limit::Fixed(_) if is_yes_or_no(rule.watch) => return ("yes".to_owned(), "no".to_owned()),
        Limit::Fixed(value) => with_unit(value),
        Limit::Of(name, _) => {
            let key = KEYS.iter().find(|key| key.key == name);
            let factor = key.map_or(1.0, |key| bound.raise * key.per_unit / key.get(&system.limits));
            // At a limit of 0 °C there is no factor.
            let times = if factor.is_nan() || (factor - 1.0).abs() < 1e-4 {
                String::new()
            } else {
                format!("{} x ", number(factor))
            };
            format!("{times}`{name}`")
        }
        Limit::OfSubject(key, _) => {
            return (format!("{side} `{key}` of its register"), "2 % of the limit, a step at least".to_owned());
        }
    };
    (format!("{side} {limit}"), with_unit((bound.raise - bound.clear).abs()))
}

fn seconds(time: Duration) -> String {
    format!("{} s", number(time.as_secs_f32()))
}

fn written() -> String {
    let chemistries: Vec<String> = CHEMISTRIES.iter().map(|c| format!("`{}`", c.key)).collect();
    let mut text = HEAD.replace("{chemistries}", &chemistries.join(", "));
    let names: Vec<&str> = CHEMISTRIES.iter().map(|c| c.name).collect();
    writeln!(text, "| key of `[system.limits]` | unit | what | {} |", names.join(" | ")).unwrap();
    writeln!(text, "|---|---|---|{}", "---|".repeat(names.len())).unwrap();
    for key in KEYS {
        let defaults = Chemistry::ALL.map(|chemistry| default(key, chemistry)).join(" | ");
        writeln!(text, "| `{}` | {} | {} | {defaults} |", key.key, key.unit, key.meaning).unwrap();
    }
    text.push_str(RULES_HEAD);
    text.push_str("| alarm | severity | watches | raised | after | back | over after | latches | what to do | if nothing is done |\n");
    text.push_str("|---|---|---|---|---|---|---|---|---|---|\n");
    for (rule, place) in RULES.iter().zip(0..) {
        let ((limit, back), (what, ..)) = (bounds(rule), watched(rule.watch));
        let (severity, on, off) = (rule.severity.word(), seconds(rule.on_delay), seconds(rule.off_delay));
        let (id, latches) = (rule.id, if rule.latching { "yes" } else { "" });
        let (advice, consequence) = (rule.advice, RuleIdx(place).consequence());
        writeln!(
            text,
            "| `{id}` | {severity} | {what} | {limit} | {on} | {back} | {off} | {latches} | {advice} | {consequence} |"
        )
        .unwrap();
    }
    text.push_str(TAIL);
    text
}

#[test]
fn limits_and_alarms_are_documented_as_the_tables_have_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits-and-alarms.md");
    let written = written();
    let found = testkit::kept(path, &written);
    assert!(
        found == written,
        "docs/limits-and-alarms.md is not what the tables say: PACKTWIN_RENEW=1 cargo test -p domain --test documents"
    );
}
