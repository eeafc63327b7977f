//! Limits as part of a message.

use super::{Band, Chemistry, Limits};
use crate::wire::{Reader, Wire, WireError, Writer};

impl Wire for Band {
    fn write(&self, w: &mut Writer) {
        w.f32(self.low);
        w.f32(self.high);
    }

    fn read(r: &mut Reader<'_>) -> Result<Band, WireError> {
        Ok(Band { low: r.f32()?, high: r.f32()? })
    }
}

impl Wire for Limits {
    fn write(&self, w: &mut Writer) {
        w.u8(self.chemistry as u8);
        w.varint(u64::from(self.cells_in_series));
        for band in [
            self.cell_voltage_v,
            self.cell_voltage_warning_v,
            self.pack_voltage_v,
            self.temperature_warning_c,
            self.charge_temperature_c,
            self.discharge_temperature_c,
            self.normal_voltage_v,
            self.optimal_temperature_c,
            self.voltage_scale_v,
            self.temperature_scale_c,
        ] {
            band.write(w);
        }
        for value in [
            self.charge_current_a,
            self.discharge_current_a,
            self.cell_spread_v,
            self.insulation_kohm,
            self.insulation_warning_kohm,
            self.sag_pct,
        ] {
            w.f32(value);
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Limits, WireError> {
        let place = usize::from(r.u8()?);
        Ok(Limits {
            chemistry: Chemistry::ALL.get(place).copied().ok_or_else(|| r.invalid("a chemistry"))?,
            cells_in_series: r.number("number of cells in series")?,
            cell_voltage_v: Wire::read(r)?,
            cell_voltage_warning_v: Wire::read(r)?,
            pack_voltage_v: Wire::read(r)?,
            temperature_warning_c: Wire::read(r)?,
            charge_temperature_c: Wire::read(r)?,
            discharge_temperature_c: Wire::read(r)?,
            normal_voltage_v: Wire::read(r)?,
            optimal_temperature_c: Wire::read(r)?,
            voltage_scale_v: Wire::read(r)?,
            temperature_scale_c: Wire::read(r)?,
            charge_current_a: r.f32()?,
            discharge_current_a: r.f32()?,
            cell_spread_v: r.f32()?,
            insulation_kohm: r.f32()?,
            insulation_warning_kohm: r.f32()?,
            sag_pct: r.f32()?,
        })
    }
}
