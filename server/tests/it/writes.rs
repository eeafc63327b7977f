//! A link writes to the simulated GX over its real socket, and reads back.

use domain::engine::Input;
use domain::lab::SimDevice;
use domain::link::LinkIdx;
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::write::{WriteId, WriteOutcome, WriteRequest};
use links::{Clock, LinkConfig};
use sim::{HomeConfig, Rig, WireFault};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

const PATIENCE: Duration = Duration::from_secs(20);

fn clock() -> Clock {
    let start = std::time::Instant::now();
    Arc::new(move || Now { utc: Utc(0), mono: Mono(Mono::START.0 + start.elapsed().as_micros() as u64) })
}

#[tokio::test]
async fn the_simulated_gx_is_set_and_read_back_whatever_goes_wrong_on_the_wire() {
    let home: HomeConfig =
        toml::from_str("system = \"home\"\ngx = \"127.0.0.1:0\"\ninverter = \"127.0.0.1:0\"").unwrap();
    let rig = Rig::start_home(&home).await.unwrap();
    let keys = format!(
        "id = \"gx\"\nsystem = \"home\"\nkind = \"modbus-tcp\"\nconnect = \"{}\"\npoll_ms = 100\ntimeout_ms = 500\n\
         table = \"registers/victron_settings.toml\"",
        rig.modbus_addr(SimDevice::Gx).unwrap()
    );
    let link: LinkConfig = toml::from_str(&keys).unwrap();
    let base = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let task = link.build(SystemIdx(0), &Topology::NONE, base).unwrap();
    let (handle, clock) = (task.handle(), clock());
    let (sink, mut inputs) = mpsc::channel::<Input>(1_000);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(task.run(LinkIdx(0), clock.clone(), sink, stopped));
    tokio::spawn(async move { while inputs.recv().await.is_some() {} });

    // Before that it says at once that nothing is sent.
    let linked = async {
        while handle.status().frames < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, linked).await.unwrap();
    let write = async |setpoint: &str, value: f64, lease: Option<u64>| {
        let deadline = clock().mono + Duration::from_secs(10);
        let lease = lease.map(Duration::from_secs);
        let (id, link) = (WriteId(1), LinkIdx(0));
        let request = WriteRequest { lease, ..WriteRequest::new(id, link, setpoint, Some(value), deadline) };
        let mut receipts = handle.write(request, clock.clone()).unwrap();
        let mut outcomes = Vec::new();
        while let Some(receipt) = tokio::time::timeout(PATIENCE, receipts.recv()).await.unwrap() {
            outcomes.push(receipt.outcome);
        }
        outcomes
    };
    use WriteOutcome::{Confirmed, Echoed, NotSent, Sent, Unchanged};
    assert_eq!(write("minimum-soc", 25.0, None).await, [Sent, Echoed, Confirmed(25.0)]);
    assert_eq!(write("minimum-soc", 25.0, None).await, [Unchanged(25.0)]);
    assert_eq!(write("grid-setpoint", -1_500.0, Some(60)).await, [Sent, Echoed, Confirmed(-1_500.0)]);
    // It is renewed, although it is there already.
    assert_eq!(write("grid-setpoint", -1_500.0, Some(60)).await, [Sent, Echoed, Confirmed(-1_500.0)]);
    assert!(
        handle
            .write(WriteRequest::new(WriteId(2), LinkIdx(0), "minimum-soc", Some(96.0), Mono(u64::MAX)), clock.clone())
            .is_err()
    );
    // A GX that answers everything with an exception is not written to.
    rig.wire_fault(SimDevice::Gx, Some(WireFault::Exception(6)));
    assert!(matches!(write("minimum-soc", 30.0, None).await.as_slice(), [NotSent(why)] if why.contains("device busy")));
    rig.wire_fault(SimDevice::Gx, None);
    assert_eq!(write("minimum-soc", 30.0, None).await, [Sent, Echoed, Confirmed(30.0)]);
}
