//! What a system keeps to: `chemistry`, `cells_in_series` and `[system.limits]`.

use super::Complaint;
use domain::limits::{CHEMISTRIES, Chemistry, KEYS, Key, Limits};
use domain::plain::quoted;
use domain::topology::Topology;
use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;

/// `[system.limits]`: any of [`KEYS`].
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct LimitsTable(BTreeMap<Spanned<String>, Spanned<f32>>);

/// [`Chemistry`] as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChemistryKey(pub(super) Chemistry);

impl<'de> Deserialize<'de> for ChemistryKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ChemistryKey, D::Error> {
        let text = String::deserialize(deserializer)?;
        Chemistry::from_key(&text).map(ChemistryKey).ok_or_else(|| {
            let known: Vec<&str> = CHEMISTRIES.iter().map(|chemistry| chemistry.key).collect();
            de::Error::custom(format!("there is no chemistry {}; there is {}", quoted(&text), known.join(", ")))
        })
    }
}

/// What the limits follow from.
pub(super) struct Battery {
    pub(super) chemistry: Chemistry,
    pub(super) cells_in_series: Option<Spanned<u16>>,
    pub(super) nominal_v: f32,
    pub(super) capacity_ah: f32,
    pub(super) topology: Topology,
}

impl LimitsTable {
    /// The limits of `battery`, with what is given here; what cannot be goes to `wrong`.
    pub(super) fn check(self, battery: Battery, wrong: &mut Vec<Complaint>) -> Limits {
        let Battery { chemistry, cells_in_series, nominal_v, capacity_ah, topology } = battery;
        let cells = match &cells_in_series {
            None => Limits::cells_in_series(chemistry, nominal_v, &topology),
            Some(given) => {
                let (cells, cell) = (*given.get_ref(), chemistry.spec());
                let cell_v = nominal_v / f32::from(cells.max(1));
                if cells == 0 || !cell.voltage_v.contains(cell_v) {
                    wrong.push((given.span(), no_such_cell(cells, nominal_v, chemistry)));
                }
                cells.max(1)
            }
        };
        let mut limits = Limits::of(chemistry, cells, capacity_ah);
        let mut given: Vec<(&Key, f32)> = Vec::new();
        let mut places: Vec<(&str, Range<usize>)> = Vec::new();
        for (name, value) in &self.0 {
            match KEYS.iter().find(|key| key.key == name.get_ref()) {
                Some(key) => {
                    given.push((key, *value.get_ref()));
                    places.push((key.key, value.span()));
                }
                None => {
                    let known: Vec<&str> = KEYS.iter().map(|key| key.key).collect();
                    let words = format!("there is no limit `{}`; there is {}", name.get_ref(), known.join(", "));
                    wrong.push((name.span(), words));
                }
            }
        }
        limits.give(&given);
        let mut marked: Vec<Range<usize>> = Vec::new();
        let mut derived = None;
        for problem in limits.problems() {
            let place = |key: &&str| places.iter().find(|(given, _)| given == key).map(|(_, span)| span.clone());
            match problem.keys.iter().find_map(place) {
                Some(span) if marked.contains(&span) => {}
                Some(span) => {
                    marked.push(span.clone());
                    wrong.push((span, problem.message));
                }
                None => derived = derived.or(Some(problem.message)),
            }
        }
        // What follows from a limit that is wrong is wrong too, and says nothing new.
        if let (true, Some(message), Some((_, span))) = (marked.is_empty(), derived, places.first()) {
            wrong.push((span.clone(), message));
        }
        limits
    }
}

fn no_such_cell(cells: u16, nominal_v: f32, chemistry: Chemistry) -> String {
    let spec = chemistry.spec();
    let expected = Limits::cells_in_series(chemistry, nominal_v, &Topology::NONE);
    format!(
        "{cells} cells in series do not make {nominal_v} V: {} has {} V a cell, so that is about {expected} cells",
        spec.name, spec.nominal_v
    )
}
