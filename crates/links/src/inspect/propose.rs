//! A map of a DBC file, proposed by its names, numbers and units: a start that a person checks.

use super::arrays::{Array, arrays};
use super::names::{KNOWN, fit, words};
use crate::device::can_map::MapEntry;
use crate::device::can_table::CanTable;
use crate::device::dbc::{Database, Message, Presence, Signal};
use crate::device::unit;
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity, Target};
use domain::topology::Topology;
use std::collections::HashSet;

/// Fewer numbered signals are no array of cells or nodes.
const FEWEST: usize = 3;
/// The voltage of a usual cell, V: for a first guess of the pack's.
const CELL_V: f64 = 3.2;
/// What is declared to reach more is no cell, V.
const CELL_V_MAX: f64 = 10.0;
/// So many other signals are named where several fit as well.
const ALSO: usize = 2;
/// Cells are numbered in 16 bits.
const CELLS_MAX: u32 = u16::MAX as u32;

/// A topology and a `map`, in the site file's words.
#[derive(Default)]
struct Proposal {
    /// Modules and cells in each.
    topology: Option<(u32, u32)>,
    lines: Vec<String>,
    /// Signals that are something already.
    taken: HashSet<(usize, usize)>,
    /// How many lines map something.
    mapped: usize,
}

/// A system and a link for the site file, ready to paste: the names and numbers of the DBC file say what is what.
/// `dbc` is the file's path as the site file should have it.
///
/// Every line names a signal that exists and has a fitting unit; whether it means what its name says is for a person.
pub fn propose(database: &Database, dbc: &str) -> String {
    Proposal::of(database).text(dbc)
}

/// A whole site file for a DBC file, which `check-config` and `serve` take as it is; `name` is the site's.
///
/// # Errors
/// In words: no name in the file is known, so there is nothing to map.
pub fn propose_site(database: &Database, name: &str, dbc: &str) -> Result<String, String> {
    let proposal = Proposal::of(database);
    if proposal.mapped == 0 {
        return Err(format!(
            "no signal of {dbc} has a name that says what it is: start with sites/examples/socketcan.toml, and name in \
             its `map` the signals that `packtwin dbc inspect` lists"
        ));
    }
    Ok(format!(
        "# Proposed by `packtwin dbc inspect` from names, numbers and units: check each line, above all signs, capacity \
         and voltage.\n\n[site]\nname = {}\n\n{}",
        toml::Value::from(name),
        proposal.text(dbc)
    ))
}

/// A signal's name, with its message's if another has the same.
fn full_name(database: &Database, message: &Message, signal: &Signal) -> String {
    let same = database.messages.iter().flat_map(|m| &m.signals).filter(|s| s.name == signal.name).count();
    if same > 1 { format!("{}.{}", message.name, signal.name) } else { signal.name.clone() }
}

/// A comment ends with its line, whatever a unit has in it.
fn one_line(unit: &str) -> String {
    unit.chars().filter(|letter| !letter.is_control()).collect()
}

/// Whether the signal's unit is of this target; an unknown or missing one is not enough where `needed`.
fn unit_fits(signal: &Signal, target: Target, needed: bool) -> bool {
    match unit::factor(&signal.unit, target) {
        Ok(_) => !needed || unit::is_known(&signal.unit) || unit::symbol(target).is_empty(),
        Err(unit::WrongUnit) => false,
    }
}

impl Proposal {
    fn of(database: &Database) -> Proposal {
        let mut proposal = Proposal::default();
        let found = arrays(&database.messages);
        proposal.cells(database, &found);
        proposal.nodes(database, &found);
        proposal.points(database);
        proposal.contactors(database);
        proposal.check(database);
        proposal
    }

    /// Turns lines that a site file could not have into comments: a name may stand twice, or have signs in it.
    fn check(&mut self, database: &Database) {
        let (modules, cells) = self.topology.unwrap_or_default();
        let size = |count: u32| u16::try_from(count).unwrap_or(u16::MAX);
        let topology = match cells {
            0 => Topology::NONE,
            _ => Topology::new(1, size(modules), size(cells)),
        };
        let entry = |line: &String| {
            #[derive(serde::Deserialize)]
            struct Line {
                map: Vec<MapEntry>,
            }
            toml::from_str::<Line>(&format!("map = [\n{line}]")).ok()?.map.pop()
        };
        let is_entry = |line: &String| !line.trim_start().starts_with('#');
        let mut kept: Vec<MapEntry> = Vec::new();
        for line in self.lines.iter_mut().filter(|line| is_entry(line)) {
            let before = kept.len();
            kept.extend(entry(line));
            if kept.len() == before || !CanTable::wrong_entries(database, &kept, &topology).is_empty() {
                kept.truncate(before);
                self.mapped -= 1;
                *line = format!("  # {}\n", one_line(line).trim());
            }
        }
    }

