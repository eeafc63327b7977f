//! A link writes to a device over a real socket, reads back, and says what has become of it, whatever the device does.

use crate::support::{PATIENCE, Running, build, config, repository};
use domain::link::{LinkIdx, LinkState};
use domain::spec::SystemIdx;
use domain::topology::Topology;
use domain::write::{Receipt, Replaces, WriteId, WriteOutcome, WriteRequest};
use links::WriteRefused;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// What the device does with writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Habit {
    Obeys,
    /// Takes them, and forgets.
    Ignores,
    /// Takes them, and has at most 200.
    Clamps,
    Refuses(u8),
    /// Answers with this exception, and does it.
    DoesAndRefuses(u8),
    /// Answers with this exception, and does it a third of a second later.
    DoesLater(u8),
    /// Refuses one register with this exception, and takes all others.
    RefusesAt(u16, u8),
    /// Takes all, and reads this register as this word.
    Says(u16, u16),
    /// Does it, and says nothing.
    FallsSilent,
    /// Closes instead of answering.
    Closes,
    /// Confirms another register.
    Confuses,
}

#[derive(Debug)]
pub(crate) struct Device {
    habit: Mutex<Habit>,
    registers: Mutex<BTreeMap<u16, u16>>,
    /// What becomes of which register, and when.
    later: Mutex<Vec<(Instant, u16, u16)>>,
    /// Function, address and words of each write that was heard.
    heard: Mutex<Vec<(u8, u16, Vec<u16>)>>,
    pub(crate) address: SocketAddr,
}

impl Device {
    async fn start(habit: Habit) -> Arc<Device> {
        Device::with(habit, BTreeMap::from([(2901, 300), (2716, 0), (2717, 0), (100, 1)])).await
    }

    /// A device with these registers.
    pub(crate) async fn with(habit: Habit, registers: BTreeMap<u16, u16>) -> Arc<Device> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let device = Arc::new(Device {
            habit: Mutex::new(habit),
            registers: Mutex::new(registers),
            later: Mutex::default(),
            heard: Mutex::default(),
            address: listener.local_addr().unwrap(),
        });
        let serving = device.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serving.clone().talk(stream));
            }
        });
        device
    }

    async fn talk(self: Arc<Device>, mut stream: TcpStream) {
        let mut head = [0; 6];
        while stream.read_exact(&mut head).await.is_ok() {
            let mut body = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]]))];
            stream.read_exact(&mut body).await.unwrap();
            let Some(reply) = self.reply(&body) else { return };
            let length = (reply.len() as u16).to_be_bytes();
            if !reply.is_empty() {
                stream.write_all(&[&head[..4], &length, &reply].concat()).await.unwrap();
            }
        }
    }

    /// The reply to a request; empty for none, `None` to close.
    fn reply(&self, body: &[u8]) -> Option<Vec<u8>> {
        let word = |at: usize| u16::from_be_bytes([body[at], body[at + 1]]);
        let (function, address) = (body[1], word(2));
        let habit = *self.habit.lock().unwrap();
        let mut registers = self.registers.lock().unwrap();
        let now = Instant::now();
        registers
            .extend(self.later.lock().unwrap().extract_if(.., |(due, ..)| *due <= now).map(|(_, at, to)| (at, to)));
        if function == 3 {
            let says = |at: u16| match habit {
                Habit::Says(place, word) if place == at => Some(word),
                _ => registers.get(&at).copied(),
            };
            let words: Option<Vec<u16>> = (address..address + word(4)).map(says).collect();
            let Some(words) = words else { return Some(vec![body[0], 0x83, 2]) };
            let bytes = words.iter().flat_map(|word| word.to_be_bytes());
            return Some([&[body[0], 3, 2 * words.len() as u8], bytes.collect::<Vec<u8>>().as_slice()].concat());
        }
        let words: Vec<u16> = match function {
            6 => vec![word(4)],
            _ => (0..usize::from(word(4))).map(|at| word(7 + 2 * at)).collect(),
        };
        self.heard.lock().unwrap().push((function, address, words.clone()));
        for (at, word) in (address..).zip(&words) {
            match habit {
                Habit::RefusesAt(place, code) if place == at => return Some(vec![body[0], function | 0x80, code]),
                Habit::Obeys | Habit::FallsSilent | Habit::Closes => drop(registers.insert(at, *word)),
                Habit::DoesAndRefuses(_) | Habit::RefusesAt(..) | Habit::Says(..) => drop(registers.insert(at, *word)),
                Habit::DoesLater(_) => {
                    self.later.lock().unwrap().push((Instant::now() + Duration::from_millis(330), at, *word));
                }
                Habit::Clamps => drop(registers.insert(at, (*word).min(200))),
                Habit::Ignores | Habit::Refuses(_) | Habit::Confuses => {}
            }
        }
        match habit {
            Habit::Refuses(code) | Habit::DoesAndRefuses(code) | Habit::DoesLater(code) => {
                Some(vec![body[0], function | 0x80, code])
            }
            Habit::FallsSilent => Some(Vec::new()),
            Habit::Closes => None,
            Habit::Confuses => Some(vec![body[0], function, 0, 7, body[4], body[5]]),
            _ => Some(body[..6].to_vec()),
        }
    }

    /// Somebody sets a register at the device.
    pub(crate) fn set(&self, address: u16, word: u16) {
        self.registers.lock().unwrap().insert(address, word);
    }

    pub(crate) fn get(&self, address: u16) -> u16 {
        self.registers.lock().unwrap()[&address]
    }

    pub(crate) fn heard(&self) -> Vec<(u8, u16, Vec<u16>)> {
        self.heard.lock().unwrap().clone()
    }
}

