//! What runs for each CAN frame: a DBC file and a map, compiled to a table of slots.
//!
//! A slot is a message, or one variant of it if it has multiplexer switches. Decoding finds the slot with a binary
//! search for the message and one for each switch, and walks its values in a straight line, without allocation.

use super::can_map::{Believed, MapEntry, MapError, Mapped, Source, resolve};
use super::codes::{Codes, Said};
use super::dbc::{BitField, Database, Encoding, Message, Presence, Signal};
use super::push_invalid;
use crate::ages::{Ages, between_polls};
use crate::can::{CanFrame, CanId, FrameKind, fd_length};
use crate::describe::Describe;
use domain::link::{DecodedValue, LinkFault};
use domain::reading::{CellQuantity, Reading, Target};
use domain::topology::Topology;
use std::time::Duration;

/// Compiled messages and the values that are wanted of them.
#[derive(Debug)]
pub struct CanTable {
    database: Database,
    /// Sorted by identifier, in step with the database's messages.
    layouts: Vec<Layout>,
    slots: Vec<Slot>,
    /// Width of each rolling counter, bits.
    counters: Vec<u32>,
}

#[derive(Debug)]
struct Layout {
    id: CanId,
    size: usize,
    /// Place in `slots` of its first variant; the others follow.
    first_slot: usize,
}

#[derive(Debug)]
struct Slot {
    message: usize,
    variant: usize,
    values: Vec<Value>,
    /// The rolling counter of its frames, and which it is of the table's counters.
    counter: Option<(BitField, usize)>,
}

#[derive(Debug)]
struct Value {
    raw: Raw,
    scale: f64,
    offset: f64,
    valid: Option<BitField>,
    target: Target,
    plausible: (f32, f32),
    /// What its DBC file or map lets through, in the target's unit.
    believed: Option<Believed>,
    /// What its numbers mean, if they are codes.
    codes: Option<Codes>,
    /// Its first signal, in the message.
    signal: usize,
}

#[derive(Debug)]
enum Raw {
    Number(BitField, Encoding),
    Bits(Vec<BitField>),
}

/// What was wrong with a frame that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flaws {
    /// So many of its values cannot be.
    pub impossible: u32,
    /// So many are outside of the range that the DBC file declares, or the map.
    pub outside: u32,
    /// So many are codes without a meaning.
    pub unnamed: u32,
    /// It is longer or shorter than described; of a shorter one, only values that are wholly in it were read.
    pub length: bool,
}

impl Flaws {
    /// Whether any of its values has one: [`CanTable::flawed`] says which.
    pub fn of_values(&self) -> bool {
        self.impossible + self.outside + self.unnamed > 0
    }
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It cannot be.
    Impossible,
    /// It is outside of the range that the DBC file declares, or the map.
    Outside,
    /// It is a code without a meaning.
    Unnamed,
}

/// What a frame says of a value.
enum Verdict {
    Value(f32),
    /// A code without a meaning; ours for that, if there is one.
    Unnamed(Option<f32>),
    /// There is none now.
    Invalid,
    /// Not in the frame: it is too short.
    Absent,
    Impossible,
    Outside,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was read; its slot, and what was wrong.
    Decoded(usize, Flaws),
    /// It was not: [`LinkFault::UnknownId`] or [`LinkFault::WrongLength`].
    Rejected(LinkFault),
    /// It was not: no group of this message, by its place in the DBC file, has the value of its switch.
    UnknownGroup(usize),
    /// A remote or error frame: no message.
    NoMessage,
}

impl CanTable {
    /// What a person should know of the DBC file, in words.
    pub(crate) fn file_warnings(&self) -> Vec<String> {
        self.database.warnings()
    }

    /// How often the most frequent of its messages is sent; `None` if the DBC file does not say it of each.
    pub(crate) fn cycle(&self) -> Option<Duration> {
        let wanted = self.slots.iter().filter(|slot| !slot.values.is_empty());
        let cycles = wanted.map(|slot| self.database.messages[slot.message].cycle);
        cycles.reduce(|a, b| a.zip(b).map(|(a, b)| a.min(b))).flatten()
    }

