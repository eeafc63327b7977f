//! Well-known names: which words in a signal's name say that it is a point.

use domain::point::PointId;

/// Words that a name must have, the best first. A word stands for all that begin with it: `volt` for `Voltage`.
pub(super) struct Known {
    pub(super) point: PointId,
    pub(super) any_of: &'static [&'static str],
}

/// Words that make a name mean something else, unless they are asked for.
const OTHERWISE: &[&str] = &[
    "valid",
    "mux",
    "min",
    "max",
    "low",
    "high",
    "limit",
    "lim",
    "cell",
    "module",
    "string",
    "charge",
    "discharge",
    "bus",
    "link",
    "avg",
    "mean",
    "error",
    "fault",
    "warning",
    "alarm",
    "at",
    "number",
    "num",
    "id",
    "index",
    "ref",
    "setpoint",
    "target",
    "offset",
    "count",
    "average",
    "aux",
    "grid",
    "load",
    "solar",
    "pv",
    "ambient",
    "nominal",
    "open",
    "precharge",
    "request",
];

macro_rules! known {
    ($($point:ident: $($words:literal)+;)*) => { &[$(Known { point: PointId::$point, any_of: &[$($words,)+] },)*] };
}

/// One row for each point that a name can tell.
pub(super) const KNOWN: &[Known] = known! {
    Soc: "soc" "state of charge" "soc min" "soc avg";
    Soh: "soh" "state of health";
    Voltage: "pack volt" "batt volt" "bat volt" "hv volt" "total volt" "dc volt" "volt";
    Current: "pack curr" "batt curr" "bat curr" "hv curr" "total curr" "dc curr" "curr";
    Power: "pack power" "batt power" "bat power" "hv power" "power";
    BusVoltage: "bus volt" "link volt" "output volt";
    SopDischarge: "discharge power max" "discharge power limit" "discharge power avail";
    SopCharge: "charge power max" "charge power limit" "charge power avail";
    CellVoltageMin: "cell volt min" "cell volt low";
    CellVoltageMinAt: "cell volt min at" "cell volt min num" "cell volt min id" "cell volt low id" "cell volt min index";
    CellVoltageMax: "cell volt max" "cell volt high";
    CellVoltageMaxAt: "cell volt max at" "cell volt max num" "cell volt max id" "cell volt high id" "cell volt max index";
    CellTemperatureMax: "cell temp max" "temp max" "cell temp high" "temp high";
    CellTemperatureMaxAt: "cell temp max at" "temp max num" "temp max id" "temp high id" "temp max index";
    CellTemperatureMin: "cell temp min" "temp min" "cell temp low" "temp low";
    InsulationKohm: "insulation res" "isolation res" "insulation" "isolation";
    GridPower: "grid power";
    LoadPower: "load power";
    SolarPower: "solar power" "pv power";
    Ambient: "ambient temp" "temp ambient";
};

/// The words of a name, in small letters: `BatteryVoltage_max` is battery, voltage, max.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| letters[before]);
        let small_follows = letters.get(place + 1).is_some_and(|next| next.is_ascii_lowercase());
        // A word begins after small letters, and with the last capital of several: `HVVoltage` is hv, voltage.
        let begins = letter.is_ascii_uppercase()
            && before.is_some_and(|b| !b.is_ascii_uppercase() || small_follows && b.is_ascii_uppercase());
        if begins || !letter.is_ascii_alphabetic() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (letter.is_ascii_alphabetic(), words.last_mut()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// How well a name of these words fits, lower is better; `None` if it does not.
pub(super) fn fit(known: &Known, name: &[String]) -> Option<usize> {
    let fits = |alternative: &&str| {
        let wanted: Vec<&str> = alternative.split(' ').collect();
        let has = wanted.iter().all(|word| name.iter().any(|have| have.starts_with(word)));
        let strange = |have: &&String| OTHERWISE.contains(&have.as_str()) && !wanted.contains(&have.as_str());
        has && !name.iter().any(|have| strange(&have))
    };
    let rank = known.any_of.iter().position(fits)?;
    Some(rank * 16 + name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        for (name, expected) in [
            ("BatteryVoltage", "battery voltage"),
            ("HVBatt_Curr", "hv batt curr"),
            ("SOC", "soc"),
            ("pack_soc_1", "pack soc"),
            ("CellVoltageMinAt", "cell voltage min at"),
        ] {
            assert_eq!(words(name).join(" "), expected);
        }
    }

    #[test]
    fn the_best_name_wins_and_similar_ones_do_not_fit() {
        let point = |name: &str| {
            let words = words(name);
            let fits = KNOWN.iter().filter_map(|known| fit(known, &words).map(|fit| (fit, known.point)));
            fits.min_by_key(|(fit, _)| *fit).map(|(_, point)| point)
        };
        for (name, expected) in [
            ("BatteryVoltage", Some(PointId::Voltage)),
            ("HvCurrent", Some(PointId::Current)),
            ("BusVoltage", Some(PointId::BusVoltage)),
            ("ChargePowerMax", Some(PointId::SopCharge)),
            ("DischargePowerMax", Some(PointId::SopDischarge)),
            ("ChargeCurrentMax", None),
            ("CellVoltageMinAt", Some(PointId::CellVoltageMinAt)),
            ("MinCellVoltage", Some(PointId::CellVoltageMin)),
            ("StateOfCharge", Some(PointId::Soc)),
            ("SocMin", Some(PointId::Soc)),
            ("MaxTemp", Some(PointId::CellTemperatureMax)),
            ("AmbientTemperature", Some(PointId::Ambient)),
            ("Voltmeter", Some(PointId::Voltage)),
            ("Checksum", None),
        ] {
            assert_eq!(point(name), expected, "{name}");
        }
    }
}
