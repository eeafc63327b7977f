//! A running link: one task that moves bytes, makes readings of them and reports how it does.

use crate::ages::Ages;
use crate::bus::{BindError, Bus};
use crate::describe::Describe;
use crate::recording::{Recorder, RecordingError, RecordingLimits, RecordingStatus};
use crate::session::{self, Attempts, Clock, NoPlace, Order, OrderSender, Orders, Polling, Record, Reporter, lock};
use domain::engine::Input;
use domain::link::{FrameRow, LinkIdx, LinkStatus};
use domain::point::DevicePoint;
use domain::spec::SystemIdx;
use domain::time::Now;
use domain::write::{BadLease, BadValue, Receipt, Setpoint, Terms, Withdrawal, WriteOutcome, WriteRequest};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// A link that is ready to run.
#[derive(Debug)]
pub struct LinkTask {
    id: String,
    system: SystemIdx,
    bus: Box<dyn Bus>,
    handle: LinkHandle,
    ages: Ages,
    /// How long its values are good, if it is asked in a rhythm.
    usual: Duration,
    orders: Orders,
}

/// Looks at a link from outside. Cheap to clone.
#[derive(Clone)]
pub struct LinkHandle {
    record: Arc<Mutex<Record>>,
    table: Arc<dyn Describe>,
    /// The bus's name in recordings, if it is a CAN bus.
    can: Option<Arc<str>>,
    /// What its register table calls the device.
    device: Arc<str>,
    installation: Option<u64>,
    setpoints: Arc<[Setpoint]>,
    /// What the site says of them, by their names.
    terms: Arc<Mutex<BTreeMap<String, Terms>>>,
    orders: OrderSender,
}

/// A write that a link does not take.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WriteRefused {
    /// Its device has no such setpoint.
    #[error("the link has no setpoint `{0}`")]
    NoSetpoint(String),
    /// The value may not be.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// It cannot be held so long.
    #[error(transparent)]
    Lease(#[from] BadLease),
    /// Others wait already.
    #[error("other writes wait for the link already")]
    Busy,
    /// It does not run any more.
    #[error("the link has ended")]
    Ended,
}

impl WriteRefused {
    /// What that means for the write: it may not be, or it cannot be now.
    pub fn outcome(&self) -> WriteOutcome {
        match self {
            WriteRefused::NoSetpoint(_) | WriteRefused::Value(_) | WriteRefused::Lease(_) => {
                WriteOutcome::Refused(self.to_string())
            }
            WriteRefused::Busy | WriteRefused::Ended => WriteOutcome::NotSent(self.to_string()),
        }
    }
}

impl LinkTask {
    pub(crate) fn new(id: String, system: SystemIdx, silent_after: Duration, bus: Box<dyn Bus>) -> LinkTask {
        let record = Arc::new(Mutex::new(Record::new(silent_after)));
        // In a candump log spaces end the name of the bus.
        let can = bus.can().map(|_| bus.can_interface().unwrap_or(&id).replace(char::is_whitespace, "_").into());
        let device = bus.device().into();
        let (ordered, orders) = Orders::queue();
        let setpoints = bus.setpoints().into();
        let (table, terms) = (bus.table(), Arc::default());
        let handle = LinkHandle { record, table, can, device, installation: None, setpoints, terms, orders: ordered };
        LinkTask { id, system, ages: Ages::default(), usual: Duration::ZERO, bus, handle, orders }
    }

    /// The same link, of which all values are good for `age` at least.
    pub(crate) fn good_for(mut self, age: Duration) -> LinkTask {
        self.ages = self.bus.table().ages(age);
        self.usual = age;
        lock(&self.handle.record).set_ages(self.ages.clone());
        self
    }

    /// The same link, to this installation of VRM.
    pub(crate) fn of_installation(mut self, installation: Option<u64>) -> LinkTask {
        self.handle.installation = installation;
        self
    }

    /// Its name in the site.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Which values may be older than usual, because the link brings them seldom.
    pub fn ages(&self) -> &Ages {
        &self.ages
    }

    /// The points that only its device has, as the system knows them: `inverter/heatsink_temperature`.
    pub fn device_points(&self) -> Vec<DevicePoint> {
        self.bus.device_points(&self.id, self.usual)
    }

    /// Gives its device points their numbers within the system, from `first` on in their order.
    pub fn number_device_points(&mut self, first: u16) {
        lock(&self.handle.record).number_device_points(first);
    }

    /// What a person should know of its DBC file, if it has one.
    pub(crate) fn file_warnings(&self) -> Vec<String> {
        self.bus.can().map_or_else(Vec::new, |can| can.file_warnings())
    }

    /// After how long without a reading it is silent.
    pub fn silent_after(&self) -> Duration {
        lock(&self.handle.record).monitor.silent_after()
    }

    /// Whether it reads nothing but what is set.
    pub fn only_settings(&self) -> bool {
        self.bus.only_settings()
    }

    /// Whether it brings cell voltages, if all is as it should be.
    pub fn brings_cells(&self) -> bool {
        self.bus.brings_cells()
    }

    /// Takes the address that the link listens on, so that a start that cannot work fails at once. Links that connect
    /// to somewhere have nothing to take.
    ///
    /// # Errors
    /// The address cannot be had.
    pub async fn bind(&mut self) -> Result<(), BindError> {
        self.bus.bind().await
    }

