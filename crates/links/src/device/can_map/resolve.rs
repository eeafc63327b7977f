//! Finds the signals that a map's entries name, and checks that each makes sense.

use super::pattern::{NoSuchCell, Numbers, Pattern, Placeholder, shape};
use super::{Believed, MapEntry, MapError, RangeRule};
use crate::device::codes::{Coded, Codes};
use crate::device::dbc::{Database, Encoding, LeftOut, Message, Presence, Signal};
use crate::device::sign::Sign;
use crate::device::unit;
use crate::text::suggestion;
use domain::plain::nearest;
use domain::point::PointId;
use domain::reading::{CellQuantity, NodeQuantity, Target};
use domain::topology::Topology;
use std::collections::{HashMap, HashSet};
use toml::Spanned;

/// A value that frames of one message carry, and what it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mapped {
    /// The message, in [`Database::messages`].
    pub(crate) message: usize,
    /// Its signals, in [`Message::signals`].
    pub(crate) source: Source,
    /// The signal that is 0 while the value is not valid.
    pub(crate) valid: Option<usize>,
    /// The signal that counts the frames.
    pub(crate) counter: Option<usize>,
    /// What it is about.
    pub(crate) target: Target,
    /// Factor from the signal's value to the target's unit, with the sign.
    pub(crate) scale: f64,
    /// Added after the factor.
    pub(crate) offset: f64,
    /// The values that are believed, in the target's unit; `None` for all.
    pub(crate) believed: Option<Believed>,
    /// What its numbers mean, if they are codes.
    pub(crate) codes: Option<Codes>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// One signal.
    Signal(usize),
    /// Flags, lowest bit first; at least one, all in the same frames.
    Bits(Vec<usize>),
}

impl Source {
    /// A signal that is in the frames that carry the value.
    pub(crate) fn first(&self) -> usize {
        match self {
            Source::Signal(signal) => *signal,
            Source::Bits(signals) => signals[0],
        }
    }
}

/// What `point` names.
#[derive(Clone, Copy)]
enum Kind {
    Point(PointId),
    Cells(CellQuantity),
    Nodes(NodeQuantity),
}

impl Kind {
    /// What its numbers are codes of, if they are codes.
    fn coded(self) -> Option<Coded> {
        match self {
            Kind::Point(point) => Coded::of(point),
            Kind::Cells(_) | Kind::Nodes(_) => None,
        }
    }
}

/// What an entry says that the numbers mean; `None` if it says nothing.
fn declared(entry: &MapEntry, kind: Kind) -> Result<Option<Codes>, MapError> {
    let (words, flags) = (entry.words.as_ref(), entry.flags.as_ref());
    let spans = [words.map(Spanned::span), flags.map(Spanned::span), entry.codes.as_ref().map(Spanned::span)];
    let Some(span) = spans.into_iter().flatten().next() else { return Ok(None) };
    let Some(of) = kind.coded() else {
        let message = format!("`{}` is a quantity: its numbers need no words", entry.point.get_ref());
        return Err(MapError { span, message });
    };
    let ours = entry.codes.as_ref().map(|codes| *codes.get_ref());
    let codes = Codes::declared(of, words.map(Spanned::get_ref), flags.map(Spanned::get_ref), ours);
    codes.map_err(|message| MapError { span, message })
}

/// Refuses a factor for numbers that are codes of the device.
fn check_codes(entry: &MapEntry, codes: Option<&Codes>) -> Result<(), MapError> {
    let scaled = entry.scale.is_some() || entry.offset.is_some() || entry.sign.is_some();
    match codes {
        Some(codes) if scaled && !codes.are_ours() => {
            let words =
                format!("`{}` is a code: `scale`, `offset` and `sign` mean nothing to it", entry.point.get_ref());
            Err(error(&entry.point, words))
        }
        _ => Ok(()),
    }
}

/// Resolves all entries against a DBC file: what they map, and what is wrong with those that are wrong.
///
/// Wrong is: an unknown point, a pattern that matches nothing, a number beyond the topology, a signal or target that is
/// mapped twice, a valid flag in another frame, units that do not belong together.
pub(crate) fn resolve(map: &[MapEntry], database: &Database, topology: &Topology) -> (Vec<Mapped>, Vec<MapError>) {
    let mut resolver =
        Resolver { database, topology, targets: HashMap::new(), signals: HashSet::new(), mapped: Vec::new() };
    let wrong = map.iter().filter_map(|entry| resolver.entry(entry).err()).collect();
    (resolver.mapped, wrong)
}

