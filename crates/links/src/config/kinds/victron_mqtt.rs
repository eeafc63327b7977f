//! Kind `victron-mqtt`: a Victron GX's own broker.

use super::super::key::{Key, read_as};
use super::super::kind::{Built, Kind, Rhythm, Surroundings};
use super::super::{INSTALLATION, INSTANCE, LinkConfig, SETPOINTS, TIMEOUT_MS, ms};
use super::modbus::CONNECT;
use crate::bus::victron_mqtt::{Listener, Settings};
use crate::device::victron::setpoint::GxSetpoint;
use std::time::Duration;

/// Longest wait for a connection, ms, if the site file says nothing.
const USUAL_TIMEOUT_MS: u32 = 5_000;
/// A GX that is told of changes may be quiet for a minute before it is asked again; its values are good for as long.
const QUIET: Duration = Duration::from_secs(75);

const PORTAL: Key<String> = Key::new("portal", "portal id of the GX; the first that speaks, if not given");

pub(super) const KIND: Kind = Kind {
    key: "victron-mqtt",
    label: "Victron MQTT",
    reaches: "a Victron GX through its own MQTT broker: battery, sun, house and grid, at every change",
    keys: &[
        CONNECT.meaning("host and port of the GX; the port is mostly 1883"),
        PORTAL.info(),
        INSTANCE.info(),
        TIMEOUT_MS.meaning("longest wait for a connection; 5000 if not given"),
        INSTALLATION.info(),
        SETPOINTS.info(),
    ],
    example: r#"[[link]]
id = "gx"
system = "home"
kind = "victron-mqtt"
connect = "192.168.1.20:1883"
"#,
    advice: "No answer. Is MQTT switched on at the GX (Settings, Services or Integrations), is the address right, and \
             does its security profile allow port 1883 without a password?",
    is_can: false,
    address: |link| link.keys.value(&CONNECT).cloned(),
    rhythm: |_| Rhythm { max_age: QUIET, silent: QUIET },
    build,
    more_problems: |_, _| Vec::new(),
};

fn build(link: &LinkConfig, _: &Surroundings<'_>) -> Built {
    let portal = |given| {
        read_as(given, "a portal id, such as c0619ab1cdef", |id| {
            let is_id = !id.is_empty() && id.chars().all(|letter| letter.is_ascii_alphanumeric());
            is_id.then(|| id.to_owned())
        })
    };
    Ok(Box::new(Listener::new(Settings {
        address: link.host_and_port(&CONNECT, 1883)?,
        portal: link.keys.get(&PORTAL).map(portal).transpose()?,
        battery: link.keys.value(&INSTANCE).copied(),
        timeout: ms(link.timeout_ms(USUAL_TIMEOUT_MS)),
        setpoints: link.setpoints(GxSetpoint::new)?,
    })))
}
