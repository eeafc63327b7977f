//! A flight check in words for a person.

use super::{Assumption, Controls, Dispatch, End, Lasts, LoadProfile, Mode, Outlook, Plan, Unknown};
use crate::topology::Topology;
use std::fmt;

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::MaxSafety => "Max Safety",
            Mode::MaxRoi => "Max ROI",
        })
    }
}

impl fmt::Display for Unknown {
    /// Why: `state of charge: stale`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Point(point, why) => write!(f, "{}: {}", point.spec().name, why.words()),
            Unknown::Chemistry(chemistry) => write!(f, "there is no model of {} cells", chemistry.spec().name),
            Unknown::Capacity => f.write_str("the rated capacity is not known"),
            Unknown::Plan => f.write_str("the load profile, grid cap or time to look ahead has a value that cannot be"),
            Unknown::Controls => f.write_str("a wanted value is no number"),
            Unknown::GridCap => f.write_str("it is not said what the building may draw from the grid (grid_cap_w)"),
        }
    }
}

impl End {
    /// Every end in one word, of any cell.
    const WORDS: [(End, &str); 10] = [
        (End::Horizon, "horizon"),
        (End::Reserve, "reserve"),
        (End::Empty, "empty"),
        (End::DischargeLimit, "discharge-limit"),
        (End::BmsPower, "bms-power"),
        (End::CurrentLimit, "current-limit"),
        (End::CellVoltage(None), "cell-voltage"),
        (End::CellTemperature(None), "cell-temperature"),
        (End::Standby, "standby"),
        (End::Mode, "mode"),
    ];

    /// What ends it, in one word for programs.
    pub fn word(self) -> &'static str {
        let of_any_cell = match self {
            End::CellVoltage(_) => End::CellVoltage(None),
            End::CellTemperature(_) => End::CellTemperature(None),
            other => other,
        };
        End::WORDS.iter().find(|(end, _)| *end == of_any_cell).map_or("", |(_, word)| word)
    }

    /// The end with this word; of which cell is not told.
    pub fn from_word(word: &str) -> Option<End> {
        End::WORDS.iter().find(|(_, known)| *known == word).map(|(end, _)| *end)
    }

    /// What ends it, in words; cells have the names of `topology`.
    pub fn words(self, topology: &Topology) -> String {
        let cell = |cell: Option<u16>| {
            cell.map_or_else(|| "the mean cell".to_owned(), |cell| format!("cell {}", topology.cell_name(cell.into())))
        };
        match self {
            End::Horizon => "it lasts longer than was looked ahead".to_owned(),
            End::Reserve => "the reserve is reached".to_owned(),
            End::Empty => "the battery is empty".to_owned(),
            End::DischargeLimit => "the load needs more than the discharge limit".to_owned(),
            End::BmsPower => "the load needs more than the BMS allows".to_owned(),
            End::CurrentLimit => "the load needs more than the highest current of the pack".to_owned(),
            End::CellVoltage(which) => format!("{} is at its lowest voltage", cell(which)),
            End::CellTemperature(which) => format!("{} is beyond its temperatures for discharging", cell(which)),
            End::Standby => "the battery stands by".to_owned(),
            End::Mode => "in Max Safety peaks are not shaved".to_owned(),
        }
    }
}