    /// Whether it brings cell voltages.
    pub(crate) fn brings_cells(&self) -> bool {
        let mut values = self.slots.iter().flat_map(|slot| &slot.values);
        values.any(|value| matches!(value.target, Target::Cell(CellQuantity::Voltage, _)))
    }

    /// Compiles a DBC file and a map for a system of this topology.
    ///
    /// # Errors
    /// The first entry of the map that is wrong.
    pub fn compile(database: Database, map: &[MapEntry], topology: &Topology) -> Result<CanTable, MapError> {
        let (mapped, wrong) = resolve(map, &database, topology);
        wrong.into_iter().next().map_or_else(|| Ok(CanTable::new(database, &mapped)), Err)
    }

    /// Every entry of a map that is wrong.
    pub fn wrong_entries(database: &Database, map: &[MapEntry], topology: &Topology) -> Vec<MapError> {
        resolve(map, database, topology).1
    }

    fn new(database: Database, map: &[Mapped]) -> CanTable {
        let mut layouts = Vec::with_capacity(database.messages.len());
        let mut slots = Vec::new();
        let mut counters: Vec<(usize, usize)> = Vec::new();
        for (index, message) in database.messages.iter().enumerate() {
            layouts.push(Layout { id: message.id, size: message.size, first_slot: slots.len() });
            for (variant, carried) in message.variants().iter().enumerate() {
                let here = || map.iter().filter(|m| m.message == index && carried.signals.contains(&m.source.first()));
                let counter = here().find_map(|m| m.counter).map(|signal| {
                    // A counter counts the frames that carry it: all of the message, or those of its group.
                    let known = counters.iter().position(|counter| *counter == (index, signal));
                    let counter = known.unwrap_or_else(|| {
                        counters.push((index, signal));
                        counters.len() - 1
                    });
                    (message.signals[signal].field, counter)
                });
                let values = here().map(|m| Value::new(message, m)).collect();
                slots.push(Slot { message: index, variant, values, counter });
            }
        }
        let bits = |(message, signal): (usize, usize)| database.messages[message].signals[signal].field.bits();
        let counters = counters.into_iter().map(bits).collect();
        CanTable { database, layouts, slots, counters }
    }

    /// The width of each rolling counter that the map names, bits.
    pub fn counters(&self) -> Vec<u32> {
        self.counters.clone()
    }

    /// Which rolling counter a frame of this slot has, and its number in the frame.
    pub fn counter(&self, slot: usize, data: &[u8]) -> Option<(usize, u32)> {
        let (field, counter) = self.slots.get(slot)?.counter?;
        field.is_in(data.len()).then(|| (counter, field.read(data) as u32))
    }

    /// The slots of each multiplexed message that bring values.
    pub fn multiplexed(&self) -> Vec<Vec<usize>> {
        let wanted = |(layout, message): (&Layout, &Message)| {
            let slots = (layout.first_slot..).take(message.variants().len());
            slots.filter(|slot| !self.slots[*slot].values.is_empty()).collect::<Vec<_>>()
        };
        self.layouts.iter().zip(&self.database.messages).map(wanted).filter(|slots| slots.len() > 1).collect()
    }

    /// How many slots it has: messages, counting each multiplexer value.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Decodes one frame and adds its readings.
    pub fn decode(&self, frame: &CanFrame<'_>, readings: &mut Vec<Reading>) -> Outcome {
        if let FrameKind::Remote | FrameKind::Error = frame.kind {
            return Outcome::NoMessage;
        }
        let Ok(index) = self.layouts.binary_search_by_key(&frame.id, |layout| layout.id) else {
            return Outcome::Rejected(LinkFault::UnknownId);
        };
        let layout = &self.layouts[index];
        let shorter = frame.data.len() < layout.size;
        let variant = self.database.messages[index].variant(frame.data).filter(|_| !frame.data.is_empty());
        let Some(variant) = variant else {
            return match shorter {
                true => Outcome::Rejected(LinkFault::WrongLength),
                false => Outcome::UnknownGroup(index),
            };
        };
        let slot = layout.first_slot + variant;
        let mut flaws = Flaws { length: !length_fits(frame, layout.size), ..Flaws::default() };
        for value in &self.slots[slot].values {
            let mut push = |value: f32, target| readings.push(Reading { target, sample: Ok(value) });
            match value.read(frame.data) {
                Verdict::Value(number) => push(number, value.target),
                Verdict::Unnamed(code) => {
                    flaws.unnamed += 1;
                    match code {
                        Some(code) => push(code, value.target),
                        None => push_invalid(readings, value.target),
                    }
                }
                Verdict::Invalid => push_invalid(readings, value.target),
                Verdict::Absent => {}
                Verdict::Impossible => flaws.impossible += 1,
                Verdict::Outside => flaws.outside += 1,
            }
        }
        Outcome::Decoded(slot, flaws)
    }

