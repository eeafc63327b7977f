//! Kinds `modbus-tcp` and `modbus-rtu-tcp`: registers that a table describes.

use super::super::key::{Key, KeyInfo};
use super::super::kind::{Built, Kind, Rhythm, Surroundings};
use super::super::{ConfigError, INSTALLATION, LinkConfig, POLL_MS, SILENT_PERIODS, TIMEOUT_MS, ms};
use crate::ages::between_polls;
use crate::bus::modbus::{Device, Dial, Framing, Poller};
use crate::device::registers::{MAX_READ, RegisterTable};
use std::collections::BTreeMap;

/// Longest wait for an answer, ms, if the site file says nothing.
const USUAL_TIMEOUT_MS: u32 = 1_000;

pub(super) const CONNECT: Key<String> = Key::new("connect", "host and port; the port is mostly 502");
pub(super) const UNIT: Key<u8> = Key::new("unit", "unit identifier; 1 if not given");
pub(super) const MOST_READ: Key<u16> =
    Key::new("max_read", "the most registers of one request, for devices with small buffers; 125 if not given");
pub(super) const ANY_UNIT: Key<bool> = Key::new(
    "any_unit_in_reply",
    "true: a reply may name another unit than the one that was asked, as some gateways do",
);
pub(super) const SERIAL: Key<String> = Key::new("serial", "the serial number that the device must have");
const TABLE: Key<String> = Key::new(
    "table",
    "the register table: addresses, types, scales; registers/ has some, BLUEPRINT.toml explains them",
);
const UNITS: Key<BTreeMap<String, u8>> =
    Key::new("units", "other identifiers for the table's named units: { battery = 225 }");
const KEYS: &[KeyInfo] = &[
    CONNECT.info(),
    UNIT.info(),
    POLL_MS.info(),
    TIMEOUT_MS.info(),
    MOST_READ.info(),
    ANY_UNIT.info(),
    TABLE.info(),
    UNITS.info(),
    SERIAL.info(),
    INSTALLATION.info(),
];

pub(super) const TCP: Kind = Kind {
    key: "modbus-tcp",
    label: "Modbus TCP",
    reaches: "a device or gateway that speaks Modbus TCP",
    keys: KEYS,
    example: r#"[[link]]
id = "grid-meter"
system = "pack"
kind = "modbus-tcp"
connect = "192.168.1.20:502"
unit = 1
table = "registers/grid_meter.toml"
"#,
    advice: ADVICE,
    is_can: false,
    address: |link| link.keys.value(&CONNECT).cloned(),
    rhythm,
    build: |link, around| build(link, around, Framing::Tcp),
    more_problems: |_, _| Vec::new(),
};

pub(super) const RTU: Kind = Kind {
    key: "modbus-rtu-tcp",
    label: "Modbus RTU over TCP",
    reaches: "a serial Modbus device behind a gateway that passes its bytes on as they are",
    example: r#"[[link]]
id = "inverter"
system = "pack"
kind = "modbus-rtu-tcp"
connect = "192.168.1.30:8899"
unit = 1
poll_ms = 1000
table = "registers/solark.toml"
"#,
    advice: "No answer. Does the gateway pass bytes on as they are (\"transparent\", not Modbus TCP), and has its serial \
             side the speed, parity and unit identifier of the device?",
    build: |link, around| build(link, around, Framing::Rtu),
    ..TCP
};

/// For Modbus TCP, whatever describes the registers.
pub(super) const ADVICE: &str = "No answer. Is the address right, is Modbus TCP turned on at the device, and is it \
                                 already in use by another program? Many devices take one connection only.";

pub(super) fn rhythm(link: &LinkConfig) -> Rhythm {
    let period = ms(link.poll_ms());
    let timeout = ms(link.timeout_ms(USUAL_TIMEOUT_MS));
    Rhythm { max_age: between_polls(period, timeout), silent: period * SILENT_PERIODS }
}

fn build(link: &LinkConfig, around: &Surroundings<'_>, framing: Framing) -> Built {
    let device = Device::of_table(table(link, around)?, max_read(link)?);
    poller(link, device, framing)
}

/// Asks `device` as the keys say.
pub(super) fn poller(link: &LinkConfig, device: Device, framing: Framing) -> Built {
    let dial = Dial {
        address: link.host_and_port(&CONNECT, 502)?,
        framing,
        unit: link.keys.value(&UNIT).copied().unwrap_or(1),
        timeout: ms(link.timeout_ms(USUAL_TIMEOUT_MS)),
        any_unit: link.keys.value(&ANY_UNIT).is_some_and(|any| *any),
    };
    let serial = link.keys.value(&SERIAL).map(|serial| serial.trim().to_owned());
    Ok(Box::new(Poller::new(dial, ms(link.poll_ms()), device, serial)))
}

fn table(link: &LinkConfig, around: &Surroundings<'_>) -> Result<RegisterTable, ConfigError> {
    let (path, span) = link.path(&TABLE, around.base)?;
    let mut table = RegisterTable::open(&path).map_err(|e| ConfigError::new(span, e))?;
    let units = link.keys.get(&UNITS).into_iter();
    for (units, (name, id)) in units.flat_map(|units| units.get_ref().iter().map(move |unit| (units, unit))) {
        table.set_unit(name, *id).map_err(|e| ConfigError::new(units.span(), e))?;
    }
    Ok(table)
}

pub(super) fn max_read(link: &LinkConfig) -> Result<u16, ConfigError> {
    link.within(&MOST_READ, MAX_READ, 2..=MAX_READ, "")
}
