//! What the page of a house shows of its past: curves, statistics, energy of the day, and how its GX is asked.

use crate::point::{PointId, Unit};
use crate::series::{FlowOf, Series, Statistics, Table};
use crate::soc::{Count, Full, FullBy, Lost, Move};
use crate::time::Utc;
use crate::wire::{Reader, Wire, WireError, Writer};

/// The past of a house over some hours. A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HomePast {
    /// When the hours begin.
    pub from: Utc,
    /// When they end: the time of the answer.
    pub to: Utc,
    /// Curves of the battery, thinned to the ends and extremes of each step. A row without values is a gap.
    pub curves: Table,
    /// Of the battery's voltage over the hours; `None` without a value.
    pub voltage: Option<Statistics>,
    /// Of its current, discharge positive.
    pub current: Option<Statistics>,
    /// Of its temperature.
    pub temperature: Option<Statistics>,
    /// Energy and time by direction, over the hours.
    pub flow: FlowOf,
    /// Our own count of the battery's charge; its line is of the same hours.
    pub counted: Count,
    /// Movements of a reported state of charge that no current explains, oldest first.
    pub jumps: Vec<SocJump>,
    /// The energy of the day.
    pub day: DayEnergy,
    /// How the link to the GX is asked; `None` if the system has no such link.
    pub poller: Option<Poller>,
}

/// A reported state of charge that moved as no current can move it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SocJump {
    /// Whether it is an inverter's estimate; else it is what the battery's own gauge says.
    pub inverter: bool,
    /// When it was over.
    pub at: Utc,
    /// How far it went.
    pub movement: Move,
}

/// Energy since the start of the day, Wh, none of it negative. `None` where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DayEnergy {
    /// When the day began, where the reader is.
    pub from: Utc,
    /// From the sun.
    pub solar_wh: Option<f32>,
    /// Taken by the house.
    pub load_wh: Option<f32>,
    /// From the grid.
    pub import_wh: Option<f32>,
    /// To the grid.
    pub export_wh: Option<f32>,
    /// Into the battery.
    pub charged_wh: Option<f32>,
    /// Out of the battery.
    pub discharged_wh: Option<f32>,
}

/// How asking a GX goes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Poller {
    /// When it was last tried.
    pub last_attempt: Option<Utc>,
    /// When values last came.
    pub last_success: Option<Utc>,
    /// How many attempts have failed since.
    pub failures: u32,
    /// How many rows of the last 24 hours have a value.
    pub readings_24h: u32,
    /// Requests of the last hour and the most that are made in one; `None` for a link that is not limited.
    pub requests: Option<(u16, u16)>,
}

impl Wire for HomePast {
    fn write(&self, w: &mut Writer) {
        w.signed(self.from.0);
        w.signed(self.to.0);
        self.curves.write(w);
        for statistics in [&self.voltage, &self.current, &self.temperature] {
            w.option(statistics.as_ref(), |w, s| s.write(w));
        }
        self.flow.write(w);
        self.counted.write(w);
        self.jumps.write(w);
        self.day.write(w);
        w.option(self.poller.as_ref(), |w, poller| poller.write(w));
    }

    fn read(r: &mut Reader<'_>) -> Result<HomePast, WireError> {
        Ok(HomePast {
            from: Utc(r.signed()?),
            to: Utc(r.signed()?),
            curves: Wire::read(r)?,
            voltage: r.option(Wire::read)?,
            current: r.option(Wire::read)?,
            temperature: r.option(Wire::read)?,
            flow: Wire::read(r)?,
            counted: Wire::read(r)?,
            jumps: Wire::read(r)?,
            day: Wire::read(r)?,
            poller: r.option(Wire::read)?,
        })
    }
}

