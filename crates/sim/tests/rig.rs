//! The running rig on real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, LoadMode, SimDevice};
use domain::topology::Topology;
use sim::{HomeConfig, Rig, RigConfig, RigError, WireFault};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::{sleep, timeout};
use tokio_modbus::prelude::{Reader, Slave, Writer, tcp};

const HV: Topology = Topology::new(1, 13, 20);

/// A rig on free ports that sends to `can`.
fn config(can: &UdpSocket) -> RigConfig {
    let can_to = can.local_addr().unwrap();
    toml::from_str(&format!(
        "system = \"hv\"\ncan_to = \"{can_to}\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\""
    ))
    .unwrap()
}

async fn receiver() -> UdpSocket {
    UdpSocket::bind("127.0.0.1:0").await.unwrap()
}

async fn packet(can: &UdpSocket) -> Option<Vec<u8>> {
    let mut buffer = [0; 2_048];
    let (length, _) = timeout(Duration::from_secs(2), can.recv_from(&mut buffer)).await.ok()?.unwrap();
    Some(buffer[..length].to_vec())
}

#[tokio::test]
async fn sweeps_come_as_numbered_packets_until_the_rig_is_dropped() {
    let can = receiver().await;
    let rig = Rig::start(&config(&can), HV).await.unwrap();
    for sequence in (0..3).map(|sweep| sweep * 2) {
        let (first, second) = (packet(&can).await.unwrap(), packet(&can).await.unwrap());
        assert_eq!(first[..5], [2, 0, sequence, 0, 112]);
        assert_eq!(second[..5], [2, 0, sequence + 1, 0, 20]);
        assert_eq!(first[5..10], [0, 0, 0x02, 0x20, 8]);
    }
    let meter = rig.modbus_addr(SimDevice::GridMeter).unwrap();
    TcpStream::connect(meter).await.unwrap();
    drop(rig);
    timeout(Duration::from_secs(5), async {
        while TcpStream::connect(meter).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the meter's port is closed");
    // What was under way may still arrive; then it is quiet.
    while timeout(Duration::from_millis(500), can.recv_from(&mut [0; 2_048])).await.is_ok() {}
}

#[tokio::test]
async fn five_sweeps_a_second_without_drift() {
    let can = receiver().await;
    let _rig = Rig::start(&config(&can), HV).await.unwrap();
    packet(&can).await.unwrap();
    let begin = std::time::Instant::now();
    for _ in 0..20 {
        packet(&can).await.unwrap();
    }
    let seconds = begin.elapsed().as_secs_f32();
    assert!((1.6..3.5).contains(&seconds), "ten sweeps in {seconds} s");
}

#[tokio::test]
async fn the_lab_reaches_the_plant_and_a_silent_meter_keeps_its_connection_open() {
    let can = receiver().await;
    let rig = Rig::start(&config(&can), HV).await.unwrap();
    let lab = rig.lab();
    lab.apply(LabCommand::Load(LoadMode::Fixed(100e3)));
    assert_eq!(lab.clone().state().load, LoadMode::Fixed(100e3));

    let mut meter = tcp::connect(rig.modbus_addr(SimDevice::LoadMeter).unwrap()).await.unwrap();
    timeout(Duration::from_secs(10), async {
        while meter.read_holding_registers(0, 2).await.unwrap().unwrap()[1] < 60_000 {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("the load comes up");

    let silence = LabFault::SilentLink(SimDevice::LoadMeter);
    lab.apply(LabCommand::Inject(silence));
    let answer = timeout(Duration::from_millis(300), meter.read_holding_registers(0, 2)).await;
    assert!(answer.is_err(), "{answer:?}");
    lab.apply(LabCommand::Clear(silence));
    let mut again = tcp::connect(rig.modbus_addr(SimDevice::LoadMeter).unwrap()).await.unwrap();
    assert_eq!(again.read_holding_registers(0, 8).await.unwrap().unwrap().len(), 8);

    lab.apply(LabCommand::Inject(LabFault::SilentLink(SimDevice::Controller)));
    // Sweeps that were under way may still arrive; then it is quiet.
    timeout(Duration::from_secs(5), async {
        while timeout(Duration::from_millis(600), can.recv_from(&mut [0; 2_048])).await.is_ok() {}
    })
    .await
    .expect("the controller is silent");
}

#[tokio::test]
async fn what_cannot_be_started_says_which_device_and_where() {
    let can = receiver().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = Rig::start(&RigConfig { load_meter: address, ..config(&can) }, HV).await.err().unwrap();
    assert!(
        error.to_string().starts_with(&format!("AI load meter of the simulated system: cannot listen on {address}: "))
    );
    for topology in [Topology::NONE, Topology::new(20, 10, 32)] {
        let error = Rig::start(&config(&can), topology).await.err().unwrap();
        assert!(matches!(error, RigError::Cells { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_house_has_a_gx_and_an_inverter_that_fall_silent_and_fail_each_for_itself() {
    let config: HomeConfig = toml::from_str(
        "system = \"home\"\ngx = \"127.0.0.1:0\"\ninverter = \"127.0.0.1:0\"\ntime_scale = 1000\nstart_hour = 4",
    )
    .unwrap();
    let rig = Rig::start_home(&config).await.unwrap();
    let (gx, inverter) = (rig.modbus_addr(SimDevice::Gx).unwrap(), rig.modbus_addr(SimDevice::Inverter).unwrap());
    assert_eq!(rig.rtu_addr(SimDevice::Inverter), None);
    let mut gx = tcp::connect_slave(gx, Slave(100)).await.unwrap();
    let mut inverter = tcp::connect_slave(inverter, Slave(1)).await.unwrap();
    let volts = gx.read_holding_registers(840, 1).await.unwrap().unwrap()[0];
    assert!((510..560).contains(&volts), "{volts}");

    // Time runs a thousand times as fast: from night to day in seconds.
    timeout(Duration::from_secs(60), async {
        while inverter.read_holding_registers(186, 1).await.unwrap().unwrap()[0] < 200 {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("the sun rises");

    rig.wire_fault(SimDevice::Gx, Some(WireFault::Exception(10)));
    assert_eq!(gx.read_holding_registers(840, 1).await.unwrap().map_err(u8::from), Err(10));
    assert!(inverter.read_holding_registers(184, 1).await.unwrap().is_ok(), "the inverter is another device");
    rig.wire_fault(SimDevice::Gx, None);
    assert!(gx.read_holding_registers(840, 1).await.unwrap().is_ok());

    rig.lab().apply(LabCommand::Inject(LabFault::SilentLink(SimDevice::Inverter)));
    assert!(timeout(Duration::from_millis(300), inverter.read_holding_registers(184, 1)).await.is_err());
    assert!(gx.read_holding_registers(840, 1).await.unwrap().is_ok(), "the GX goes on");
}

#[tokio::test]
async fn the_gx_takes_writes_of_its_settings_and_of_nothing_else() {
    let config: HomeConfig =
        toml::from_str("system = \"home\"\ngx = \"127.0.0.1:0\"\ninverter = \"127.0.0.1:0\"").unwrap();
    let rig = Rig::start_home(&config).await.unwrap();
    let mut gx = tcp::connect_slave(rig.modbus_addr(SimDevice::Gx).unwrap(), Slave(100)).await.unwrap();
    gx.write_single_register(2901, 250).await.unwrap().unwrap();
    gx.write_multiple_registers(2716, &[0xFFFF, 0xFF9C]).await.unwrap().unwrap();
    assert_eq!(gx.read_holding_registers(2901, 1).await.unwrap().unwrap(), [250]);
    assert_eq!(gx.read_holding_registers(2716, 2).await.unwrap().unwrap(), [0xFFFF, 0xFF9C]);
    for (address, words, code) in [(2901, vec![1_001], 10_u8), (840, vec![0], 2), (2716, vec![0], 2)] {
        let refused = gx.write_multiple_registers(address, &words).await.unwrap().unwrap_err();
        assert_eq!(u8::from(refused), code, "{address}");
    }
    assert_eq!(gx.read_holding_registers(2901, 1).await.unwrap().unwrap(), [250], "what was refused changed nothing");
    let mut battery = tcp::connect_slave(rig.modbus_addr(SimDevice::Gx).unwrap(), Slave(225)).await.unwrap();
    assert_eq!(battery.write_single_register(2901, 300).await.unwrap().map_err(u8::from), Err(10));
    // The inverter is only read.
    let mut inverter = tcp::connect_slave(rig.modbus_addr(SimDevice::Inverter).unwrap(), Slave(1)).await.unwrap();
    assert!(inverter.write_single_register(217, 20).await.unwrap().is_err());
}
