//! What can be connected, for people: each kind of link with its keys and an example.

use super::Kind;

/// A kind of link as `packtwin devices` tells it.
#[derive(Clone, Copy, Debug)]
pub struct KindGuide {
    /// The kind.
    pub kind: Kind,
    /// What is reached with it.
    pub reaches: &'static str,
    /// Its keys, besides `id`, `name`, `system`, `kind`, `silent_ms` and `max_age_ms` that every link has.
    pub keys: &'static [(&'static str, &'static str)],
    /// A `[[link]]` that works once addresses and files are there.
    pub example: &'static str,
}

const DBC: (&str, &str) = ("dbc", "the DBC file; `packtwin dbc inspect FILE` shows what is in it and proposes a map");
const CONNECT: (&str, &str) = ("connect", "host and port; the port is mostly 502");
const UNIT: (&str, &str) = ("unit", "unit identifier; 1 if not given");
const POLL: (&str, &str) = ("poll_ms", "time between two polls; 200 if not given");
const TIMEOUT: (&str, &str) = ("timeout_ms", "longest wait for an answer; 1000 if not given");
const TABLE: (&str, &str) =
    ("table", "the register table: addresses, types, scales; registers/ has some, BLUEPRINT.toml explains them");
const UNITS: (&str, &str) = ("units", "other identifiers for the table's named units: { battery = 225 }");
const MAX_READ: (&str, &str) =
    ("max_read", "the most registers of one request, for devices with small buffers; 125 if not given");
const ANY_UNIT: (&str, &str) =
    ("any_unit_in_reply", "true: a reply may name another unit than the one that was asked, as some gateways do");
const SERIAL: (&str, &str) = ("serial", "the serial number that the device must have");
/// Of a device with a register table, however it is reached.
const REGISTERS: &[(&str, &str)] = &[CONNECT, UNIT, POLL, TIMEOUT, MAX_READ, ANY_UNIT, TABLE, UNITS, SERIAL];
const MAP: (&str, &str) = ("map", "which signal is which point; {cell}, {module}, {node} stand for numbers");

const INSTANCE: (&str, &str) =
    ("instance", "instance of the battery, if there are several; the one that the GX goes by, if not given");

/// Every kind of link.
pub const KINDS: &[KindGuide] = &[
    KindGuide {
        kind: Kind::Cannelloni,
        reaches: "a CAN bus behind any sender of cannelloni packets, version 2, classic and FD frames",
        keys: &[
            ("listen", "address and port to receive on"),
            ("peer", "address of the sender; the first that is heard, until it is silent, if not given"),
            DBC,
            MAP,
        ],
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
    },
    KindGuide {
        kind: Kind::Socketcan,
        reaches: "a CAN interface of this Linux machine, classic and FD frames",
        keys: &[("interface", "its name, as `ip link` shows it; docs/can.md tells how to bring it up"), DBC, MAP],
        example: r#"[[link]]
id = "bms"
system = "pack"
kind = "socketcan"
interface = "can0"
dbc = "dbc/foxbms2.dbc"
map = [{ point = "battery/current", signal = "PackCurrent" }]
"#,
    },
    KindGuide {
        kind: Kind::Candump,
        reaches: "a recorded CAN log, as `candump -L` writes it",
        keys: &[
            ("file", "the log"),
            ("speed", "how much faster than recorded; 1 if not given"),
            ("repeat", "true: from the start again at the end"),
            DBC,
            MAP,
        ],
        example: r#"[[link]]
id = "recorded"
system = "pack"
kind = "candump"
file = "burst.log"
repeat = true
dbc = "dbc/foxbms2.dbc"
map = [{ point = "battery/current", signal = "PackCurrent" }]
"#,
    },
    KindGuide {
        kind: Kind::ModbusTcp,
        reaches: "a device or gateway that speaks Modbus TCP",
        keys: REGISTERS,
        example: r#"[[link]]
id = "grid-meter"
system = "pack"
kind = "modbus-tcp"
connect = "192.168.1.20:502"
unit = 1
table = "registers/grid_meter.toml"
"#,
    },
    KindGuide {
        kind: Kind::ModbusRtuTcp,
        reaches: "a serial Modbus device behind a gateway that passes its bytes on as they are",
        keys: REGISTERS,
        example: r#"[[link]]
id = "inverter"
system = "pack"
kind = "modbus-rtu-tcp"
connect = "192.168.1.30:8899"
unit = 1
poll_ms = 1000
table = "registers/solark.toml"
"#,
    },
    KindGuide {
        kind: Kind::SunSpec,
        reaches: "a SunSpec battery over Modbus TCP, with its cells; it describes itself",
        keys: &[
            CONNECT,
            UNIT,
            POLL,
            TIMEOUT,
            MAX_READ,
            ANY_UNIT,
            SERIAL,
            ("sign", "what a positive current means to it: discharge-positive, if not given, or charge-positive"),
        ],
        example: r#"[[link]]
id = "bms"
system = "pack"
kind = "sunspec"
connect = "192.168.1.40:502"
"#,
    },
    KindGuide {
        kind: Kind::VictronMqtt,
        reaches: "a Victron GX through its own MQTT broker: battery, sun, house and grid, at every change",
        keys: &[
            ("connect", "host and port of the GX; the port is mostly 1883"),
            ("portal", "portal id of the GX; the first that speaks, if not given"),
            INSTANCE,
            ("timeout_ms", "longest wait for a connection; 5000 if not given"),
        ],
        example: r#"[[link]]
id = "gx"
system = "home"
kind = "victron-mqtt"
connect = "192.168.1.20:1883"
"#,
    },
    KindGuide {
        kind: Kind::VictronVrm,
        reaches: "a Victron GX through VRM, Victron's cloud: battery, sun, house and grid, minutes old",
        keys: &[
            ("installation", "its number, from the address of its page in VRM"),
            ("token_file", "file with an access token: VRM, Preferences, Integrations, Access tokens"),
            ("token_env", "or the variable of the environment that has it; the site file never has the token itself"),
            ("poll_s", "time between two polls, s; 120 if not given"),
            ("requests_per_hour", "the most requests in any hour; 50 if not given"),
            INSTANCE,
            ("timeout_ms", "longest wait for an answer; 20000 if not given"),
            ("api", "another address of the API, for tests"),
        ],
        example: r#"[[link]]
id = "vrm"
system = "home"
kind = "victron-vrm"
installation = 290928
token_file = "vrm.token"
"#,
    },
    KindGuide {
        kind: Kind::SharedMemory,
        reaches: "a simulator on this machine that writes its cells into shared memory; docs/connect-your-battery.md \
                  has the layout",
        keys: &[("segment", "its name, or the path of a file; /battery_sim_shm if not given"), POLL],
        example: r#"[[link]]
id = "cells"
system = "racks"
kind = "shared-memory"
segment = "/battery_sim_shm"
"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinkConfig;

    #[derive(serde::Deserialize)]
    struct Site {
        link: Vec<LinkConfig>,
    }

    #[test]
    fn every_example_is_a_link_of_its_kind_with_its_keys() {
        for guide in KINDS {
            let site: Site = toml::from_str(guide.example).unwrap();
            assert_eq!(*site.link[0].kind.get_ref(), guide.kind);
            assert!(site.link[0].wrong_keys().is_empty());
            let table: toml::Table = toml::from_str(guide.example).unwrap();
            let keys = table["link"][0].as_table().unwrap().keys();
            for key in keys.filter(|key| !["id", "system", "kind"].contains(&key.as_str())) {
                assert!(guide.keys.iter().any(|(known, _)| known == key), "{key}");
            }
        }
    }
}
