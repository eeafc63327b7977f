//! A broker made with amqtt stands between us and a GX with awkward values.

use crate::judges::judge;
use crate::support::{Running, sample};
use crate::writes::{ask_for, outcomes};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::{NoData, Sample, Target};
use domain::write::WriteOutcome::{Clamped, Confirmed, Sent, Unchanged};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

/// The broker with its GX, and the keys of a link to it; it stops when its input closes.
fn broker() -> Option<(Child, String)> {
    let mut command = judge("mqtt_gx.py", "amqtt")?;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    Some((child, format!("kind = \"victron-mqtt\"\nconnect = \"127.0.0.1:{}\"", port.trim())))
}

#[tokio::test]
async fn awkward_values_of_a_gx_behind_a_real_broker() {
    let Some((mut child, keys)) = broker() else { return };
    let mut link = Running::start(&keys).await;
    let mut told: BTreeMap<PointId, Sample> = BTreeMap::new();
    while told.len() < 9 {
        let batch = link.batch().await;
        told.extend(batch.readings.iter().filter_map(|reading| match reading.target {
            Target::Point(point) => Some((point, reading.sample)),
            _ => None,
        }));
    }
    for (point, expected) in [
        (PointId::Soc, Ok(97.5)),
        (PointId::Voltage, Ok(52.01)),
        (PointId::Current, Ok(8.0)),
        (PointId::Power, Ok(416.08)),
        (PointId::Temperature, Err(NoData::Error)),
        (PointId::SolarPower, Ok(0.0)),
        (PointId::LoadPower, Ok(1_500.5)),
        (PointId::Soh, Ok(98.0)),
        (PointId::CellVoltageMin, Ok(3.25)),
        // What came for the sum of the grid is no number: nothing is told of it.
    ] {
        match (told[&point], expected) {
            (Ok(value), Ok(expected)) => assert!((value - expected).abs() < 1e-3, "{point:?}: {value}"),
            (sample, expected) => assert_eq!(sample, expected, "{point:?}"),
        }
    }
    let up = link.until(LinkState::Up).await;
    assert_eq!((up.faults(LinkFault::Malformed), up.faults(LinkFault::Impossible)), (1, 1), "NaN, and 325 V of a cell");

    let mut input = child.stdin.take().unwrap();
    writeln!(input, "system/0/Dc/Battery/Soc {{\"value\": 82}}").unwrap();
    assert_eq!(sample(&link.batch().await, Target::Point(PointId::Soc)), Some(Ok(82.0)));
    writeln!(input, "battery/512/ProductId").unwrap();
    assert_eq!(sample(&link.batch().await, Target::Point(PointId::Soh)), Some(Err(NoData::Timeout)));
    drop(input);
    assert!(child.wait().unwrap().success());
    link.until(LinkState::Down).await;
}

#[tokio::test]
async fn what_is_set_is_confirmed_by_a_gx_behind_a_real_broker() {
    let Some((_child, keys)) = broker() else { return };
    let keys = format!(
        "{keys}\nsetpoints = [\n\
         {{ name = \"grid\", sets = \"hub4/0/Overrides/Setpoint\", min = -5000, max = 5000, step = 1, wear = \"volatile\", lease_s = 60 }},\n\
         {{ name = \"minimum-soc\", sets = \"settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit\", min = 10, max = 50, step = 0.5, wear = \"flash\" }},\n]"
    );
    let mut link = Running::start(&keys).await;
    link.until(LinkState::Up).await;
    let minute = Some(std::time::Duration::from_secs(60));
    for (setpoint, value, lease, expected) in [
        ("grid", -1_500.0, minute, vec![Sent, Confirmed(-1_500.0)]),
        ("grid", -1_500.0, minute, vec![Sent, Confirmed(-1_500.0)]),
        ("minimum-soc", 10.0, None, vec![Unchanged(10.0)]),
        ("minimum-soc", 22.5, None, vec![Sent, Confirmed(22.5)]),
        ("minimum-soc", 45.0, None, vec![Sent, Clamped(40.0)]),
    ] {
        assert_eq!(outcomes(ask_for(&link, setpoint, value, lease).unwrap()).await, expected, "{setpoint} {value}");
    }
}
