//! Kind `socketcan`: CAN frames from an interface of Linux.

use super::super::key::{Key, read_as};
use super::super::kind::{Built, Kind, Surroundings};
use super::super::{ConfigError, LinkConfig, SETPOINTS};
use super::can::{self, DBC, MAP};
use crate::bus::socketcan::Receiver;

const INTERFACE: Key<String> =
    Key::new("interface", "its name, as `ip link` shows it; docs/can.md tells how to bring it up");
/// The longest name that Linux gives an interface, bytes.
const LONGEST_INTERFACE: usize = 15;

pub(super) const KIND: Kind = Kind {
    key: "socketcan",
    label: "CAN interface (SocketCAN)",
    reaches: "a CAN interface of this Linux machine, classic and FD frames",
    keys: &[INTERFACE.info(), DBC.info(), MAP.info(), SETPOINTS.info()],
    example: r#"[[link]]
id = "bms"
system = "pack"
kind = "socketcan"
interface = "can0"
dbc = "dbc/foxbms2.dbc"
map = [{ point = "battery/current", signal = "PackCurrent" }]
"#,
    advice: "Nothing came. Is the interface up with the bit rate of the bus (`ip -details link show`), is the bus \
             terminated at both ends, and does the device send by itself?",
    is_can: true,
    address: |link| link.keys.value(&INTERFACE).cloned(),
    rhythm: can::rhythm,
    build,
    more_problems: can::wrong_entries,
};

fn build(link: &LinkConfig, around: &Surroundings<'_>) -> Built {
    let (table, setpoints) = can::table(link, around)?;
    Ok(Box::new(Receiver::new(interface(link)?, table, setpoints)))
}

/// The interface need not be there yet: it may be plugged in later.
fn interface(link: &LinkConfig) -> Result<String, ConfigError> {
    let interface = link.needed(&INTERFACE)?;
    if !cfg!(target_os = "linux") {
        let message = "SocketCAN is a part of Linux: on this system use kind \"cannelloni\"";
        return Err(ConfigError::new(link.kind.span(), message));
    }
    let letters = |letter: char| !letter.is_whitespace() && !matches!(letter, '/' | ':');
    read_as(interface, "the name of an interface, such as can0 (see `ip link`)", |name| {
        let is_name = (1..=LONGEST_INTERFACE).contains(&name.len()) && name.chars().all(letters);
        is_name.then(|| name.to_owned())
    })
}
