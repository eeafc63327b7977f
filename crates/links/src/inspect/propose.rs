//! A map of a DBC file, proposed by its names, numbers and units: a start that a person checks.

use super::arrays::{Array, arrays};
use super::names::{KNOWN, fit, words};
use crate::device::dbc::{Database, Message, Signal};
use crate::device::unit;
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity, Target};
use std::collections::HashSet;

/// Fewer numbered signals are no array of cells or nodes.
const FEWEST: usize = 3;
/// Cells are numbered in 16 bits.
const CELLS_MAX: u32 = u16::MAX as u32;

/// A topology and a `map`, in the site file's words.
#[derive(Default)]
struct Proposal {
    /// Modules and cells in each.
    topology: Option<(u32, u32)>,
    lines: Vec<String>,
}

/// A system and a link for the site file, ready to paste: the names and numbers of the DBC file say what is what.
/// `dbc` is the file's path as the site file should have it.
///
/// Every line names a signal that exists and has a fitting unit; whether it means what its name says is for a person.
pub fn propose(database: &Database, dbc: &str) -> String {
    let mut proposal = Proposal::default();
    let found = arrays(&database.messages);
    proposal.cells(database, &found);
    proposal.nodes(database, &found);
    proposal.points(database);
    proposal.contactors(database);
    let topology = proposal.topology.map_or(String::new(), |(modules, cells)| {
        format!("topology = {{ modules_per_rack = {modules}, cells_per_module = {cells} }}\n")
    });
    let map = match proposal.lines.concat() {
        lines if lines.is_empty() => {
            "# No name in the file is known: write which signal is which point.\nmap = []\n".into()
        }
        lines => format!("map = [\n{lines}]\n"),
    };
    let dbc = toml::Value::from(dbc);
    format!(
        "[[system]]\nid = \"pack\"\n{topology}capacity_ah = 100 # as the maker says\nnominal_v = 400 # as the maker says\n\n\
         [[link]]\nid = \"bms\"\nsystem = \"pack\"\nkind = \"cannelloni\"\nlisten = \"127.0.0.1:20000\"\ndbc = {dbc} # as seen from the site file\n{map}"
    )
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
    fn cells(&mut self, database: &Database, found: &[Array]) {
        for quantity in CellQuantity::ALL {
            let target = Target::Cell(quantity, 0);
            let fits = |array: &&Array| {
                let text = array.text();
                let other = ["valid", "open", "ocv", "min", "max", "avg", "balanc", "limit", "module", "pack", "node"];
                let signal = sample(database, array);
                let named = match quantity {
                    CellQuantity::Voltage => ["cell", "volt", "v", "u"].as_slice(),
                    CellQuantity::Temperature => ["temp", "ntc", "sensor", "cell", "t"].as_slice(),
                };
                array.members.len() >= FEWEST
                    && signal.field.bits() > 1
                    && unit_fits(signal, target, true)
                    && !other.iter().any(|word| text.contains(word))
                    && named.iter().any(|word| text.contains(word))
            };
            // As many as cells: of several arrays the longest, and the one that says that it is of cells.
            let best = found.iter().filter(fits).max_by_key(|a| (a.members.len(), a.text().contains("cell")));
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
            let valid = valid_flags(database, found, array).map_or(String::new(), |p| format!(", valid = \"{p}\""));
            let first = if first == 1 { String::new() } else { format!(", first = {first}") };
            self.lines.push(format!(
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
            self.lines.push(format!("  {{ point = \"{}\", signal = \"{pattern}\"{first} }},\n", quantity.path()));
        }
    }

    /// Each point from the signal whose name fits best; no signal twice.
    fn points(&mut self, database: &Database) {
        let mut taken: HashSet<(usize, usize)> = HashSet::new();
        for known in KNOWN {
            let target = Target::Point(known.point);
            let signals = database.messages.iter().enumerate().flat_map(|(m, message)| {
                message.signals.iter().enumerate().map(move |(s, signal)| ((m, s), message, signal))
            });
            let fitting = signals.filter_map(|(place, message, signal)| {
                let fit = fit(known, &words(&signal.name))?;
                let wide = signal.field.bits() > 1;
                (wide && !taken.contains(&place) && unit_fits(signal, target, false))
                    .then_some((fit, place, message, signal))
            });
            let Some((_, place, message, signal)) = fitting.min_by_key(|(fit, place, ..)| (*fit, *place)) else {
                continue;
            };
            taken.insert(place);
            let path = known.point.spec().path;
            let name = full_name(database, message, signal);
            let unit = if signal.unit.is_empty() { "no unit".to_owned() } else { one_line(&signal.unit) };
            let sign = if matches!(known.point, PointId::Current | PointId::Power | PointId::GridPower) {
                "; which way is positive?"
            } else {
                ""
            };
            self.lines.push(format!(
                "  {{ point = \"{path}\", signal = \"{name}\" }}, # {} {}, {unit}{sign}\n",
                message.id, message.name
            ));
        }
    }

    /// The three flags of one frame that tell what the contactors do.
    fn contactors(&mut self, database: &Database) {
        for message in &database.messages {
            let flag = |wanted: [&str; 2]| {
                let is = |signal: &&Signal| {
                    let words = words(&signal.name);
                    signal.field.bits() == 1
                        && wanted.iter().all(|word| words.iter().any(|have| have.starts_with(word)))
                };
                message.signals.iter().find(is).map(|signal| full_name(database, message, signal))
            };
            let all = [flag(["plus", "closed"]), flag(["minus", "closed"]), flag(["precharge", "closed"])];
            if let [Some(plus), Some(minus), Some(precharge)] = all {
                self.lines.push(format!(
                    "  {{ point = \"battery/contactors\", bits = [\"{plus}\", \"{minus}\", \"{precharge}\"] }},\n"
                ));
                return;
            }
        }
    }
}

fn sample<'a>(database: &'a Database, array: &Array) -> &'a Signal {
    let member = &array.members[0];
    &database.messages[member.message].signals[member.signal]
}

/// Modules and cells, the first number, and the pattern; `None` if the numbers cannot be those of cells.
fn numbered(array: &Array) -> Option<((u32, u32), u32, String)> {
    let count = |place: usize| {
        let (first, last) = array.span(place);
        last - first + 1
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
