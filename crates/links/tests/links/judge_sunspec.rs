//! A SunSpec battery made with pysunspec2 and pymodbus is discovered, read, and refused when it is another one.

use crate::judges::judge;
use crate::support::{Running, but_skipped, config, sample};
use crate::writes::{ask_for, outcomes};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Target};
use domain::topology::Topology;
use domain::write::WriteOutcome;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

const PACK: Topology = Topology::new(2, 3, 4);

/// The battery with its marker at `base`, and the keys of a link to it; it stops when its input closes.
fn battery(base: u16) -> Option<(Child, String)> {
    let mut command = judge("sunspec_server.py", "pymodbus, sunspec2")?;
    command.args([&base.to_string(), "SN-1"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let address = format!("127.0.0.1:{}", port.trim());
    Some((child, format!("kind = \"sunspec\"\nconnect = \"{address}\"\npoll_ms = 50")))
}

#[tokio::test]
async fn a_battery_is_found_wherever_its_marker_is_and_read_to_the_last_cell() {
    for base in [40_000, 0, 50_000] {
        let Some((_child, keys)) = battery(base) else { return };
        let mut link = Running::of(config(&keys), PACK).await;
        let batch = link.gather(&[Target::Cell(CellQuantity::Temperature, 23)]).await;
        for (point, value) in [
            (PointId::Soc, 71.5),
            (PointId::Soh, 98.7),
            (PointId::Voltage, 858.2),
            (PointId::Current, -120.3),
            (PointId::Power, -103_240.0),
            (PointId::CellVoltageMax, 3.234),
            (PointId::CellVoltageMin, 3.111),
            (PointId::ChargeCurrentMax, 140.0),
        ] {
            let found = sample(&batch, Target::Point(point)).unwrap().unwrap();
            assert!((found - value).abs() < 0.02, "{point:?}: {found}");
        }
        for cell in 0..24_u16 {
            let (string, module, place) = (cell / 12 + 1, cell / 4 % 3 + 1, cell % 4 + 1);
            let of = |quantity| sample(&batch, Target::Cell(quantity, cell)).unwrap();
            if cell == 23 {
                assert_eq!(of(CellQuantity::Voltage), Err(NoData::Error));
                assert_eq!(of(CellQuantity::Temperature), Err(NoData::Error));
                continue;
            }
            let voltage = f32::from(3_000 + 100 * string + 10 * module + place) / 1e3;
            let temperature = f32::from(200 + module + 10 * place) / 10.0;
            assert!((of(CellQuantity::Voltage).unwrap() - voltage).abs() < 1e-4, "cell {cell}");
            assert!((of(CellQuantity::Temperature).unwrap() - temperature).abs() < 1e-4, "cell {cell}");
        }
        let status = link.until(LinkState::Up).await;
        assert_eq!((but_skipped(&status), status.reconnects), (0, 0));
        let rows = link.handle.frames((link.clock)());
        assert_eq!((rows.len(), rows[1].name.as_str()), (7, "Lithium-ion module"));
        assert!(
            rows[1].decoded.iter().any(|value| (value.name.as_str(), value.text.as_str()) == ("CellV[2]", "3.112 V"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_set_is_what_pysunspec2_reads() {
    let Some((_child, keys)) = battery(40_000) else { return };
    let port = keys.split(['"', ':']).find_map(|part| part.parse::<u16>().ok()).unwrap();
    let keys = format!(
        "{keys}\nsetpoints = [\n\
         {{ name = \"reserve\", sets = \"802.SoCRsvMin\", min = 10, max = 50, step = 0.5, wear = \"flash\" }},\n\
         {{ name = \"limit\", sets = \"124.OutWRte\", min = 0, max = 100, step = 1, wear = \"volatile\", lease_s = 60 }},\n\
         {{ name = \"power\", sets = \"124.WChaMax\", min = 0, max = 60000, step = 100, wear = \"flash\" }},\n]"
    );
    let mut link = Running::of(config(&keys), PACK).await;
    link.until_status(|status| status.frames > 1).await;
    let minute = Some(std::time::Duration::from_secs(60));
    for (setpoint, value, lease) in [("reserve", 32.5, None), ("limit", 45.0, minute), ("power", 42_300.0, None)] {
        let told = outcomes(ask_for(&link, setpoint, value, lease).unwrap()).await;
        assert_eq!(told.last(), Some(&WriteOutcome::Confirmed(value)), "{setpoint}: {told:?}");
    }
    let mut reader = judge("sunspec_read.py", "pymodbus, sunspec2").unwrap();
    let points =
        ["802.SoCRsvMin", "124.OutWRte", "124.InOutWRte_RvrtTms", "124.StorCtl_Mod", "124.WChaMax", "124.InWRte"];
    let output = reader.arg(port.to_string()).args(points).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Vec<f64> = String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(read, [32.5, 45.0, 60.0, 2.0, 42_300.0, 100.0]);
}

#[tokio::test]
async fn a_battery_with_other_cells_is_refused() {
    let Some((_child, keys)) = battery(40_000) else { return };
    let mut link = Running::of(config(&keys), Topology::new(1, 13, 20)).await;
    let status = link.status(|status| status.state == LinkState::WrongDevice).await;
    assert_eq!((status.faults(LinkFault::Refused), status.last_at), (1, None));
}

#[tokio::test]
async fn another_battery_at_the_same_address_is_refused_until_the_first_is_back() {
    let Some((mut child, keys)) = battery(40_000) else { return };
    let mut link = Running::of(config(&keys), PACK).await;
    link.batch().await;
    let mut exchange = |serial: &str| writeln!(child.stdin.as_mut().unwrap(), "{serial}").unwrap();
    exchange("SN-2");
    // The connection ends with the first battery; at the new one the number is asked for.
    let refused = link.until_status(|status| status.state == LinkState::WrongDevice).await;
    let last = refused.last_at;
    let still = link.status(|status| status.reconnects >= 2 && status.state == LinkState::WrongDevice).await;
    assert_eq!(still.last_at, last, "no reading of the other battery");
    exchange("SN-1");
    link.batch().await;
}
