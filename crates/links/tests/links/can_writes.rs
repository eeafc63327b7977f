//! Frames that set something are sent to a CAN device over UDP, held while a lease lasts, and confirmed by its own frames.

use crate::support::{PATIENCE, Running, config, repository};
use crate::writes::{ask_for, ask_over, outcomes};
use domain::link::LinkState;
use domain::spec::SystemIdx;
use domain::topology::Topology;
use domain::write::Replaces;
use domain::write::WriteOutcome::{
    Clamped, Confirmed, Ignored, NotSent, Read, Sent, Unchanged, Unconfirmable, Unknown,
};
use links::bus::cannelloni::Packet;
use links::can::{CanFrame, CanId, FrameKind};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::UdpSocket;

const LINK: &str = r#"
kind = "cannelloni"
listen = "127.0.0.1:0"
peer = "127.0.0.1"
silent_ms = 400
dbc = "crates/links/tests/fixtures/limits.dbc"
map = [{ point = "battery/voltage", signal = "Voltage" }]
"#;

/// Limits that are held for a time, one or both.
const HELD: &str = r#"setpoints = [
  { name = "discharge-limit", sets = "Limits.Discharge", min = 0, max = 200, step = 5, wear = "volatile",
    with = { Charge = 50, Mode = 1 }, counter = "Alive", checksum = { signal = "Crc", kind = "crc8-j1850" },
    feedback = "Status.ActiveDischarge", every_ms = 50, lease_s = 10 },
  { name = "charge-limit", sets = "Limits.Charge", min = 0, max = 100, step = 5, wear = "volatile",
    with = { Discharge = 20, Mode = 1 }, counter = "Alive", checksum = { signal = "Crc", kind = "crc8-j1850" },
    feedback = "Status.ActiveCharge" },
]"#;

/// What is sent once.
const ONCE: &str = r#"setpoints = [
  { name = "once", sets = "Limits.Discharge", min = 0, max = 200, step = 5, wear = "volatile",
    with = { Charge = 50, Mode = 1, Crc = 0 }, counter = "Alive", feedback = "Status.ActiveDischarge" },
  { name = "start", sets = "Start.Start", min = 0, max = 1, step = 1, wear = "volatile" },
]"#;

/// What the device does with a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Habit {
    Obeys,
    Ignores,
    /// It has at most 100 kW.
    Clamps,
    /// It sends its voltage in a frame that is too short for the limit.
    SaysNothing,
    Silent,
    /// Somebody at the device sets 60 kW; it obeys from then on.
    IsSet,
}

/// Identifier and data of a frame.
type Heard = (u32, Vec<u8>);

/// A device that sends its state every 20 ms: 400 V, and the limits that it goes by: 20 kW, and 30 kW of
/// charge, at first.
struct Device {
    habit: Arc<Mutex<Habit>>,
    heard: Arc<Mutex<Vec<Heard>>>,
}

impl Device {
    async fn start(link: SocketAddr, habit: Habit) -> Device {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let device = Device { habit: Arc::new(Mutex::new(habit)), heard: Arc::default() };
        let (habit, heard) = (device.habit.clone(), device.heard.clone());
        tokio::spawn(async move {
            let (mut limit, mut charge, mut sequence, mut buffer) = (200_u16, 300_u16, 0_u8, [0; 2_000]);
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tokio::select! {
                    _ = tick.tick() => {
                        let now = *habit.lock().unwrap();
                        match now {
                            Habit::Silent => continue,
                            Habit::IsSet => (limit, *habit.lock().unwrap()) = (600, Habit::Obeys),
                            _ => {}
                        }
                        let ([l0, l1], [c0, c1]) = (limit.to_le_bytes(), charge.to_le_bytes());
                        let data = [0xA0, 0x0F, l0, l1, c0, c1, 0, 0];
                        let data = if now == Habit::SaysNothing { &data[..2] } else { &data };
                        let id = CanId::standard(257).unwrap();
                        let packet = Packet::of_frame(sequence, &CanFrame { id, kind: FrameKind::Classic, data });
                        sequence = sequence.wrapping_add(1);
                        socket.send_to(&packet, link).await.unwrap();
                    }
                    received = socket.recv_from(&mut buffer) => {
                        let (length, _) = received.unwrap();
                        for frame in Packet::parse(&buffer[..length]).unwrap().frames() {
                            heard.lock().unwrap().push((frame.id.raw(), frame.data.to_vec()));
                            if frame.id.raw() == 256 {
                                charge = u16::from_le_bytes([frame.data[2], frame.data[3]]);
                                let wanted = u16::from_le_bytes([frame.data[0], frame.data[1]]);
                                limit = match *habit.lock().unwrap() {
                                    Habit::Ignores => limit,
                                    Habit::Clamps => wanted.min(1_000),
                                    _ => wanted,
                                };
                            }
                        }
                    }
                }
            }
        });
        device
    }

    fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }

    /// The frames that it has heard, once there are so many.
    async fn heard_in_time(&self, count: usize) -> Vec<Heard> {
        let heard = async {
            while self.heard().len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, heard).await.unwrap();
        self.heard()
    }
}

