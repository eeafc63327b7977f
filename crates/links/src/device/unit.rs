//! Units of devices, converted to the unit that a target is kept in.

use domain::point::{PointId, Unit};
use domain::reading::{CellQuantity, NodeQuantity, Target};

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Voltage,
    Current,
    Power,
    Temperature,
    Share,
    Time,
    Resistance,
}

/// Unit texts of device descriptions. Case counts: `mW` is not `MW`.
#[rustfmt::skip]
const UNITS: &[(&str, Quantity, f64)] = &[
    ("V", Quantity::Voltage, 1.0), ("mV", Quantity::Voltage, 1e-3), ("kV", Quantity::Voltage, 1e3),
    ("A", Quantity::Current, 1.0), ("mA", Quantity::Current, 1e-3), ("kA", Quantity::Current, 1e3),
    ("W", Quantity::Power, 1.0), ("mW", Quantity::Power, 1e-3), ("kW", Quantity::Power, 1e3), ("MW", Quantity::Power, 1e6),
    ("degC", Quantity::Temperature, 1.0), ("deg C", Quantity::Temperature, 1.0), ("°C", Quantity::Temperature, 1.0),
    ("℃", Quantity::Temperature, 1.0), ("C", Quantity::Temperature, 1.0), ("Cel", Quantity::Temperature, 1.0),
    ("%", Quantity::Share, 1.0), ("Percent", Quantity::Share, 1.0), ("percent", Quantity::Share, 1.0),
    ("s", Quantity::Time, 1.0), ("ms", Quantity::Time, 1e-3), ("us", Quantity::Time, 1e-6), ("min", Quantity::Time, 60.0),
    ("Ohm", Quantity::Resistance, 1.0), ("kOhm", Quantity::Resistance, 1e3), ("MOhm", Quantity::Resistance, 1e6),
    ("Ω", Quantity::Resistance, 1.0), ("kΩ", Quantity::Resistance, 1e3), ("MΩ", Quantity::Resistance, 1e6),
];

/// What a target is kept in: quantity and size of one unit; `None` for a bare number.
fn kept_in(target: Target) -> Option<(Quantity, f64)> {
    let quantity = match target {
        // A number by its unit, but a resistance by its meaning.
        Target::Point(PointId::InsulationKohm) => return Some((Quantity::Resistance, 1e3)),
        Target::Point(point) => match point.spec().unit {
            Unit::Volt => Quantity::Voltage,
            Unit::Ampere => Quantity::Current,
            Unit::Watt => Quantity::Power,
            Unit::Celsius => Quantity::Temperature,
            Unit::Percent => Quantity::Share,
            Unit::Number => return None,
        },
        Target::Cell(CellQuantity::Voltage, _) => Quantity::Voltage,
        Target::Cell(CellQuantity::Temperature, _) => Quantity::Temperature,
        // Its table says what it is measured in.
        Target::Node(NodeQuantity::State, _) | Target::Device(_) => return None,
        Target::Node(NodeQuantity::Delay, _) => Quantity::Time,
    };
    Some((quantity, 1.0))
}

/// The unit that a target is kept in, as text.
pub fn symbol(target: Target) -> &'static str {
    match target {
        Target::Point(PointId::InsulationKohm) => "kΩ",
        Target::Point(point) => point.spec().unit.symbol(),
        Target::Cell(CellQuantity::Voltage, _) => "V",
        Target::Cell(CellQuantity::Temperature, _) => "°C",
        Target::Node(NodeQuantity::State, _) | Target::Device(_) => "",
        Target::Node(NodeQuantity::Delay, _) => "s",
    }
}

/// The factor from a value in the unit `text` to the unit of `target`. A text that is not known is taken as the
/// target's own unit: 1.
///
/// # Errors
/// The unit measures something else: volts for a current.
pub fn factor(text: &str, target: Target) -> Result<f64, WrongUnit> {
    let known = UNITS.iter().find(|(name, ..)| *name == text.trim());
    match (known, kept_in(target)) {
        (Some((_, quantity, size)), Some((wanted, kept))) if *quantity == wanted => Ok(size / kept),
        (Some(_), Some(_)) => Err(WrongUnit),
        _ => Ok(1.0),
    }
}

/// What stands for a bare number.
const BARE: [&str; 4] = ["", "-", "1", "#"];

/// How a value comes to the unit of its target: times `factor`, and `offset` to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// Target's units in one of the value's.
    pub factor: f64,
    /// The value's zero, in the target's unit.
    pub offset: f64,
}

/// Units of files beside [`UNITS`]: temperatures with another zero, and a share of 1.
#[rustfmt::skip]
const OF_FILES: &[(&str, Quantity, Conversion)] = &[
    ("°F", Quantity::Temperature, FAHRENHEIT), ("degF", Quantity::Temperature, FAHRENHEIT),
    ("deg F", Quantity::Temperature, FAHRENHEIT), ("F", Quantity::Temperature, FAHRENHEIT),
    ("K", Quantity::Temperature, Conversion { factor: 1.0, offset: -273.15 }),
    ("1", Quantity::Share, Conversion { factor: 100.0, offset: 0.0 }),
];
const FAHRENHEIT: Conversion = Conversion { factor: 5.0 / 9.0, offset: -160.0 / 9.0 };

