//! What a person chose on the page. It lives in the address, so a view can be shared: `/cells?cell=7.12&by=temperature`.
//!
//! What is left at its default is left out of the address; what cannot be understood falls back to the default.

use crate::charts::palette::Palette;
use crate::pages::map_quantity::MapQuantity;
use domain::lab::parse_cell;
use domain::topology::Topology;

/// The scale that the colours span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// From the lowest to the highest value now, so that small differences show.
    #[default]
    Relative,
    /// The same values always, so that two snapshots can be compared.
    Fixed,
}

/// The colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// Even steps for the eye, also without colour vision.
    #[default]
    Cividis,
    /// Red, yellow, green: the habit of the trade.
    RedYellowGreen,
}

impl Span {
    /// Every choice with its word in the address and its name.
    pub const ALL: [(Span, &str, &str); 2] =
        [(Span::Relative, "relative", "Relative"), (Span::Fixed, "fixed", "Fixed")];
}

impl Colours {
    /// Every choice with its word in the address and its name.
    pub const ALL: [(Colours, &str, &str); 2] =
        [(Colours::Cividis, "cividis", "Cividis"), (Colours::RedYellowGreen, "red-yellow-green", "Red to green")];

    /// The palette for a map of `by`. Deviations go two ways, and neither is the good one: they have colours of their own.
    pub fn palette(self, by: MapQuantity) -> Palette {
        match (self, by) {
            (_, MapQuantity::Deviation) => Palette::Deviation,
            (Colours::Cividis, _) => Palette::Cividis,
            // Of temperatures the high end is the one to be wary of.
            (Colours::RedYellowGreen, MapQuantity::Temperature) => Palette::GreenYellowRed,
            (Colours::RedYellowGreen, _) => Palette::RedYellowGreen,
        }
    }
}

/// Everything chosen on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The quantity that colours the map.
    pub by: MapQuantity,
    /// The scale that the colours span.
    pub span: Span,
    /// The colours.
    pub colours: Colours,
    /// The cell whose panel is open, from 0.
    pub cell: Option<usize>,
}

impl Choice {
    /// Reads the choice from the fields of an address.
    pub fn from_query(field: impl Fn(&str) -> Option<String>, topology: &Topology) -> Choice {
        Choice {
            by: word(&MapQuantity::ALL, field("by")),
            span: word(&Span::ALL, field("scale")),
            colours: word(&Colours::ALL, field("palette")),
            cell: field("cell").and_then(|name| parse_cell(&name, topology)),
        }
    }

    /// The address with this choice of the page at `base`, which may have a query of its own.
    pub fn address(&self, base: &str, topology: &Topology) -> String {
        let mut fields = Vec::new();
        if let Some(cell) = self.cell {
            fields.push(format!("cell={}", topology.cell_name(cell).replace(' ', "%20")));
        }
        push(&mut fields, "by", &MapQuantity::ALL, self.by);
        push(&mut fields, "scale", &Span::ALL, self.span);
        push(&mut fields, "palette", &Colours::ALL, self.colours);
        let mark = if base.contains('?') { '&' } else { '?' };
        if fields.is_empty() { base.to_owned() } else { format!("{base}{mark}{}", fields.join("&")) }
    }
}

fn word<T: Copy + Default>(table: &[(T, &str, &str)], word: Option<String>) -> T {
    let row = word.and_then(|word| table.iter().find(|(_, w, _)| *w == word));
    row.map_or_else(T::default, |(value, _, _)| *value)
}

fn push<T: Copy + Default + PartialEq>(fields: &mut Vec<String>, name: &str, table: &[(T, &str, &str)], value: T) {
    if value != T::default()
        && let Some((_, word, _)) = table.iter().find(|(v, _, _)| *v == value)
    {
        fields.push(format!("{name}={word}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str, topology: &Topology) -> Choice {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let fields: Vec<(&str, &str)> = query.split('&').filter_map(|f| f.split_once('=')).collect();
        let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v.replace("%20", " "));
        Choice::from_query(field, topology)
    }

    #[test]
    fn a_choice_survives_its_address() {
        let pack = Topology::new(1, 13, 20);
        let racks = Topology::new(20, 10, 32);
        for (topology, base, choice, address) in [
            (pack, "/cells", Choice::default(), "/cells"),
            (
                pack,
                "/cells",
                Choice { cell: Some(131), by: MapQuantity::Temperature, ..Choice::default() },
                "/cells?cell=7.12&by=temperature",
            ),
            (
                racks,
                "/cells?system=racks",
                Choice {
                    cell: Some(6_399),
                    by: MapQuantity::Deviation,
                    span: Span::Fixed,
                    colours: Colours::RedYellowGreen,
                },
                "/cells?system=racks&cell=R20%2010.32&by=deviation&scale=fixed&palette=red-yellow-green",
            ),
        ] {
            assert_eq!(choice.address(base, &topology), address);
            assert_eq!(read(address, &topology), choice);
        }
    }

    #[test]
    fn what_is_not_understood_falls_back_to_the_default() {
        assert_eq!(read("/cells?cell=14.1&by=colour&scale=&palette=x", &Topology::new(1, 13, 20)), Choice::default());
    }
}
