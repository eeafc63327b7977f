//! What the page of a house shows of its past: curves, statistics, energy of the day, and how its GX is asked.

use crate::series::Table;
use crate::time::Utc;
use crate::wire::{Reader, Wire, WireError, Writer};

/// The past of a house over some hours. A message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HomePast {
    /// When the hours begin.
    pub from: Utc,
    /// When they end: the time of the answer.
    pub to: Utc,
    /// Curves of the battery, thinned to the lowest and highest value of each step. A row without values is a gap.
    pub curves: Table,
    /// Of the battery's voltage over the hours; `None` without a value.
    pub voltage: Option<Statistics>,
    /// Of its current, discharge positive.
    pub current: Option<Statistics>,
    /// Of its temperature.
    pub temperature: Option<Statistics>,
    /// For how long it was charged, s.
    pub charging_s: f32,
    /// For how long voltage and current were known, s.
    pub known_s: f32,
    /// The energy of the day.
    pub day: DayEnergy,
    /// How the link to the GX is asked; `None` if the system has no such link.
    pub poller: Option<Poller>,
}

/// What many values have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// How many values.
    pub n: u32,
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation.
    pub std_dev: f32,
    /// The lowest.
    pub min: f32,
    /// The highest.
    pub max: f32,
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
        w.f32(self.charging_s);
        w.f32(self.known_s);
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
            charging_s: r.f32()?,
            known_s: r.f32()?,
            day: Wire::read(r)?,
            poller: r.option(Wire::read)?,
        })
    }
}

impl Wire for Statistics {
    fn write(&self, w: &mut Writer) {
        w.varint(self.n.into());
        [self.mean, self.std_dev, self.min, self.max].into_iter().for_each(|value| w.f32(value));
    }

    fn read(r: &mut Reader<'_>) -> Result<Statistics, WireError> {
        let n = r.number("number of values")?;
        Ok(Statistics { n, mean: r.f32()?, std_dev: r.f32()?, min: r.f32()?, max: r.f32()? })
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
    use crate::point::Unit;
    use crate::series::Series;

    #[test]
    fn a_past_round_trips_and_no_part_of_it_does() {
        let values = vec![Some(53.2), None];
        let series = Series { name: "battery/voltage".into(), unit: Unit::Volt, resolution: 0.01, values };
        let full = HomePast {
            from: Utc(1_000_000),
            to: Utc(9_000_000),
            curves: Table { at: vec![Utc(1_000_000), Utc(2_000_000)], series: vec![series] },
            voltage: Some(Statistics { n: 2, mean: 53.2, std_dev: 0.1, min: 53.1, max: 53.3 }),
            charging_s: 60.0,
            known_s: 90.0,
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
