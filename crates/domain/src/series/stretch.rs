//! A stretch of the past, of any length, as a page draws it.

use super::Table;
use crate::alarm::Severity;
use crate::time::Utc;
use crate::wire::{Reader, Wire, WireError, Writer};

/// A stretch of a system's past.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stretch {
    /// What to draw: every row, or of each step its first, two extremes and last as four rows spread over the step.
    pub table: Table,
    /// Length of a step, ms; 0 if the table has every row.
    pub step_ms: u64,
    /// What to draw of single cells, over their own time axis: of each step four rows, as above.
    pub cells: Table,
    /// Length of a step of the cells, ms.
    pub cell_step_ms: u64,
    /// Where the answer comes from, for people: `every row`.
    pub tier: String,
    /// How many rows stand behind it.
    pub rows: u64,
    /// When the system's past begins and ends; `None` if it has none.
    pub whole: Option<(Utc, Utc)>,
    /// What the values in the stretch are, one for each series, then one for each of the cells'.
    pub statistics: Vec<Statistics>,
    /// Energy and time by direction.
    pub flow: FlowOf,
    /// Paths of the points that have a past.
    pub points: Vec<String>,
    /// What happened, oldest first.
    pub events: Vec<Happened>,
    /// What is missing because files of history were damaged, as a sentence; empty if nothing is.
    pub left_out: String,
}

/// What the values of a series are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// How many rows have a value.
    pub n: u64,
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation; NaN where it is not known, as of cells of which only minutes are kept.
    pub std_dev: f32,
    /// The lowest.
    pub min: f32,
    /// The highest.
    pub max: f32,
}

/// Energy and time by direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowOf {
    /// Energy out of the battery, Wh.
    pub out_wh: f32,
    /// Energy into the battery, Wh.
    pub in_wh: f32,
    /// Time of discharging, s.
    pub discharging_s: f32,
    /// Time of charging, s.
    pub charging_s: f32,
    /// Time of which voltage and current are known, s.
    pub known_s: f32,
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// When.
    pub at: Utc,
    /// Whether it began; else it ended.
    pub began: bool,
    /// How bad it is.
    pub severity: Severity,
    /// What it is, for people.
    pub words: String,
}

impl Wire for Stretch {
    fn write(&self, w: &mut Writer) {
        self.table.write(w);
        w.varint(self.step_ms);
        self.cells.write(w);
        w.varint(self.cell_step_ms);
        w.str(&self.tier);
        w.varint(self.rows);
        w.option(self.whole, |w, (from, to)| {
            w.signed(from.0);
            w.signed(to.0);
        });
        self.statistics.write(w);
        self.flow.write(w);
        w.varint(self.points.len() as u64);
        self.points.iter().for_each(|path| w.str(path));
        self.events.write(w);
        w.str(&self.left_out);
    }

    fn read(r: &mut Reader<'_>) -> Result<Stretch, WireError> {
        Ok(Stretch {
            table: Table::read(r)?,
            step_ms: r.varint()?,
            cells: Table::read(r)?,
            cell_step_ms: r.varint()?,
            tier: r.str()?.to_owned(),
            rows: r.varint()?,
            whole: r.option(|r| Ok((Utc(r.signed()?), Utc(r.signed()?))))?,
            statistics: Wire::read(r)?,
            flow: Wire::read(r)?,
            points: (0..r.count("number of points")?).map(|_| Ok(r.str()?.to_owned())).collect::<Result<_, _>>()?,
            events: Wire::read(r)?,
            left_out: r.str()?.to_owned(),
        })
    }
}

impl Wire for Statistics {
    fn write(&self, w: &mut Writer) {
        w.varint(self.n);
        [self.mean, self.std_dev, self.min, self.max].into_iter().for_each(|value| w.f32(value));
    }

    fn read(r: &mut Reader<'_>) -> Result<Statistics, WireError> {
        Ok(Statistics { n: r.varint()?, mean: r.f32()?, std_dev: r.f32()?, min: r.f32()?, max: r.f32()? })
    }
}

impl Wire for FlowOf {
    fn write(&self, w: &mut Writer) {
        let FlowOf { out_wh, in_wh, discharging_s, charging_s, known_s } = *self;
        [out_wh, in_wh, discharging_s, charging_s, known_s].into_iter().for_each(|value| w.f32(value));
    }

    fn read(r: &mut Reader<'_>) -> Result<FlowOf, WireError> {
        Ok(FlowOf {
            out_wh: r.f32()?,
            in_wh: r.f32()?,
            discharging_s: r.f32()?,
            charging_s: r.f32()?,
            known_s: r.f32()?,
        })
    }
}

impl Wire for Happened {
    fn write(&self, w: &mut Writer) {
        w.signed(self.at.0);
        w.bool(self.began);
        w.u8(self.severity as u8);
        w.str(&self.words);
    }

    fn read(r: &mut Reader<'_>) -> Result<Happened, WireError> {
        Ok(Happened {
            at: Utc(r.signed()?),
            began: r.bool()?,
            severity: match r.u8()? {
                0 => Severity::Notice,
                1 => Severity::Warning,
                2 => Severity::Critical,
                _ => return Err(r.invalid("a severity")),
            },
            words: r.str()?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Unit;
    use crate::series::Series;
    use proptest::prelude::*;

    fn stretch() -> Stretch {
        Stretch {
            table: Table {
                at: vec![Utc(1_000_000), Utc(2_000_000)],
                series: vec![Series {
                    name: "battery/soc".into(),
                    unit: Unit::Percent,
                    resolution: 0.01,
                    values: vec![Some(50.25), None],
                }],
            },
            step_ms: 7_776_000_000,
            cells: Table {
                at: vec![Utc(60_000_000)],
                series: vec![Series {
                    name: "cells/7.12/voltage".into(),
                    unit: Unit::Volt,
                    resolution: 0.000_1,
                    values: vec![Some(3.25)],
                }],
            },
            cell_step_ms: 60_000,
            tier: "every row".into(),
            rows: 12_960_000,
            whole: Some((Utc(-5), Utc(1_760_000_000_000_000))),
            statistics: vec![Statistics { n: 2, mean: 1.0, std_dev: 0.5, min: -1.0, max: 3.0 }],
            flow: FlowOf { out_wh: 1.0, in_wh: 2.0, discharging_s: 3.0, charging_s: 4.0, known_s: 5.0 },
            points: vec!["battery/soc".into()],
            events: vec![Happened { at: Utc(9), began: true, severity: Severity::Warning, words: "sag".into() }],
            left_out: "readings of 2026-11-20".into(),
        }
    }

    #[test]
    fn a_stretch_comes_back_as_it_was() {
        for stretch in [stretch(), Stretch::default()] {
            assert_eq!(Stretch::from_bytes(&stretch.to_bytes()), Ok(stretch));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_of_bent_bytes_can_be_written_and_read_again(cut in 0..200_usize, place in 0..200_usize, byte in any::<u8>()) {
            let mut bytes = stretch().to_bytes();
            let len = bytes.len();
            bytes[place % len] = byte;
            bytes.truncate(len - cut % len);
            if let Ok(stretch) = Stretch::from_bytes(&bytes) {
                // By its bytes: a bent number may be none, which equals nothing.
                let written = stretch.to_bytes();
                prop_assert_eq!(Stretch::from_bytes(&written).map(|again| again.to_bytes()), Ok(written));
            }
        }
    }
}