impl Wire for Count {
    fn write(&self, w: &mut Writer) {
        let (at, values) = self.line.iter().copied().unzip();
        let resolution = PointId::Soc.spec().resolution;
        let series = vec![Series { name: String::new(), unit: Unit::Percent, resolution, values }];
        Table { at, series }.write(w);
        w.option(self.full, |w, full| {
            w.signed(full.at.0);
            w.bool(full.by == FullBy::Reported);
        });
        w.option(self.soc_pct, Writer::f32);
        w.f32(self.error_points);
        w.f32(self.bridged_s);
        w.option(self.lost, |w, lost| {
            w.signed(lost.from.0);
            w.signed(lost.to.0);
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Count, WireError> {
        let table = Table::read(r)?;
        let values = table.series.into_iter().next().map(|series| series.values).unwrap_or_default();
        Ok(Count {
            line: table.at.into_iter().zip(values).collect(),
            full: r.option(|r| {
                let at = Utc(r.signed()?);
                Ok(Full { at, by: if r.bool()? { FullBy::Reported } else { FullBy::Tail } })
            })?,
            soc_pct: r.option(Reader::f32)?,
            error_points: r.f32()?,
            bridged_s: r.f32()?,
            lost: r.option(|r| Ok(Lost { from: Utc(r.signed()?), to: Utc(r.signed()?) }))?,
        })
    }
}

impl Wire for SocJump {
    fn write(&self, w: &mut Writer) {
        w.bool(self.inverter);
        w.signed(self.at.0);
        let Move { over_s, moved, counted, unexplained } = self.movement;
        [over_s, moved, counted, unexplained].into_iter().for_each(|value| w.f32(value));
    }

    fn read(r: &mut Reader<'_>) -> Result<SocJump, WireError> {
        let (inverter, at) = (r.bool()?, Utc(r.signed()?));
        let movement = Move { over_s: r.f32()?, moved: r.f32()?, counted: r.f32()?, unexplained: r.f32()? };
        Ok(SocJump { inverter, at, movement })
    }
}

impl Wire for DayEnergy {
    fn write(&self, w: &mut Writer) {
        w.signed(self.from.0);
        let DayEnergy { solar_wh, load_wh, import_wh, export_wh, charged_wh, discharged_wh, .. } = *self;
        for energy in [solar_wh, load_wh, import_wh, export_wh, charged_wh, discharged_wh] {
            w.option(energy, Writer::f32);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<DayEnergy, WireError> {
        Ok(DayEnergy {
            from: Utc(r.signed()?),
            solar_wh: r.option(Reader::f32)?,
            load_wh: r.option(Reader::f32)?,
            import_wh: r.option(Reader::f32)?,
            export_wh: r.option(Reader::f32)?,
            charged_wh: r.option(Reader::f32)?,
            discharged_wh: r.option(Reader::f32)?,
        })
    }
}

impl Wire for Poller {
    fn write(&self, w: &mut Writer) {
        for at in [self.last_attempt, self.last_success] {
            w.option(at, |w, at| w.signed(at.0));
        }
        w.varint(self.failures.into());
        w.varint(self.readings_24h.into());
        w.option(self.requests, |w, (made, most)| {
            w.varint(made.into());
            w.varint(most.into());
        });
    }

    fn read(r: &mut Reader<'_>) -> Result<Poller, WireError> {
        let time = |r: &mut Reader<'_>| r.option(|r| r.signed().map(Utc));
        Ok(Poller {
            last_attempt: time(r)?,
            last_success: time(r)?,
            failures: r.number("failures")?,
            readings_24h: r.number("readings")?,
            requests: r.option(|r| Ok((r.number("requests")?, r.number("requests")?)))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_round_trips_and_no_part_of_it_does() {
        let values = vec![Some(53.2), None];
        let series = Series { name: "battery/voltage".into(), unit: Unit::Volt, resolution: 0.01, values };
        let full = HomePast {
            from: Utc(1_000_000),
            to: Utc(9_000_000),
            curves: Table { at: vec![Utc(1_000_000), Utc(2_000_000)], series: vec![series] },
            voltage: Some(Statistics { n: 2, mean: 53.2, std_dev: 0.1, min: 53.1, max: 53.3 }),
            flow: FlowOf { charging_s: 60.0, known_s: 90.0, ..FlowOf::default() },
            counted: Count {
                line: vec![(Utc(1_000_000), Some(99.5)), (Utc(2_000_000), None), (Utc(3_000_000), Some(50.25))],
                full: Some(Full { at: Utc(-7), by: FullBy::Reported }),
                soc_pct: Some(50.25),
                error_points: 0.5,
                bridged_s: 60.0,
                lost: Some(Lost { from: Utc(3), to: Utc(4) }),
            },
            jumps: vec![SocJump {
                inverter: true,
                at: Utc(2_000_000),
                movement: Move { over_s: 60.0, moved: 6.0, counted: 0.5, unexplained: 4.25 },
            }],
            day: DayEnergy { from: Utc(-5), solar_wh: Some(12.5), ..DayEnergy::default() },
            poller: Some(Poller {
                last_attempt: Some(Utc(8)),
                failures: 3,
                requests: Some((4, 50)),
                ..Poller::default()
            }),
            ..HomePast::default()
        };
        for past in [full, HomePast::default()] {
            let bytes = past.to_bytes();
            assert_eq!(HomePast::from_bytes(&bytes).as_ref(), Ok(&past));
            for len in 0..bytes.len() {
                assert!(HomePast::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes");
            }
        }
    }
}
