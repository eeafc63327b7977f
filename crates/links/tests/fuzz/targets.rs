//! What is fuzzed: for each codec its sound inputs, and what must hold for any input.

use domain::lab::LabState;
use domain::limits::{Chemistry, Limits};
use domain::link::FrameRow;
use domain::live::{Decoder, Encoder, key_frame};
use domain::point::PointId;
use domain::reading::{Reading, Target as Place};
use domain::series::Table;
use domain::spec::{SiteSpec, SystemIdx, SystemKind, SystemSpec};
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::twin::Site;
use domain::wire::Wire;
use links::bus::cannelloni::Packet;
use links::bus::mqtt::packet;
use links::can::log::{self, Line};
use links::config::MapEntry;
use links::device::can_setpoint::CanSetpoint;
use links::device::can_table::CanTable;
use links::device::dbc::Database;
use links::device::registers::{Poll, RegisterTable};
use links::device::shared_cells::SharedCells;
use links::device::victron::setpoint::GxSetpoint;
use links::device::victron::topic::{self, Message};
use links::device::victron::{Gx, vrm};
use links::inspect;
use std::path::{Path, PathBuf};
use testkit::Target;

/// No reading has a value that cannot be.
pub(crate) fn plausible(readings: &[Reading]) {
    for reading in readings {
        let (low, high) = reading.target.plausible();
        assert!(reading.sample.is_err() || (low..=high).contains(&reading.sample.unwrap()), "{reading:?}");
    }
}

/// Packets, and all that follows from them until readings, or until what a device says of a setpoint.
pub(crate) struct Cannelloni(CanTable, CanSetpoint);

impl Cannelloni {
    pub(crate) fn new() -> Cannelloni {
        #[derive(serde::Deserialize)]
        struct File {
            map: Vec<MapEntry>,
        }
        let map = r#"map = [
            { point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 },
            { point = "battery/current", signal = "PackCurrent" },
            { point = "battery/soc", signal = "SocMin" }]"#;
        let file: File = toml::from_str(map).unwrap();
        let database = Database::parse(include_bytes!("../../../../dbc/foxbms2.dbc")).unwrap();
        let setpoint = "name = \"a\"\nsets = \"Limits.Discharge\"\nmin = 0\nmax = 1\nstep = 1\nwear = \"volatile\"\n\
                        with = { Charge = 0, Mode = 0, Alive = 0, Crc = 0 }\nfeedback = \"Status.ActiveDischarge\"";
        let limits = Database::parse(include_bytes!("../fixtures/limits.dbc")).unwrap();
        let setpoint = CanSetpoint::new(&toml::from_str(setpoint).unwrap(), &limits).unwrap();
        Cannelloni(CanTable::compile(database, &file.map, &Topology::new(1, 13, 20)).unwrap(), setpoint)
    }
}

impl Target for Cannelloni {
    fn name(&self) -> &'static str {
        "cannelloni"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let documented = "02000700030000025008 00f67233959cccE7 98ff50e5020102 000001238c01000102030405060708090a0b";
        let cells = "02000000010000025008 00f67233959ccce7";
        let pack = "020001000200000233 08430885ffbcf9d8f0 00000235 08b2aceafac6c60901";
        let limit = "020001000100000101 08 a00fc80000000000";
        [documented, cells, pack, limit].map(hex).to_vec()
    }

    fn take(&self, input: &[u8]) -> bool {
        let Ok(packet) = Packet::parse(input) else { return false };
        let mut readings = Vec::new();
        let frames = packet.frames().map(|frame| self.0.decode(&frame, &mut readings)).count();
        assert_eq!(frames, usize::from(packet.count));
        plausible(&readings);
        assert!(
            packet.frames().filter_map(|frame| self.1.fed_back(&frame)).all(|value| (0.0..=6_553.5).contains(&value))
        );
        true
    }
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

/// Lines of a log.
pub(crate) struct Candump;

