//! The receiver on a scripted interface: what goes down comes back, and nothing is lost on the way.

use super::*;
use crate::device::can_map::MapEntry;
use crate::device::dbc::Database;
use crate::session::{Clock, Order, Orders};
use domain::engine::Input;
use domain::link::{LinkIdx, LinkState, LinkStatus};
use domain::reading::Batch;
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use domain::write::{WriteId, WriteOutcome, WriteRequest};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;

/// What happens at an open interface.
enum Event {
    Frames(&'static [(u32, &'static [u8])]),
    Fails(i32),
}

thread_local! {
    /// What each opening of the interface meets: an error, or what is read after it.
    static SCRIPT: RefCell<VecDeque<Result<VecDeque<Event>, i32>>> = RefCell::default();
}

thread_local! {
    /// What was sent.
    static SENT: RefCell<Vec<OwnedFrame>> = RefCell::default();
}

struct Scripted(VecDeque<Event>);

impl FrameSource for Scripted {
    fn open(interface: &str) -> io::Result<Scripted> {
        assert_eq!(interface, "can7");
        let next = SCRIPT.with_borrow_mut(VecDeque::pop_front).unwrap_or(Err(19));
        next.map(Scripted).map_err(io::Error::from_raw_os_error)
    }

    async fn read(&mut self, frames: &mut Vec<OwnedFrame>) -> io::Result<Trouble> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        match self.0.pop_front() {
            Some(Event::Frames(new)) => {
                frames.extend(new.iter().filter_map(|(word, data)| OwnedFrame::from_linux(*word, false, data)));
                Ok(Trouble { malformed: (new.len() - frames.len()) as u32, lost: 2 })
            }
            Some(Event::Fails(number)) => Err(io::Error::from_raw_os_error(number)),
            None => std::future::pending().await,
        }
    }

    async fn send(&mut self, frame: &OwnedFrame) -> io::Result<()> {
        SENT.with_borrow_mut(|sent| sent.push(*frame));
        Ok(())
    }
}

const DBC: &str = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 16 M: 2 A\n SG_ U : 0|16@1+ (0.1,0) [0|0] \"V\" A\n";

