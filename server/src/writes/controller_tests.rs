//! The simulated controller of the demo's pack is set by the project's own links: over Modbus, SunSpec and CAN, whatever it
//! does with writes.

use domain::engine::Input;
use domain::lab::WriteFault::{Clamped, Dropped, Forgotten, Ignored, LocalControl, OneStepOff, Refused, Unanswered};
use domain::lab::{LabCommand, LabFault, SimDevice};
use domain::link::LinkIdx;
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::write::{Terms, WriteId, WriteOutcome, WriteRequest};
use links::bus::modbus::{Client, Framing};
use links::device::registers::Area;
use links::{Clock, LinkConfig, LinkHandle, LinkTask};
use sim::{Rig, RigConfig};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

const HV: Topology = Topology::new(1, 13, 20);
const PATIENCE: Duration = Duration::from_secs(30);
const NO_FAULT: Option<LabFault> = None;

/// A link of the pack, running.
struct Door {
    handle: LinkHandle,
    clock: Clock,
    _stop: watch::Sender<bool>,
}

/// A link that `keys` describe, with paths relative to the repository, not running.
async fn task(keys: &str) -> LinkTask {
    let link: LinkConfig = toml::from_str(&format!("id = \"a\"\nsystem = \"hv\"\n{keys}")).unwrap();
    let base = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut task = link.build(SystemIdx(0), &HV, base).unwrap();
    task.bind().await.unwrap();
    task
}

/// A pack whose frames go to `can_to`, with every door open.
async fn rig(can_to: SocketAddr) -> Rig {
    let config: RigConfig = toml::from_str(&format!(
        "system = \"hv\"\ncan_to = \"{can_to}\"\ngrid_meter = \"127.0.0.1:0\"\nload_meter = \"127.0.0.1:0\"\n\
         controller = \"127.0.0.1:0\"\nsunspec = \"127.0.0.1:0\""
    ))
    .unwrap();
    Rig::start(&config, HV).await.unwrap()
}

impl Door {
    fn start(task: LinkTask) -> Door {
        let start = Instant::now();
        let clock: Clock = Arc::new(move || {
            let us = start.elapsed().as_micros() as u64;
            Now { utc: Utc(us as i64), mono: Mono(Mono::START.0 + us) }
        });
        let handle = task.handle();
        let (sink, mut inputs) = mpsc::channel::<Input>(100);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(task.run(LinkIdx(0), clock.clone(), sink, stopped));
        tokio::spawn(async move { while inputs.recv().await.is_some() {} });
        Door { handle, clock, _stop: stop }
    }

