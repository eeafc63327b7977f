//! What a person looks at: which quantities, and which time. It lives in the address, so that it can be sent to somebody.

use crate::address::Address;
use crate::pages::map_quantity::MapQuantity;
use domain::lab::parse_cell;
use domain::point::PointId;
use domain::spec::SystemKind;
use domain::telemetry::{column_name, from_column_name};
use domain::topology::Topology;

/// Lengths to choose from, s, with their words.
pub const SPANS: [(u32, &str); 9] = [
    (600, "10 min"),
    (3_600, "1 h"),
    (21_600, "6 h"),
    (43_200, "12 h"),
    (86_400, "24 h"),
    (172_800, "48 h"),
    (259_200, "72 h"),
    (604_800, "7 d"),
    (2_592_000, "30 d"),
];
const SPAN_S: u32 = 3_600;
/// What colours the map of all cells at first.
const FIRST_MAP: MapQuantity = MapQuantity::Deviation;

/// The shortest and the longest time that is shown, s: some samples, and ten years.
const SHORTEST_S: f64 = 1.0;
const LONGEST_S: f64 = 315_360_000.0;

/// Which time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// The last so many seconds, going on.
    Last(u32),
    /// From one instant to another, UTC in s.
    Between(f64, f64),
}

/// Another time that the one that is shown is laid over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// None.
    Nothing,
    /// As long, right before it.
    Before,
    /// The same hours a day earlier.
    Day,
    /// The same hours a week earlier.
    Week,
}

impl Against {
    /// What can be chosen, with its words.
    pub const ALL: [(Against, &str); 4] = [
        (Against::Nothing, "Nothing"),
        (Against::Before, "The period before"),
        (Against::Day, "A day earlier"),
        (Against::Week, "A week earlier"),
    ];
    /// As the address has them.
    const KEYS: [(Against, &str); 3] = [(Against::Before, "before"), (Against::Day, "day"), (Against::Week, "week")];

    /// How much earlier the other time is, s; `None` if there is none.
    pub fn earlier_s(self, (from_s, to_s): (f64, f64)) -> Option<f64> {
        match self {
            Against::Nothing => None,
            Against::Before => Some(to_s - from_s),
            Against::Day => Some(86_400.0),
            Against::Week => Some(604_800.0),
        }
    }

    /// The other time.
    pub fn window(self, window: (f64, f64)) -> Option<(f64, f64)> {
        self.earlier_s(window).map(|earlier_s| (window.0 - earlier_s, window.1 - earlier_s))
    }

    /// What its lines and values are called.
    pub fn words(self) -> &'static str {
        match self {
            Against::Nothing => "",
            Against::Before => "the period before",
            Against::Day => "a day earlier",
            Against::Week => "a week earlier",
        }
    }
}

/// The whole choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Which time.
    pub when: When,
    /// What it is laid over.
    pub against: Against,
    /// Which quantities.
    pub points: Vec<PointId>,
    /// Which cells, from 0.
    pub cells: Vec<u16>,
    /// Which device points, by their stable names.
    pub devices: Vec<String>,
    /// What colours the map of all cells.
    pub map: MapQuantity,
}

/// What is asked of the server: every curve of a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// Quantities.
    pub points: Vec<PointId>,
    /// Cells, from 0.
    pub cells: Vec<u16>,
    /// Device points, by name.
    pub devices: Vec<String>,
}

/// More cells are not told apart.
pub const CELLS_MAX: usize = 6;
/// Neither are more device points.
pub const DEVICES_MAX: usize = 6;

/// What a system's page shows at first.
fn first_points(kind: SystemKind) -> &'static [PointId] {
    match kind {
        SystemKind::DataCentre | SystemKind::Storage => {
            &[PointId::LoadPower, PointId::Power, PointId::Voltage, PointId::Soc, PointId::CellTemperatureMax]
        }
        SystemKind::Home => {
            &[PointId::SolarPower, PointId::LoadPower, PointId::Voltage, PointId::Soc, PointId::Temperature]
        }
    }
}