    /// The system and the link.
    fn text(&self, dbc: &str) -> String {
        let topology = self.topology.map_or(String::new(), |(modules, cells)| {
            format!("topology = {{ modules_per_rack = {modules}, cells_per_module = {cells} }}\n")
        });
        let cells = self.topology.map_or(0, |(modules, cells)| modules * cells);
        let nominal_v = match f64::from(cells) * CELL_V {
            volts if (1.0..=2_000.0).contains(&volts) => format!("{volts:.0} # {cells} cells of {CELL_V} V in series"),
            _ => "400 # as the maker says".to_owned(),
        };
        let map = match self.lines.concat() {
            lines if self.mapped == 0 => {
                format!("{lines}# No name in the file is known: write which signal is which point.\nmap = []\n")
            }
            lines => format!("map = [\n{lines}]\n"),
        };
        let dbc = toml::Value::from(dbc);
        format!(
            "[[system]]\nid = \"pack\"\n{topology}capacity_ah = 100 # as the maker says\nnominal_v = {nominal_v}\n\n\
             [[link]]\nid = \"bms\"\nsystem = \"pack\"\nkind = \"cannelloni\"\nlisten = \"127.0.0.1:20000\"\n\
             dbc = {dbc} # as seen from the site file\n{map}"
        )
    }

    /// Adds a line that maps something.
    fn map(&mut self, line: String) {
        self.lines.push(line);
        self.mapped += 1;
    }

    fn cells(&mut self, database: &Database, found: &[Array]) {
        for quantity in CellQuantity::ALL {
            let fits = |array: &&Array| array.members.len() >= FEWEST && is_of_cells(database, array, quantity);
            // What says that it is of cells comes before what only could be; then the longest.
            let best = found.iter().filter(fits).max_by_key(|a| (says_cells(database, a), a.members.len()));
            let Some(array) = best else { continue };
            let Some((topology, first, pattern)) = numbered(array) else { continue };
            if *self.topology.get_or_insert(topology) != topology {
                let (modules, cells) = topology;
                let name = array.pattern(&["..."]);
                self.lines.push(format!(
                    "  # {name}: {modules} x {cells}, so not one for each cell.
"
                ));
                continue;
            }
            self.taken.extend(array.members.iter().map(|member| (member.message, member.signal)));
            let valid = valid_flags(database, found, array).map_or(String::new(), |p| format!(", valid = \"{p}\""));
            let first = if first == 1 { String::new() } else { format!(", first = {first}") };
            self.map(format!(
                "  {{ point = \"{}\", signal = \"{pattern}\"{valid}{first} }}, # {} signals, {}\n",
                quantity.path(),
                array.members.len(),
                one_line(&sample(database, array).unit)
            ));
        }
    }

    /// Front ends: at most one for each module of the topology.
    fn nodes(&mut self, database: &Database, found: &[Array]) {
        let Some((modules, _)) = self.topology else { return };
        for (quantity, word) in [(NodeQuantity::State, "stat"), (NodeQuantity::Delay, "delay")] {
            let fits = |array: &&Array| {
                let text = array.text();
                ["afe", "node", "slave", "cmu", "csc"].iter().any(|node| text.contains(node))
                    && text.contains(word)
                    && array.members[0].numbers.len() == 1
                    && unit_fits(sample(database, array), Target::Node(quantity, 0), false)
                    && array.span(0).1 - array.span(0).0 < modules
            };
            let Some(array) = found.iter().find(fits) else { continue };
            let first = match array.span(0).0 {
                1 => String::new(),
                first => format!(", first = {first}"),
            };
            let pattern = array.pattern(&["{node}"]);
            self.taken.extend(array.members.iter().map(|member| (member.message, member.signal)));
            self.map(format!("  {{ point = \"{}\", signal = \"{pattern}\"{first} }},\n", quantity.path()));
        }
    }

    /// Each point from the signal whose name fits best; no signal twice.
    fn points(&mut self, database: &Database) {
        for known in KNOWN {
            let target = Target::Point(known.point);
            let signals = database.messages.iter().enumerate().flat_map(|(m, message)| {
                message.signals.iter().enumerate().map(move |(s, signal)| ((m, s), message, signal))
            });
            let mut fitting: Vec<_> = signals
                .filter_map(|(place, message, signal)| {
                    let fit = fit(known, &words(&signal.name))?;
                    let wide = signal.field.bits() > 1;
                    (wide && !self.taken.contains(&place) && unit_fits(signal, target, false))
                        .then_some((fit, place, message, signal))
                })
                .collect();
            fitting.sort_by_key(|(fit, place, ..)| (*fit, *place));
            let Some((best, place, message, signal)) = fitting.first().copied() else { continue };
            self.taken.insert(place);
            let path = known.point.spec().path;
            let name = full_name(database, message, signal);
            let unit = if signal.unit.is_empty() { "no unit".to_owned() } else { one_line(&signal.unit) };
            let signed = [PointId::Current, PointId::Power, PointId::GridPower].contains(&known.point);
            let sign = if signed { "; which way is positive?" } else { "" };
            let equal = fitting[1..].iter().take_while(|other| other.0 == best).take(ALSO);
            let equal: Vec<_> = equal.map(|(.., message, signal)| full_name(database, message, signal)).collect();
            let also = if equal.is_empty() { String::new() } else { format!("; or is it {}?", equal.join(" or ")) };
            let line = format!(
                "  {{ point = \"{path}\", signal = \"{name}\" }}, # {} {}, {unit}{sign}{also}\n",
                message.id, message.name
            );
            self.map(line);
        }
    }

