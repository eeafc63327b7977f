//! The faults of a CAN bus, one by one, from the simulated controller's packets to what the API says of the link.

use crate::support::{Server, free_udp_port, pack_site};
use domain::topology::Topology;
use serde_json::Value;
use sim::{CanFault, Rig, RigConfig};

fn config(port: u16) -> RigConfig {
    let table = format!(
        "system = \"hv\"\ncan_to = \"127.0.0.1:{port}\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\""
    );
    toml::from_str(&table).unwrap()
}

/// Waits until the link says of itself what `wanted` accepts.
fn wait(server: &Server, wanted: impl Fn(&Value) -> bool) -> Value {
    server.wait_for("/api/v1/links", |answer| Some(&answer["links"][0]).filter(|link| wanted(link)).cloned())
}

fn fault(link: &Value, kind: &str) -> u64 {
    link["faults"][kind].as_u64().unwrap()
}

fn total(link: &Value) -> u64 {
    link["faults"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_the_bus_is_told_by_its_name_and_is_over_when_it_is_over() {
    let port = free_udp_port();
    let server = Server::start(&pack_site(port), &[]);
    let rig = Rig::start(&config(port), Topology::new(1, 13, 20)).await.unwrap();
    let up = |link: &Value| link["state"] == "up";
    let frames = wait(&server, up)["frames"].as_u64().unwrap();
    wait(&server, |link| link["frames"].as_u64().unwrap() > frames + 500);

    // A number that is missing and comes late is lost first, and out of order then.
    for (given, kind) in [
        (CanFault::Duplicated, "out_of_order"),
        (CanFault::Reordered, "out_of_order"),
        (CanFault::Garbage, "malformed"),
    ] {
        let before = fault(&wait(&server, up), kind);
        rig.can_fault(Some(given));
        wait(&server, |link| fault(link, kind) >= before + 4);
        rig.can_fault(None);
        // No more of it comes.
        let mut settled = wait(&server, up);
        for _ in 0..2 {
            let frames = settled["frames"].as_u64().unwrap() + 300;
            settled = wait(&server, |link| link["frames"].as_u64().unwrap() >= frames);
        }
        let frames = settled["frames"].as_u64().unwrap() + 500;
        let after = wait(&server, |link| link["frames"].as_u64().unwrap() >= frames && up(link));
        assert_eq!(total(&after), total(&settled), "{given:?} goes on: {after}");
    }

    rig.can_fault(Some(CanFault::BusOff));
    let off = wait(&server, |link| link["state"] == "down");
    assert_eq!(fault(&off, "bus_off"), 1);
    assert!(off["reason"].as_str().unwrap().starts_with("the CAN controller is bus-off"), "{off}");
    rig.can_fault(None);
    let back = wait(&server, up);
    assert_eq!((back["reconnects"].as_u64(), back["reason"].as_str()), (Some(1), Some("")));

    let before = total(&back);
    rig.can_fault(Some(CanFault::Silent));
    let silent = wait(&server, |link| link["state"] == "silent");
    assert_eq!(total(&silent), before, "silence is no fault of what came");
    server.wait_for("/api/v1/state", |answer| {
        let alarms = answer["alarms"].as_array()?;
        alarms.iter().any(|alarm| alarm["rule"] == "link.silent").then_some(())
    });
    rig.can_fault(None);
    assert_eq!(total(&wait(&server, up)), before, "no packet was lost");
}