    /// What is to be said of a frame of a message that has no such group.
    pub(crate) fn group_message(&self, message: usize, frame: &[u8]) -> String {
        let message = &self.database.messages[message];
        let is_switch = |index: usize| {
            let by_it = |of: &Signal| matches!(of.present, Presence::When { switch, .. } if switch == index);
            message.signals.iter().any(by_it)
        };
        let switches = message.signals.iter().enumerate().filter(|(index, _)| is_switch(*index));
        let there = switches.filter(|(_, signal)| signal.field.is_in(frame.len()));
        let values: Vec<_> = there.map(|(_, signal)| format!("{} = {}", signal.name, signal.text(frame))).collect();
        format!(
            "frames of {} ({}) have {}, which no group in the DBC file has: they are not read",
            message.name,
            message.id,
            values.join(", ")
        )
    }

    /// What a message is called, by its place in the DBC file.
    pub(crate) fn message_name(&self, message: usize) -> String {
        let message = &self.database.messages[message];
        format!("{} ({})", message.id, message.name)
    }

    /// The message of a slot.
    pub(crate) fn message(&self, slot: usize) -> usize {
        self.slots[slot].message
    }

    /// What is to be said of a frame that has another length than its message.
    pub(crate) fn length_message(&self, slot: usize, bytes: usize) -> String {
        let message = &self.database.messages[self.slots[slot].message];
        let read = if bytes > message.size { "the rest is not read" } else { "what is in them is read" };
        format!(
            "frames of {} ({}) have {bytes} bytes, in the DBC file {}: {read}",
            message.name, message.id, message.size
        )
    }

    /// Which values of a frame of this slot have a flaw, by their place among the slot's values.
    pub(crate) fn flawed<'a>(&'a self, slot: usize, frame: &'a [u8]) -> impl Iterator<Item = (usize, Flaw)> + 'a {
        self.slots[slot].values.iter().enumerate().filter_map(|(index, value)| match value.read(frame) {
            Verdict::Impossible => Some((index, Flaw::Impossible)),
            Verdict::Outside => Some((index, Flaw::Outside)),
            Verdict::Unnamed(_) => Some((index, Flaw::Unnamed)),
            Verdict::Value(_) | Verdict::Invalid | Verdict::Absent => None,
        })
    }

    /// What is to be said of the flaw of a value; `place` is that among the slot's values.
    pub(crate) fn flaw_message(&self, slot: usize, index: usize, flaw: Flaw, frame: &[u8]) -> String {
        let value = &self.slots[slot].values[index];
        let message = &self.database.messages[self.slots[slot].message];
        let signal = &message.signals[value.signal];
        let text = match &value.raw {
            Raw::Number(..) => signal.text(frame),
            Raw::Bits(_) => format!("{} as bits", value.number(frame)),
        };
        let name = format!("{} of {} ({})", signal.name, message.name, message.id);
        match (flaw, signal.range, value.believed) {
            (Flaw::Unnamed, ..) => format!(
                "{name} is {text}, which has no known meaning: say it with `words` or `flags` in its line of the map"
            ),
            (Flaw::Outside, Some((low, high)), Some(Believed { declared: true, .. })) => format!(
                "{name} is {text}, but the DBC file declares {low} to {high}: it is not believed; if the device is right, \
                 write range = \"ignore\" in its line of the map"
            ),
            (Flaw::Outside, _, Some(Believed { low, high, .. })) => {
                format!("{name} is {text}, but the map lets {low} to {high} through: it is not believed")
            }
            _ => format!("{name} is {text}, which cannot be: are byte order, scale and type right?"),
        }
    }
}