fn receiver() -> Receiver {
    #[derive(serde::Deserialize)]
    struct File {
        map: Vec<MapEntry>,
    }
    let file: File = toml::from_str(r#"map = [{ point = "battery/voltage", signal = "U" }]"#).unwrap();
    let table = CanTable::compile(Database::parse(DBC.as_bytes()).unwrap(), &file.map, &Topology::NONE).unwrap();
    Receiver::new("can7".into(), table, Vec::new())
}

/// Plays a script and gives what the engine was told: each change of state with its reason, each batch's value.
async fn told(script: Vec<Result<Vec<Event>, i32>>, count: usize) -> (Vec<String>, LinkStatus) {
    SCRIPT.set(script.into_iter().map(|opened| opened.map(VecDeque::from)).collect());
    let start = tokio::time::Instant::now();
    let clock: Clock = Arc::new(move || {
        let us = start.elapsed().as_micros() as u64;
        Now { utc: Utc(0), mono: Mono(1_000_000 + us) }
    });
    let (sink, mut inputs) = mpsc::channel(100);
    let record = Arc::new(std::sync::Mutex::new(crate::session::Record::new(Duration::from_secs(600))));
    let reporter = Reporter {
        id: "x".into(),
        idx: LinkIdx(0),
        system: SystemIdx(0),
        clock,
        sink,
        record,
        orders: Orders::queue().1,
    };
    let mut receiver = receiver();
    let (mut said, mut last) = (Vec::new(), LinkState::Idle);
    let listen = async {
        while said.len() < count {
            match inputs.recv().await.unwrap() {
                Input::Batch(Batch { readings, .. }) => said.push(format!("{} V", readings[0].sample.unwrap())),
                Input::Link(_, status) if status.state != last => {
                    last = status.state;
                    said.push(status.state.word().to_owned());
                }
                _ => {}
            }
        }
    };
    tokio::select! {
        () = receiver.receive_from::<Scripted>(&reporter) => {}
        () = listen => {}
        () = tokio::time::sleep(Duration::from_secs(600)) => {}
    }
    (said, reporter.record(|r| r.monitor.status(reporter.now().mono)))
}

const MESSAGE: (u32, &[u8]) = (16, &[0x10, 0x27]);
const BUS_OFF: (u32, &[u8]) = (0x2000_0040, &[0; 8]);
const RESTARTED: (u32, &[u8]) = (0x2000_0100, &[0; 8]);

#[tokio::test(start_paused = true)]
async fn an_interface_that_goes_down_and_away_is_opened_again() {
    let script = vec![
        Err(19),
        Ok(vec![Event::Frames(&[MESSAGE]), Event::Fails(100)]),
        Err(100),
        Ok(vec![Event::Frames(&[MESSAGE, (0x800, &[])])]),
    ];
    let (said, status) = told(script, 8).await;
    assert_eq!(said, ["down", "connecting", "1000 V", "up", "down", "connecting", "1000 V", "up"]);
    assert_eq!((status.reconnects, status.frames), (1, 2));
    assert_eq!([status.faults(LinkFault::Malformed), status.faults(LinkFault::Lost)], [1, 4]);
}

#[tokio::test(start_paused = true)]
async fn bus_off_is_no_silence_and_what_came_before_is_not_mixed_with_what_comes_after() {
    let script = vec![Ok(vec![
        Event::Frames(&[MESSAGE, BUS_OFF]),
        Event::Frames(&[BUS_OFF]),
        Event::Frames(&[RESTARTED, MESSAGE]),
        // A restart that nobody tells, in the middle of what arrives together.
        Event::Frames(&[MESSAGE, BUS_OFF, MESSAGE]),
    ])];
    let (said, status) = told(script, 12).await;
    let off = ["1000 V", "up", "down", "connecting"];
    assert_eq!(said[0], "connecting");
    assert_eq!(said[1..5], off);
    assert_eq!(said[5..7], ["1000 V", "up"]);
    assert_eq!(said[7..], ["1000 V", "down", "connecting", "1000 V", "up"]);
    assert_eq!((status.faults(LinkFault::BusOff), status.reconnects, status.frames), (3, 2, 8));
}

#[tokio::test(start_paused = true)]
async fn what_sets_something_is_sent_between_two_readings_and_never_to_an_interface_that_is_down() {
    let database =
        Database::parse(format!("{DBC}BO_ 17 Set: 1 A\n SG_ Limit : 0|8@1+ (1,0) [0|0] \"A\" A\n").as_bytes());
    let entry = "name = \"limit\"\nsets = \"Set.Limit\"\nmin = 0\nmax = 100\nstep = 1\nwear = \"volatile\"";
    let setpoint = CanSetpoint::new(&toml::from_str(entry).unwrap(), &database.unwrap()).unwrap();
    let mut receiver = receiver();
    receiver.output = CanOutput::new(vec![setpoint]);
    SCRIPT.set(VecDeque::from([
        Ok(VecDeque::from([
            Event::Frames(&[MESSAGE]),
            Event::Frames(&[MESSAGE]),
            Event::Frames(&[MESSAGE]),
            Event::Fails(100),
        ])),
        Err(100),
    ]));
    let start = tokio::time::Instant::now();
    let clock: Clock =
        Arc::new(move || Now { utc: Utc(0), mono: Mono(1_000_000 + start.elapsed().as_micros() as u64) });
    let ((sink, mut inputs), (orders, waiting)) = (mpsc::channel(100), Orders::queue());
    let record = Arc::new(std::sync::Mutex::new(crate::session::Record::new(Duration::from_secs(600))));
    let (id, idx, system) = ("x".into(), LinkIdx(0), SystemIdx(0));
    let reporter = Reporter { id, idx, system, clock: clock.clone(), sink, record, orders: waiting };
    let ask = async |value: f64| {
        let (link, deadline) = (LinkIdx(0), Mono(u64::MAX));
        let request = WriteRequest::new(WriteId(1), link, "limit", Some(value), deadline);
        let (order, mut told) = Order::new(request, clock.clone());
        orders.put(order).unwrap();
        let mut outcomes = Vec::new();
        while let Some(receipt) = told.recv().await {
            outcomes.push(receipt.outcome);
        }
        outcomes
    };
    let asking = async {
        tokio::time::sleep(Duration::from_millis(75)).await;
        assert_eq!(ask(42.0).await, [WriteOutcome::Sent, WriteOutcome::Unconfirmable]);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let down = ask(43.0).await;
        assert!(matches!(down.as_slice(), [WriteOutcome::NotSent(_)]), "{down:?}");
    };
    tokio::select! {
        () = receiver.receive_from::<Scripted>(&reporter) => {}
        () = async { while inputs.recv().await.is_some() {} } => {}
        () = asking => {}
    }
    let sent =
        SENT.with_borrow(|sent| sent.iter().map(|f| (f.frame().id.raw(), f.frame().data.to_vec())).collect::<Vec<_>>());
    assert_eq!(sent, [(17, vec![42])]);
}