    /// Waits until the link has read its device once more.
    async fn until_read(&self) {
        let before = self.handle.status().frames;
        let read = async {
            while self.handle.status().frames < before + 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap();
    }

    /// All that becomes of a write, in words.
    async fn write(&self, setpoint: &str, value: f64, lease_s: Option<u64>) -> Vec<String> {
        let deadline = (self.clock)().mono + Duration::from_secs(10);
        let (id, link, lease) = (WriteId(3), LinkIdx(0), lease_s.map(Duration::from_secs));
        let request = WriteRequest { lease, ..WriteRequest::new(id, link, setpoint, Some(value), deadline) };
        let mut receipts = self.handle.write(request, self.clock.clone()).unwrap();
        let mut all: Vec<WriteOutcome> = Vec::new();
        while let Some(receipt) = tokio::time::timeout(PATIENCE, receipts.recv()).await.unwrap() {
            all.push(receipt.outcome);
        }
        assert!(all.last().is_some_and(WriteOutcome::is_final), "{all:?}");
        all.iter().map(WriteOutcome::to_string).collect()
    }
}

/// What a register of the controller itself says, over a connection of our own.
async fn register(rig: &Rig, address: u16) -> u16 {
    let device = rig.modbus_addr(SimDevice::Controller).unwrap().to_string();
    let mut client = Client::connect(&device, Framing::Tcp, 1, PATIENCE).await.unwrap();
    client.read(Area::Holding, address, 1).await.unwrap()[0]
}

/// A write, what the device does with writes meanwhile, and how it ends: the last words begin so.
type Row = (Option<LabFault>, &'static str, f64, Option<u64>, &'static str);

/// Each write with its fault and without it afterwards.
async fn try_all(rig: &Rig, door: &Door, rows: &[Row]) {
    let lab = rig.lab();
    for (fault, setpoint, value, lease_s, end) in rows {
        door.until_read().await;
        fault.iter().for_each(|fault| lab.apply(LabCommand::Inject(*fault)));
        // What a device of CAN goes by is told by its next frames.
        door.until_read().await;
        let told = door.write(setpoint, *value, *lease_s).await;
        assert!(told.last().is_some_and(|last| last.starts_with(end)), "{setpoint} {value} with {fault:?}: {told:?}");
        lab.apply(LabCommand::ClearAll);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_modbus_every_fault_of_a_write_is_told_as_what_it_is() {
    let rig = rig("127.0.0.1:9".parse().unwrap()).await;
    let address = rig.modbus_addr(SimDevice::Controller).unwrap();
    let keys = format!(
        "kind = \"modbus-tcp\"\nconnect = \"{address}\"\nunit = 1\npoll_ms = 100\ntimeout_ms = 600\n\
         table = \"registers/packtwin_controller.toml\""
    );
    let door = Door::start(task(&keys).await);
    let names: Vec<&str> = door.handle.setpoints().iter().map(|setpoint| setpoint.name.as_str()).collect();
    assert_eq!(names, ["reserve", "discharge-limit", "charge-limit", "mode", "run"]);
    let writes = |fault| Some(LabFault::Writes(fault));
    try_all(
        &rig,
        &door,
        &[
            (NO_FAULT, "reserve", 30.0, None, "confirmed: the device has 30"),
            (NO_FAULT, "reserve", 30.0, None, "not sent: the device has 30 already"),
            (NO_FAULT, "mode", 0.0, None, "confirmed: the device has 0"),
            (NO_FAULT, "run", 0.0, None, "confirmed: the device has 0"),
            (NO_FAULT, "charge-limit", 20e3, Some(60), "confirmed: the device has 20000"),
            (NO_FAULT, "discharge-limit", 100e3, Some(60), "confirmed: the device has 100000"),
            (writes(Refused), "discharge-limit", 80e3, Some(60), "rejected by the device: illegal data value"),
            (writes(LocalControl), "discharge-limit", 80e3, Some(60), "rejected by the device: device failure"),
            (writes(Ignored), "discharge-limit", 80e3, Some(60), "ignored: the device still has 100000"),
            (writes(OneStepOff), "discharge-limit", 80e3, Some(60), "not followed: the device has changed to 81000"),
            (writes(Clamped), "discharge-limit", 200e3, Some(60), "not followed: the device has changed to 120000"),
            (writes(Dropped), "discharge-limit", 90e3, Some(60), "unknown whether it was heard: "),
            (NO_FAULT, "discharge-limit", 110e3, Some(60), "confirmed: the device has 110000"),
            (writes(Unanswered), "discharge-limit", 90e3, Some(60), "unknown whether it was heard: no answer"),
        ],
    )
    .await;
    assert_eq!(register(&rig, 1).await, 900, "it was carried out, and not answered");
    try_all(
        &rig,
        &door,
        &[(
            Some(LabFault::LateWrites(2)),
            "discharge-limit",
            70e3,
            Some(60),
            "unknown whether it was heard: no answer",
        )],
    )
    .await;
    // It comes late, and is not to be forgotten with the next.
    tokio::time::sleep(Duration::from_secs(3)).await;
    try_all(&rig, &door, &[(writes(Forgotten), "reserve", 40.0, None, "confirmed: the device has 40")]).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((register(&rig, 0).await, register(&rig, 1).await), (300, 700), "one is forgotten, the other came late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_sunspec_the_same_setpoints_are_set() {
    let rig = rig("127.0.0.1:9".parse().unwrap()).await;
    let keys = format!(
        "kind = \"sunspec\"\nconnect = \"{}\"\npoll_ms = 100\ntimeout_ms = 600\nsetpoints = [\n\
         {{ name = \"reserve\", sets = \"802.SoCRsvMin\", min = 10, max = 50, step = 1, wear = \"flash\" }},\n\
         {{ name = \"run\", sets = \"802.SetOp\", min = 1, max = 2, step = 1, wear = \"volatile\" }},\n\
         {{ name = \"discharge-limit\", sets = \"124.OutWRte\", min = 0, max = 100, step = 1, wear = \"volatile\", lease_s = 120 }},\n\
         {{ name = \"charge-limit\", sets = \"124.InWRte\", min = 0, max = 100, step = 1, wear = \"volatile\", lease_s = 120 }}]",
        rig.sunspec_addr().unwrap()
    );
    let task = task(&keys).await;
    // What the controller has by itself, as a site says it: 150 kW and 50 kW of 250 kW.
    for (limit, returns_to) in [("discharge-limit", 60.0), ("charge-limit", 20.0)] {
        task.handle().agree(limit, Terms { full_scale_w: Some(250e3), returns_to: Some(returns_to) });
    }
    let door = Door::start(task);
    let writes = |fault| Some(LabFault::Writes(fault));
    try_all(
        &rig,
        &door,
        &[
            (NO_FAULT, "reserve", 30.0, None, "confirmed: the device has 30"),
            (NO_FAULT, "run", 2.0, None, "confirmed: the device has 2"),
            (writes(Ignored), "discharge-limit", 30.0, Some(90), "ignored: the device still has 60"),
            (NO_FAULT, "discharge-limit", 40.0, Some(90), "confirmed: the device has 40"),
            (NO_FAULT, "charge-limit", 8.0, Some(2), "confirmed: the device has 8"),
            (writes(Clamped), "discharge-limit", 90.0, Some(90), "not followed: the device has changed to 48"),
            (writes(Refused), "discharge-limit", 30.0, Some(90), "rejected by the device: illegal data value"),
            (writes(LocalControl), "reserve", 35.0, None, "rejected by the device: device failure"),
            (writes(OneStepOff), "reserve", 35.0, None, "not followed: the device has changed to 36"),
            (writes(Dropped), "reserve", 45.0, None, "unknown whether it was heard: "),
            (writes(Unanswered), "reserve", 25.0, None, "unknown whether it was heard: "),
        ],
    )
    .await;
    // What its own map says of the same: reserve, both limits, the second of which has ended, mode, and that it stands by.
    let mut says = Vec::new();
    for address in 0..5 {
        says.push(register(&rig, address).await);
    }
    assert_eq!(says, [250, 1_200, 500, 1, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_can_the_same_setpoints_are_set_and_told_by_the_controllers_own_frames() {
    let task = task(
        r#"
kind = "cannelloni"
listen = "127.0.0.1:0"
peer = "127.0.0.1"
dbc = "dbc/packtwin_hv.dbc"
map = [{ point = "battery/soc", signal = "Soc" }]
setpoints = [
  { name = "discharge-limit", sets = "ControlLimits.DischargeLimit", min = 0, max = 250, step = 1, wear = "volatile",
    with = { ChargeLimit = 409.5, LimitHold = 2 }, counter = "LimitCounter",
    checksum = { signal = "LimitCrc", kind = "crc8-j1850" }, feedback = "ControlState.ActiveDischargeLimit",
    every_ms = 200, lease_s = 60 },
  { name = "charge-limit", sets = "ControlLimits.ChargeLimit", min = 0, max = 250, step = 1, wear = "volatile",
    with = { DischargeLimit = 409.5, LimitHold = 2 }, counter = "LimitCounter",
    checksum = { signal = "LimitCrc", kind = "crc8-j1850" }, feedback = "ControlState.ActiveChargeLimit",
    every_ms = 200, lease_s = 60 },
  { name = "reserve", sets = "ControlSettings.BackupReserve", min = 10, max = 50, step = 1, wear = "flash",
    with = { ControlMode = 3, RunCommand = 3 }, counter = "SettingsCounter",
    checksum = { signal = "SettingsCrc", kind = "crc8-j1850" }, feedback = "ControlState.ActiveReserve" },
  { name = "run", sets = "ControlSettings.RunCommand", min = 0, max = 1, step = 1, wear = "volatile",
    with = { BackupReserve = 102.3, ControlMode = 3 }, counter = "SettingsCounter",
    checksum = { signal = "SettingsCrc", kind = "crc8-j1850" }, feedback = "ControlState.ActiveRun" },
]"#,
    )
    .await;
    let rig = rig(task.local_addr().unwrap()).await;
    let door = Door::start(task);
    let writes = |fault| Some(LabFault::Writes(fault));
    try_all(
        &rig,
        &door,
        &[
            (NO_FAULT, "reserve", 30.0, None, "confirmed: the device has 30"),
            (writes(Refused), "reserve", 40.0, None, "ignored: the device still has 30"),
            (writes(LocalControl), "reserve", 41.0, None, "ignored: the device still has 30"),
            (writes(OneStepOff), "reserve", 42.0, None, "not followed: the device has changed to 43"),
            // Its frame carried what shares it, which was taken one step off as well.
            (NO_FAULT, "run", 1.0, None, "confirmed: the device has 1"),
            (NO_FAULT, "discharge-limit", 100.0, Some(3), "confirmed: the device has 100"),
            (NO_FAULT, "charge-limit", 20.0, Some(60), "confirmed: the device has 20"),
            (writes(Clamped), "discharge-limit", 200.0, Some(1), "not followed: the device has changed to 120"),
        ],
    )
    .await;
    // One lease is over, and what the controller was told to hold it for; the other is held on.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut says = Vec::new();
    for address in 0..5 {
        says.push(register(&rig, address).await);
    }
    assert_eq!(says, [420, 1_500, 200, 1, 1]);
}