/// As long as described; CAN FD frames come in steps, so they may be padded up to the next one.
fn length_fits(frame: &CanFrame<'_>, size: usize) -> bool {
    let padded = match frame.kind {
        FrameKind::Fd => fd_length(size),
        _ => size,
    };
    (size..=padded).contains(&frame.data.len())
}

impl Value {
    fn new(message: &Message, mapped: &Mapped) -> Value {
        let field = |signal: &usize| message.signals[*signal].field;
        let (raw, factor, offset) = match &mapped.source {
            Source::Signal(signal) => {
                let signal = &message.signals[*signal];
                (Raw::Number(signal.field, signal.encoding), signal.factor, signal.offset)
            }
            Source::Bits(signals) => (Raw::Bits(signals.iter().map(field).collect()), 1.0, 0.0),
        };
        Value {
            raw,
            scale: factor * mapped.scale,
            offset: offset * mapped.scale + mapped.offset,
            valid: mapped.valid.as_ref().map(field),
            target: mapped.target,
            plausible: mapped.target.plausible(),
            believed: mapped.believed,
            codes: mapped.codes.clone(),
            signal: mapped.source.first(),
        }
    }

    /// Whether a frame of so many bytes has all that it needs.
    fn is_in(&self, bytes: usize) -> bool {
        let raw = match &self.raw {
            Raw::Number(field, _) => field.is_in(bytes),
            Raw::Bits(flags) => flags.iter().all(|flag| flag.is_in(bytes)),
        };
        raw && self.valid.is_none_or(|flag| flag.is_in(bytes))
    }

    /// The number in a frame that has it, before factor and offset.
    fn number(&self, frame: &[u8]) -> f64 {
        match &self.raw {
            Raw::Number(field, encoding) => encoding.read(*field, frame),
            Raw::Bits(flags) => {
                let bit = |(index, flag): (usize, &BitField)| u32::from(flag.read(frame) != 0) << index;
                f64::from(flags.iter().enumerate().map(bit).sum::<u32>())
            }
        }
    }

    /// What a frame says of it.
    fn read(&self, frame: &[u8]) -> Verdict {
        if !self.is_in(frame.len()) {
            return Verdict::Absent;
        }
        if self.valid.is_some_and(|flag| flag.read(frame) == 0) {
            return Verdict::Invalid;
        }
        let raw = self.number(frame);
        let value = raw * self.scale + self.offset;
        // What is not a number is impossible, not outside.
        if self.believed.is_some_and(|Believed { low, high, .. }| value < low || value > high) {
            return Verdict::Outside;
        }
        let value = match self.codes.as_ref().map(|codes| codes.read(raw, value)) {
            None => value as f32,
            Some(Said::Code(code)) => code,
            Some(Said::Unnamed(code)) => return Verdict::Unnamed(code),
            Some(Said::NoValue) => return Verdict::Invalid,
            Some(Said::Impossible) => return Verdict::Impossible,
        };
        // Such a value makes no reading at all, so the last good one ages.
        if (self.plausible.0..=self.plausible.1).contains(&value) { Verdict::Value(value) } else { Verdict::Impossible }
    }
}

impl Describe for CanTable {
    fn key(&self, slot: usize) -> String {
        let slot = &self.slots[slot];
        let message = &self.database.messages[slot.message];
        let switches = message.variants()[slot.variant].switches.iter().map(|(_, values)| match values.clone() {
            values if values.start() == values.end() => values.start().to_string(),
            values => format!("{}-{}", values.start(), values.end()),
        });
        match switches.collect::<Vec<_>>().join("/") {
            values if values.is_empty() => message.id.to_string(),
            values => format!("{} mux {values}", message.id),
        }
    }