async fn linked(setpoints: &str, habit: Habit) -> (Running, Device) {
    let mut link = Running::start(&format!("{LINK}{setpoints}")).await;
    let device = Device::start(link.address.unwrap(), habit).await;
    link.until(LinkState::Up).await;
    (link, device)
}

async fn write(link: &Running, setpoint: &str, value: f64, lease: Option<u64>) -> Vec<domain::write::WriteOutcome> {
    outcomes(ask_for(link, setpoint, value, lease.map(Duration::from_secs)).unwrap()).await
}

/// CRC-8 of SAE J1850, bit by bit from its definition.
fn crc(data: &[u8]) -> u8 {
    let mut crc = 0xFF_u8;
    for bit in data.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1)) {
        crc = if (crc >> 7) ^ bit == 1 { (crc << 1) ^ 0x1D } else { crc << 1 };
    }
    !crc
}

#[tokio::test]
async fn a_limit_is_confirmed_by_the_frames_of_the_device() {
    let (link, device) = linked(ONCE, Habit::Obeys).await;
    assert_eq!(write(&link, "once", 151.0, None).await, [Sent, Confirmed(150.0)]);
    assert_eq!(device.heard(), [(256, vec![0xDC, 0x05, 0xF4, 0x01, 0x01, 0, 0, 0])]);
    assert_eq!(write(&link, "once", 150.0, None).await, [Unchanged(150.0)]);
    // Nothing of the device says whether it has started.
    assert_eq!(write(&link, "start", 1.0, None).await, [Sent, Unconfirmable]);
    assert_eq!(device.heard_in_time(2).await[1..], [(258, vec![1])]);
    assert!(ask_for(&link, "once", 200.1, None).is_err());
}

#[tokio::test]
async fn devices_that_ignore_clamp_or_do_not_answer_are_told_and_nothing_is_sent_twice() {
    for (habit, expected) in [
        (Habit::Ignores, vec![Sent, Ignored(20.0)]),
        (Habit::Clamps, vec![Sent, Clamped(100.0)]),
        (Habit::SaysNothing, vec![Sent, Unknown("no feedback came within 2 s".to_owned())]),
    ] {
        let (link, device) = linked(ONCE, habit).await;
        assert_eq!(write(&link, "once", 150.0, None).await, expected, "{habit:?}");
        assert_eq!(device.heard().len(), 1, "{habit:?}");
    }
}

#[tokio::test]
async fn a_value_that_is_followed_by_another_before_it_was_confirmed_is_unknown() {
    let (link, device) = linked(ONCE, Habit::Ignores).await;
    let first = ask_for(&link, "once", 150.0, None).unwrap();
    device.heard_in_time(1).await;
    *device.habit.lock().unwrap() = Habit::Obeys;
    assert_eq!(write(&link, "once", 100.0, None).await, [Sent, Confirmed(100.0)]);
    let told = outcomes(first).await;
    assert!(matches!(told.as_slice(), [Sent, Unknown(why)] if why.contains("another value was sent")), "{told:?}");
}