fn keys(address: impl std::fmt::Display) -> String {
    format!(
        "kind = \"modbus-tcp\"\nconnect = \"{address}\"\nunit = 100\npoll_ms = 50\ntimeout_ms = 300\n\
         table = \"crates/links/tests/fixtures/setpoints.toml\""
    )
}

/// Asks a running link to write.
fn ask(link: &Running, setpoint: &str, value: f64) -> Result<mpsc::Receiver<Receipt>, WriteRefused> {
    ask_for(link, setpoint, value, None)
}

/// The same, and for how long.
pub(crate) fn ask_for(
    link: &Running,
    setpoint: &str,
    value: f64,
    lease: Option<Duration>,
) -> Result<mpsc::Receiver<Receipt>, WriteRefused> {
    ask_over(link, setpoint, value, lease, Replaces::Anything)
}

/// The same, over what the device may have.
pub(crate) fn ask_over(
    link: &Running,
    setpoint: &str,
    value: f64,
    lease: Option<Duration>,
    replaces: Replaces,
) -> Result<mpsc::Receiver<Receipt>, WriteRefused> {
    let deadline = (link.clock)().mono + Duration::from_secs(5);
    let request =
        WriteRequest { lease, replaces, ..WriteRequest::new(WriteId(7), LinkIdx(0), setpoint, Some(value), deadline) };
    link.handle.write(request, link.clock.clone())
}

/// All that becomes of a write.
pub(crate) async fn outcomes(mut receipts: mpsc::Receiver<Receipt>) -> Vec<WriteOutcome> {
    let mut all = Vec::new();
    while let Some(Receipt { id, outcome, .. }) = tokio::time::timeout(PATIENCE, receipts.recv()).await.unwrap() {
        assert_eq!(id, WriteId(7));
        all.push(outcome);
    }
    let finals = all.iter().filter(|outcome| outcome.is_final()).count();
    assert!(finals == 1 && all.last().is_some_and(WriteOutcome::is_final), "{all:?}");
    all
}

/// A link that has read its device once.
async fn linked(device: &Device) -> Running {
    let mut link = Running::start(&keys(device.address)).await;
    link.until_status(|status| status.frames > 2).await;
    link
}

async fn write(device: &Device, setpoint: &str, value: f64) -> Vec<WriteOutcome> {
    let link = linked(device).await;
    outcomes(ask(&link, setpoint, value).unwrap()).await
}

