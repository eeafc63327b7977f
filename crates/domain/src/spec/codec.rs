//! What is configured, as a message: a page needs it once, before its first live frame.

use super::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use crate::link::LinkSpec;
use crate::point::{MaxAge, PointId, WatchedPoint};
use crate::topology::Topology;
use crate::wire::{Reader, Wire, WireError, Writer};
use std::time::Duration;

impl Wire for SiteSpec {
    fn write(&self, w: &mut Writer) {
        w.str(&self.name);
        self.systems.write(w);
        self.links.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<SiteSpec, WireError> {
        Ok(SiteSpec { name: r.str()?.to_owned(), systems: Wire::read(r)?, links: Wire::read(r)? })
    }
}

impl Wire for SystemSpec {
    fn write(&self, w: &mut Writer) {
        w.str(&self.id);
        w.str(&self.name);
        w.u8(self.kind as u8);
        self.topology.write(w);
        w.f32(self.capacity_ah);
        w.f32(self.nominal_v);
        w.f32(self.reserve_pct);
        self.grid_cap_w.write(w);
        self.limits.write(w);
        w.f32(self.cell_resolution_v);
        w.f32(self.rate_hz);
        w.bool(self.simulated);
        self.max_ages.write(w);
        w.varint(self.cell_max_age.as_micros() as u64);
        w.varint(self.watched_points.len() as u64);
        self.watched_points.iter().for_each(|point| point.write(w));
    }

    fn read(r: &mut Reader<'_>) -> Result<SystemSpec, WireError> {
        Ok(SystemSpec {
            id: r.str()?.to_owned(),
            name: r.str()?.to_owned(),
            kind: of_place(&SystemKind::ALL, r.u8()?).ok_or_else(|| r.invalid("a kind of system"))?,
            topology: Wire::read(r)?,
            capacity_ah: r.f32()?,
            nominal_v: r.f32()?,
            reserve_pct: r.f32()?,
            grid_cap_w: Wire::read(r)?,
            limits: Wire::read(r)?,
            cell_resolution_v: r.f32()?,
            rate_hz: r.f32()?,
            simulated: r.bool()?,
            max_ages: Wire::read(r)?,
            cell_max_age: Duration::from_micros(r.varint()?),
            device_points: Default::default(),
            watched_points: Vec::<WatchedPoint>::read(r)?.into(),
            controls: Default::default(),
        })
    }
}

impl Wire for MaxAge {
    fn write(&self, w: &mut Writer) {
        w.u8(self.point as u8);
        w.varint(self.age.as_micros() as u64);
    }

    fn read(r: &mut Reader<'_>) -> Result<MaxAge, WireError> {
        let point = of_place(PointId::ALL, r.u8()?).ok_or_else(|| r.invalid("a point"))?;
        Ok(MaxAge { point, age: Duration::from_micros(r.varint()?) })
    }
}

fn of_place<T: Copy>(all: &[T], place: u8) -> Option<T> {
    all.get(usize::from(place)).copied()
}

impl Wire for Topology {
    fn write(&self, w: &mut Writer) {
        for size in [self.racks, self.modules_per_rack, self.cells_per_module] {
            w.varint(u64::from(size));
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Topology, WireError> {
        Ok(Topology {
            racks: r.number("number of racks")?,
            modules_per_rack: r.number("number of modules")?,
            cells_per_module: r.number("number of cells")?,
        })
    }
}

impl Wire for LinkSpec {
    fn write(&self, w: &mut Writer) {
        for text in [&self.id, &self.name, &self.protocol, &self.device, &self.address] {
            w.str(text);
        }
        w.u8(self.system.0);
        w.varint(self.silent_after.as_micros() as u64);
        w.u8(u8::from(self.only_settings));
    }

    fn read(r: &mut Reader<'_>) -> Result<LinkSpec, WireError> {
        Ok(LinkSpec {
            id: r.str()?.to_owned(),
            name: r.str()?.to_owned(),
            protocol: r.str()?.to_owned(),
            device: r.str()?.to_owned(),
            address: r.str()?.to_owned(),
            system: SystemIdx(r.u8()?),
            silent_after: Duration::from_micros(r.varint()?),
            only_settings: r.u8()? != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_round_trips_and_no_part_of_it_does() {
        let mut site = crate::engine::tests::site();
        site.systems.push(SystemSpec {
            id: "home".into(),
            name: "Haus Süd".into(),
            topology: Topology::NONE,
            simulated: false,
            rate_hz: 1.0,
            grid_cap_w: Some(-2_500.0),
            kind: SystemKind::Home,
            max_ages: vec![MaxAge { point: PointId::InverterSoc, age: Duration::from_secs(90) }],
            cell_max_age: Duration::from_secs(15),
            ..site.systems[0].clone()
        });
        site.links.push(LinkSpec { system: SystemIdx(1), only_settings: true, ..site.links[0].clone() });
        for site in [site, SiteSpec::default()] {
            let bytes = site.to_bytes();
            assert_eq!(SiteSpec::from_bytes(&bytes).as_ref(), Ok(&site));
            for len in 0..bytes.len() {
                assert!(SiteSpec::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes");
            }
        }
    }
}
