//! 6,400 cells in shared memory, as a foreign simulator writes them, and its faults.

use crate::support::{Server, folder};
use serde_json::Value;
use sim::bus::shared_memory::{PERIOD_S, RACKS, SegmentFault, SharedRacks};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn site(segment: &Path) -> String {
    format!(
        "[site]\nname = \"Racks\"\n\n[[system]]\nid = \"racks\"\n\
         topology = {{ racks = 20, modules_per_rack = 10, cells_per_module = 32 }}\ncapacity_ah = 5600\nnominal_v = 1024\n\n\
         [[link]]\nid = \"cells\"\nname = \"Cell simulator\"\nsystem = \"racks\"\nkind = \"shared-memory\"\n\
         segment = \"{}\"\npoll_ms = 50\n",
        segment.display()
    )
}

/// Writes as a simulator does while `test` runs.
fn while_written(racks: &mut SharedRacks, test: impl FnOnce()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                racks.step(PERIOD_S).unwrap();
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        test();
        done.store(true, Ordering::Relaxed);
    });
}

fn link(answer: &Value) -> &Value {
    &answer["links"][0]
}

#[test]
fn cells_of_a_foreign_simulator_and_what_it_does_to_them() {
    let folder = folder();
    let segment = folder.path().join("battery_sim_shm");
    let server = Server::start_in(folder, &site(&segment), &[]);
    let reason = |words: &str| {
        server.wait_for("/api/v1/links", |answer| link(answer)["reason"].as_str()?.contains(words).then_some(()));
    };
    let up = || server.wait_for("/api/v1/links", |answer| (link(answer)["state"] == "up").then_some(()));
    reason("start the program that writes it");
    let mut racks = SharedRacks::create(&segment, RACKS, 1).unwrap();
    reason("all zero");
    while_written(&mut racks, || {
        up();
        let cells = server.wait_for("/api/v1/state", |answer| {
            (answer["cell_voltage_v"]["fresh"] == 6_400).then(|| answer["cell_voltage_v"].clone())
        });
        let mean = cells["mean"].as_f64().unwrap();
        assert!((3.0..3.6).contains(&mean), "{mean}");
    });

    racks.fail(SegmentFault::Torn).unwrap();
    server.wait_for("/api/v1/links", |answer| {
        link(answer)["faults"]["impossible_value"].as_u64().filter(|count| *count > 0)
    });
    while_written(&mut racks, up);

    racks.fail(SegmentFault::Short).unwrap();
    reason("has 64000 bytes; 6400 cells are 128000");
    let alarm = server.wait_for("/api/v1/state", |answer| {
        let alarms = answer["alarms"].as_array()?;
        alarms.iter().find(|alarm| alarm["rule"] == "link.stranger").cloned()
    });
    assert!(alarm["words"].as_str().unwrap().starts_with("Cell simulator: "), "{alarm}");
    while_written(&mut racks, up);

    let reconnects = |answer: &Value| link(answer)["reconnects"].as_u64().unwrap();
    let before = reconnects(&server.get("/api/v1/links"));
    racks.fail(SegmentFault::Replaced).unwrap();
    server.wait_for("/api/v1/links", |answer| (reconnects(answer) == before + 1).then_some(()));
    while_written(&mut racks, up);

    racks.fail(SegmentFault::Frozen).unwrap();
    reason("nothing in the segment changes any more");
    server.wait_for("/api/v1/links", |answer| (link(answer)["state"] == "silent").then_some(()));
    while_written(&mut racks, up);

    racks.fail(SegmentFault::Removed).unwrap();
    reason("was removed");
}
