//! Well-known names: which words in a signal's name say that it is a point.

use domain::point::PointId;

/// Words that a name must have, the best first.
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
    "limit",
    "cell",
    "module",
    "string",
    "charge",
    "discharge",
    "bus",
    "avg",
    "error",
    "fault",
    "warning",
    "alarm",
    "at",
    "number",
    "ref",
    "setpoint",
    "target",
    "offset",
    "count",
    "aux",
    "grid",
    "load",
    "solar",
    "ambient",
    "nominal",
    "open",
    "precharge",
    "request",
    "command",
    "delta",
    "usable",
    "lv",
    "motor",
    "coolant",
    "inlet",
    "outlet",
    "charger",
    "sensor",
    "shunt",
    "status",
    "state",
    "rate",
    "raw",
    "time",
];

/// How words are written elsewhere: what stands first is meant by the others.
#[rustfmt::skip]
const SYNONYMS: &[(&str, &[&str])] = &[
    ("soc", &["stateofcharge", "ladezustand"]),
    ("soh", &["stateofhealth"]),
    ("volt", &["voltage", "volts", "volta", "vlt", "vltg", "vol", "u", "spannung", "voltmeter"]),
    ("curr", &["current", "cur", "amp", "amps", "ampere", "i", "strom"]),
    ("power", &["pwr", "pow", "leistung"]),
    ("temp", &["temperature", "temperatur", "tmp", "temps", "t", "ntc"]),
    ("batt", &["bat", "battery", "akku", "hvbatt", "hvbat", "accumulator", "accu", "batterie"]),
    ("hv", &["hvb", "highvoltage"]),
    ("cell", &["cells", "zelle", "zell"]),
    ("module", &["modules", "mod", "slave", "cmu", "bmu", "tray"]),
    ("min", &["minimum", "low", "lo", "lowest", "mn", "coldest"]),
    ("max", &["maximum", "high", "hi", "highest", "mx", "hottest"]),
    ("avg", &["average", "mean"]),
    ("limit", &["lim", "limits", "allowed", "avail", "available", "permitted", "permissible", "allow"]),
    ("charge", &["chg", "chrg", "charging", "chargeable", "chrgng", "cha"]),
    ("discharge", &["dchg", "dchrg", "dischg", "dischrg", "disch", "discharging", "dch", "dcha", "dsg"]),
    ("insulation", &["isolation", "isol", "insul", "iso", "riso", "imd"]),
    ("res", &["resistance", "resist"]),
    ("number", &["num", "no", "nr", "idx", "index", "id", "location", "loc"]),
    ("valid", &["vld", "validity", "invalid"]),
    ("bus", &["link", "output", "dclink", "busbar"]),
    ("ambient", &["amb", "environment", "outside"]),
    ("solar", &["pv"]),
    ("status", &["stat", "sts", "flag", "quality", "qf"]),
    ("request", &["req", "rq"]),
    ("command", &["cmd"]),
    ("fault", &["flt", "failure", "err"]),
    ("warning", &["warn"]),
    ("precharge", &["prechg", "prech", "preload"]),
    ("contactor", &["contactors", "contact", "relay", "cont", "ctr"]),
    ("plus", &["positive", "pos"]),
    ("minus", &["negative", "neg"]),
    ("closed", &["close", "on", "feedback", "fb"]),
    ("lv", &["aux12v", "12v", "lowvoltage"]),
    ("pack", &["packs", "system", "total", "sys"]),
];

/// Abbreviations that are written with capitals inside.
const ABBREVIATIONS: &[&str] = &["soc", "soh", "soe", "sop"];

macro_rules! known {
    ($($point:ident: $($words:literal)+;)*) => { &[$(Known { point: PointId::$point, any_of: &[$($words,)+] },)*] };
}

/// One row for each point that a name can tell, in [`SYNONYMS`]' words.
pub(super) const KNOWN: &[Known] = known! {
    Soc: "pack soc" "batt soc" "hv soc" "soc" "state of charge" "soc avg" "soc min";
    Soh: "pack soh" "batt soh" "soh" "state of health";
    Voltage: "pack volt" "batt volt" "hv volt" "dc volt" "volt";
    Current: "pack curr" "batt curr" "hv curr" "dc curr" "curr";
    Power: "pack power" "batt power" "hv power" "power";
    BusVoltage: "bus volt";
    SopDischarge: "discharge power max" "discharge power limit" "sop discharge";
    SopCharge: "charge power max" "charge power limit" "sop charge";
    ChargeCurrentMax: "charge curr max" "charge curr limit" "ccl";
    DischargeCurrentMax: "discharge curr max" "discharge curr limit" "dcl";
    CellVoltageMin: "cell volt min";
    CellVoltageMinAt: "cell volt min at" "cell volt min number" "cell min number";
    CellVoltageMax: "cell volt max";
    CellVoltageMaxAt: "cell volt max at" "cell volt max number" "cell max number";
    CellTemperatureMax: "cell temp max" "module temp max" "temp max";
    CellTemperatureMaxAt: "cell temp max at" "cell temp max number" "temp max number";
    CellTemperatureMin: "cell temp min" "module temp min" "temp min";
    InsulationKohm: "insulation res" "insulation";
    GridPower: "grid power";
    LoadPower: "load power";
    SolarPower: "solar power";
    Ambient: "ambient temp";
    Temperature: "pack temp" "batt temp" "hv temp" "cell temp avg" "temp avg" "temp";
};

