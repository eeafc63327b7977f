//! The controller is set over real sockets: by others' libraries, and with its faults.
//!
//! Set `PACKTWIN_PYTHON` to a Python that has pymodbus, pysunspec2 and cantools; see `testkit` for what happens without it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, SimDevice, WriteFault};
use domain::topology::Topology;
use serde_json::{Value, json};
use sim::can::cannelloni::packets;
use sim::can::encode::Frame;
use sim::{Rig, RigConfig};
use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::time::timeout;
use tokio_modbus::prelude::{Reader, Writer, tcp};

const HV: Topology = Topology::new(1, 13, 20);
const DBC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dbc/packtwin_hv.dbc");

/// A rig with every door open, whose CAN frames go to `can_to`.
async fn rig(can_to: SocketAddr) -> (Rig, SocketAddr) {
    let config: RigConfig = toml::from_str(&format!(
        "system = \"hv\"\ncan_to = \"{can_to}\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\"\n\
         controller = \"127.0.0.1:0\"\nsunspec = \"127.0.0.1:0\""
    ))
    .unwrap();
    let rig = Rig::start(&config, HV).await.unwrap();
    let address = rig.modbus_addr(SimDevice::Controller).unwrap();
    assert_ne!(Some(address), rig.sunspec_addr());
    (rig, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pymodbus_pysunspec2_and_cantools_set_one_and_the_same_controller() {
    let Some(python) = testkit::python("cantools, pymodbus, sunspec2") else { return };
    let udp = SocketAddr::from(([127, 0, 0, 1], testkit::free_udp_port()));
    let (rig, modbus) = rig(udp).await;
    let ports = [modbus.port(), rig.sunspec_addr().unwrap().port(), udp.port()].map(|port| port.to_string());
    let output = tokio::task::spawn_blocking(move || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge/write_controller.py");
        Command::new(python).args([script, "127.0.0.1", &ports[0], &ports[1], DBC, &ports[2]]).output().unwrap()
    });
    let output = output.await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["defaults"], json!([200, 1_500, 500, 1, 1, 0, 0, 0]));
    assert_eq!(told["modbus"], json!([200, 805, 500, 0, 1, 60, 0, 0]), "{told}");
    assert_eq!(told["refusals"], json!([3, 3, 3, 2, 2]));
    assert_eq!(told["storage"], json!([[250e3, 32.2, 20.0, 2], [250e3, 40.0, 8.0, 3]]), "{told}");
    assert_eq!(told["battery"], json!([33.5, 0, 1]));
    assert_eq!(told["after_sunspec"], json!([335, 1_000, 200, 0, 1]));
    // A frame with the counter of the one before, and one with another checksum, change nothing.
    assert_eq!(told["can"], json!([[65.5, 20.0], [65.5, 20.0], [65.5, 20.0], [120.0, 7.5]]), "{told}");
    assert_eq!(told["after_can"].as_array().unwrap()[..5], [json!(335), json!(1_200), json!(75), json!(0), json!(1)]);
}

#[tokio::test]
async fn faults_of_writes_come_and_go_on_the_wire() {
    let (rig, address) = rig("127.0.0.1:9".parse().unwrap()).await;
    let lab = rig.lab();
    let inject = |fault| lab.apply(LabCommand::Inject(fault));
    let writes = |fault| inject(LabFault::Writes(fault));
    let mut client = tcp::connect(address).await.unwrap();
    let mut write = async |word: u16| client.write_single_register(1, word).await.map(|done| done.map_err(u8::from));
    assert_eq!(write(900).await.unwrap(), Ok(()));
    for (fault, code) in [(WriteFault::Refused, 3), (WriteFault::LocalControl, 4)] {
        writes(fault);
        assert_eq!(write(800).await.unwrap(), Err(code), "{fault:?}");
        lab.apply(LabCommand::ClearAll);
    }
    inject(LabFault::LateWrites(1));
    let asked = Instant::now();
    assert_eq!(write(700).await.unwrap(), Ok(()));
    assert!(asked.elapsed() >= Duration::from_secs(1), "{:?}", asked.elapsed());
    lab.apply(LabCommand::ClearAll);
    writes(WriteFault::Unanswered);
    assert!(timeout(Duration::from_millis(400), write(600)).await.is_err());
    lab.apply(LabCommand::ClearAll);

    let read = async |address: SocketAddr, register: u16| {
        let mut client = tcp::connect(address).await.unwrap();
        client.read_holding_registers(register, 1).await.unwrap().unwrap()[0]
    };
    assert_eq!(read(address, 1).await, 600, "it was carried out");
    writes(WriteFault::Dropped);
    let mut client = tcp::connect(address).await.unwrap();
    assert!(client.write_single_register(1, 500).await.is_err());
    assert_eq!(read(address, 1).await, 600, "it was not carried out, and reads are answered");
    writes(WriteFault::LocalControl);
    assert_eq!(read(rig.sunspec_addr().unwrap(), sim::sunspec::BASE + 2 + 68 + 17).await, 1, "802.LocRemCtl");

    lab.apply(LabCommand::Inject(LabFault::SilentLink(SimDevice::Controller)));
    let mut client = tcp::connect(address).await.unwrap();
    assert!(timeout(Duration::from_millis(300), client.read_holding_registers(0, 1)).await.is_err());
}

#[tokio::test]
async fn only_who_is_sent_frames_may_send_some() {
    let reader = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (_rig, address) = rig(reader.local_addr().unwrap()).await;
    let (_, controller) = reader.recv_from(&mut [0; 2_048]).await.unwrap();
    assert!(controller.ip().is_loopback());
    // 100 kW, and no change of the charge limit; the counter is 1.
    let packet = packets(&[Frame { id: 0x2B0, data: [0x3E, 0x8F, 0xFF, 0, 0x10, 0, 0, 0x4F] }], &mut 0).remove(0);
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut client = tcp::connect(address).await.unwrap();
    let mut limit = async || client.read_holding_registers(1, 1).await.unwrap().unwrap()[0];
    stranger.send_to(&packet, controller).await.unwrap();
    reader.send_to(&packet[..9], controller).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(limit().await, 1_500);
    reader.send_to(&packet, controller).await.unwrap();
    let heard = async {
        while limit().await != 1_000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), heard).await.expect("the reader's frame is taken");
}