/// What is said of a time in the address that cannot be understood.
pub fn wrong_time(address: &Address) -> Option<String> {
    let number = |name: &str| domain::decimal::parse(&address.field(name)?);
    let wrong = |name: &str| address.field(name).is_some() && number(name).is_none();
    let text = match (number("from"), number("to"), number("last")) {
        _ if ["from", "to", "last"].into_iter().any(wrong) => "a time that is no number of seconds",
        (Some(from_s), Some(to_s), _) if to_s <= from_s => "a time that ends before it begins",
        (Some(_), None, _) | (None, Some(_), _) => "one end of a time only",
        (None, None, Some(last_s)) if !(SHORTEST_S..=LONGEST_S).contains(&last_s) => {
            "a time that is too short or too long"
        }
        _ => return None,
    };
    Some(format!(
        "The address has {text}; another one is shown. Times are seconds since 1970, as in from=1760000000&to=1760003600."
    ))
}

impl Choice {
    /// What the address says. What is not in it, or cannot be understood, is as at first.
    pub fn of(address: &Address, kind: SystemKind, topology: &Topology) -> Choice {
        let number = |name: &str| domain::decimal::parse(&address.field(name)?);
        let when = match (number("from"), number("to"), number("last")) {
            (Some(from_s), Some(to_s), _) if to_s > from_s => between(from_s, to_s),
            (_, _, Some(last_s)) if (SHORTEST_S..=LONGEST_S).contains(&last_s) => When::Last(last_s as u32),
            _ => When::Last(SPAN_S),
        };
        let named =
            address.field("points").map(|names| names.split(',').filter_map(from_column_name).collect::<Vec<_>>());
        let points = named.filter(|points| !points.is_empty()).unwrap_or_else(|| first_points(kind).to_vec());
        let key = address.field("against");
        let named = Against::KEYS.iter().find(|(_, name)| key.as_deref() == Some(name));
        let against = named.map_or(Against::Nothing, |(against, _)| *against);
        let cells = address.field("cells").unwrap_or_default();
        let cells = cells.split(',').filter_map(|name| parse_cell(name, topology)).map(|cell| cell as u16);
        let map = address.field("map").and_then(|word| MapQuantity::from_word(&word)).unwrap_or(FIRST_MAP);
        let devices = address.field("devices").unwrap_or_default();
        // A name is one of the link and one within its device.
        let devices = devices.split(',').filter(|name| name.contains('/')).map(str::to_owned);
        let choice = Choice { when, against, points, cells: Vec::new(), devices: Vec::new(), map };
        let choice = devices.take(DEVICES_MAX).fold(choice, |choice, name| choice.with_device(&name));
        cells.take(CELLS_MAX).fold(choice, |choice, cell| choice.with_cell(cell))
    }

    /// The address of the page with this choice, on the page's own `path` (which may have a field already).
    pub fn address(&self, path: &str, kind: SystemKind, topology: &Topology) -> String {
        let mut address = path.to_owned();
        let mut put = |name: &str, value: &str| {
            address.push(if address.contains('?') { '&' } else { '?' });
            address.push_str(name);
            address.push('=');
            address.push_str(value);
        };
        match self.when {
            When::Last(SPAN_S) => {}
            When::Last(last_s) => put("last", &last_s.to_string()),
            When::Between(from_s, to_s) => {
                put("from", &tenths(from_s));
                put("to", &tenths(to_s));
            }
        }
        if let Some((_, name)) = Against::KEYS.iter().find(|(against, _)| *against == self.against) {
            put("against", name);
        }
        if self.points != first_points(kind) {
            let names: Vec<String> = self.points.iter().map(|point| column_name(*point)).collect();
            put("points", &names.join(","));
        }
        if !self.cells.is_empty() {
            // As they are in addresses: a name of several racks has a space.
            let name = |cell: &u16| topology.cell_name((*cell).into()).replace(' ', "+");
            put("cells", &self.cells.iter().map(name).collect::<Vec<_>>().join(","));
        }
        if !self.devices.is_empty() {
            put("devices", &self.devices.join(","));
        }
        if self.map != FIRST_MAP {
            put("map", self.map.word());
        }
        address
    }

    /// The time that is shown when it is `now_s`, UTC in s. What goes on does so in steps that a picture can show.
    pub fn window(&self, now_s: f64) -> (f64, f64) {
        match self.when {
            When::Between(from_s, to_s) => (from_s, to_s),
            When::Last(last_s) => {
                let step_s = (f64::from(last_s) / 600.0).clamp(1.0, 60.0);
                let to_s = (now_s / step_s).ceil() * step_s;
                (to_s - f64::from(last_s), to_s)
            }
        }
    }

    /// The same with a cell more; of too many, the first one goes.
    pub fn with_cell(&self, cell: u16) -> Choice {
        let mut cells = self.cells.clone();
        if !cells.contains(&cell) {
            cells.push(cell);
        }
        let too_many = cells.len().saturating_sub(CELLS_MAX);
        cells.drain(..too_many);
        Choice { cells, ..self.clone() }
    }