    /// The address that the link listens on, once [`LinkTask::bind`] has taken it.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.bus.local_addr()
    }

    /// Looks at the link while it runs.
    pub fn handle(&self) -> LinkHandle {
        self.handle.clone()
    }

    /// Runs the link until `stop` becomes true or is dropped, or the engine no longer listens.
    ///
    /// Readings go to `sink` as one batch for each packet or poll; the status follows each change, and every second.
    pub async fn run(mut self, idx: LinkIdx, clock: Clock, sink: mpsc::Sender<Input>, mut stop: watch::Receiver<bool>) {
        let record = self.handle.record.clone();
        let reporter = Reporter { id: self.id, idx, system: self.system, clock, sink, record, orders: self.orders };
        reporter.record(|r| r.monitor.connecting());
        let bus = async {
            self.bus.drive(&reporter).await;
            // An ended replay goes on reporting that it has ended.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = bus => {}
            () = reporter.heartbeat() => {}
            () = reporter.sink.closed() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // What was received before the end belongs on the disk.
        if let Some(recorder) = reporter.record(|r| r.recorder.take()) {
            recorder.stop().await;
        }
    }
}

impl LinkHandle {
    /// How the link does, as of its last report.
    pub fn status(&self) -> LinkStatus {
        session::status(&self.record)
    }

    /// Records every CAN frame that arrives from now on into a new file, as a candump log with our times of arrival.
    ///
    /// The link does not wait for the disk: what the disk is too slow for is left out and counted. At the limits the
    /// recording ends; it is still to be stopped.
    ///
    /// # Errors
    /// The link brings no CAN frames, is being recorded already, or the file exists or cannot be made.
    pub fn start_recording(&self, path: &Path, limits: RecordingLimits) -> Result<(), RecordingError> {
        let interface = self.can.as_ref().ok_or(RecordingError::NotCan)?;
        let running = |recorder: &Recorder| RecordingError::Running(recorder.status().path);
        if let Some(recorder) = &lock(&self.record).recorder {
            return Err(running(recorder));
        }
        // The disk may be slow, and the link holds the record for each packet: the file is made without it.
        let recorder = Recorder::start(path, interface.to_string(), limits)?;
        let mut record = lock(&self.record);
        match &record.recorder {
            None => record.recorder = Some(recorder),
            Some(first) => {
                let running = running(first);
                drop(record);
                drop(recorder);
                let _ = std::fs::remove_file(path);
                return Err(running);
            }
        }
        Ok(())
    }

    /// How the recording does; `None` while there is none.
    pub fn recording(&self) -> Option<RecordingStatus> {
        lock(&self.record).recorder.as_ref().map(Recorder::status)
    }

    /// Ends the recording and waits until it is on the disk; `None` if there was none.
    pub async fn stop_recording(&self) -> Option<RecordingStatus> {
        let recorder = lock(&self.record).recorder.take()?;
        Some(recorder.stop().await)
    }

    /// What answers, as its register table calls it; empty where it has none.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// What others may set on its device.
    pub fn setpoints(&self) -> &[Setpoint] {
        &self.setpoints
    }

    /// Says what the site says of a setpoint: its writes and reads go by it from now on.
    pub fn agree(&self, setpoint: &str, terms: Terms) {
        lock(&self.terms).insert(setpoint.to_owned(), terms);
    }

    /// Asks the link to write, or to read what its device has. What becomes of it comes out of the receiver, step by step; the last receipt is final,
    /// also if the link ends. `clock` is the one that the link runs by.
    ///
    /// # Errors
    /// The link has no such setpoint, the value may not be, or the link takes no more writes now. Nothing is sent then.
    pub fn write(&self, request: WriteRequest, clock: Clock) -> Result<mpsc::Receiver<Receipt>, WriteRefused> {
        let setpoint = self.setpoints.iter().find(|known| known.name == request.setpoint);
        let setpoint = setpoint.ok_or_else(|| WriteRefused::NoSetpoint(request.setpoint.clone()))?;
        if let Some(value) = request.value {
            setpoint.admit(value)?;
            setpoint.admit_lease(request.lease)?;
        }
        let terms = lock(&self.terms).get(&request.setpoint).copied().unwrap_or_default();
        let (order, receipts) = Order::new(request, clock);
        self.orders.put(order.by(terms)).map_err(|why| match why {
            NoPlace::Full => WriteRefused::Busy,
            NoPlace::Ended => WriteRefused::Ended,
        })?;
        Ok(receipts)
    }

    /// Takes a write back that is not sent yet. Its receipts say what became of it: not sent, or what else.
    pub fn withdraw(&self, withdrawal: &Withdrawal) {
        self.orders.withdraw(withdrawal);
    }

    /// The number of the installation in VRM, if the site file says it.
    pub fn installation(&self) -> Option<u64> {
        self.installation
    }

    /// When it last tried and last succeeded.
    pub fn attempts(&self) -> Attempts {
        lock(&self.record).attempts
    }

    /// How its polling goes; `None` unless it asks a cloud.
    pub fn polling(&self) -> Option<Polling> {
        lock(&self.record).polling
    }

    /// The last frame of each CAN message and multiplexer value, or of each block of registers, with its meaning.
    /// Frames that no table describes follow, at most 64 kinds of them.
    pub fn frames(&self, now: Now) -> Vec<FrameRow> {
        // Texts take long to make; the link needs the record for each packet.
        let frames = lock(&self.record).frames.clone();
        frames.rows(self.table.as_ref(), now.mono)
    }
}

impl std::fmt::Debug for LinkHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LinkHandle").field("record", &self.record).finish_non_exhaustive()
    }
}
