//! Kind `sunspec`: Modbus TCP to a device that describes its registers itself.

use super::super::key::Key;
use super::super::kind::{Built, Kind, Surroundings};
use super::super::{LinkConfig, POLL_MS, SETPOINTS, Sign, TIMEOUT_MS};
use super::modbus::{self, ANY_UNIT, CONNECT, MOST_READ, SERIAL, UNIT};
use crate::bus::modbus::{Device, Framing};
use crate::device::sunspec::SunSpec;
use crate::device::sunspec::setpoint::ModelSetpoint;
use std::sync::Arc;

const SIGN: Key<Sign> =
    Key::new("sign", "what a positive current means to it: discharge-positive, if not given, or charge-positive");

pub(super) const KIND: Kind = Kind {
    key: "sunspec",
    label: "SunSpec (Modbus TCP)",
    reaches: "a SunSpec battery over Modbus TCP, with its cells; it describes itself",
    keys: &[
        CONNECT.info(),
        UNIT.info(),
        POLL_MS.info(),
        TIMEOUT_MS.info(),
        MOST_READ.info(),
        ANY_UNIT.info(),
        SERIAL.info(),
        SIGN.info(),
        SETPOINTS.info(),
    ],
    example: r#"[[link]]
id = "bms"
system = "pack"
kind = "sunspec"
connect = "192.168.1.40:502"
"#,
    advice: modbus::ADVICE,
    is_can: false,
    address: |link| link.keys.value(&CONNECT).cloned(),
    rhythm: modbus::rhythm,
    build,
    more_problems: |_, _| Vec::new(),
};

fn build(link: &LinkConfig, around: &Surroundings<'_>) -> Built {
    let sign = link.keys.value(&SIGN).copied().unwrap_or(Sign::DischargePositive);
    let setpoints = link.setpoints(ModelSetpoint::new)?;
    let device = SunSpec::new(*around.topology, sign).with_max_read(modbus::max_read(link)?).with_setpoints(setpoints);
    modbus::poller(link, Device::SunSpec(Arc::new(device)), Framing::Tcp)
}