    /// The same without a cell.
    pub fn without_cell(&self, cell: u16) -> Choice {
        let cells = self.cells.iter().copied().filter(|known| *known != cell).collect();
        Choice { cells, ..self.clone() }
    }

    /// The same with a device point more; of too many, the first one goes.
    pub fn with_device(&self, name: &str) -> Choice {
        let mut devices = self.devices.clone();
        if !devices.iter().any(|known| known == name) {
            devices.push(name.to_owned());
        }
        let too_many = devices.len().saturating_sub(DEVICES_MAX);
        devices.drain(..too_many);
        Choice { devices, ..self.clone() }
    }

    /// The same without a device point.
    pub fn without_device(&self, name: &str) -> Choice {
        let devices = self.devices.iter().filter(|known| *known != name).cloned().collect();
        Choice { devices, ..self.clone() }
    }

    /// Every curve of it.
    pub fn traces(&self) -> Traces {
        Traces { points: self.points.clone(), cells: self.cells.clone(), devices: self.devices.clone() }
    }

    /// The same with a point more, or less. The last one stays.
    pub fn toggled(&self, point: PointId) -> Choice {
        let mut points = self.points.clone();
        match points.iter().position(|known| *known == point) {
            Some(place) if points.len() > 1 => drop(points.remove(place)),
            Some(_) => {}
            None => points.push(point),
        }
        Choice { points, ..self.clone() }
    }
}

/// Between two instants, no shorter and no longer than can be shown.
pub fn between(from_s: f64, to_s: f64) -> When {
    let middle = (from_s + to_s) / 2.0;
    let half = ((to_s - from_s) / 2.0).clamp(SHORTEST_S / 2.0, LONGEST_S / 2.0);
    When::Between(middle - half, middle + half)
}

/// A window that is `factor` as long, of which the time at `at_s` stays where it is.
pub fn zoomed((from_s, to_s): (f64, f64), at_s: f64, factor: f64) -> When {
    let length_s = ((to_s - from_s) * factor).clamp(SHORTEST_S, LONGEST_S);
    let share = (at_s - from_s) / (to_s - from_s);
    let from_s = at_s - share * length_s;
    When::Between(from_s, from_s + length_s)
}

/// A window that is moved by this share of its length.
pub fn moved((from_s, to_s): (f64, f64), share: f64) -> When {
    let by_s = share * (to_s - from_s);
    When::Between(from_s + by_s, to_s + by_s)
}

