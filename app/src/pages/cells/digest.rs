//! What the page says about all cells together, worked out once a frame.

use super::facts::GroupFacts;
use super::model::Cells;
use crate::components::Tone;
use crate::format;
use crate::pages::map_quantity::MapQuantity;
use crate::reading::made_of_rows;
use domain::alarm::Severity;
use domain::cells::ColumnStats;
use domain::reading::CellQuantity;

/// How many cells each list of worst cells names.
pub const WORST: usize = 5;

/// Everything on the page that is about more than one cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digest {
    /// Cells that the system has.
    pub count: usize,
    /// Cells with a fresh voltage.
    pub fresh: usize,
    /// Cells that have passed a limit, and how bad that is.
    pub out: Vec<(usize, Severity)>,
    /// Cells without a fresh value of which an alarm stands, and how bad the worst of these is.
    pub lost_in_alarm: usize,
    /// How bad the worst of these alarms is.
    pub lost_severity: Option<Severity>,
    /// Voltages over the fresh cells, V.
    pub voltage: Option<ColumnStats>,
    /// Temperatures over the fresh cells, °C.
    pub temperature: Option<ColumnStats>,
    /// Whether values are means of their minute: the snapshot is of a past of which no more is kept.
    pub means: bool,
    /// Whether any cell ever had a value.
    pub heard: bool,
    /// Every module, or every rack where there are several.
    pub groups: Vec<GroupFacts>,
}

/// A list of worst cells: worst first, with their values in V or °C, and how bad that value is.
pub type WorstCells = Vec<(usize, f32, Option<Severity>)>;

/// Which cells stand out, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standout {
    /// The lowest voltages.
    Lowest,
    /// The highest voltages.
    Highest,
    /// The highest temperatures.
    Hottest,
    /// Furthest from the mean voltage, either way.
    Deviating,
}

impl Standout {
    /// Every list, in the order of the page.
    pub const ALL: [Standout; 4] = [Standout::Lowest, Standout::Highest, Standout::Hottest, Standout::Deviating];

    /// Its heading.
    pub fn name(self) -> &'static str {
        match self {
            Standout::Lowest => "Lowest",
            Standout::Highest => "Highest",
            Standout::Hottest => "Hottest",
            Standout::Deviating => "Furthest from the mean",
        }
    }

    /// The quantity of its values.
    pub fn by(self) -> MapQuantity {
        match self {
            Standout::Lowest | Standout::Highest => MapQuantity::Voltage,
            Standout::Hottest => MapQuantity::Temperature,
            Standout::Deviating => MapQuantity::Deviation,
        }
    }
}

impl Digest {
    /// How many cells have a value, in words.
    pub fn fresh_words(&self) -> String {
        let number = |n: usize| format::count(n as u64);
        let of = format!("{} of {}", number(self.fresh), number(self.count));
        if self.means { format!("{of} known, means of the minute") } else { format!("{of} fresh") }
    }

    /// How many cells are out of limits, in words. It is good news only of cells that are known.
    pub fn limit_words(&self) -> (Tone, String) {
        let number = |n: usize| format::count(n as u64);
        let lost = match self.lost_in_alarm {
            0 => String::new(),
            n => format!(", {} in alarm without a fresh value", number(n)),
        };
        let worst = self.out.iter().map(|(_, severity)| *severity).max().max(self.lost_severity);
        let tone = if worst == Some(Severity::Critical) { Tone::Critical } else { Tone::Warning };
        let critical = self.out.iter().filter(|(_, severity)| *severity == Severity::Critical).count();
        match (self.out.len(), self.fresh) {
            (0, 0) => (Tone::Warning, format!("limits not known, no cell is fresh{lost}")),
            (0, _) if self.lost_in_alarm > 0 => (tone, lost.trim_start_matches(", ").to_owned()),
            (0, fresh) if fresh < self.count => {
                (Tone::Neutral, format!("none of the {} fresh out of limits", number(fresh)))
            }
            (0, _) => (Tone::Good, "none out of limits".to_owned()),
            (out, _) => {
                let warnings = match (critical, out - critical) {
                    (0, n) => format!("{} beyond a warning limit", number(n)),
                    (n, 0) => format!("{} out of limits", number(n)),
                    (n, more) => format!("{} out of limits, {} beyond a warning limit", number(n), number(more)),
                };
                (tone, format!("{warnings}{lost}"))
            }
        }
    }
}

