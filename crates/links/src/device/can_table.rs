//! What runs for each CAN frame: a DBC file and a map, compiled to a table of slots.
//!
//! A slot is a message, or one variant of it if it has multiplexer switches. Decoding finds the slot with a binary
//! search for the message and one for each switch, and walks its values in a straight line, without allocation.

use super::can_map::{MapEntry, MapError, Mapped, Source, resolve};
use super::dbc::{BitField, Database, Encoding, Message};
use super::{push_invalid, push_plausible};
use crate::can::{CanFrame, CanId, FrameKind};
use crate::frames::Describe;
use domain::link::{DecodedValue, LinkFault};
use domain::point::PointId;
use domain::reading::{Reading, Target};
use domain::topology::Topology;

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
}

#[derive(Debug)]
enum Raw {
    Number(BitField, Encoding),
    Bits(Vec<BitField>),
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was read; its slot, and how many of its values could not be.
    Decoded(usize, u32),
    /// It was not: [`LinkFault::UnknownId`] or [`LinkFault::WrongLength`].
    Rejected(LinkFault),
    /// A remote or error frame: no message.
    NoMessage,
}

impl CanTable {
    /// The points that it brings; some more than once.
    pub(crate) fn points(&self) -> Vec<PointId> {
        let targets = self.slots.iter().flat_map(|slot| &slot.values).map(|value| value.target);
        let point = |target| if let Target::Point(point) = target { Some(point) } else { None };
        targets.filter_map(point).collect()
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
        for (place, message) in database.messages.iter().enumerate() {
            layouts.push(Layout { id: message.id, size: message.size, first_slot: slots.len() });
            for (variant, carried) in message.variants().iter().enumerate() {
                let here = || map.iter().filter(|m| m.message == place && carried.signals.contains(&m.source.first()));
                let counter = here().find_map(|m| m.counter).map(|signal| {
                    // A counter counts the frames that carry it: all of the message, or those of its group.
                    let known = counters.iter().position(|counter| *counter == (place, signal));
                    let counter = known.unwrap_or_else(|| {
                        counters.push((place, signal));
                        counters.len() - 1
                    });
                    (message.signals[signal].field, counter)
                });
                let values = here().map(|m| Value::new(message, m)).collect();
                slots.push(Slot { message: place, variant, values, counter });
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
        self.slots.get(slot)?.counter.map(|(field, counter)| (counter, field.read(data) as u32))
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
        let Ok(place) = self.layouts.binary_search_by_key(&frame.id, |layout| layout.id) else {
            return Outcome::Rejected(LinkFault::UnknownId);
        };
        let layout = &self.layouts[place];
        if !length_fits(frame, layout.size) {
            return Outcome::Rejected(LinkFault::WrongLength);
        }
        let Some(variant) = self.database.messages[place].variant(frame.data) else {
            return Outcome::Rejected(LinkFault::UnknownId);
        };
        let slot = layout.first_slot + variant;
        let impossible =
            self.slots[slot].values.iter().map(|value| u32::from(value.decode(frame.data, readings))).sum();
        Outcome::Decoded(slot, impossible)
    }
}

/// As long as described; CAN FD frames come in steps, so they may be padded up to the next one.
fn length_fits(frame: &CanFrame<'_>, size: usize) -> bool {
    const FD_STEPS: [usize; 7] = [12, 16, 20, 24, 32, 48, 64];
    let padded = match frame.kind {
        FrameKind::Fd if size > 8 => FD_STEPS.into_iter().find(|step| *step >= size).unwrap_or(size),
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
        }
    }

    /// Adds the reading; returns whether the value was impossible.
    fn decode(&self, frame: &[u8], readings: &mut Vec<Reading>) -> bool {
        if self.valid.is_some_and(|flag| flag.read(frame) == 0) {
            push_invalid(readings, self.target);
            return false;
        }
        let raw = match &self.raw {
            Raw::Number(field, encoding) => encoding.read(*field, frame),
            Raw::Bits(flags) => {
                let bit = |(place, flag): (usize, &BitField)| u32::from(flag.read(frame) != 0) << place;
                f64::from(flags.iter().enumerate().map(bit).sum::<u32>())
            }
        };
        push_plausible(readings, self.target, self.plausible, raw * self.scale + self.offset)
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
        carried.map(|signal| DecodedValue { name: signal.name.clone(), text: signal.text(raw) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::PointId;
    use domain::reading::{CellQuantity, NoData, Sample};
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
            let (mux, place) = (cell / 4, cell % 4);
            let high = 51 - 13 * place;
            dbc += &format!(" SG_ V_{cell} m{mux} : {}|13@0+ (1,0) [0|0] \"mV\" A\n", (63 - high) / 8 * 8 + high % 8);
            dbc += &format!(" SG_ Ok_{cell} m{mux} : {}|1@0+ (1,0) [0|0] \"\" A\n", 12 + place);
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
            assert!(matches!(outcome, Outcome::Decoded(_, 1)), "{soc}: {outcome:?}");
            assert_eq!(readings, [contactors]);
        }
        let (outcome, readings) = decode(&fox, 16, &float(50.0, [1, 1, 0, 0]));
        assert!(matches!(outcome, Outcome::Decoded(_, 0)));
        assert_eq!(readings, [(Target::Point(PointId::Soc), Ok(50.0)), contactors]);
    }

    #[test]
    fn frames_that_no_message_describes_are_rejected() {
        let fox = fox();
        let longer = [VOLTAGES.as_slice(), &[0]].concat();
        for (id, data, fault) in [
            (0x251, VOLTAGES.as_slice(), LinkFault::UnknownId),
            (0x250, &[2, 0, 0, 0, 0, 0, 0, 0], LinkFault::UnknownId),
            (0x250, &VOLTAGES[..7], LinkFault::WrongLength),
            (0x250, &[], LinkFault::WrongLength),
            (0x250, &longer, LinkFault::WrongLength),
        ] {
            assert_eq!(decode(&fox, id, data), (Outcome::Rejected(fault), vec![]), "{id:#x} {data:?}");
        }
        let mut readings = Vec::new();
        for kind in [FrameKind::Remote, FrameKind::Error] {
            let frame = CanFrame { id: CanId::standard(0x250).unwrap(), kind, data: &VOLTAGES };
            assert_eq!(fox.decode(&frame, &mut readings), Outcome::NoMessage);
        }
        assert!(readings.is_empty());
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
            assert_eq!(matches!(table.decode(&frame, &mut readings), Outcome::Decoded(0, 0)), fits, "{len}");
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
        assert_eq!((outcome, readings), (Outcome::Decoded(0, 0), vec![voltage]));
        assert_eq!(table.key(0), "0x010 mux 2/5-9");
        for frame in [[2, 4, 0x10, 0x27, 0, 0, 0, 0], [1, 7, 0x10, 0x27, 0, 0, 0, 0]] {
            assert_eq!(decode(&table, 16, &frame), (Outcome::Rejected(LinkFault::UnknownId), vec![]), "{frame:?}");
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