impl Target for Candump {
    fn name(&self) -> &'static str {
        "candump"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let lines = [
            "(1760000000.123456) can0 250#00F67233959CCCE7",
            "(1760000000.123456) can0 18FF50E5#01.02 T",
            "(1760000000.123456789) can0 123##1000102030405060708090A0B",
            "(1760000000.123456) can0 123#R5",
            "(1760000000.123456) can0 20000004#0004000000000000",
            "(1760000000.123456) can0 123#1122334455667788_E",
            "  can0  250   [8]  00 F6 72 33 95 9C CC E7   '..r3....'",
            " (2025-10-09 08:53:20.1234)  can0  RX - -  18FF50E5  [12]  00 01 02 03 04 05 06 07 08 09 0A 0B",
            " (000.200000)  can0  20000004   [2]  00 01   ERRORFRAME",
            "DROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 3)",
        ];
        lines.map(|line| line.as_bytes().to_vec()).to_vec()
    }

    fn take(&self, input: &[u8]) -> bool {
        let line = log::parse(input);
        if let Ok(Line::Frame(_, logged)) = &line {
            assert!(logged.frame().data.len() <= links::can::MAX_DATA);
        }
        line.is_ok()
    }
}

/// Segments of shared memory.
pub(crate) struct Segments(SharedCells);

impl Segments {
    pub(crate) fn new() -> Segments {
        Segments(SharedCells::new(Topology::new(2, 2, 3)))
    }
}

impl Target for Segments {
    fn name(&self) -> &'static str {
        "shared_memory"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let cell = |values: [f32; 5]| values.map(f32::to_le_bytes).concat().repeat(12);
        vec![cell([3.3, 40.0, 25.0, 0.5, 0.0002]), cell([0.0; 5]), cell([f32::NAN, f32::MAX, -300.0, 2.0, -1.0])]
    }

    fn take(&self, input: &[u8]) -> bool {
        let mut readings = Vec::new();
        let Ok(decoded) = self.0.decode(input, &mut readings) else { return false };
        assert_eq!(readings.len() + decoded.impossible as usize, self.0.readings());
        plausible(&readings);
        true
    }
}

/// DBC files, and all that is said about them.
pub(crate) struct DbcFile;

impl Target for DbcFile {
    fn name(&self) -> &'static str {
        "dbc"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let nested = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 16 M: 8 A\n SG_ S M : 0|8@1+ (1,0) [0|0] \"\" A\n \
             SG_ C1 m1 : 8|8@1+ (1,0) [0|0] \"mV\" A\n SG_ C2 m2M : 16|8@1+ (1,0) [0|0] \"mV\" A\n \
             SG_ C3 m0 : 24|8@0- (1,0) [0|9] \"mV\" A\n\nSG_MUL_VAL_ 16 C1 S 1-2, 5-5;\nSG_MUL_VAL_ 16 C2 S 2-3;\n\
             SG_MUL_VAL_ 16 C3 C2 0-9;\nVAL_ 16 S 1 \"one\" 2 \"two\" ;\n";
        let awkward = include_bytes!("../fixtures/awkward.dbc").to_vec();
        let modules = include_bytes!("../fixtures/modules.dbc").to_vec();
        let chinese = include_bytes!("../fixtures/cases/dbc-gb2312.dbc").to_vec();
        let long = "BO_ 16 M: 8 A\n SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\nBO_ 512 M: 1 A\n SG_ T : 7|9@0- (1,0) [0|0] \"\" A\n\
             BA_ \"SystemSignalLongSymbol\" SG_ 16 S \"PackSoC_of_the_pack\";\nBA_ \"SystemMessageLongSymbol\" BO_ 16 \"Long\";\n\
             CM_ SG_ 16\nS \"text\";\nVAL_TABLE_ T 0 \"a\" ;\n";
        let pylontech = include_bytes!("../../../../dbc/pylontech_hv.dbc").to_vec();
        let mut seeds = vec![nested.into(), awkward, pylontech, modules, chinese, long.into()];
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
        let others = std::env::var_os("PACKTWIN_DBC_CORPUS").map(PathBuf::from);
        for folder in [Some(cases), others].into_iter().flatten() {
            dbc_files(&folder, &mut seeds);
        }
        seeds
    }

    fn take(&self, input: &[u8]) -> bool {
        let Ok(database) = Database::parse(input) else { return false };
        inspect::describe(&database);
        let proposal = inspect::propose(&database, "a 'b' \"c\".dbc");
        assert!(toml::from_str::<toml::Table>(&proposal).is_ok(), "{proposal}");
        if let Ok(site) = inspect::propose_site(&database, "a \"b\"", "a.dbc") {
            builds(&site, &database);
        }
        for message in &database.messages {
            for frame in [[0_u8; 64], [0xFF; 64], [0x5A; 64]] {
                let frame = &frame[..message.size];
                let Some(variant) = message.variant(frame) else { continue };
                for signal in &message.variants()[variant].signals {
                    message.signals[*signal].text(frame);
                }
            }
        }
        true
    }
}

