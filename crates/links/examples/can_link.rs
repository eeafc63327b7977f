//! Checks a link on a real CAN socket: for a machine whose kernel has CAN, such as the guest of `cargo xtask can-vm`.
//!
//! ```text
//! can_link        in a folder with packtwin_hv.dbc, with cansend, canplayer and ip on the path, on interface vcan0
//! ```
//!
//! It changes vcan0: brings it down and up, removes it and makes it again. Exit status 0 if all checks pass.

#![allow(clippy::unwrap_used, reason = "a test program: a panic is its way to fail")]

use domain::engine::Input;
use domain::link::{LinkFault, LinkIdx, LinkState, LinkStatus};
use domain::reading::{Batch, CellQuantity, Sample, Target};
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use links::{Clock, LinkConfig, LinkHandle, RecordingLimits};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// An emulated processor on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(40);

const LINK: &str = r#"
id = "bms"
system = "hv"
kind = "socketcan"
interface = "vcan0"
silent_ms = 600000
dbc = "packtwin_hv.dbc"
map = [{ point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 }]
"#;

/// Cells 0 to 3: 3.300, 3.301, 3.302, 3.303 V.
const VOLTAGES: &str = "250#00F67233959CCCE7";

struct Bench {
    handle: LinkHandle,
    inputs: mpsc::Receiver<Input>,
    last: LinkStatus,
    _stop: watch::Sender<bool>,
}

impl Bench {
    fn start() -> Bench {
        let config: LinkConfig = toml::from_str(LINK).unwrap();
        let task = config.build(SystemIdx(0), &Topology::new(1, 13, 20), Path::new(".")).unwrap();
        let start = Instant::now();
        let clock: Clock = Arc::new(move || {
            let us = start.elapsed().as_micros() as u64;
            Now { utc: Utc(us as i64), mono: Mono(1 + us) }
        });
        let (sink, inputs) = mpsc::channel(10_000);
        let (stop, stopped) = watch::channel(false);
        let handle = task.handle();
        tokio::spawn(task.run(LinkIdx(0), clock, sink, stopped));
        Bench { handle, inputs, last: LinkStatus::default(), _stop: stop }
    }

    /// What the link tells next. A check that waits for something else for too long has failed.
    async fn input(&mut self, wanted: &str, since: Instant) -> Input {
        match tokio::time::timeout(PATIENCE.saturating_sub(since.elapsed()), self.inputs.recv()).await {
            Ok(input) => input.unwrap(),
            Err(_) => panic!("{wanted} did not come: {:?}", self.handle.status()),
        }
    }

    async fn batch(&mut self) -> Batch {
        let since = Instant::now();
        loop {
            match self.input("a batch", since).await {
                Input::Batch(batch) => return batch,
                Input::Link(_, status) => self.last = status,
                _ => {}
            }
        }
    }

    /// Waits for a state that `wanted` accepts, and gives it with its reason.
    async fn until(&mut self, what: &str, wanted: impl Fn(&LinkStatus) -> bool) -> (LinkStatus, String) {
        let since = Instant::now();
        loop {
            if let Input::Link(_, status) = self.input(what, since).await {
                self.last = status.clone();
                if wanted(&status) {
                    return (status, self.handle.status().reason);
                }
            }
        }
    }

    async fn state(&mut self, state: LinkState) -> (LinkStatus, String) {
        self.until(state.word(), |status| status.state == state).await
    }

    /// Sends the voltages until they arrive: an interface that came back is opened some time later.
    async fn voltage_arrives(&mut self) {
        let batch = self.batch_of(&["cansend", "vcan0", VOLTAGES]).await;
        assert_eq!(cell(&batch, 3), Some(Ok(3.303)));
    }

    async fn batch_of(&mut self, command: &[&str]) -> Batch {
        run(command);
        self.batch().await
    }
}

fn cell(batch: &Batch, cell: u16) -> Option<Sample> {
    let target = Target::Cell(CellQuantity::Voltage, cell);
    batch.readings.iter().find(|reading| reading.target == target).map(|reading| reading.sample)
}

fn run(command: &[&str]) {
    let status = Command::new(command[0]).args(&command[1..]).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?}");
}

fn send(frame: &str) {
    run(&["cansend", "vcan0", frame]);
}

async fn values(bench: &mut Bench) {
    bench.voltage_arrives().await;
    // The same eight bytes as a CAN FD frame, an identifier that nobody knows, and a remote frame.
    let batch = bench.batch_of(&["cansend", "vcan0", "250##100F67233959CCCE7"]).await;
    assert_eq!(cell(&batch, 0), Some(Ok(3.3)));
    send("18FF50E5#0102");
    send("250#R8");
    let (status, _) = bench.until("four frames", |status| status.frames == 4).await;
    assert_eq!((status.state, status.faults(LinkFault::UnknownId), status.faults_total()), (LinkState::Up, 1, 1));
}