use WriteOutcome::{Clamped, Confirmed, Echoed, Exception, Expired, Ignored, NotSent, Read, Sent, Unchanged, Unknown};

#[tokio::test]
async fn what_is_written_is_read_back() {
    let device = Device::start(Habit::Obeys).await;
    for (setpoint, value, confirmed, heard) in [
        ("minimum-soc", 15.2, 15.0, (16, 2901, vec![150])),
        ("grid-setpoint", -1_234.0, -1_234.0, (16, 2716, vec![0xFFFF, 0xFB2E])),
        ("mode", 3.0, 3.0, (6, 100, vec![3])),
    ] {
        assert_eq!(write(&device, setpoint, value).await, [Sent, Echoed, Confirmed(confirmed)], "{setpoint}");
        assert_eq!(device.heard().last(), Some(&heard));
    }
}

#[tokio::test]
async fn nothing_is_written_where_the_device_has_the_value_already() {
    let device = Device::start(Habit::Obeys).await;
    assert_eq!(write(&device, "minimum-soc", 30.0).await, [Unchanged(30.0)]);
    assert_eq!(device.heard(), []);
}

#[tokio::test]
async fn what_was_set_at_the_device_is_not_written_over() {
    let device = Device::start(Habit::Obeys).await;
    let link = linked(&device).await;
    let renew = async |around: f64| {
        let within = Replaces::Within(around - 0.5, around + 0.5);
        outcomes(ask_over(&link, "minimum-soc", 20.0, None, within).unwrap()).await
    };
    assert_eq!(renew(20.0).await, [Read(30.0)]);
    assert_eq!(device.heard(), []);
    assert_eq!(renew(30.0).await, [Sent, Echoed, Confirmed(20.0)]);
}

#[tokio::test]
async fn what_may_not_be_is_refused_before_anything_is_sent() {
    let device = Device::start(Habit::Obeys).await;
    let link = linked(&device).await;
    assert_eq!(link.handle.setpoints().len(), 3);
    for (setpoint, value) in [("minimum-soc", 9.9), ("minimum-soc", f64::NAN), ("grid-setpoint", 5_000.1)] {
        assert!(matches!(ask(&link, setpoint, value), Err(WriteRefused::Value(_))), "{setpoint} {value}");
    }
    assert_eq!(ask(&link, "none", 1.0).unwrap_err().to_string(), "the link has no setpoint `none`");
    // A write whose time is over.
    let request = WriteRequest::new(WriteId(7), LinkIdx(0), "minimum-soc", Some(20.0), domain::time::Mono(1));
    let late = outcomes(link.handle.write(request, link.clock.clone()).unwrap()).await;
    assert!(matches!(late.as_slice(), [Expired]), "{late:?}");
    assert_eq!(device.heard(), []);
}

#[tokio::test]
async fn devices_that_ignore_clamp_refuse_or_confuse_are_told() {
    for (habit, expected) in [
        (Habit::Ignores, vec![Sent, Echoed, Ignored(30.0)]),
        (Habit::Clamps, vec![Sent, Echoed, Clamped(20.0)]),
        (Habit::Refuses(3), vec![Sent, Exception("illegal data value (exception 3)".into())]),
        (Habit::Refuses(6), vec![Sent, Exception("device busy (exception 6)".into())]),
    ] {
        let device = Device::start(habit).await;
        assert_eq!(write(&device, "minimum-soc", 45.0).await, expected, "{habit:?}");
        assert_eq!(device.heard().len(), 1, "{habit:?}");
    }
}

