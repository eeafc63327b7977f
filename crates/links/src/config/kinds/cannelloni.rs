//! Kind `cannelloni`: CAN frames in UDP packets.

use super::super::key::{Key, read_as};
use super::super::kind::{Built, Kind, Surroundings};
use super::super::{ConfigError, LinkConfig, SETPOINTS};
use super::can::{self, DBC, MAP};
use crate::bus::cannelloni::{Peer, Receiver};
use std::net::SocketAddr;

const LISTEN: Key<String> = Key::new("listen", "address and port to receive on");
const PEER: Key<String> =
    Key::new("peer", "address of the sender; the first that is heard, until it is silent, if not given");

pub(super) const KIND: Kind = Kind {
    key: "cannelloni",
    label: "CAN over UDP (cannelloni)",
    reaches: "a CAN bus behind any sender of cannelloni packets, version 2, classic and FD frames",
    keys: &[LISTEN.info(), PEER.info(), DBC.info(), MAP.info(), SETPOINTS.info()],
    example: r#"[[link]]
id = "bms"
system = "pack"
kind = "cannelloni"
listen = "0.0.0.0:20000"
dbc = "dbc/foxbms2.dbc"
map = [
  { point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 },
  { point = "battery/current", signal = "PackCurrent" },
]
"#,
    advice: "Nothing came. Does the sender run, does it send to this machine's address and this port, by UDP, and does \
             a firewall let it through?",
    is_can: true,
    address: |link| link.keys.value(&LISTEN).cloned(),
    rhythm: can::rhythm,
    build,
    more_problems: |link, around| {
        let listen = link.keys.get(&LISTEN).and_then(|_| listen(link).err());
        listen.into_iter().chain(peer(link).err()).chain(can::wrong_entries(link, around)).collect()
    },
};

fn build(link: &LinkConfig, around: &Surroundings<'_>) -> Built {
    let (table, setpoints) = can::table(link, around)?;
    let peer = peer(link)?;
    if let Some(given) = link.keys.get(&SETPOINTS).filter(|_| peer.is_none()) {
        let message = "`setpoints` needs `peer`: a command is not for whoever is heard first";
        return Err(ConfigError::new(given.span(), message));
    }
    Ok(Box::new(Receiver::new(listen(link)?, peer, table, setpoints)))
}

fn listen(link: &LinkConfig) -> Result<SocketAddr, ConfigError> {
    read_as(link.needed(&LISTEN)?, "an address to listen on, such as 127.0.0.1:20000", |text| text.parse().ok())
}

fn peer(link: &LinkConfig) -> Result<Option<Peer>, ConfigError> {
    let peer = |given| read_as(given, "the address of a sender, such as 192.168.1.20", |text| text.parse().ok());
    link.keys.get(&PEER).map(peer).transpose()
}
