//! The DBC files and mappings that come with Packtwin: each site file loads, and its frames give the right values.

use crate::support::{clock, repository};
use domain::engine::Input;
use domain::link::{LinkFault, LinkIdx, LinkState};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Sample, Target};
use domain::spec::SystemIdx;
use domain::topology::Topology;
use links::LinkConfig;
use std::collections::HashMap;
use tokio::sync::{mpsc, watch};

#[derive(serde::Deserialize)]
struct Site {
    system: Vec<System>,
    link: Vec<LinkConfig>,
}

#[derive(serde::Deserialize)]
struct System {
    topology: Option<Arrangement>,
}

#[derive(serde::Deserialize)]
struct Arrangement {
    modules_per_rack: u16,
    cells_per_module: u16,
}

/// Plays the recorded frames of a pack through the mapping of its site file; returns all readings, and what was
/// wrong: unknown identifiers, lengths, impossible values.
async fn play(pack: &str) -> (HashMap<Target, Sample>, [u32; 3]) {
    let folder = repository().join("sites/examples");
    let text = std::fs::read_to_string(folder.join(format!("{pack}.toml"))).unwrap();
    let mut site: Site = toml::from_str(&text).unwrap();
    let arrangement = site.system[0].topology.as_ref();
    let topology = arrangement.map_or(Topology::NONE, |t| Topology::new(1, t.modules_per_rack, t.cells_per_module));
    site.link[0].build(SystemIdx(0), &topology, &folder).unwrap();
    site.link[0].replay(&repository().join(format!("crates/links/tests/fixtures/{pack}.log")), 1.0);
    let task = site.link[0].build(SystemIdx(0), &topology, &folder).unwrap();
    let (sink, mut inputs) = mpsc::channel(100);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(task.run(LinkIdx(0), clock(), sink, stopped));
    let mut samples = HashMap::new();
    loop {
        match inputs.recv().await.unwrap() {
            Input::Batch(batch) => samples.extend(batch.readings.iter().map(|r| (r.target, r.sample))),
            Input::Link(_, status) if status.state == LinkState::Ended => {
                let wrong = [LinkFault::UnknownId, LinkFault::WrongLength, LinkFault::Impossible];
                return (samples, wrong.map(|fault| status.faults(fault)));
            }
            _ => {}
        }
    }
}

fn check(samples: &HashMap<Target, Sample>, expected: &[(Target, Sample)]) {
    for (target, expected) in expected {
        match (samples.get(target), expected) {
            (Some(Ok(value)), Ok(expected)) => assert!((value - expected).abs() < 1e-3, "{target:?}: {value}"),
            (sample, expected) => assert_eq!(sample, Some(expected), "{target:?}"),
        }
    }
}

fn volts(cell: u16) -> Target {
    Target::Cell(CellQuantity::Voltage, cell)
}

use Target::Point;

#[tokio::test(start_paused = true)]
async fn foxbms_2() {
    let (samples, wrong) = play("foxbms2").await;
    let celsius = |cell| Target::Cell(CellQuantity::Temperature, cell);
    check(
        &samples,
        &[
            (volts(0), Ok(3.3)),
            (volts(3), Ok(3.303)),
            (volts(257), Ok(3.202)),
            (volts(258), Err(NoData::Error)),
            (volts(259), Ok(3.204)),
            (celsius(0), Ok(25.0)),
            (celsius(3), Ok(-3.0)),
            (Point(PointId::Voltage), Ok(858.0)),
            (Point(PointId::BusVoltage), Ok(857.5)),
            (Point(PointId::Power), Ok(-85_800.0)),
            (Point(PointId::Current), Ok(-100.0)),
            (Point(PointId::Soc), Ok(71.4)),
            (Point(PointId::Soh), Ok(99.0)),
            (Point(PointId::SopDischarge), Ok(200_000.0)),
            (Point(PointId::SopCharge), Ok(150_000.0)),
            (Point(PointId::CellVoltageMin), Ok(3.3)),
            (Point(PointId::CellVoltageMax), Ok(3.306)),
            (Point(PointId::CellTemperatureMin), Ok(23.0)),
            (Point(PointId::CellTemperatureMax), Ok(41.0)),
            (Point(PointId::ControllerMode), Ok(7.0)),
            (Point(PointId::InsulationKohm), Ok(3_500.0)),
        ],
    );
    assert_eq!((samples.len(), wrong), (28, [0; 3]));
}

#[tokio::test(start_paused = true)]
async fn pylontech_hv() {
    let (samples, wrong) = play("pylontech_hv").await;
    check(
        &samples,
        &[
            (Point(PointId::Voltage), Ok(397.2)),
            (Point(PointId::Current), Ok(-12.3)),
            (Point(PointId::Soc), Ok(71.0)),
            (Point(PointId::Soh), Ok(99.0)),
            (Point(PointId::CellVoltageMax), Ok(3.306)),
            (Point(PointId::CellVoltageMin), Ok(3.3)),
            (Point(PointId::CellVoltageMaxAt), Ok(4.0)),
            (Point(PointId::CellVoltageMinAt), Ok(247.0)),
            (Point(PointId::CellTemperatureMax), Ok(25.0)),
            (Point(PointId::CellTemperatureMin), Ok(21.5)),
            (Point(PointId::CellTemperatureMaxAt), Ok(7.0)),
        ],
    );
    assert_eq!((samples.len(), wrong), (11, [0; 3]));
}

#[tokio::test(start_paused = true)]
async fn orion() {
    let (samples, wrong) = play("orion").await;
    check(&samples, &[(volts(0), Ok(3.3012)), (volts(95), Ok(3.2655))]);
    // The third frame is cell 255, which the pack of the example does not have.
    assert_eq!((samples.len(), wrong), (2, [0; 3]));
}