#[tokio::test]
async fn an_exception_that_leaves_open_what_was_done_is_answered_by_what_is_read_back() {
    let unknown = |why: &str| vec![Sent, Unknown(why.into())];
    let rejected = |why: &str| vec![Sent, Exception(why.into())];
    for (habit, expected) in [
        (Habit::DoesAndRefuses(4), vec![Sent, Confirmed(45.0)]),
        (Habit::DoesAndRefuses(5), vec![Sent, Confirmed(45.0)]),
        (Habit::DoesAndRefuses(10), vec![Sent, Confirmed(45.0)]),
        (Habit::DoesAndRefuses(11), vec![Sent, Confirmed(45.0)]),
        (Habit::DoesLater(5), vec![Sent, Confirmed(45.0)]),
        (Habit::Refuses(4), rejected("device failure (exception 4)")),
        (Habit::Refuses(5), unknown("acknowledged, not done yet (exception 5)")),
        (Habit::Refuses(10), unknown("gateway path unavailable (exception 10)")),
        (Habit::Refuses(11), unknown("gateway target did not respond (exception 11)")),
        (Habit::Refuses(99), unknown("unknown exception (exception 99)")),
        (Habit::Refuses(1), rejected("illegal function (exception 1)")),
        (Habit::Refuses(2), rejected("illegal data address (exception 2)")),
        (Habit::Refuses(7), rejected("negative acknowledge (exception 7)")),
    ] {
        let device = Device::start(habit).await;
        assert_eq!(write(&device, "minimum-soc", 45.0).await, expected, "{habit:?}");
        assert_eq!(device.heard().len(), 1, "{habit:?}: it is never sent again");
    }
}

#[tokio::test]
async fn a_write_that_may_have_been_heard_is_unknown_and_never_sent_again() {
    for (habit, words) in [
        (Habit::FallsSilent, "no answer within"),
        (Habit::Closes, "the connection was closed"),
        (Habit::Confuses, "another write"),
    ] {
        let device = Device::start(habit).await;
        let mut link = linked(&device).await;
        let told = outcomes(ask(&link, "minimum-soc", 45.0).unwrap()).await;
        assert!(matches!(told.as_slice(), [Sent, Unknown(why)] if why.contains(words)), "{habit:?}: {told:?}");
        // The link finds its device again, and does not send the write.
        *device.habit.lock().unwrap() = Habit::Obeys;
        link.until(LinkState::Down).await;
        let before = link.handle.status().frames;
        link.until_status(|status| status.frames > before + 1).await;
        assert_eq!(device.heard().len(), 1, "{habit:?}");
        let expected =
            if habit == Habit::Confuses { vec![Sent, Echoed, Confirmed(45.0)] } else { vec![Unchanged(45.0)] };
        assert_eq!(outcomes(ask(&link, "minimum-soc", 45.0).unwrap()).await, expected, "{habit:?}");
    }
}

#[tokio::test]
async fn a_link_that_is_down_says_so_at_once_and_its_end_is_an_end_for_each_write() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut link = Running::start(&keys(nobody)).await;
    link.until(LinkState::Down).await;
    let told = outcomes(ask(&link, "minimum-soc", 45.0).unwrap()).await;
    assert!(matches!(told.as_slice(), [NotSent(why)] if why.contains("the link is down")), "{told:?}");

    // A link that never ran drops what waits for it.
    let task = build(&keys(nobody)).await;
    let (handle, clock) = (task.handle(), link.clock.clone());
    let deadline = domain::time::Mono(u64::MAX);
    let request = || WriteRequest::new(WriteId(7), LinkIdx(0), "mode", Some(2.0), deadline);
    let waiting = handle.write(request(), clock.clone()).unwrap();
    drop(task);
    assert!(matches!(outcomes(waiting).await.as_slice(), [NotSent(_)]));
    assert_eq!(handle.write(request(), clock).unwrap_err(), WriteRefused::Ended);
}

#[tokio::test]
async fn writes_come_between_polls_in_their_order_and_polls_go_on() {
    let device = Device::start(Habit::Obeys).await;
    let mut link = linked(&device).await;
    let waiting: Vec<_> = [12.0, 13.0, 14.0].map(|value| ask(&link, "minimum-soc", value).unwrap()).into();
    for (receipts, value) in waiting.into_iter().zip([12.0, 13.0, 14.0]) {
        assert_eq!(outcomes(receipts).await, [Sent, Echoed, Confirmed(value)]);
    }
    let words: Vec<u16> = device.heard().iter().map(|(_, _, words)| words[0]).collect();
    assert_eq!(words, [120, 130, 140]);
    let before = link.handle.status().frames;
    link.until_status(|status| status.frames > before + 3).await;
}

