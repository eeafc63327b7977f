//! The bytes as others read them: cantools by the committed DBC file, pymodbus.
//!
//! Set `PACKTWIN_PYTHON` to a Python that has cantools and pymodbus; without it these tests say so and pass.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use domain::lab::{LabCommand, LabFault, LoadMode, SimDevice};
use domain::topology::Topology;
use serde_json::Value;
use sim::can::{encode, layout};
use sim::plant::{Plant, PlantSpec};
use sim::{Rig, RigConfig};
use std::io::Write;
use std::process::{Command, Stdio};

const DBC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dbc/packtwin_hv.dbc");

/// What the judge's script prints, or `None` where there is no judge.
fn judge(script: &str, args: &[&str], input: &str) -> Option<Value> {
    let Ok(python) = std::env::var("PACKTWIN_PYTHON") else {
        println!("skipped: PACKTWIN_PYTHON is not set");
        return None;
    };
    let path = format!("{}/tests/judge/{script}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new(python)
        .arg(path)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("PACKTWIN_PYTHON names a Python");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script} failed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn cantools_reads_a_whole_sweep_as_the_pack_is() {
    let mut plant = Plant::new(&PlantSpec::default());
    plant.apply(LabCommand::Load(LoadMode::Fixed(200e3)));
    plant.apply(LabCommand::Inject(LabFault::DeadNode(11)));
    for _ in 0..150 {
        plant.step(0.2);
    }
    let frames = encode::sweep(&layout::messages(plant.pack().topology()), plant.report());
    assert_eq!(frames.len(), 8 + 65 + 44 + 13);
    let lines: String = frames
        .iter()
        .map(|frame| format!("{:x} {}\n", frame.id, frame.data.map(|b| format!("{b:02x}")).concat()))
        .collect();
    let Some(decoded) = judge("decode.py", &[DBC], &lines) else { return };

    let near = |signal: &str, truth: f32, within: f32| {
        let value = decoded[signal].as_f64().unwrap_or_else(|| panic!("{signal} is missing")) as f32;
        assert!((value - truth).abs() <= within, "{signal}: {value}, truly {truth}");
    };
    let (pack, report) = (plant.pack(), plant.report());
    for cell in 0..260 {
        let measured = !(220..240).contains(&cell);
        near(&format!("CellVoltageValid_{cell:03}"), f32::from(u8::from(measured)), 0.0);
        near(&format!("CellTemperatureValid_{cell:03}"), f32::from(u8::from(measured)), 0.0);
        if measured {
            near(&format!("CellVoltage_{cell:03}"), pack.cells().voltage_v[cell] * 1e3, 3.0);
            near(&format!("CellTemperature_{cell:03}"), pack.cells().terminal_c(cell), 2.0);
        }
    }
    for node in 0..13 {
        near(&format!("AfeState_{node:02}"), if node == 11 { 2.0 } else { 0.0 }, 0.0);
        near(&format!("AfeDelay_{node:02}"), if node == 11 { 30_000.0 } else { 10.0 }, 20.0);
    }
    near("BatteryVoltage", pack.voltage_v(), 0.2);
    near("BatteryCurrent", pack.current_a(), 0.2);
    near("BatteryPower", pack.power_w() / 1e3, 0.2);
    assert!(pack.power_w() > 120e3, "the pack discharges: positive");
    near("BusVoltage", pack.voltage_v(), 0.2);
    near("Soc", pack.soc_pct(), 1.0);
    near("SocMin", pack.soc_pct(), 1.0);
    near("Soh", report.soh_pct, 0.3);
    near("DischargePowerMax", 250.0, 0.1);
    near("ChargeCurrentMax", 140.0, 0.3);
    near("BmsState", 7.0, 0.0);
    near("GeneralWarning", 1.0, 0.0);
    near("Contactors", 3.0, 0.0);
    near("PrechargeClosed", 0.0, 0.0);
    near("AmbientTemperature", 22.0, 0.1);
    near("InsulationResistance", 5_040.0, 7.0);
    let voltage = report.voltage_extremes.unwrap();
    near("CellVoltageMin", voltage.min, 0.0);
    near("CellVoltageMinAt", f32::from(voltage.min_at), 0.0);
    near("CellVoltageMaxAt", f32::from(voltage.max_at), 0.0);
    near("CellTemperatureMax", report.temperature_extremes.unwrap().max, 0.05);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pymodbus_reads_a_meter_and_its_refusals() {
    let config: RigConfig = toml::from_str(
        "system = \"hv\"\ncan_to = \"127.0.0.1:9\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\"",
    )
    .unwrap();
    let rig = Rig::start(&config, Topology::new(1, 13, 20)).await.unwrap();
    let port = rig.modbus_addr(SimDevice::LoadMeter).unwrap().port().to_string();
    let read = tokio::task::spawn_blocking(move || judge("read_meter.py", &["127.0.0.1", &port], "")).await.unwrap();
    let Some(read) = read else { return };
    let power_w = read["power_w"].as_f64().unwrap();
    assert!((38e3..42e3).contains(&power_w), "{read}");
    assert!((4_700..4_900).contains(&read["registers"][2].as_u64().unwrap()), "{read}");
    assert_eq!((read["beyond"].as_u64(), read["other"].as_u64()), (Some(2), Some(1)));
}