/// Seconds to a tenth, as an address has them.
fn tenths(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as i64;
    format!("{}.{}", tenths.div_euclid(10), tenths.rem_euclid(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: SystemKind = SystemKind::DataCentre;
    const CELLS: Topology = Topology::new(1, 13, 20);
    const RACKS: Topology = Topology::new(20, 10, 32);

    #[test]
    fn a_time_that_is_none_is_told() {
        for (address, expected) in [
            ("/trends", ""),
            ("/trends?last=600", ""),
            ("/trends?from=1760000000&to=1760000010", ""),
            ("/trends?from=x", "no number"),
            ("/trends?from=9&to=3", "ends before"),
            ("/trends?from=1", "one end"),
            ("/trends?last=0", "too short"),
        ] {
            let words = wrong_time(&Address::parse(address)).unwrap_or_default();
            assert!(words.contains(expected) && words.is_empty() == expected.is_empty(), "{address}: {words}");
        }
    }

    #[test]
    fn cells_come_back_from_the_address_and_the_first_makes_room() {
        for (topology, address, cells) in [
            (CELLS, "/trends?cells=7.12,1.1", vec![131, 0]),
            (CELLS, "/trends?cells=7.12&map=temperature", vec![131]),
            (RACKS, "/trends?cells=R3+7.12", vec![2 * 320 + 6 * 32 + 11]),
        ] {
            let choice = Choice::of(&Address::parse(address), PACK, &topology);
            assert_eq!(choice.cells, cells, "{address}");
            assert_eq!(choice.address("/trends", PACK, &topology), address);
        }
        let choice = Choice::of(&Address::parse("/trends?cells=99.1,x,7.12,7.12&map=colour"), PACK, &CELLS);
        assert_eq!((choice.cells.clone(), choice.map), (vec![131], MapQuantity::Deviation));
        let many = (0..8).fold(choice, |choice, cell| choice.with_cell(cell));
        assert_eq!(many.cells, [2, 3, 4, 5, 6, 7]);
        assert_eq!(many.without_cell(4).cells, [2, 3, 5, 6, 7]);
    }

    #[test]
    fn device_points_are_in_the_address_by_their_names() {
        let address = "/trends?cells=7.12&devices=hall/gpu/3/power,south/fan&map=temperature";
        let choice = Choice::of(&Address::parse(address), PACK, &CELLS);
        assert_eq!(choice.devices, ["hall/gpu/3/power", "south/fan"]);
        assert_eq!(choice.address("/trends", PACK, &CELLS), address);
        assert_eq!(choice.without_device("south/fan").devices, ["hall/gpu/3/power"]);
        let many = (0..8).fold(choice, |choice, n| choice.with_device(&format!("a/{n}")).with_device("a/7"));
        assert_eq!(many.devices.len(), DEVICES_MAX);
        assert!(Choice::of(&Address::parse("/trends?devices=x,,"), PACK, &CELLS).devices.is_empty());
    }

    #[test]
    fn a_choice_comes_back_from_its_address() {
        let first = Choice::of(&Address::parse("/trends"), PACK, &CELLS);
        assert_eq!(first.address("/trends", PACK, &CELLS), "/trends");
        for (choice, address) in [
            (Choice { when: When::Last(86_400), ..first.clone() }, "/trends?last=86400"),
            (
                Choice {
                    when: When::Between(1_760_000_000.5, 1_760_000_010.0),
                    points: vec![PointId::Soc],
                    ..first.clone()
                },
                "/trends?from=1760000000.5&to=1760000010.0&points=soc",
            ),
            (
                Choice { points: vec![PointId::GridPower, PointId::Voltage], ..first.clone() },
                "/trends?points=grid_power,pack_voltage",
            ),
            (Choice { against: Against::Before, ..first.clone() }, "/trends?against=before"),
            (
                Choice {
                    when: When::Last(86_400),
                    against: Against::Week,
                    points: vec![PointId::Soc],
                    ..first.clone()
                },
                "/trends?last=86400&against=week&points=soc",
            ),
        ] {
            assert_eq!(choice.address("/trends", PACK, &CELLS), address);
            assert_eq!(Choice::of(&Address::parse(address), PACK, &CELLS), choice);
        }
        assert!(
            first.address("/trends?system=home", SystemKind::Home, &CELLS).starts_with("/trends?system=home&points=")
        );
        for address in [
            "/trends?last=-5",
            "/trends?last=x",
            "/trends?from=9&to=3",
            "/trends?points=colour",
            "/trends?from=1",
            "/trends?against=moon",
        ] {
            assert_eq!(Choice::of(&Address::parse(address), PACK, &CELLS), first, "{address}");
        }
    }

    #[test]
    fn zooming_keeps_the_time_under_the_pointer_and_has_an_end() {
        assert_eq!(zoomed((0.0, 100.0), 25.0, 0.5), When::Between(12.5, 62.5));
        assert_eq!(zoomed((0.0, 1.0), 0.5, 0.01), When::Between(0.0, 1.0));
        assert_eq!(moved((0.0, 100.0), -0.25), When::Between(-25.0, 75.0));
        assert_eq!(between(10.0, 10.2), When::Between(9.6, 10.6));
    }

    #[test]
    fn the_other_time_is_as_long_and_earlier() {
        let window = (1_000_000.0, 1_003_600.0);
        for (against, other) in [
            (Against::Nothing, None),
            (Against::Before, Some((996_400.0, 1_000_000.0))),
            (Against::Day, Some((913_600.0, 917_200.0))),
            (Against::Week, Some((395_200.0, 398_800.0))),
        ] {
            assert_eq!(against.window(window), other, "{against:?}");
        }
    }

    #[test]
    fn what_goes_on_moves_in_steps_and_the_last_quantity_stays() {
        let choice = Choice { points: vec![PointId::Soc], ..Choice::of(&Address::parse("/trends"), PACK, &CELLS) };
        assert_eq!((choice.window(1_000.1), choice.window(1_001.9)), ((-2_598.0, 1_002.0), (-2_598.0, 1_002.0)));
        assert_eq!(choice.toggled(PointId::Soc), choice);
        assert_eq!(choice.toggled(PointId::Voltage).points, [PointId::Soc, PointId::Voltage]);
        assert_eq!(choice.toggled(PointId::Voltage).toggled(PointId::Soc).points, [PointId::Voltage]);
    }
}