    fn name(&self, slot: usize) -> String {
        self.database.messages[self.slots[slot].message].name.clone()
    }

    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let slot = &self.slots[slot];
        let message = &self.database.messages[slot.message];
        let carried = message.variants()[slot.variant].signals.iter().map(|signal| &message.signals[*signal]);
        carried
            .filter(|signal| signal.field.is_in(raw.len()))
            .map(|signal| DecodedValue { name: signal.name.clone(), text: signal.text(raw) })
            .collect()
    }

    /// Without a `usual` age, as the DBC file says how often its messages are sent.
    fn ages(&self, usual: Duration) -> Ages {
        let of_slot = |slot: &Slot| {
            let cycle = self.database.messages[slot.message].cycle;
            let given = (!usual.is_zero()).then_some(usual);
            let usual = given.or_else(|| cycle.map(|cycle| between_polls(cycle, Duration::ZERO)))?;
            let point = |value: &Value| if let Target::Point(point) = value.target { Some(point) } else { None };
            let cells = slot.values.iter().any(|value| matches!(value.target, Target::Cell(..)));
            Some(Ages::of(slot.values.iter().filter_map(point), cells, usual))
        };
        self.slots.iter().filter_map(of_slot).fold(Ages::default(), Ages::and)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::PointId;
    use domain::reading::{NoData, Sample};
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct File {
        map: Vec<MapEntry>,
    }

    fn table(dbc: &str, map: &str, topology: Topology) -> CanTable {
        let database = Database::parse(dbc.as_bytes()).unwrap();
        let file: File = toml::from_str(&format!("map = [{map}]")).unwrap();
        CanTable::compile(database, &file.map, &topology).unwrap()
    }

    /// foxBMS's cell voltages and pack values, for 8 cells, and a float message.
    fn fox() -> CanTable {
        let mut dbc = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 592 CellVoltages: 8 A\n SG_ Mux M : 7|8@0+ (1,0) [0|64] \"\" A\n".to_owned();
        for cell in 0..8 {
            let (mux, index) = (cell / 4, cell % 4);
            let high = 51 - 13 * index;
            dbc += &format!(" SG_ V_{cell} m{mux} : {}|13@0+ (1,0) [0|0] \"mV\" A\n", (63 - high) / 8 * 8 + high % 8);
            dbc += &format!(" SG_ Ok_{cell} m{mux} : {}|1@0+ (1,0) [0|0] \"\" A\n", 12 + index);
        }
        dbc += "\nBO_ 563 PackValues: 8 A\n SG_ U : 7|15@0- (0.1,0) [0|0] \"V\" A\n SG_ B : 8|15@0- (0.1,0) [0|0] \"V\" A\n \
                SG_ P : 25|17@0- (0.01,0) [0|0] \"kW\" A\n SG_ I : 40|17@0- (0.01,0) [0|0] \"A\" A\n\n\
                BO_ 16 Floats: 8 A\n SG_ Soc : 0|32@1- (1,0) [0|0] \"%\" A\n SG_ F0 : 32|1@1+ (1,0) [0|0] \"\" A\n SG_ F1 : 40|1@1+ (1,0) [0|0] \"\" A\n\n\
                SIG_VALTYPE_ 16 Soc : 1;\n";
        table(
            &dbc,
            r#"{ point = "cells/voltage", signal = "V_{cell}", valid = "Ok_{cell}", first = 0 },
               { point = "battery/voltage", signal = "U" }, { point = "battery/bus_voltage", signal = "B" },
               { point = "battery/power", signal = "P" }, { point = "battery/current", signal = "I" },
               { point = "battery/soc", signal = "Soc" }, { point = "battery/contactors", bits = ["F0", "F1"] }"#,
            Topology::new(1, 1, 8),
        )
    }

    fn decode(table: &CanTable, id: u32, data: &[u8]) -> (Outcome, Vec<(Target, Sample)>) {
        let mut readings = Vec::new();
        let frame = CanFrame { id: CanId::standard(id).unwrap(), kind: FrameKind::Classic, data };
        let outcome = table.decode(&frame, &mut readings);
        (outcome, readings.into_iter().map(|r| (r.target, r.sample)).collect())
    }

    const VOLTAGES: [u8; 8] = [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];

    #[test]
    fn the_reference_frames_give_the_reference_values() {
        let fox = fox();
        let cell = |n| Target::Cell(CellQuantity::Voltage, n);
        let (_, readings) = decode(&fox, 0x250, &VOLTAGES);
        assert_eq!(readings, [(cell(0), Ok(3.3)), (cell(1), Ok(3.301)), (cell(2), Ok(3.302)), (cell(3), Ok(3.303))]);
        // The frame of cells 256 to 259 with the multiplexer of ours; its third cell is marked invalid.
        let (_, readings) = decode(&fox, 0x250, &[0x01, 0xB6, 0x40, 0xB2, 0x09, 0x90, 0x6C, 0x84]);
        assert_eq!(
            readings,
            [(cell(4), Ok(3.201)), (cell(5), Ok(3.202)), (cell(6), Err(NoData::Error)), (cell(7), Ok(3.204))]
        );
        let (_, readings) = decode(&fox, 0x233, &[0x43, 0x08, 0x85, 0xFF, 0xBC, 0xF9, 0xD8, 0xF0]);
        let point = Target::Point;
        assert_eq!(
            readings,
            [
                (point(PointId::Voltage), Ok(858.0)),
                (point(PointId::BusVoltage), Ok(857.5)),
                (point(PointId::Power), Ok(-85_800.0)),
                (point(PointId::Current), Ok(-100.0)),
            ]
        );
    }

    #[test]
    fn what_cannot_be_makes_no_reading() {
        let fox = fox();
        let float = |soc: f32, flags: [u8; 4]| [soc.to_le_bytes(), flags].concat();
        let contactors = (Target::Point(PointId::Contactors), Ok(3.0));
        for soc in [f32::NAN, f32::INFINITY, -0.1, 100.1] {
            let (outcome, readings) = decode(&fox, 16, &float(soc, [1, 1, 0, 0]));
            assert!(
                matches!(outcome, Outcome::Decoded(_, Flaws { impossible: 1, outside: 0, .. })),
                "{soc}: {outcome:?}"
            );
            assert_eq!(readings, [contactors]);
        }
        let (outcome, readings) = decode(&fox, 16, &float(50.0, [1, 1, 0, 0]));
        assert!(matches!(outcome, Outcome::Decoded(_, Flaws { impossible: 0, outside: 0, length: false, .. })));
        assert_eq!(readings, [(Target::Point(PointId::Soc), Ok(50.0)), contactors]);
    }

    #[test]
    fn frames_that_no_message_describes_are_rejected() {
        let fox = fox();
        for (id, data, fault) in [
            (0x251, VOLTAGES.as_slice(), LinkFault::UnknownId),
            (0x250, &[], LinkFault::WrongLength),
            (0x233, &[], LinkFault::WrongLength),
        ] {
            assert_eq!(decode(&fox, id, data), (Outcome::Rejected(fault), vec![]), "{id:#x} {data:?}");
        }
        // The id is known, the group is not.
        let frame = [9, 0, 0, 0, 0, 0, 0, 0];
        let (Outcome::UnknownGroup(message), readings) = decode(&fox, 0x250, &frame) else { panic!() };
        assert!(readings.is_empty());
        let words = fox.group_message(message, &frame);
        assert!(words.starts_with("frames of CellVoltages (0x250) have Mux = 9, which no group"), "{words}");
        let mut readings = Vec::new();
        for kind in [FrameKind::Remote, FrameKind::Error] {
            let frame = CanFrame { id: CanId::standard(0x250).unwrap(), kind, data: &VOLTAGES };
            assert_eq!(fox.decode(&frame, &mut readings), Outcome::NoMessage);
        }
        assert!(readings.is_empty());
    }

    #[test]
    fn a_longer_or_shorter_frame_gives_what_is_wholly_in_it() {
        let fox = fox();
        let longer = [VOLTAGES.as_slice(), &[0]].concat();
        for (data, readings) in [(&longer[..], 4), (&VOLTAGES[..7], 3), (&VOLTAGES[..4], 1), (&VOLTAGES[..2], 0)] {
            let (outcome, decoded) = decode(&fox, 0x250, data);
            let Outcome::Decoded(slot, flaws) = outcome else { panic!("{outcome:?}") };
            assert_eq!((flaws, decoded.len()), (Flaws { length: true, ..Flaws::default() }, readings), "{data:?}");
            assert!(decoded.iter().zip([3.3, 3.301, 3.302]).all(|(reading, value)| reading.1 == Ok(value)));
            assert!(fox.decoded(slot, data).iter().all(|v| !v.text.is_empty()));
        }
        let (Outcome::Decoded(slot, _), _) = decode(&fox, 0x250, &VOLTAGES) else { panic!() };
        // The switch and the flags, but no voltage.
        assert_eq!(fox.decoded(slot, &VOLTAGES[..2]).len(), 5);
        let words = fox.length_message(slot, 7);
        assert_eq!(words, "frames of CellVoltages (0x250) have 7 bytes, in the DBC file 8: what is in them is read");
    }

    #[test]
    fn a_value_outside_of_its_range_is_not_believed_unless_the_map_says_otherwise() {
        let dbc = "BO_ 16 M: 8 A\n SG_ U : 0|16@1+ (0.1,0) [300|900] \"V\" A\n \
                   SG_ I : 16|16@1- (0.1,0) [-100|100] \"A\" A\n SG_ S : 32|8@1+ (1,0) [0|0] \"%\" A\n";
        let frame = |volts: u16, amperes: i16, soc: u8| {
            [&volts.to_le_bytes()[..], &amperes.to_le_bytes(), &[soc, 0, 0, 0]].concat()
        };
        let rules = ["", ", range = \"ignore\"", ", range = [-50, 50]"];
        for (rule, data, outside) in [
            (0, frame(3_000, -1_000, 7), 0),
            (0, frame(9_000, 1_000, 7), 0),
            (0, frame(2_999, 1_001, 7), 2),
            (0, frame(9_001, -1_001, 7), 2),
            (1, frame(2_999, 1_001, 7), 1),
            (2, frame(3_000, 501, 7), 1),
            (2, frame(3_000, 500, 7), 0),
        ] {
            let map = format!(
                r#"{{ point = "battery/voltage", signal = "U" }}, {{ point = "battery/soc", signal = "S" }},
                   {{ point = "battery/current", signal = "I", sign = "charge-positive"{} }}"#,
                rules[rule]
            );
            let table = table(dbc, &map, Topology::NONE);
            let (outcome, readings) = decode(&table, 16, &data);
            let Outcome::Decoded(0, flaws) = outcome else { panic!("{outcome:?}") };
            assert_eq!((flaws.outside, flaws.impossible, readings.len()), (outside, 0, 3 - outside as usize), "{rule}");
            assert_eq!(table.flawed(0, &data).count(), outside as usize);
            if let Some((index, flaw)) = table.flawed(0, &data).last() {
                let words = table.flaw_message(0, index, flaw, &data);
                assert!(words.contains("of M (0x010) is"), "{words}");
                assert_eq!(words.contains("the map lets -50 to 50"), rule == 2, "{words}");
                assert_eq!(words.contains("range = \"ignore\""), rule < 2, "{words}");
            }
        }
    }

    #[test]
    fn codes_are_read_by_the_words_of_the_dbc_file_and_every_flaw_is_told() {
        let dbc = "BO_ 16 M: 8 A\n SG_ Alarms : 0|8@1+ (1,0) [0|0] \"\" A\n SG_ Mode : 8|8@1+ (1,0) [0|0] \"\" A\n \
                   SG_ U : 16|16@1+ (0.1,0) [0|0] \"V\" A\n\nVAL_ 16 Alarms 1 \"overvoltage\" ;\n\
                   VAL_ 16 Mode 1 \"overvoltage\" 10 \"balancing\" 3 \"Run\" ;\n";
        let map = r#"{ point = "battery/bms_alarms", signal = "Alarms" }, { point = "battery/mode", signal = "Mode" },
                     { point = "battery/voltage", signal = "U" }"#;
        let table = table(dbc, map, Topology::NONE);
        let values =
            |frame: [u8; 8]| decode(&table, 16, &frame).1.into_iter().map(|(_, sample)| sample).collect::<Vec<_>>();
        let event = |name| (1_u32 << domain::bms::EVENTS.iter().position(|known| *known == name).unwrap()) as f32;
        assert_eq!(values([1, 3, 0x10, 0x27, 0, 0, 0, 0]), [Ok(event("voltage too high")), Ok(7.0), Ok(1_000.0)]);
        let strange = [4, 10, 0xFF, 0xFF, 0, 0, 0, 0];
        assert_eq!(values(strange), [Ok(event("another event")), Ok(15.0)]);
        let words: Vec<_> =
            table.flawed(0, &strange).map(|(index, flaw)| table.flaw_message(0, index, flaw, &strange)).collect();
        for (words, start) in words.iter().zip([
            "Alarms of M (0x010) is 4, which has no known meaning",
            "Mode of M (0x010) is 10 (balancing), which has no known meaning",
            "U of M (0x010) is 6553.5 V, which cannot be",
        ]) {
            assert!(words.starts_with(start), "{words}");
        }
        assert_eq!(words.len(), 3);
    }

    #[test]
    fn a_padded_fd_frame_is_as_long_as_described() {
        let dbc =
            "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 16 M: 10 A\n SG_ U : 64|16@1+ (0.1,0) [0|0] \"V\" A\n";
        let table = table(dbc, r#"{ point = "battery/voltage", signal = "U" }"#, Topology::NONE);
        let mut readings = Vec::new();
        let data = [0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0x27, 0, 0, 0, 0, 0, 0];
        for (len, fits) in [(9, false), (10, true), (12, true), (16, false)] {
            let frame = CanFrame { id: CanId::standard(16).unwrap(), kind: FrameKind::Fd, data: &data[..len] };
            assert_eq!(
                table.decode(&frame, &mut readings),
                Outcome::Decoded(0, Flaws { length: !fits, ..Flaws::default() }),
                "{len}"
            );
        }
        assert_eq!(readings[0].sample, Ok(1_000.0));
    }

    #[test]
    fn a_slot_describes_itself_in_words() {
        let fox = fox();
        let (Outcome::Decoded(slot, _), _) = decode(&fox, 0x250, &VOLTAGES) else { panic!() };
        assert_eq!((fox.key(slot).as_str(), fox.name(slot).as_str()), ("0x250 mux 0", "CellVoltages"));
        let texts: Vec<_> =
            fox.decoded(slot, &VOLTAGES).into_iter().map(|v| format!("{} {}", v.name, v.text)).collect();
        assert_eq!(&texts[..3], ["Mux 0", "V_0 3300 mV", "Ok_0 1"]);
    }

    #[test]
    fn a_switch_inside_a_switch_has_slots_of_its_own() {
        let dbc = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 16 M: 8 A\n SG_ S M : 0|8@1+ (1,0) [0|0] \"\" A\n \
             SG_ T m2M : 8|8@1+ (1,0) [0|0] \"\" A\n SG_ U m0 : 16|16@1+ (0.1,0) [0|0] \"V\" A\n\n\
             SG_MUL_VAL_ 16 T S 2-2;\nSG_MUL_VAL_ 16 U T 5-9;\n";
        let table = table(dbc, r#"{ point = "battery/voltage", signal = "U" }"#, Topology::NONE);
        let voltage = (Target::Point(PointId::Voltage), Ok(1_000.0));
        let (outcome, readings) = decode(&table, 16, &[2, 7, 0x10, 0x27, 0, 0, 0, 0]);
        assert_eq!((outcome, readings), (Outcome::Decoded(0, Flaws::default()), vec![voltage]));
        assert_eq!(table.key(0), "0x010 mux 2/5-9");
        for frame in [[2, 4, 0x10, 0x27, 0, 0, 0, 0], [1, 7, 0x10, 0x27, 0, 0, 0, 0]] {
            assert_eq!(decode(&table, 16, &frame), (Outcome::UnknownGroup(0), vec![]), "{frame:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_frame_makes_it_panic_or_give_a_value_that_cannot_be(
            id in proptest::sample::select(vec![0x250_u32, 0x233, 16, 17]),
            data in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..=64),
            fd in proptest::prelude::any::<bool>(),
        ) {
            let fox = fox();
            let mut readings = Vec::new();
            let kind = if fd { FrameKind::Fd } else { FrameKind::Classic };
            fox.decode(&CanFrame { id: CanId::standard(id).unwrap(), kind, data: &data }, &mut readings);
            for reading in readings {
                let (low, high) = reading.target.plausible();
                proptest::prop_assert!(reading.sample.is_err() || (low..=high).contains(&reading.sample.unwrap()));
            }
        }
    }
}