/// All DBC files of a folder and its folders.
fn dbc_files(folder: &Path, files: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            dbc_files(&path, files);
        } else if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("dbc")) {
            files.push(std::fs::read(path).unwrap());
        }
    }
}

/// Every line that is proposed can be mapped.
fn builds(site: &str, database: &Database) {
    #[derive(serde::Deserialize)]
    struct Site {
        system: Vec<System>,
        link: Vec<Link>,
    }
    #[derive(serde::Deserialize)]
    struct System {
        topology: Option<Cells>,
    }
    #[derive(serde::Deserialize)]
    struct Cells {
        modules_per_rack: u16,
        cells_per_module: u16,
    }
    #[derive(serde::Deserialize)]
    struct Link {
        map: Vec<MapEntry>,
    }
    let file: Site = toml::from_str(site).unwrap_or_else(|e| panic!("{e} in {site}"));
    let topology = file.system[0].topology.as_ref();
    let topology = topology.map_or(Topology::NONE, |t| Topology::new(1, t.modules_per_rack, t.cells_per_module));
    if let Err(error) = CanTable::compile(database.clone(), &file.link[0].map, &topology) {
        panic!("{error} in {site}");
    }
}

/// Register tables, and words for them.
pub(crate) struct Registers;

impl Target for Registers {
    fn name(&self) -> &'static str {
        "registers"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let ours = include_bytes!("../../../../registers/grid_meter.toml").to_vec();
        vec![ours, include_bytes!("../fixtures/meter.toml").to_vec()]
    }

    fn take(&self, input: &[u8]) -> bool {
        let Ok(table) = RegisterTable::parse(&String::from_utf8_lossy(input)) else { return false };
        let words: Vec<u16> =
            input.chunks(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[pair.len() - 1])).collect();
        let mut poll = Poll::default();
        for block in &table.blocks {
            block.decode(&words[..words.len().min(block.count.into())], &mut poll);
        }
        table.finish(&mut poll);
        plausible(&poll.readings);
        true
    }
}

/// Answers of VRM.
pub(crate) struct Vrm;

impl Target for Vrm {
    fn name(&self) -> &'static str {
        "vrm"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let short = br#"{"success":true,"records":[{"dbusServiceType":"battery","dbusPath":"/Soc","instance":512,
            "rawValue":"99.3","timestamp":1760309300},{"code":"bp","rawValue":-59.5,"secondsAgo":{"value":35}},
            {"code":"abs","rawValue":"com.victronenergy.battery/512"}]}"#;
        vec![short.to_vec(), include_bytes!("../fixtures/vrm_diagnostics.json").to_vec()]
    }

    fn take(&self, input: &[u8]) -> bool {
        let Ok(answer) = vrm::parse(input) else { return false };
        let now = Mono::START;
        for battery in [None, Some(512)] {
            let mut gx = Gx::new(battery);
            answer.fill(&mut gx, now, 1_760_309_310);
            for (at, readings) in gx.readings(Mono(0)).readings {
                assert!(at > Mono(0) && at <= now);
                plausible(&readings);
            }
        }
        true
    }
}

/// Packets of an MQTT broker, and what a GX says in them: as many as follow one another.
pub(crate) struct VictronMqtt;

