//! From the engine's output to a register of a simulated device, and back to the engine's input.

use super::*;
use crate::alarms::AlarmOrders;
use crate::control::{Commands, Journal};
use crate::engine::{INPUTS, Outlets};
use crate::hub::tests::{hub, spec};
use crate::link_thread::LinkThread;
use domain::control::CommandState;
use domain::engine::Output;
use domain::lab::SimDevice;
use domain::link::{LinkIdx, LinkState};
use domain::spec::SystemIdx;
use domain::topology::Topology;
use domain::write::WriteId;
use links::bus::modbus::{Client, Framing, WriteRegisters};
use links::device::registers::Area;
use links::{LinkConfig, LinkTask};
use sim::{HomeConfig, Rig, WireFault};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

const PATIENCE: Duration = Duration::from_secs(20);
/// Where the GX keeps its minimum state of charge.
const MINIMUM_SOC: u16 = 2901;

/// A server's outlets with one link, whose engine is the test.
struct Running {
    outlets: Outlets,
    inputs: mpsc::Receiver<Input>,
    stop: watch::Sender<bool>,
    _thread: LinkThread,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start(connect: &str) -> Running {
        let (thread, folder) = (LinkThread::start().unwrap(), tempfile::tempdir().unwrap());
        let task = task(connect);
        let hub = Arc::new(hub(&spec(), folder.path()));
        let (sink, inputs) = mpsc::channel(INPUTS);
        let (stop, stopped) = watch::channel(false);
        let (runtime, clock) = (thread.handle().clone(), hub.clock.clone());
        let writes = Writes::new(vec![task.handle()], sink.downgrade(), runtime.clone(), clock.clone());
        let commands = Arc::new(Commands::new(sink.downgrade(), 1, hub.clock.clone()));
        let alarms = Arc::new(AlarmOrders::new(sink.downgrade(), 1, hub.clock.clone()));
        runtime.spawn(task.run(LinkIdx(0), clock, sink, stopped));
        let (store, journal) = (hub.store.clone(), Journal::none());
        let outlets = Outlets { store, hub, writes, commands, journal, alarms };
        Running { outlets, inputs, stop, _thread: thread, _folder: folder }
    }

    /// Lets the engine write; returns what it is told at once.
    fn write(&self, link: u16, setpoint: &str, value: f64) -> Option<Input> {
        let (now, id) = ((self.outlets.hub.clock)(), WriteId(3));
        let deadline = now.mono + Duration::from_secs(10);
        let link = LinkIdx(link.try_into().unwrap());
        let request = WriteRequest::new(id, link, setpoint, Some(value), deadline);
        self.outlets.carry_out(Output::Write(request), now)
    }