#[test]
fn a_table_that_would_write_what_cannot_be_is_refused() {
    let table = |write: &str, more: &str| {
        let text = format!(
            "name = \"A\"\n[[register]]\naddress = 7\nlabel = \"Limit\"\ntype = \"u16\"\n{more}\nwrite = {write}\n"
        );
        links::device::registers::RegisterTable::parse(&text).map(|_| ()).map_err(|error| error.to_string())
    };
    let write =
        |min: &str, max: &str| format!("{{ name = \"limit\", min = {min}, max = {max}, step = 1, wear = \"flash\" }}");
    assert_eq!(table(&write("0", "100"), ""), Ok(()));
    for (write, more, says) in [
        (write("50", "10"), "", "`min` must be below `max`: 50 is not below 10"),
        (write("10", "10"), "", "`min` must be below `max`"),
        (write("0", "500").replace("}", ", unit = \"%\" }"), "", "500 % cannot be: register 7 is 0 to 100 %"),
        (write("0", "100"), "scale = 10", "a `step` of 1 is finer; write a multiple of 10"),
        (write("5", "95").replace("step = 1", "step = 10"), "scale = 10", "cannot have 5: it has steps of 10; 0 or 10"),
        (write("0", "100").replace("}", ", lease_s = 60 }"), "", "bears few writes"),
        (
            write("0", "100").replace("flash", "volatile").replace("}", ", lease_s = 0 }"),
            "",
            "`lease_s` is 1 to 65534 s",
        ),
        (write("0", "70000"), "", "does not fit into its register"),
        (write("-1", "10"), "", "does not fit into its register"),
        (write("0", "10"), "fc = \"input\"", "only one holding register"),
        (write("0", "10").replace("\"limit\"", "\"a b\""), "", "small letters, digits and hyphens"),
        (write("0", "10").replace("step = 1", "step = 0"), "", "`step` must be above 0"),
        (write("0", "10").replace("\"flash\"", "\"none\""), "", "there is volatile, flash"),
        (write("0", "10").replace("}", ", function = 5 }"), "", "`function` is 6"),
    ] {
        let error = table(&write, more).unwrap_err();
        assert!(error.contains(says) && error.starts_with("line "), "{error}");
    }
    // A row that is a point has its unit, and its values.
    let soc = |write: &str| {
        let text = format!(
            "name = \"A\"\n[[register]]\naddress = 7\npoint = \"battery/soc\"\ntype = \"u16\"\nwrite = {write}\n"
        );
        links::device::registers::RegisterTable::parse(&text).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(soc(&write("0", "100")), Ok(()));
    assert!(soc(&write("0", "101")).unwrap_err().contains("register 7 is 0 to 100 %"));
    let kilowatts = write("0", "100").replace("}", ", unit = \"kW\" }");
    assert!(soc(&kilowatts).unwrap_err().contains("the device has it in %, and values are not converted"));
    // Two that would overwrite one another, also in part.
    let two = |kind: &str, address: u16| {
        let row = |name: &str, kind: &str, address: u16| {
            let write = write("0", "100").replace("limit", name);
            format!("[[register]]\naddress = {address}\nlabel = \"L\"\ntype = \"{kind}\"\nwrite = {write}\n")
        };
        let text = format!("name = \"A\"\n{}{}", row("one", kind, 7), row("other", "u16", address));
        links::device::registers::RegisterTable::parse(&text).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!((two("u16", 8), two("u32", 9)), (Ok(()), Ok(())));
    for overwritten in [two("u16", 7), two("u32", 8)] {
        assert!(overwritten.unwrap_err().contains("is set by `one` already"));
    }
    // A link that reads only has nothing to set.
    let meter = "kind = \"modbus-tcp\"\nconnect = \"a:502\"\ntable = \"crates/links/tests/fixtures/meter.toml\"";
    let task = config(meter).build(SystemIdx(0), &Topology::NONE, repository()).unwrap();
    assert_eq!(task.handle().setpoints(), []);
}