/// As [`factor`], but a text that is not known is refused: for files of which nobody knows who wrote them.
///
/// # Errors
/// In words: the unit is not known, or measures something else than the target.
pub fn conversion(text: &str, target: Target) -> Result<Conversion, String> {
    let text = text.trim();
    let times = |factor| Conversion { factor, offset: 0.0 };
    if text.is_empty() || (kept_in(target).is_none() && BARE.contains(&text)) {
        return Ok(times(1.0));
    }
    let of_files = OF_FILES.iter().filter(|(name, ..)| *name == text);
    let mut fitting = of_files.filter(|(_, quantity, _)| kept_in(target).is_some_and(|(kept, _)| kept == *quantity));
    if let Some((.., conversion)) = fitting.next() {
        return Ok(*conversion);
    }
    let own = match symbol(target) {
        "" => "a bare number",
        own => own,
    };
    match factor(text, target) {
        Ok(factor) if is_known(text) && kept_in(target).is_some() => Ok(times(factor)),
        Err(WrongUnit) => Err(format!("it is in {text}, but {own} is needed")),
        Ok(_) if is_known(text) => Err(format!("it is in {text}, but it is {own}")),
        Ok(_) => Err(format!("the unit {text} is not known here: convert it to {own}")),
    }
}

/// Whether a unit's text is known.
pub fn is_known(text: &str) -> bool {
    UNITS.iter().any(|(name, ..)| *name == text.trim())
}

/// A unit that measures something else than its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongUnit;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_to_what_the_target_is_kept_in() {
        let point = Target::Point;
        for (text, target, expected) in [
            ("mV", Target::Cell(CellQuantity::Voltage, 0), Ok(1e-3)),
            ("V", point(PointId::Voltage), Ok(1.0)),
            ("kW", point(PointId::Power), Ok(1e3)),
            ("mA", point(PointId::Current), Ok(1e-3)),
            ("degC", Target::Cell(CellQuantity::Temperature, 0), Ok(1.0)),
            ("°C", point(PointId::Ambient), Ok(1.0)),
            ("%", point(PointId::Soc), Ok(1.0)),
            ("ms", Target::Node(NodeQuantity::Delay, 0), Ok(1e-3)),
            ("kOhm", point(PointId::InsulationKohm), Ok(1.0)),
            ("MOhm", point(PointId::InsulationKohm), Ok(1e3)),
            ("", point(PointId::Voltage), Ok(1.0)),
            ("furlong", point(PointId::Voltage), Ok(1.0)),
            ("", point(PointId::ControllerMode), Ok(1.0)),
            ("mV", point(PointId::Current), Err(WrongUnit)),
            ("W", point(PointId::Soc), Err(WrongUnit)),
        ] {
            assert_eq!(factor(text, target), expected, "{text} for {target:?}");
        }
    }

    #[test]
    fn a_unit_that_is_not_known_is_refused_where_it_must_be_known() {
        let point = Target::Point;
        let times = |factor| Ok(Conversion { factor, offset: 0.0 });
        for (text, target, expected) in [
            ("", point(PointId::Voltage), times(1.0)),
            ("kV", point(PointId::Voltage), times(1e3)),
            (" kW ", point(PointId::Power), times(1e3)),
            ("%", point(PointId::Soc), times(1.0)),
            ("-", point(PointId::ControllerMode), times(1.0)),
            ("1", point(PointId::Soc), times(100.0)),
            ("1", point(PointId::ControllerMode), times(1.0)),
            ("1", point(PointId::Voltage), Err("the unit 1 is not known here: convert it to V")),
            ("K", point(PointId::Ambient), Ok(Conversion { factor: 1.0, offset: -273.15 })),
            ("°R", point(PointId::Ambient), Err("the unit °R is not known here: convert it to °C")),
            ("K", point(PointId::Soc), Err("the unit K is not known here: convert it to %")),
            ("V", point(PointId::Current), Err("it is in V, but A is needed")),
            ("V", point(PointId::ControllerMode), Err("it is in V, but it is a bare number")),
        ] {
            assert_eq!(conversion(text, target), expected.map_err(str::to_owned), "{text} for {target:?}");
        }
        for (fahrenheit, celsius) in [(32.0, 0.0), (212.0, 100.0), (-40.0, -40.0)] {
            let Conversion { factor, offset } = conversion("°F", Target::Cell(CellQuantity::Temperature, 0)).unwrap();
            assert!((fahrenheit * factor + offset - celsius).abs() < 1e-9, "{fahrenheit}");
        }
    }
}