async fn error_frames(bench: &mut Bench) {
    // Error-passive with 130 transmit errors; then no acknowledgement on the bus.
    send("20000204#0020000000008200");
    send("200000A0#0000000000000000");
    let (status, reason) = bench.until("errors", |s| s.faults(LinkFault::BusError) == 1).await;
    assert_eq!((status.state, status.faults(LinkFault::ErrorPassive)), (LinkState::Up, 1));
    assert_eq!(reason, "the CAN controller is error-passive (130 transmit errors, 0 receive errors)");
    let rows = bench.handle.frames(Now { utc: Utc(0), mono: Mono(u64::MAX / 2) });
    assert_eq!(rows[0].name, "Controller is error-passive");
    assert!(rows[0].decoded.iter().any(|value| value.text == "no acknowledgement, bus error"), "{:?}", rows[0]);
    send("20000204#0040000000000000");
}

async fn bus_off(bench: &mut Bench) {
    send("20000040#0000000000000000");
    let (status, reason) = bench.state(LinkState::Down).await;
    assert_eq!((status.faults(LinkFault::BusOff), status.reconnects), (1, 0));
    assert!(reason.starts_with("the CAN controller is bus-off"), "{reason}");
    send("20000100#0000000000000000");
    let (status, reason) = bench.state(LinkState::Connecting).await;
    assert_eq!((status.reconnects, reason.as_str()), (1, ""));
    bench.voltage_arrives().await;
    bench.state(LinkState::Up).await;
}

async fn recording(bench: &mut Bench) {
    let log = Path::new("recorded.log");
    bench.handle.start_recording(log, RecordingLimits::default()).unwrap();
    let before = bench.last.frames;
    for frame in [VOLTAGES, "123##1000102030405060708090A0B", "20000002#0B00000000000000"] {
        send(frame);
    }
    bench.until("three frames", |status| status.frames == before + 3).await;
    let status = bench.handle.stop_recording().await.unwrap();
    assert_eq!((status.frames, status.dropped, status.error), (3, 0, None));
    while bench.inputs.try_recv().is_ok() {}
    // can-utils reads what we wrote.
    let batch = bench.batch_of(&["canplayer", "-I", "recorded.log"]).await;
    assert_eq!(cell(&batch, 1), Some(Ok(3.301)));
    let (status, _) = bench.until("the frames again", |status| status.frames == before + 6).await;
    assert_eq!(status.faults(LinkFault::ArbitrationLost), 2);
}

async fn a_full_bus(bench: &mut Bench) {
    let before = bench.last.frames;
    // More than a thousand frames a second, as the battery's controller sends in its sweeps.
    run(&["cangen", "vcan0", "-g", "1", "-n", "1000", "-I", "250", "-L", "8", "-D", "00F67233959CCCE7"]);
    let (status, _) = bench.until("a thousand frames", |status| status.frames == before + 1_000).await;
    assert_eq!(status.state, LinkState::Up);
}

async fn a_full_buffer(bench: &mut Bench) {
    let (frames, lost) = (bench.last.frames, bench.last.faults(LinkFault::Lost));
    // The link's only thread is busy with something else while more frames come than the socket has room for.
    let busy = tokio::spawn(async { std::thread::sleep(Duration::from_secs(4)) });
    run(&["cangen", "vcan0", "-g", "1", "-n", "1500", "-I", "250", "-L", "8", "-D", "00F67233959CCCE7"]);
    busy.await.unwrap();
    // How many were lost is told with frames that come after them.
    let all = |s: &LinkStatus| s.frames - frames + u64::from(s.faults(LinkFault::Lost) - lost);
    for _ in 0..3 {
        run(&["cangen", "vcan0", "-g", "0", "-n", "5", "-I", "250", "-L", "8", "-D", "00F67233959CCCE7"]);
    }
    let (status, _) = bench.until("what was lost", |status| all(status) == 1_515).await;
    assert!(status.faults(LinkFault::Lost) > lost, "nothing was lost");
}

async fn link_down(bench: &mut Bench) {
    run(&["ip", "link", "set", "vcan0", "down"]);
    let (_, reason) = bench.state(LinkState::Down).await;
    assert!(reason.starts_with("vcan0 is down; bring it up"), "{reason}");
    run(&["ip", "link", "set", "vcan0", "up"]);
    bench.state(LinkState::Connecting).await;
    bench.voltage_arrives().await;
    bench.state(LinkState::Up).await;
}

async fn link_removed(bench: &mut Bench) {
    // Nothing is on the bus, and a removed interface wakes nobody.
    run(&["ip", "link", "del", "vcan0"]);
    let (_, reason) = bench.state(LinkState::Down).await;
    assert!(reason.starts_with("there is no CAN interface vcan0"), "{reason}");
    run(&["ip", "link", "add", "dev", "vcan0", "type", "vcan"]);
    run(&["ip", "link", "set", "vcan0", "up"]);
    bench.state(LinkState::Connecting).await;
    bench.voltage_arrives().await;
    bench.state(LinkState::Up).await;
}

// The link runs while this thread waits for the programs that it calls.
#[tokio::main(worker_threads = 1)]
async fn main() {
    let mut bench = Bench::start();
    bench.state(LinkState::Connecting).await;
    let mut passed = 0;
    // One link lives through all of them; the first that fails ends the program.
    macro_rules! check {
        ($($name:ident)*) => {
            $(
                let began = Instant::now();
                $name(&mut bench).await;
                passed += 1;
                println!("test {} ... ok ({:.1} s)", stringify!($name), began.elapsed().as_secs_f32());
            )*
        };
    }
    check!(values error_frames bus_off recording a_full_bus a_full_buffer link_down link_removed);
    println!("test result: ok. {passed} passed; 0 failed");
}