impl fmt::Display for Lasts {
    /// How long: `74 min`, `5 h 10 min`, `more than 24 h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.end == End::Horizon {
            f.write_str("more than ")?;
        }
        let minutes = self.minutes.max(0.0).floor() as u32;
        match (minutes / 60, minutes % 60) {
            // "0 min" would be none.
            (0, 0) if self.minutes > 0.0 => f.write_str("less than 1 min"),
            (0 | 1, _) => write!(f, "{minutes} min"),
            (hours, 0) => write!(f, "{hours} h"),
            (hours, rest) => write!(f, "{hours} h {rest} min"),
        }
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Assumption::MeanCell(why) => {
                write!(f, "Cell voltages: {}. One mean cell stands for all of them", why.words())
            }
            Assumption::CellsMissing(1) => f.write_str("1 cell is not seen and taken for a mean one"),
            Assumption::CellsMissing(cells) => write!(f, "{cells} cells are not seen and taken for mean ones"),
            Assumption::AtRest(why) => write!(f, "Current: {}. The cells are taken to be at rest", why.words()),
            Assumption::Settled => f.write_str(
                "The current of the last minutes is not known: the present one is taken to have flowed for long",
            ),
            Assumption::Temperature(celsius) => write!(f, "No temperature is known: {celsius:.0} °C is assumed"),
            Assumption::Air(celsius) => {
                write!(f, "The temperature of the air is not known: {celsius:.0} °C is assumed, as warm as the cells")
            }
            Assumption::Health(why) => {
                write!(f, "State of health: {}. The capacity is taken to be the rated one", why.words())
            }
            Assumption::BmsPower(why) => {
                write!(f, "Limits of the BMS: {}. Those usual for such cells are taken", why.words())
            }
            Assumption::ContactorsClosed => f.write_str("The contactors are open: they are taken to be closed"),
            Assumption::NoSun => f.write_str("Sun is not counted on"),
            Assumption::Unexplained { cells, worst_v } => write!(
                f,
                "The model does not explain the voltage of {cells} {}, {:.0} mV at most, which is taken to stay so",
                if *cells == 1 { "cell" } else { "cells" },
                worst_v.abs() * 1e3
            ),
        }
    }
}

impl Outlook {
    /// The outlook of which nothing can be said, and why.
    pub fn unknown(why: Unknown) -> Outlook {
        Outlook {
            training: Err(why),
            backup: Err(why),
            lowest_cell: Err(why),
            hottest_cell: Err(why),
            energy_above_floor_wh: Err(why),
            headroom_w: Err(why),
            curve: Vec::new(),
        }
    }
}

impl Plan {
    /// Whether every value is one that can be.
    pub fn is_possible(&self) -> bool {
        let power = |watts: &f32| watts.is_finite() && *watts >= 0.0;
        let time = |seconds: &f32| seconds.is_finite() && *seconds > 0.0;
        let load = match &self.load {
            LoadProfile::Held => true,
            LoadProfile::Constant(load_w) => power(load_w),
            LoadProfile::Bursts { base_w, burst_w, every_s, lasting_s } => {
                power(base_w) && power(burst_w) && time(every_s) && lasting_s.is_finite() && *lasting_s >= 0.0
            }
            LoadProfile::Recorded { load_w, step_s } | LoadProfile::Repeated { load_w, step_s } => {
                load_w.iter().all(power) && time(step_s) && !load_w.is_empty()
            }
        };
        let dispatch = match self.dispatch {
            Dispatch::PeakShaving { grid_cap_w } => grid_cap_w.is_finite(),
            Dispatch::Backup => true,
        };
        load && dispatch && time(&self.horizon_s)
    }
}

impl Controls {
    /// Whether every value is one that can be.
    pub fn are_possible(&self) -> bool {
        let power = |watts: Option<f32>| watts.is_none_or(|watts| watts.is_finite() && watts >= 0.0);
        (0.0..=100.0).contains(&self.reserve_pct) && power(self.discharge_limit_w) && power(self.charge_limit_w)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Chemistry;
    use crate::point::PointId;
    use crate::reading::NoData;

    #[test]
    fn what_ends_a_run_and_what_is_not_known_is_said_in_words() {
        let pack = Topology::new(1, 13, 20);
        assert_eq!(End::CellVoltage(Some(131)).words(&pack), "cell 7.12 is at its lowest voltage");
        assert_eq!(End::CellVoltage(None).words(&pack), "the mean cell is at its lowest voltage");
        for (minutes, end, words) in [
            (74.9, End::Reserve, "74 min"),
            (0.0, End::Standby, "0 min"),
            (0.3, End::Reserve, "less than 1 min"),
            (310.0, End::Reserve, "5 h 10 min"),
            (1_440.0, End::Horizon, "more than 24 h"),
        ] {
            assert_eq!(Lasts { minutes, end }.to_string(), words);
            assert_eq!(End::from_word(end.word()), Some(end));
        }
        for (why, words) in [
            (Unknown::Point(PointId::Soc, NoData::Stale), "State of charge: stale"),
            (Unknown::Chemistry(Chemistry::Nmc), "there is no model of NMC cells"),
        ] {
            assert_eq!(why.to_string(), words);
        }
        let off = Assumption::Unexplained { cells: 1, worst_v: -0.4 };
        assert_eq!(
            off.to_string(),
            "The model does not explain the voltage of 1 cell, 400 mV at most, which is taken to stay so"
        );
    }
}