#[tokio::test]
async fn a_frame_is_sent_again_while_its_lease_lasts_with_counter_and_checksum_and_then_no_more() {
    let (link, device) = linked(HELD, Habit::Obeys).await;
    assert!(ask_for(&link, "discharge-limit", 100.0, None).unwrap_err().to_string().contains("ask for 1 to 10 s"));
    assert_eq!(write(&link, "discharge-limit", 100.0, Some(1)).await, [Sent, Confirmed(100.0)]);
    // Another setpoint of the message, while the first is held: neither undoes the other.
    assert_eq!(write(&link, "charge-limit", 80.0, None).await, [Sent, Confirmed(80.0)]);
    tokio::time::sleep(Duration::from_millis(1_600)).await;
    let heard = device.heard();
    assert!((6..=40).contains(&heard.len()), "{}", heard.len());
    for (nth, (id, data)) in heard.iter().enumerate() {
        assert_eq!((*id, data[..2].to_vec()), (256, vec![0xE8, 0x03]), "100 kW");
        assert_eq!(data[4], 0x01 | ((nth % 16) as u8) << 4, "a counter without a gap");
        assert_eq!(data[7], crc(&data[..7]));
    }
    let charge = |data: &[u8]| u16::from_le_bytes([data[2], data[3]]);
    assert_eq!(
        (charge(&heard[0].1), charge(&heard.last().unwrap().1)),
        (300, 800),
        "as the device said, then as it was set"
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(device.heard().len(), heard.len(), "the lease is over");
}

#[tokio::test]
async fn what_was_set_at_the_device_is_not_held_nor_written_over() {
    let (link, device) = linked(HELD, Habit::Obeys).await;
    assert_eq!(write(&link, "discharge-limit", 100.0, Some(10)).await, [Sent, Confirmed(100.0)]);
    // Between two frames of the link the device says it several times.
    *device.habit.lock().unwrap() = Habit::IsSet;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let heard = device.heard().len();
    let renewed =
        ask_over(&link, "discharge-limit", 100.0, Some(Duration::from_secs(10)), Replaces::Within(97.5, 102.5));
    assert_eq!(outcomes(renewed.unwrap()).await, [Read(60.0)]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(device.heard().len(), heard, "no frame holds the value of before");
}

#[tokio::test]
async fn a_bus_that_is_not_heard_is_sent_nothing_and_gives_its_leases_up() {
    let mut link = Running::start(&format!("{LINK}{HELD}")).await;
    let told = write(&link, "charge-limit", 80.0, None).await;
    assert!(matches!(told.as_slice(), [NotSent(why)] if why.contains("nothing is heard")), "{told:?}");
    let device = Device::start(link.address.unwrap(), Habit::Obeys).await;
    link.until(LinkState::Up).await;
    assert_eq!(write(&link, "discharge-limit", 100.0, Some(10)).await, [Sent, Confirmed(100.0)]);
    *device.habit.lock().unwrap() = Habit::Ignores;
    let waiting = ask_for(&link, "discharge-limit", 150.0, Some(Duration::from_secs(10))).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    *device.habit.lock().unwrap() = Habit::Silent;
    let told = outcomes(waiting).await;
    assert!(matches!(told.as_slice(), [Sent, Unknown(why)] if why.contains("not heard any more")), "{told:?}");
    link.until(LinkState::Silent).await;
    let heard = device.heard().len();
    *device.habit.lock().unwrap() = Habit::Obeys;
    link.until(LinkState::Up).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(device.heard().len(), heard, "it is not taken up again by itself");
}

#[test]
fn a_command_is_not_for_whoever_is_heard_first() {
    let keys = format!("{LINK}{HELD}").replace("peer = \"127.0.0.1\"\n", "");
    let error = config(&keys).build(SystemIdx(0), &Topology::NONE, repository()).unwrap_err();
    assert!(error.to_string().contains("`setpoints` needs `peer`"), "{error}");
}