impl Target for VictronMqtt {
    fn name(&self) -> &'static str {
        "victron_mqtt"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let say = |path: &str, payload: &str| packet::publish(&format!("N/c0/{path}"), payload.as_bytes());
        let talk = [
            vec![0x20, 2, 0, 0, 0x90, 3, 0, 2, 0],
            say("system/0/Dc/Battery/Soc", r#"{"value":97.5}"#),
            say("system/0/ActiveBatteryService", r#"{"value":"com.victronenergy.battery/512"}"#),
            say("battery/512/System/MinCellVoltage", r#"{"value":"3.25"}"#),
            say("battery/279/Soh", r#"{"value":null}"#),
            say("battery/512/ProductId", ""),
            say("full_publish_completed", r#"{"value":1702459522}"#),
        ];
        vec![talk.concat(), talk[1].clone(), talk[3].clone()]
    }

    fn take(&self, input: &[u8]) -> bool {
        let (mut gx, mut rest, mut sound) = (Gx::new(None), input, false);
        let entry = "name = \"a\"\nsets = \"battery/512/Soh\"\nmin = 0\nmax = 1\nstep = 1\nwear = \"volatile\"";
        let setpoint = GxSetpoint::new(&toml::from_str(entry).unwrap()).unwrap();
        while let Ok(Some(length)) = packet::length(rest) {
            let (first, others) = rest.split_at(length);
            rest = others;
            let Ok(packet::Packet::Publish { topic, payload, .. }) = packet::read(first) else { continue };
            assert!(setpoint.said("c0", topic, payload).flatten().is_none_or(f64::is_finite));
            if let Ok(Message::Of(service, instance, news)) = topic::parse(topic, payload) {
                gx.take(service, instance, &news, Mono::START);
                sound = true;
            }
            gx.readings(Mono(0)).readings.values().for_each(|readings| plausible(readings));
        }
        sound
    }
}

fn spec() -> SiteSpec {
    let system = SystemSpec {
        kind: SystemKind::DataCentre,
        limits: Limits::of(Chemistry::Lfp, 260, 280.0),
        ..SystemSpec::new("hv", "Pack", Topology::new(1, 3, 4), 280.0, 40.0)
    };
    SiteSpec { name: "Hall".into(), systems: vec![system], links: Vec::new() }
}

/// Frames of the live stream and the tape, one after the other: each with its length in two bytes before it.
pub(crate) struct Live;

impl Target for Live {
    fn name(&self) -> &'static str {
        "live"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let spec = spec();
        let mut encoder = Encoder::new(&spec.systems[0]);
        let mut snapshot = Site::new(spec.clone()).snapshot(SystemIdx(0), now(0)).unwrap();
        let mut tape = Vec::new();
        let mut keys = Vec::new();
        for step in 1..6_u16 {
            snapshot.now = now(step);
            let soc = Reading { target: Place::Point(PointId::Soc), sample: Ok(f32::from(step)) };
            snapshot.state.apply(soc, snapshot.now.mono);
            let encoded = encoder.encode(&snapshot);
            keys.push(framed(&key_frame(&spec.systems[0], encoded.seq, &snapshot)));
            tape.extend(framed(&encoded.delta));
        }
        keys.push(tape);
        keys
    }

    fn take(&self, input: &[u8]) -> bool {
        let mut decoder = Decoder::new();
        let mut rest = input;
        let mut sound = false;
        while let Some((head, body)) = rest.split_at_checked(2) {
            let length = usize::from(u16::from_be_bytes([head[0], head[1]])).min(body.len());
            sound |= decoder.decode(&body[..length]).is_ok();
            rest = &body[length..];
        }
        assert!(decoder.topology().cells() <= usize::from(u16::MAX));
        sound
    }
}

fn now(step: u16) -> Now {
    let us = u64::from(step) * 200_000;
    Now { utc: Utc(1_760_000_000_000_000 + us as i64), mono: Mono(7_000_000 + us) }
}

fn framed(frame: &[u8]) -> Vec<u8> {
    [&(frame.len() as u16).to_be_bytes(), frame].concat()
}

/// Messages of the API in their binary form; the first byte says which kind.
pub(crate) struct Messages;

/// What can be read can be written and read again. Returns whether it can be read.
fn round<T: Wire + std::fmt::Debug>(bytes: &[u8]) -> bool {
    let Ok(value) = T::from_bytes(bytes) else { return false };
    let again = T::from_bytes(&value.to_bytes());
    assert!(again.is_ok(), "{value:?}: {again:?}");
    true
}

impl Target for Messages {
    fn name(&self) -> &'static str {
        "wire"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let row = FrameRow {
            key: "0x250".into(),
            name: "Cells".into(),
            count: 3,
            period_ms: Some(100.0),
            age_ms: 7,
            raw: vec![1, 2, 3],
            decoded: Vec::new(),
        };
        let messages = [spec().to_bytes(), vec![row].to_bytes(), Table::default().to_bytes(), vec![1, 0, 0, 0, 0]];
        messages.into_iter().enumerate().map(|(kind, bytes)| [vec![kind as u8], bytes].concat()).collect()
    }

    fn take(&self, input: &[u8]) -> bool {
        let Some((kind, bytes)) = input.split_first() else { return false };
        match kind % 4 {
            0 => round::<SiteSpec>(bytes),
            1 => round::<Vec<FrameRow>>(bytes),
            2 => round::<Table>(bytes),
            _ => round::<LabState>(bytes),
        }
    }
}