impl Cells<'_> {
    /// Everything on the page that is about more than one cell.
    pub fn digest(&self) -> Digest {
        let heard = |quantity| {
            let column = self.snapshot.state.cells.column(quantity);
            (0..column.len()).any(|cell| column.last(cell).is_some())
        };
        let lost = self.alarms_without_value();
        Digest {
            count: self.count(),
            fresh: self.voltage.map_or(0, |stats| stats.fresh),
            out: (0..self.count()).filter_map(|cell| Some((cell, self.severity(cell)?))).collect(),
            lost_severity: self.worst_alarm(&lost),
            lost_in_alarm: lost.len(),
            voltage: self.voltage,
            temperature: self.temperature,
            means: made_of_rows(self.snapshot),
            heard: CellQuantity::ALL.into_iter().any(heard),
            groups: self.groups(),
        }
    }

    /// The cells that stand out in this way.
    pub fn worst(&self, standout: Standout) -> WorstCells {
        let first = self.first_by(standout.by(), WORST, |value| match standout {
            Standout::Lowest => value,
            Standout::Highest | Standout::Hottest => -value,
            Standout::Deviating => -value.abs(),
        });
        first.into_iter().map(|(cell, value)| (cell, value, self.severity_of(standout.by(), cell))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::{example, spec};
    use super::*;
    use Severity::{Critical, Warning};

    #[test]
    fn a_digest_counts_what_is_fresh_and_names_what_is_out() {
        let (snapshot, spec) = (example(), spec());
        let digest = Cells::of(&snapshot, &spec).digest();
        assert_eq!((digest.count, digest.fresh, digest.out.as_slice()), (6, 5, &[(1, Warning), (3, Critical)][..]));
        assert_eq!((digest.groups.len(), digest.heard), (2, true));
        let never = domain::twin::Snapshot { state: domain::twin::SystemState::new(&spec), ..snapshot };
        assert!(!Cells::of(&never, &spec).digest().heard);
    }

    #[test]
    fn a_mean_of_a_minute_is_not_called_fresh() {
        let of = |means| Digest { count: 260, fresh: 259, means, ..Digest::default() }.fresh_words();
        assert_eq!(
            (of(false).as_str(), of(true).as_str()),
            ("259 of 260 fresh", "259 of 260 known, means of the minute")
        );
    }

    #[test]
    fn that_none_is_out_of_limits_is_good_only_where_all_are_known() {
        let of = |fresh, out: &[Severity], lost_in_alarm| Digest {
            count: 260,
            fresh,
            out: out.iter().copied().enumerate().collect(),
            lost_in_alarm,
            lost_severity: (lost_in_alarm > 0).then_some(Critical),
            ..Digest::default()
        };
        let lost_warning = Digest { lost_severity: Some(Warning), ..of(240, &[], 20) };
        for (digest, tone, words) in [
            (of(260, &[], 0), Tone::Good, "none out of limits"),
            (of(200, &[], 0), Tone::Neutral, "none of the 200 fresh out of limits"),
            (of(0, &[], 0), Tone::Warning, "limits not known, no cell is fresh"),
            (of(0, &[], 1), Tone::Warning, "limits not known, no cell is fresh, 1 in alarm without a fresh value"),
            (of(240, &[], 20), Tone::Critical, "20 in alarm without a fresh value"),
            (lost_warning, Tone::Warning, "20 in alarm without a fresh value"),
            (of(240, &[Critical; 3], 20), Tone::Critical, "3 out of limits, 20 in alarm without a fresh value"),
            (of(260, &[Warning], 0), Tone::Warning, "1 beyond a warning limit"),
            (of(260, &[Critical, Warning], 0), Tone::Critical, "1 out of limits, 1 beyond a warning limit"),
        ] {
            assert_eq!(digest.limit_words(), (tone, words.to_owned()));
        }
    }

    #[test]
    fn the_cells_that_stand_out_come_first_and_cells_without_data_never() {
        let (snapshot, spec) = (example(), spec());
        let cells = Cells::of(&snapshot, &spec);
        let names = |standout| -> Vec<usize> { cells.worst(standout).into_iter().map(|(cell, ..)| cell).collect() };
        assert_eq!(names(Standout::Lowest), [3, 2, 0, 4, 1]);
        assert_eq!(names(Standout::Highest), [1, 0, 4, 2, 3]);
        assert_eq!(names(Standout::Hottest), [1, 2, 0, 4]);
        assert_eq!(names(Standout::Deviating), [3, 1, 0, 4, 2]);
        let bad = |standout, of: usize| {
            cells.worst(standout).into_iter().find(|(cell, ..)| *cell == of).and_then(|(.., severity)| severity)
        };
        assert_eq!((bad(Standout::Hottest, 1), bad(Standout::Highest, 1)), (Some(Warning), None), "too hot");
        assert_eq!(bad(Standout::Lowest, 3), Some(Critical));
    }
}