struct Resolver<'a> {
    database: &'a Database,
    topology: &'a Topology,
    targets: HashMap<Target, String>,
    signals: HashSet<(usize, usize)>,
    mapped: Vec<Mapped>,
}

fn error(at: &Spanned<impl Sized>, message: impl Into<String>) -> MapError {
    MapError { span: at.span(), message: message.into() }
}

impl Resolver<'_> {
    fn entry(&mut self, entry: &MapEntry) -> Result<(), MapError> {
        let kind = kind(&entry.point)?;
        match (&entry.signal, &entry.bits) {
            (Some(signal), None) => self.signal(entry, kind, signal),
            (None, Some(bits)) => self.bits(entry, kind, bits),
            _ => Err(error(&entry.point, format!("`{}` needs either `signal` or `bits`", entry.point.get_ref()))),
        }
    }

    fn signal(&mut self, entry: &MapEntry, kind: Kind, signal: &Spanned<String>) -> Result<(), MapError> {
        let pattern = Pattern::parse(signal.get_ref()).map_err(|e| error(signal, e))?;
        check_placeholders(kind, &pattern).map_err(|e| error(signal, format!("`{}` {e}", signal.get_ref())))?;
        let found = self.find(&pattern);
        let beyond = |number: Option<u32>| matches!((number, entry.last), (Some(number), Some(last)) if number > last);
        let wanted = |numbers: &Numbers| !beyond(numbers.cell) && !beyond(numbers.node);
        if (found.is_empty() || !pattern.is_plain())
            && let Some(left) = self.left_out(&pattern, wanted)
        {
            return Err(error(signal, unusable(signal.get_ref(), left)));
        }
        if found.is_empty() {
            return Err(error(signal, self.not_found("signal", signal.get_ref(), &pattern)));
        }
        if let ([(first, ..), (second, ..), ..], true) = (found.as_slice(), pattern.is_plain()) {
            let name = |index: &usize| &self.database.messages[*index].name;
            let (first, second, signal_name) = (name(first), name(second), signal.get_ref());
            let words = format!(
                "`{signal_name}` is in {first} and in {second}: write `{first}.{signal_name}` or `{second}.{signal_name}`"
            );
            return Err(error(signal, words));
        }
        let declared = declared(entry, kind)?;
        for (message, index, numbers) in found.into_iter().filter(|(.., numbers)| wanted(numbers)) {
            let target = self
                .target(kind, numbers, entry.first.unwrap_or(1))
                .map_err(|e| error(signal, format!("`{}` {e}", self.database.messages[message].signals[index].name)))?;
            self.check_once(signal, message, index, target)?;
            let source = &self.database.messages[message].signals[index];
            let from_units = unit::factor(&source.unit, target);
            let scale = match (entry.scale, from_units) {
                (Some(scale), _) => scale,
                (None, Ok(factor)) => factor,
                (None, Err(unit::WrongUnit)) => {
                    let words = format!(
                        "`{}` is in {}, but `{}` is in {}: map another signal, or set `scale`",
                        source.name,
                        source.unit,
                        entry.point.get_ref(),
                        unit::symbol(target)
                    );
                    return Err(error(signal, words));
                }
            };
            let valid = self.valid(entry, message, &source.present, numbers)?;
            let counter = self.counter(entry, message, &source.present, numbers)?;
            let codes = match kind.coded() {
                None => None,
                Some(of) => {
                    let of_file = || Codes::of_signal(of, &source.name, source.field.bits(), &source.words);
                    let codes = declared.clone().or_else(of_file);
                    Some(codes.ok_or_else(|| error(signal, of.undeclared(&source.name)))?)
                }
            };
            check_codes(entry, codes.as_ref())?;
            let (scale, offset) = (scale * entry.sign.map_or(1.0, Sign::factor), entry.offset.unwrap_or(0.0));
            let believed = RangeRule::believed(entry.range, source, scale, offset);
            let source = Source::Signal(index);
            self.mapped.push(Mapped { message, source, valid, counter, target, scale, offset, believed, codes });
        }
        Ok(())
    }

    fn bits(&mut self, entry: &MapEntry, kind: Kind, bits: &Spanned<Vec<String>>) -> Result<(), MapError> {
        let Kind::Point(point) = kind else {
            return Err(error(bits, "`bits` is for points, not for cells or nodes"));
        };
        if entry.range.is_some() {
            return Err(error(bits, "`range` means nothing to `bits`"));
        }
        let target = Target::Point(point);
        let mut indices = Vec::new();
        let mut home = None;
        for name in bits.get_ref() {
            let pattern = Pattern::parse(name).map_err(|e| error(bits, e))?;
            let found = self.find(&pattern);
            let (Some((message, index, _)), true) = (found.first().copied(), pattern.is_plain()) else {
                let words = match self.left_out(&pattern, |_| true) {
                    Some(left) => unusable(name, left),
                    None => self.not_found("flag", name, &pattern),
                };
                return Err(error(bits, words));
            };
            let present = &self.database.messages[message].signals[index].present;
            if *home.get_or_insert((message, present.clone())) != (message, present.clone()) {
                return Err(error(bits, format!("`{name}` is in another frame than the flags before it")));
            }
            self.check_once(bits, message, index, target)?;
            self.targets.remove(&target);
            indices.push(index);
        }
        let Some((message, present)) = home else { return Err(error(bits, "`bits` is empty")) };
        self.targets.insert(target, bits.get_ref().join(", "));
        let valid = self.valid(entry, message, &present, Numbers::default())?;
        let counter = self.counter(entry, message, &present, Numbers::default())?;
        let codes = match (declared(entry, kind)?, kind.coded()) {
            (Some(codes), _) => Some(codes),
            (None, Some(Coded::Mode)) => return Err(error(bits, Coded::Mode.undeclared(entry.point.get_ref()))),
            (None, Some(of)) => {
                let signals = &self.database.messages[message].signals;
                let names: Vec<&str> = indices.iter().map(|index| signals[*index].name.as_str()).collect();
                Some(Codes::of_flags(of, &names))
            }
            (None, None) => None,
        };
        check_codes(entry, codes.as_ref())?;
        let (scale, offset) = (entry.scale.unwrap_or(1.0), entry.offset.unwrap_or(0.0));
        let source = Source::Bits(indices);
        self.mapped.push(Mapped { message, source, valid, counter, target, scale, offset, believed: None, codes });
        Ok(())
    }

    /// Message, signal and numbers of all that the pattern stands for.
    fn find(&self, pattern: &Pattern<'_>) -> Vec<(usize, usize, Numbers)> {
        let mut found = Vec::new();
        for (m, message) in self.database.messages.iter().enumerate() {
            for (s, signal) in message.signals.iter().enumerate() {
                found.extend(pattern.matches(&message.name, &signal.name).map(|numbers| (m, s, numbers)));
            }
        }
        found
    }

    /// What is left out of the file that the pattern stands for.
    fn left_out(&self, pattern: &Pattern<'_>, wanted: impl Fn(&Numbers) -> bool) -> Option<&LeftOut> {
        let has = |left: &&LeftOut| {
            let mut numbers = left.signals.iter().filter_map(|signal| pattern.matches(&left.name, signal));
            numbers.any(|numbers| wanted(&numbers))
        };
        self.database.left_out.iter().find(has)
    }

    /// The signal of the same frame that says whether the value is valid.
    fn valid(
        &self,
        entry: &MapEntry,
        message: usize,
        present: &Presence,
        numbers: Numbers,
    ) -> Result<Option<usize>, MapError> {
        entry.valid.as_ref().map(|valid| self.companion(valid, message, present, numbers)).transpose()
    }

    /// The signal of the same frame that counts its message's frames.
    fn counter(
        &self,
        entry: &MapEntry,
        message: usize,
        present: &Presence,
        numbers: Numbers,
    ) -> Result<Option<usize>, MapError> {
        let Some(name) = &entry.counter else { return Ok(None) };
        let found = self.companion(name, message, present, numbers)?;
        let signals = &self.database.messages[message].signals;
        let counter = &signals[found];
        let counts = matches!(counter.encoding, Encoding::Unsigned | Encoding::Signed);
        if !counts || !(2..=32).contains(&counter.field.bits()) {
            let words = format!("`{}` cannot count frames: a counter is a whole number of 2 to 32 bits", counter.name);
            return Err(error(name, words));
        }
        let together =
            |other: &Presence| [other, &counter.present].contains(&&Presence::Always) || *other == counter.present;
        let others = self.mapped.iter().filter(|m| m.message == message).filter_map(|m| m.counter);
        match others.into_iter().find(|other| *other != found && together(&signals[*other].present)) {
            Some(other) => {
                let words = format!("`{}` and `{}` count the same frames: name one", signals[other].name, counter.name);
                Err(error(name, words))
            }
            None => Ok(Some(found)),
        }
    }

    /// A signal that is in the same frames as the value that it says something about.
    fn companion(
        &self,
        name: &Spanned<String>,
        message: usize,
        present: &Presence,
        numbers: Numbers,
    ) -> Result<usize, MapError> {
        let pattern = Pattern::parse(name.get_ref()).map_err(|e| error(name, e))?;
        let home: &Message = &self.database.messages[message];
        let is = |signal: &Signal| pattern.matches(&home.name, &signal.name).is_some_and(|n| n.agree(&numbers));
        let found = home.signals.iter().position(is);
        let Some(found) = found else {
            let words = format!("{} in {}", self.not_found("signal", name.get_ref(), &pattern), home.name);
            return Err(error(name, words));
        };
        let signal = &home.signals[found];
        if signal.present != Presence::Always && signal.present != *present {
            return Err(error(name, format!("`{}` is in another frame than the value", signal.name)));
        }
        Ok(found)
    }

    fn target(&self, kind: Kind, numbers: Numbers, first: u32) -> Result<Target, String> {
        let below_first = || format!("has a number below the first, {first}: is `first` right?");
        let topology = self.topology;
        match (kind, numbers) {
            (Kind::Nodes(quantity), Numbers { node: Some(node), .. }) => {
                let node = node.checked_sub(first).ok_or_else(below_first)?;
                let fits = (node as usize) < topology.modules();
                fits.then_some(Target::Node(quantity, node as u16))
                    .ok_or_else(|| format!("is node {} of {}: is `first` right?", node + 1, topology.modules()))
            }
            (Kind::Cells(quantity), Numbers { cell: Some(_), .. }) => match numbers.cell_index(first, topology) {
                Ok(Some(cell)) => Ok(Target::Cell(quantity, cell as u16)),
                Err(NoSuchCell::BelowFirst) => Err(below_first()),
                _ => Err(format!(
                    "names a cell that {topology} ({} cells) does not have: is `first` right, or `last` missing?",
                    topology.cells()
                )),
            },
            (Kind::Point(point), _) => Ok(Target::Point(point)),
            _ => Err("has no number".into()),
        }
    }

    /// Refuses a signal or a target that an entry has mapped already.
    fn check_once<T>(&mut self, at: &Spanned<T>, message: usize, index: usize, target: Target) -> Result<(), MapError> {
        let name = self.database.messages[message].signals[index].name.clone();
        if !self.signals.insert((message, index)) {
            return Err(error(at, format!("`{name}` is mapped twice")));
        }
        match self.targets.insert(target, name.clone()) {
            Some(other) => Err(error(at, format!("`{name}` and `{other}` are mapped to the same place"))),
            None => Ok(()),
        }
    }

    fn not_found(&self, what: &str, name: &str, pattern: &Pattern<'_>) -> String {
        let wanted = pattern.shape();
        let signals = || self.database.messages.iter().flat_map(|m| &m.signals).map(|s| s.name.as_str());
        let shapes: Vec<String> = signals().map(shape).collect();
        let near = nearest(&wanted, shapes.iter().map(String::as_str));
        let near = near.and_then(|near| signals().find(|name| shape(name) == near));
        format!("no {what} `{name}` in the DBC file{}", suggestion(near))
    }
}