/// The words of a name as this table has them: `PackSoC`, `PACK_SOC` and `packsoc` are pack, soc.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for word in cut(&with_abbreviations(name)) {
        match compound(&word) {
            Some(parts) => words.extend(parts.into_iter().map(str::to_owned)),
            None => words.push(usual(&word).unwrap_or(&word).to_owned()),
        }
    }
    // `PreCharge` is one word that is written as two.
    if let Some(place) = words.windows(2).position(|pair| pair[0] == "pre" && pair[1] == "charge") {
        words.splice(place..place + 2, ["precharge".to_owned()]);
    }
    words
}

/// The name with `SoC` and its like as words of their own, unless a longer word is meant, as in `SOCKET`.
fn with_abbreviations(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let head = rest.get(..3).filter(|head| ABBREVIATIONS.contains(&head.to_ascii_lowercase().as_str()));
        let mixed = head.filter(|head| head.starts_with('S') && head.ends_with(|c: char| c.is_ascii_uppercase()));
        let mut after = rest.chars().skip(3);
        let word_follows = match (after.next(), after.next()) {
            (Some(next), second) if next.is_ascii_uppercase() => second.is_some_and(|c| c.is_ascii_lowercase()),
            _ => true,
        };
        match mixed {
            Some(head) if word_follows => {
                text.push('_');
                text.push_str(&head.to_ascii_lowercase());
                text.push('_');
                rest = &rest[3..];
            }
            _ => {
                text.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    text
}

/// A name cut at capitals, numbers and signs, in small letters: `BatteryVoltage_max` is battery, voltage, max.
fn cut(name: &str) -> Vec<String> {
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

/// The usual word for this one, if it is known.
fn usual(word: &str) -> Option<&'static str> {
    SYNONYMS.iter().find(|(usual, others)| *usual == word || others.contains(&word)).map(|(usual, _)| *usual)
}

/// The usual words of which this one is put together, as in `packvoltage`: at least two, of at least three letters.
fn compound(word: &str) -> Option<Vec<&'static str>> {
    if word.is_empty() || usual(word).is_some() {
        return usual(word).map(|word| vec![word]);
    }
    (3..word.len().saturating_sub(2)).rev().find_map(|length| {
        let first = usual(word.get(..length)?)?;
        let mut parts = vec![first];
        parts.extend(compound(word.get(length..)?)?);
        Some(parts)
    })
}

/// How well a name of these words fits, lower is better; `None` if it does not.
pub(super) fn fit(known: &Known, name: &[String]) -> Option<usize> {
    let fits = |alternative: &&str| {
        let wanted: Vec<&str> = alternative.split(' ').collect();
        let has = wanted.iter().all(|word| name.iter().any(|have| have == word));
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
    fn names_are_cut_into_usual_words() {
        for (name, expected) in [
            ("BatteryVoltage", "batt volt"),
            ("HVBatt_Curr", "hv batt curr"),
            ("SOC", "soc"),
            ("PackSoC", "pack soc"),
            ("BMSSoC_Pct", "bms soc pct"),
            ("SOCmin", "soc min"),
            ("SOCDispl", "soc displ"),
            ("SOCKET", "socket"),
            ("pack_soc_1", "pack soc"),
            ("packvoltage", "pack volt"),
            ("MAXCELLTEMP", "max cell temp"),
            ("Module1Cell1Volt", "module cell volt"),
            ("CellVoltageMinAt", "cell volt min at"),
            ("PreChgRelayState", "precharge contactor state"),
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
            ("DcLinkVoltage", Some(PointId::BusVoltage)),
            ("ChargePowerMax", Some(PointId::SopCharge)),
            ("DischargePowerMax", Some(PointId::SopDischarge)),
            ("AvailDischgPwr", Some(PointId::SopDischarge)),
            ("ChargeCurrentMax", Some(PointId::ChargeCurrentMax)),
            ("BMS_DischargeCurrentLimit", Some(PointId::DischargeCurrentMax)),
            ("CellVoltageMinAt", Some(PointId::CellVoltageMinAt)),
            ("MaxCellVoltNo", Some(PointId::CellVoltageMaxAt)),
            ("MinCellVoltage", Some(PointId::CellVoltageMin)),
            ("StateOfCharge", Some(PointId::Soc)),
            ("PackSoC", Some(PointId::Soc)),
            ("SoH", Some(PointId::Soh)),
            ("SocMin", Some(PointId::Soc)),
            ("MaxTemp", Some(PointId::CellTemperatureMax)),
            ("HighTemperature", Some(PointId::CellTemperatureMax)),
            ("IsolationResistance", Some(PointId::InsulationKohm)),
            ("AmbientTemperature", Some(PointId::Ambient)),
            ("Voltmeter", Some(PointId::Voltage)),
            ("MotorCurrent", None),
            ("ChargeVoltageMax", None),
            ("Checksum", None),
        ] {
            assert_eq!(point(name), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_makes_it_panic(name in "\\PC{0,40}", plain in "[a-zA-Z_0-9]{0,60}") {
            let _ = (words(&name), words(&plain));
        }
    }
}