    /// The next receipt that the engine is told.
    async fn receipt(&mut self) -> Option<Receipt> {
        let next = async {
            loop {
                match self.inputs.recv().await {
                    Some(Input::Write(receipt)) => return Some(receipt),
                    Some(_) => {}
                    None => return None,
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    /// Waits until the link has this state.
    async fn until(&mut self, state: LinkState) {
        let state = async {
            loop {
                match self.inputs.recv().await.unwrap() {
                    Input::Link(_, status) if status.state == state => return,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, state).await.unwrap();
    }

    /// Waits until the link has read its device.
    async fn until_read(&self) {
        let link = &self.outlets.writes.links[0];
        let read = async {
            while link.status().frames < 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap();
    }
}

fn task(connect: &str) -> LinkTask {
    let keys = format!(
        "id = \"gx\"\nsystem = \"home\"\nkind = \"modbus-tcp\"\nconnect = \"{connect}\"\npoll_ms = 100\n\
         timeout_ms = 1000\ntable = \"registers/victron_settings.toml\""
    );
    let link: LinkConfig = toml::from_str(&keys).unwrap();
    let base = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    link.build(SystemIdx(0), &Topology::NONE, base).unwrap()
}

async fn house() -> (Rig, String) {
    let keys = "system = \"home\"\ngx = \"127.0.0.1:0\"\ninverter = \"127.0.0.1:0\"";
    let rig = Rig::start_home(&toml::from_str::<HomeConfig>(keys).unwrap()).await.unwrap();
    let address = rig.modbus_addr(SimDevice::Gx).unwrap().to_string();
    (rig, address)
}

/// What the device itself says, over a connection of our own.
async fn register(address: &str) -> u16 {
    let mut client = Client::connect(address, Framing::Tcp, 100, PATIENCE).await.unwrap();
    client.read(Area::Holding, MINIMUM_SOC, 1).await.unwrap()[0]
}

/// Sets the device, over a connection of our own.
async fn set_register(address: &str, word: u16) {
    let mut client = Client::connect(address, Framing::Tcp, 100, PATIENCE).await.unwrap();
    let write = WriteRegisters { unit: 100, address: MINIMUM_SOC, words: vec![word], single: false };
    client.write(write).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_the_engine_reaches_the_register_and_each_step_comes_back() {
    let (_rig, address) = house().await;
    let mut server = Running::start(&address);
    server.until_read().await;
    assert_eq!(server.write(0, "minimum-soc", 35.0), None);
    // As a command goes on that is on the disk.
    let mut states = vec![CommandState::Journalled];
    while states.last().is_some_and(CommandState::is_under_way) {
        let receipt = server.receipt().await.unwrap();
        let next = states.last().and_then(|state| state.after(receipt.outcome));
        states.push(next.expect("a step that cannot follow"));
    }
    let words: Vec<String> = states.iter().map(CommandState::to_string).collect();
    assert_eq!(words, ["recorded", "sent", "taken by the device", "confirmed: the device has the value"]);
    assert_eq!(register(&address).await, 350);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_written_is_told_at_once() {
    // Nobody listens there.
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut server = Running::start(&nobody.to_string());
    let told = |input| match input {
        Some(Input::Write(receipt)) => receipt.outcome.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told(server.write(7, "minimum-soc", 35.0)), "refused: the site has no such link");
    assert_eq!(told(server.write(0, "minimum-soc", 96.0)), "refused: 96 is not between 5 and 95");
    assert_eq!(told(server.write(0, "none", 1.0)), "refused: the link has no setpoint `none`");
    let lease = "refused: its values are held for a time only: ask for 1 to 60 s";
    assert_eq!(told(server.write(0, "grid-setpoint", 0.0)), lease);
    server.until(LinkState::Down).await;
    let asked = Instant::now();
    assert_eq!(server.write(0, "minimum-soc", 35.0), None);
    let receipt = server.receipt().await.unwrap();
    assert!(matches!(&receipt.outcome, WriteOutcome::NotSent(why) if why.contains("the link is down")), "{receipt:?}");
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    server.stop.send(true).unwrap();
    while server.receipt().await.is_some() {}
    assert_eq!(told(server.write(0, "minimum-soc", 35.0)), "not sent: every link has ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_in_the_middle_is_unknown_and_sends_nothing_again() {
    let (rig, address) = house().await;
    let mut server = Running::start(&address);
    server.until_read().await;
    rig.wire_fault(SimDevice::Gx, Some(WireFault::HoldWriteReplies));
    assert_eq!(server.write(0, "minimum-soc", 45.0), None);
    assert_eq!(server.receipt().await.unwrap().outcome, WriteOutcome::Sent);
    server.stop.send(true).unwrap();
    let last = server.receipt().await.unwrap().outcome;
    assert!(matches!(&last, WriteOutcome::Unknown(why) if why.contains("ended before it was done")), "{last:?}");
    // What it has done meanwhile, somebody changes again; a new start does not send what was before.
    rig.wire_fault(SimDevice::Gx, None);
    set_register(&address, 200).await;
    drop(server);
    let server = Running::start(&address);
    server.until_read().await;
    assert_eq!(register(&address).await, 200);
}