/// Why a signal that the file has cannot be mapped.
fn unusable(name: &str, left: &LeftOut) -> String {
    let place = if left.whole { "is in a message that cannot be used" } else { "cannot be used" };
    format!("`{name}` {place}: {left}")
}

fn kind(point: &Spanned<String>) -> Result<Kind, MapError> {
    let path = point.get_ref().as_str();
    let cells = || CellQuantity::ALL.into_iter().find(|q| q.path() == path).map(Kind::Cells);
    let nodes = || NodeQuantity::ALL.into_iter().find(|q| q.path() == path).map(Kind::Nodes);
    PointId::from_path(path).map(Kind::Point).or_else(cells).or_else(nodes).ok_or_else(|| {
        let known = PointId::ALL.iter().map(|id| id.spec().path);
        let known =
            known.chain(CellQuantity::ALL.map(CellQuantity::path)).chain(NodeQuantity::ALL.map(NodeQuantity::path));
        error(point, format!("no point `{path}`{}", suggestion(nearest(path, known))))
    })
}

fn check_placeholders(kind: Kind, pattern: &Pattern<'_>) -> Result<(), &'static str> {
    let [cell, module, node] = [Placeholder::Cell, Placeholder::Module, Placeholder::Node].map(|p| pattern.has(p));
    match kind {
        Kind::Point(_) if pattern.is_plain() => Ok(()),
        Kind::Point(_) => Err("has a number, but a point has none"),
        Kind::Cells(_) if cell && !node => Ok(()),
        Kind::Cells(_) => Err("needs {cell} where the cell's number is, or {module} and {cell}"),
        Kind::Nodes(_) if node && !cell && !module => Ok(()),
        Kind::Nodes(_) => Err("needs {node} where the node's number is"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    const DBC: &str = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\n\
        BO_ 592 Cells: 8 A\n SG_ Mux M : 7|8@0+ (1,0) [0|1] \"\" A\n\
        \x20SG_ V_00 m0 : 11|13@0+ (1,0) [0|0] \"mV\" A\n SG_ Ok_0 m0 : 12|1@0+ (1,0) [0|0] \"\" A\n\
        \x20SG_ V_01 m1 : 11|13@0+ (1,0) [0|0] \"mV\" A\n SG_ Ok_1 m1 : 12|1@0+ (1,0) [0|0] \"\" A\n\
        \nBO_ 563 Pack: 8 A\n SG_ U : 7|16@0- (0.1,0) [0|0] \"V\" A\n SG_ P : 23|16@0- (0.01,0) [0|0] \"kW\" A\n\
        \x20SG_ F0 : 39|1@0+ (1,0) [0|0] \"\" A\n SG_ F1 : 38|1@0+ (1,0) [0|0] \"\" A\n SG_ M1C2 : 47|8@0+ (0.1,0) [0|0] \"V\" A\n\
        \nBO_ 564 Other: 8 A\n SG_ U : 7|16@0- (0.1,0) [0|0] \"V\" A\n SG_ F2 : 39|1@0+ (1,0) [0|0] \"\" A\n\
        \x20SG_ N_1 : 47|8@0+ (1,0) [0|0] \"ms\" A\n SG_ Mode : 55|8@0+ (1,0) [0|0] \"\" A\n\n\
        BO_ 565 Short: 2 A\n SG_ L_1 : 7|8@0+ (1,0) [0|0] \"V\" A\n SG_ L_2 : 17|8@0+ (1,0) [0|0] \"V\" A\n\n\
        BO_ 566 Sound: 2 A\n SG_ L_3 : 7|8@0+ (1,0) [0|0] \"V\" A\n\n";

    #[derive(Deserialize)]
    struct File {
        map: Vec<MapEntry>,
    }

    fn resolve_text(entries: &str) -> Result<Vec<Mapped>, (String, String)> {
        let source = format!("map = [ {entries} ]");
        let file: File = toml::from_str(&source).unwrap();
        let database = Database::parse(DBC.as_bytes()).unwrap();
        let (mapped, wrong) = resolve(&file.map, &database, &Topology::new(1, 1, 2));
        wrong.into_iter().next().map_or(Ok(mapped), |e| Err((source[e.span].to_owned(), e.message)))
    }

    #[test]
    fn entries_find_their_signals_and_units() {
        let mapped = resolve_text(
            r#"{ point = "cells/voltage", signal = "V_{cell}", valid = "Ok_{cell}", first = 0 },
               { point = "battery/voltage", signal = "Pack.U" },
               { point = "battery/power", signal = "P", sign = "charge-positive" },
               { point = "battery/contactors", bits = ["F1", "F0"] },
               { point = "nodes/delay", signal = "N_{node}" }"#,
        )
        .unwrap();
        let short: Vec<_> = mapped.iter().map(|m| (m.target, m.scale, m.valid.is_some())).collect();
        assert_eq!(
            short,
            [
                (Target::Cell(CellQuantity::Voltage, 0), 1e-3, true),
                (Target::Cell(CellQuantity::Voltage, 1), 1e-3, true),
                (Target::Point(PointId::Voltage), 1.0, false),
                (Target::Point(PointId::Power), -1e3, false),
                (Target::Point(PointId::Contactors), 1.0, false),
                (Target::Node(NodeQuantity::Delay, 0), 1e-3, false),
            ]
        );
        let fewer = resolve_text(r#"{ point = "cells/voltage", signal = "V_{cell}", first = 0, last = 0 }"#).unwrap();
        assert_eq!(fewer.len(), 1);
        let by_module = resolve_text(r#"{ point = "cells/voltage", signal = "M{module}C{cell}" }"#).unwrap();
        assert_eq!(by_module[0].target, Target::Cell(CellQuantity::Voltage, 1));
        let scaled = resolve_text(r#"{ point = "battery/current", signal = "P", scale = 2.0, offset = 1.0 }"#).unwrap();
        assert_eq!((scaled[0].scale, scaled[0].offset), (2.0, 1.0));
    }

    #[test]
    fn a_wrong_entry_says_where_and_what() {
        for (entries, span, words) in [
            (r#"{ point = "battery/voltag", signal = "P" }"#, "battery/voltag", "nearest is `battery/voltage`"),
            (r#"{ point = "cells/voltage", signal = "VV_{cell}", first = 0 }"#, "VV_{cell}", "nearest is `V_00`"),
            (
                r#"{ point = "cells/voltage", signal = "V_{cell}" }"#,
                "V_{cell}",
                "`V_00` has a number below the first, 1",
            ),
            (
                r#"{ point = "cells/voltage", signal = "M{module}C{cell}", first = 0 }"#,
                "M{module}C{cell}",
                "does not have",
            ),
            (r#"{ point = "cells/voltage", signal = "V_00" }"#, "V_00", "{cell}"),
            (r#"{ point = "battery/soc", signal = "V_{cell}" }"#, "V_{cell}", "a point has none"),
            (r#"{ point = "nodes/state", signal = "N_{node}", first = 0 }"#, "N_{node}", "node 2 of 1"),
            (r#"{ point = "battery/voltage", signal = "U" }"#, "U", "in Pack and in Other"),
            (r#"{ point = "battery/current", signal = "P" }"#, "P", "kW"),
            (
                r#"{ point = "battery/power", signal = "P" }, { point = "grid/power", signal = "P" }"#,
                "P",
                "mapped twice",
            ),
            (
                r#"{ point = "battery/voltage", signal = "Pack.U" }, { point = "battery/voltage", signal = "Other.U" }"#,
                "Other.U",
                "same place",
            ),
            (r#"{ point = "battery/voltage", signal = "L_2" }"#, "L_2", "`L_2` cannot be used: line 31: L_2 of Short"),
            (r#"{ point = "cells/voltage", signal = "L_{cell}" }"#, "L_{cell}", "cannot be used"),
            (r#"{ point = "battery/contactors", bits = ["L_2"] }"#, "L_2", "cannot be used"),
            (r#"{ point = "battery/contactors", bits = ["F0"], range = "ignore" }"#, "F0", "nothing to `bits`"),
            (r#"{ point = "battery/mode", signal = "Mode" }"#, "Mode", "nobody knows what the numbers of `Mode` mean"),
            (r#"{ point = "battery/mode", bits = ["F0", "F1"] }"#, "F0", "nobody knows"),
            (r#"{ point = "battery/mode", signal = "Mode", words = { 1 = "gremlin" } }"#, "gremlin", "not known here"),
            (
                r#"{ point = "battery/mode", signal = "Mode", words = { 1 = "idle" }, scale = 2.0 }"#,
                "battery/mode",
                "`scale`, `offset` and `sign` mean nothing",
            ),
            (r#"{ point = "battery/voltage", signal = "Pack.U", codes = "packtwin" }"#, "packtwin", "is a quantity"),
            (r#"{ point = "battery/soc" }"#, "battery/soc", "`signal` or `bits`"),
            (r#"{ point = "battery/contactors", bits = ["F0", "F2"] }"#, r#""F0", "F2""#, "another frame"),
            (r#"{ point = "battery/contactors", bits = ["F0", "F9"] }"#, r#""F0", "F9""#, "no flag `F9`"),
            (r#"{ point = "battery/contactors", bits = [] }"#, "[]", "empty"),
            (
                r#"{ point = "cells/voltage", signal = "V_{cell}", first = 0, valid = "Okay_{cell}" }"#,
                "Okay_{cell}",
                "no signal `Okay_{cell}`",
            ),
            (r#"{ point = "battery/voltage", signal = "Pack.U", counter = "F0" }"#, "F0", "`F0` cannot count frames"),
            (r#"{ point = "battery/voltage", signal = "Pack.U", counter = "Mux" }"#, "Mux", "no signal `Mux`"),
            (
                r#"{ point = "battery/voltage", signal = "Pack.U", counter = "M1C2" },
                   { point = "battery/power", signal = "P", counter = "U" }"#,
                "U",
                "`M1C2` and `U` count the same frames",
            ),
        ] {
            let (at, message) = resolve_text(entries).unwrap_err();
            assert!(at.contains(span), "{entries}: {at}");
            assert!(message.contains(words), "{entries}: {message}");
        }
    }
}
