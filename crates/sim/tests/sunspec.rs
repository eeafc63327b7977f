//! The SunSpec gateway of the simulated controller, read by pysunspec2, and the faults of its wire.
//!
//! Set `PACKTWIN_PYTHON` to a Python that has pysunspec2; see `testkit` for what happens without it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, PackFault, SimDevice};
use domain::topology::Topology;
use serde_json::Value;
use sim::plant::{Plant, PlantSpec};
use sim::sunspec::{BASE, Nameplate};
use sim::{Rig, RigConfig, WireFault};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_modbus::prelude::{Reader, tcp};

const HV: Topology = Topology::new(1, 13, 20);

/// Registers of marker, models 1, 802, 803 and 804, and of each module.
const BEFORE_MODULES: u16 = 2 + 68 + 64 + 60 + 256;
const MODULE: u16 = 124;
const STORAGE: u16 = 26;

/// Where the voltage of a module's first cell is.
fn cell_register(module: u16) -> u16 {
    BASE + BEFORE_MODULES + MODULE * module + 44
}

async fn rig() -> (Rig, SocketAddr) {
    let config: RigConfig = toml::from_str(
        "system = \"hv\"\ncan_to = \"127.0.0.1:9\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\"\nsunspec = \"127.0.0.1:0\"",
    )
    .unwrap();
    let rig = Rig::start(&config, HV).await.unwrap();
    let gateway = rig.modbus_addr(SimDevice::Controller).unwrap();
    (rig, gateway)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pysunspec2_reads_260_cells() {
    let Some(python) = testkit::python("sunspec2") else { return };
    let (rig, gateway) = rig().await;
    rig.lab().apply(LabCommand::Inject(LabFault::DeadNode(11)));
    // A node counts as lost after a few missed answers: then its first cell has no voltage.
    let mut client = tcp::connect(gateway).await.unwrap();
    let lost = async {
        while client.read_holding_registers(cell_register(11), 1).await.unwrap().unwrap() != [0xFFFF] {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(10), lost).await.unwrap();
    let output = tokio::task::spawn_blocking(move || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/read_sunspec.py");
        Command::new(python).args([script, "127.0.0.1", &gateway.port().to_string()]).output().unwrap()
    });
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();

    assert_eq!((read["base"].as_u64(), read["errors"].as_array().map(Vec::len)), (Some(40_000), Some(0)), "{read}");
    assert_eq!(read["models"], serde_json::json!([1, 802, 803, 804, 805, 124]));
    assert_eq!(read["common"]["SN"], "PT-00000001");
    let near = |value: &Value, truth: f64, within: f64| {
        assert!(value.as_f64().is_some_and(|v| (v - truth).abs() <= within), "{value}, not {truth}");
    };
    let battery = &read["battery"];
    near(&battery["SoC"], 71.0, 0.1);
    near(&battery["V"], 858.0, 10.0);
    near(&battery["AHRtg"], 280.0, 0.0);
    near(&battery["WHRtg"], 232_960.0, 60.0);
    near(&battery["WChaRteMax"], 250e3, 1.0);
    near(&read["bank"]["NStr"], 1.0, 0.0);
    assert_eq!((read["bank_strings"][0].as_u64(), read["string_modules"][12][0].as_u64()), (Some(13), Some(20)));
    let (mut sum, mut lowest, mut highest) = (0.0, f64::MAX, f64::MIN);
    for module in 0..13_usize {
        let indices = &read["modules"][module];
        assert_eq!(
            [indices[0].as_u64(), indices[1].as_u64(), indices[2].as_u64()],
            [Some(1), Some(module as u64 + 1), Some(20)]
        );
        for cell in 0..20 {
            let (v, c) = (&read["cell_v"][module][cell], &read["cell_c"][module][cell]);
            if module == 11 {
                assert!(v.is_null() && c.is_null(), "the node is dead: {v} {c}");
                continue;
            }
            let v = v.as_f64().unwrap();
            near(c, 22.0, 3.0);
            (sum, lowest, highest) = (sum + v, v.min(lowest), v.max(highest));
        }
    }
    assert!(read["modules"][11][3].is_null());
    near(&battery["V"], sum / 12.0 * 13.0, 3.0);
    near(&battery["CellVMin"], lowest, 0.003);
    near(&battery["CellVMax"], highest, 0.003);
}

#[test]
fn the_chain_is_as_long_as_the_pack_and_says_what_the_controller_says() {
    let mut plant = Plant::new(&PlantSpec::default());
    for _ in 0..50 {
        plant.step(0.2);
    }
    let plate = Nameplate { serial: "PT-1".into(), topology: HV, capacity_ah: 280.0 };
    let words = plant.gateway(&plate);
    assert_eq!(words.len(), usize::from(BEFORE_MODULES + 13 * MODULE + STORAGE) + 2);
    let module =
        |number: usize| &words[usize::from(BEFORE_MODULES) + number * usize::from(MODULE)..][..usize::from(MODULE)];
    for cell in 0..260 {
        let words = &module(cell / 20)[44 + 4 * (cell % 20)..];
        assert_eq!(Some(words[0]), plant.report().cell_mv[cell]);
        assert_eq!(Some(words[1] as i16), plant.report().cell_c[cell].map(|c| i16::from(c) * 10));
    }
    assert_eq!(words[words.len() - 2..], [0xFFFF, 0]);

    // Events of model 802: bit 25 is another alarm, bit 19 a warning of temperature imbalance.
    let events = 2 + 68 + 26;
    assert_eq!(words[events..events + 2], [0, 0]);
    plant.apply(LabCommand::Inject(LabFault::Pack(PackFault::BmsAlarm)));
    plant.apply(LabCommand::Inject(LabFault::Pack(PackFault::BmsWarning)));
    plant.step(0.2);
    assert_eq!(plant.gateway(&plate)[events..events + 2], [1 << 9 | 1 << 3, 0]);
}

/// Asks for the marker and gives the answer; `None` if there is none in time.
async fn ask(stream: &mut TcpStream) -> Option<Vec<u8>> {
    stream.write_all(&[0, 7, 0, 0, 0, 6, 1, 3, 0x9C, 0x40, 0, 2]).await.ok()?;
    let mut reply = [0; 64];
    let length = timeout(Duration::from_millis(400), stream.read(&mut reply)).await.ok()?.ok()?;
    Some(reply[..length].to_vec())
}

#[tokio::test]
async fn faults_of_the_wire_come_and_go() {
    let (rig, gateway) = rig().await;
    let good = vec![0, 7, 0, 0, 0, 7, 1, 3, 4, 0x53, 0x75, 0x6E, 0x53];
    let set = |fault| rig.wire_fault(SimDevice::Controller, fault);
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    assert_eq!(ask(&mut stream).await.as_ref(), Some(&good));
    set(Some(WireFault::Exception(10)));
    assert_eq!(ask(&mut stream).await, Some(vec![0, 7, 0, 0, 0, 3, 1, 0x83, 10]));
    set(Some(WireFault::Garbage));
    for _ in 0..6 {
        let garbled = ask(&mut stream).await.unwrap();
        assert!(garbled != good && !garbled.is_empty());
    }
    set(Some(WireFault::Slow(Duration::from_millis(100))));
    let asked = std::time::Instant::now();
    assert_eq!(ask(&mut stream).await.as_ref(), Some(&good));
    assert!(asked.elapsed() >= Duration::from_millis(100));
    set(Some(WireFault::Silent));
    assert_eq!(ask(&mut stream).await, None);
    set(None);
    assert_eq!(ask(&mut stream).await.as_ref(), Some(&good), "silence loses what was asked, no more");
    let refused = |code| Some(vec![0, 7, 0, 0, 0, 3, 1, 0x83, code]);
    set(Some(WireFault::Missing(40_001, 40_005)));
    assert_eq!(ask(&mut stream).await, refused(2));
    set(Some(WireFault::Missing(40_002, 40_005)));
    assert_eq!(ask(&mut stream).await.as_ref(), Some(&good), "only what touches them is refused");
    set(Some(WireFault::ReadAtMost(1)));
    assert_eq!(ask(&mut stream).await, refused(3));
    set(Some(WireFault::OtherUnit(9)));
    assert_eq!(ask(&mut stream).await.map(|reply| reply[6]), Some(9));
    set(Some(WireFault::Noise));
    let noisy = ask(&mut stream).await.unwrap();
    assert!(noisy.len() > good.len() && noisy.ends_with(&good));
    set(Some(WireFault::CloseAfterReply));
    assert_eq!(
        [ask(&mut stream).await, ask(&mut stream).await.filter(|reply| !reply.is_empty())],
        [Some(good.clone()), None]
    );
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    set(Some(WireFault::CloseWhenIdle(Duration::from_millis(50))));
    assert_eq!(ask(&mut stream).await.as_ref(), Some(&good));
    let mut byte = [0; 1];
    assert_eq!(timeout(Duration::from_secs(5), stream.read(&mut byte)).await.unwrap().unwrap(), 0);
    set(None);
    let mut stream = TcpStream::connect(gateway).await.unwrap();
    assert_eq!(ask(&mut stream).await.as_ref(), Some(&good));
    set(Some(WireFault::HalfOpen));
    assert_eq!(ask(&mut stream).await, None);
    set(None);
    assert_eq!(ask(&mut stream).await, None, "a connection that is half open stays so");
    assert_eq!(ask(&mut TcpStream::connect(gateway).await.unwrap()).await.as_ref(), Some(&good));
}