    /// The three flags of one frame that tell what the contactors do.
    fn contactors(&mut self, database: &Database) {
        const NO_FEEDBACK: [&str; 5] = ["command", "request", "fault", "error", "target"];
        for message in &database.messages {
            let flag = |side: &str| {
                let is = |signal: &&Signal| {
                    let words = words(&signal.name);
                    let has = |wanted: &str| words.iter().any(|word| word == wanted);
                    let tells = has("closed") || has("contactor") && !NO_FEEDBACK.into_iter().any(has);
                    signal.field.bits() == 1 && has(side) && tells && signal.present == Presence::Always
                };
                message.signals.iter().find(is).map(|signal| full_name(database, message, signal))
            };
            if let [Some(plus), Some(minus), Some(precharge)] = ["plus", "minus", "precharge"].map(flag) {
                self.map(format!(
                    "  {{ point = \"battery/contactors\", bits = [\"{plus}\", \"{minus}\", \"{precharge}\"] }},\n"
                ));
                return;
            }
        }
    }
}

/// Whether the array's numbers could be those of cells: unit, range and name.
fn is_of_cells(database: &Database, array: &Array, quantity: CellQuantity) -> bool {
    /// Words of arrays that are about something else.
    const OTHER: [&str; 22] = [
        "valid",
        "open",
        "ocv",
        "min",
        "max",
        "avg",
        "balancing",
        "balance",
        "limit",
        "pack",
        "node",
        "shunt",
        "ivt",
        "bus",
        "delta",
        "ref",
        "supply",
        "charger",
        "fault",
        "error",
        "status",
        "command",
    ];
    let signal = sample(database, array);
    let name = words(&array.pattern(&["1", "1"]));
    let has = |word: &str| name.iter().any(|have| have == word);
    let (named, least) = match quantity {
        CellQuantity::Voltage => (["cell", "volt", "v", "module"].as_slice(), CELL_V_MAX),
        CellQuantity::Temperature => (["temp", "sensor", "cell", "module"].as_slice(), f64::INFINITY),
    };
    // A channel of a shunt reaches hundreds of volts.
    let in_unit = unit::factor(&signal.unit, Target::Cell(quantity, 0)).unwrap_or(1.0);
    let highest = signal.range.map_or(0.0, |(_, high)| high * in_unit);
    signal.field.bits() > 1
        && unit_fits(signal, Target::Cell(quantity, 0), true)
        && (says_cells(database, array) || highest <= least)
        && !OTHER.into_iter().any(has)
        && (named.iter().any(|word| has(word)) || says_cells(database, array))
}

/// Whether signals or messages are called after cells.
fn says_cells(database: &Database, array: &Array) -> bool {
    let message = &database.messages[array.members[0].message].name;
    [words(&array.pattern(&["1", "1"])), words(message)].iter().flatten().any(|word| word == "cell")
}

fn sample<'a>(database: &'a Database, array: &Array) -> &'a Signal {
    let member = &array.members[0];
    &database.messages[member.message].signals[member.signal]
}

/// Modules and cells, the first number, and the pattern; `None` if the numbers cannot be those of cells.
fn numbered(array: &Array) -> Option<((u32, u32), u32, String)> {
    let count = |place: usize| {
        let (first, last) = array.span(place);
        (last - first).saturating_add(1)
    };
    let first = array.span(0).0;
    let (topology, pattern) = match array.members[0].numbers.len() {
        1 => ((1, count(0)), array.pattern(&["{cell}"])),
        _ if array.span(1).0 != first => return None,
        _ => ((count(0), count(1)), array.pattern(&["{module}", "{cell}"])),
    };
    let cells = topology.0.checked_mul(topology.1)?;
    // Numbers with large gaps are no cells: `Error_100`, `Error_2000`.
    let dense = array.members.len() as u64 * 2 > u64::from(cells);
    (cells <= CELLS_MAX && dense).then_some((topology, first, pattern))
}

/// The pattern of one-bit signals with the same numbers in the same messages, named after the array.
fn valid_flags(database: &Database, found: &[Array], array: &Array) -> Option<String> {
    let numbers = array.members[0].numbers.len();
    let plain: String = array.text().chars().filter(char::is_ascii_alphanumeric).collect();
    let is = |flags: &&Array| {
        let text: String = flags.text().chars().filter(char::is_ascii_alphanumeric).collect();
        sample(database, flags).field.bits() == 1
            && text.replacen("valid", "", 1) == plain
            && text.contains("valid")
            && flags.members.len() == array.members.len()
            && flags.members[0].numbers.len() == numbers
            && flags.span(0) == array.span(0)
            && flags.members.iter().zip(&array.members).all(|(flag, value)| flag.message == value.message)
    };
    let placeholders: &[&str] = if numbers == 1 { &["{cell}"] } else { &["{module}", "{cell}"] };
    found.iter().find(is).map(|flags| flags.pattern(placeholders))
}
