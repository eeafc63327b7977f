//! Points of SunSpec models are set over a real socket: scaled by the device's own factors, held for a time, read back.

use crate::support::Running;
use crate::writes::{Device, Habit, ask_for, ask_over, outcomes};
use domain::link::LinkIdx;
use domain::write::WriteOutcome::{self, Clamped, Confirmed, Echoed, Exception, Ignored, Refused, Sent, Unchanged};
use domain::write::{Replaces, Terms, WriteId, WriteRequest};
use links::WriteRefused;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const BASE: u16 = 40_000;
/// Where model 802 and model 124 begin.
const BATTERY: u16 = BASE + 2 + 68;
const STORAGE: u16 = BATTERY + 64;

/// A battery whose state of charge counts in steps of 10^`factor`, and an inverter's storage model beside it.
fn registers(factor: i16) -> BTreeMap<u16, u16> {
    let mut words = vec![0_u16; 2 + 68 + 64 + 26 + 2];
    let mut set = |at: u16, word: u16| words[usize::from(at - BASE)] = word;
    for (at, word) in [(BASE, 0x5375), (BASE + 1, 0x6E53), (BASE + 2, 1), (BASE + 3, 66)] {
        set(at, word);
    }
    // The reserve is 20 %; rates count in tenths; charging is limited already.
    let reserve = if factor < 0 { 200 } else { 20 };
    for (offset, word) in [(0, 802), (1, 62), (10, reserve), (56, factor as u16)] {
        set(BATTERY + offset, word);
    }
    for (offset, word) in [(0, 124), (1, 24), (5, 0b01), (12, 1_000), (13, 500), (25, 0xFFFF)] {
        set(STORAGE + offset, word);
    }
    set(STORAGE + 26, 0xFFFF);
    (BASE..).zip(words).collect()
}

const KEYS: &str = r#"
kind = "sunspec"
poll_ms = 50
timeout_ms = 300
setpoints = [
  { name = "reserve", sets = "802.SoCRsvMin", min = 10, max = 50, step = 1, wear = "flash" },
  { name = "discharge-limit", sets = "124.OutWRte", min = 0, max = 100, step = 1, wear = "volatile", lease_s = 120 },
  { name = "start", sets = "802.SetOp", min = 1, max = 2, step = 1, wear = "volatile" },
]
connect = "#;

async fn linked(device: &Arc<Device>) -> Running {
    let mut link = Running::start(&format!("{KEYS}\"{}\"", device.address)).await;
    link.until_status(|status| status.frames > 1).await;
    link
}

async fn write(device: &Arc<Device>, setpoint: &str, value: f64, lease_s: Option<u64>) -> Vec<WriteOutcome> {
    let link = linked(device).await;
    outcomes(ask_for(&link, setpoint, value, lease_s.map(Duration::from_secs)).unwrap()).await
}

#[tokio::test]
async fn a_reserve_is_scaled_as_the_device_says_and_read_back() {
    for (factor, word) in [(-1, 350), (0, 35)] {
        let device = Device::with(Habit::Obeys, registers(factor)).await;
        assert_eq!(write(&device, "reserve", 35.2, None).await, [Sent, Echoed, Confirmed(35.0)]);
        assert_eq!(device.heard(), [(16, BATTERY + 10, vec![word])]);
        assert_eq!(write(&device, "reserve", 35.0, None).await, [Unchanged(35.0)]);
    }
}

#[tokio::test]
async fn a_limit_is_held_for_its_lease_switched_on_and_renewed_although_it_is_there() {
    let device = Device::with(Habit::Obeys, registers(-1)).await;
    assert_eq!(write(&device, "discharge-limit", 45.0, Some(90)).await, [Sent, Echoed, Confirmed(45.0)]);
    let (held, limit) = ((16, STORAGE + 15, vec![90]), (16, STORAGE + 12, vec![450]));
    let switched = (16, STORAGE + 5, vec![0b11]);
    assert_eq!(device.heard(), [held, limit.clone(), switched]);
    assert_eq!(write(&device, "discharge-limit", 45.0, Some(30)).await, [Sent, Echoed, Confirmed(45.0)]);
    assert_eq!(device.heard()[3..], [(16, STORAGE + 15, vec![30]), limit]);
    let link = linked(&device).await;
    for (lease, says) in [(None, "ask for 1 to 120 s"), (Some(121), "not between 1 and 120 s")] {
        let error = ask_for(&link, "discharge-limit", 45.0, lease.map(Duration::from_secs)).unwrap_err();
        assert!(matches!(&error, WriteRefused::Lease(_)) && error.to_string().contains(says), "{error}");
    }
}

/// Model 124 says `word` at `offset`.
async fn storage(habit: Habit, offset: u16, word: u16) -> Arc<Device> {
    let mut registers = registers(-1);
    registers.insert(STORAGE + offset, word);
    Device::with(habit, registers).await
}

const OUT_RATE: u16 = STORAGE + 12;
const MODE: u16 = STORAGE + 5;
const REVERT: u16 = STORAGE + 15;
const LEASE: Option<u64> = Some(90);

async fn read(device: &Arc<Device>, terms: Terms) -> Vec<WriteOutcome> {
    let link = linked(device).await;
    link.handle.agree("discharge-limit", terms);
    let deadline = (link.clock)().mono + Duration::from_secs(5);
    let request = WriteRequest::new(WriteId(7), LinkIdx(0), "discharge-limit", None, deadline);
    outcomes(link.handle.write(request, link.clock.clone()).unwrap()).await
}

#[tokio::test]
async fn a_limit_whose_bit_is_off_is_not_in_force() {
    let own = Terms { returns_to: Some(60.0), ..Terms::default() };
    // The register says 100 %, or 45 %; the bit of charging is on.
    for (rate, mode, terms, has) in [
        (450, 0b01, own, 60.0),
        (450, 0b01, Terms::default(), 100.0),
        (450, 0b10, own, 45.0),
        (450, 0b11, Terms::default(), 45.0),
    ] {
        let device = storage(Habit::Obeys, 12, rate).await;
        device.set(MODE, mode);
        assert_eq!(read(&device, terms).await, [WriteOutcome::Read(has)], "{rate} {mode:02b}");
        assert_eq!(device.heard(), []);
    }
    // A bit that does not stay on: the device still has its own value.
    let device = storage(Habit::Says(MODE, 0b01), 12, 1_000).await;
    assert_eq!(write(&device, "discharge-limit", 45.0, LEASE).await, [Sent, Echoed, Ignored(100.0)]);
    // A renewal does not switch a limit on again that was switched off at the device.
    let device = storage(Habit::Obeys, 12, 450).await;
    let link = linked(&device).await;
    let within = Replaces::Within(44.5, 45.5);
    let renewal = ask_over(&link, "discharge-limit", 45.0, LEASE.map(Duration::from_secs), within).unwrap();
    assert_eq!(outcomes(renewal).await, [WriteOutcome::Read(100.0)]);
    assert_eq!(device.heard(), []);
}

#[tokio::test]
async fn what_is_refused_after_the_value_ends_in_what_is_read_back() {
    let refused = |why: &str| vec![Sent, Exception(why.into())];
    for (code, expected) in [
        (3, refused("illegal data value (exception 3)")),
        (6, refused("device busy (exception 6)")),
        (11, vec![Sent, WriteOutcome::Unknown("gateway target did not respond (exception 11)".into())]),
    ] {
        let device = storage(Habit::RefusesAt(MODE, code), 12, 1_000).await;
        assert_eq!(write(&device, "discharge-limit", 45.0, LEASE).await, expected, "{code}");
        // The limit is in its register, and not in force.
        assert_eq!((device.heard().len(), device.get(OUT_RATE), device.get(MODE)), (3, 450, 0b01));
        assert_eq!(read(&device, Terms::default()).await, [WriteOutcome::Read(100.0)]);
    }
    // It had the value before: that it has it says nothing of a renewal.
    for (code, expected) in [
        (11, vec![Sent, WriteOutcome::Unknown("gateway target did not respond (exception 11)".into())]),
        (4, refused("device failure (exception 4)")),
    ] {
        let device = storage(Habit::RefusesAt(OUT_RATE, code), 12, 450).await;
        device.set(MODE, 0b11);
        assert_eq!(write(&device, "discharge-limit", 45.0, LEASE).await, expected, "{code}");
    }
    // The value alone is refused: it is not switched on.
    let device = storage(Habit::RefusesAt(OUT_RATE, 3), 12, 1_000).await;
    let told = write(&device, "discharge-limit", 45.0, LEASE).await;
    assert_eq!((told, device.get(MODE)), (refused("illegal data value (exception 3)"), 0b01));
}

#[tokio::test]
async fn a_value_is_written_only_where_the_device_takes_for_how_long() {
    for (says, expected) in [
        (90, vec![Sent, Echoed, Confirmed(45.0)]),
        // It counts down already.
        (89, vec![Sent, Echoed, Confirmed(45.0)]),
        (0, Vec::new()),
        (10, Vec::new()),
        (600, Vec::new()),
    ] {
        let device = storage(Habit::Says(REVERT, says), 12, 1_000).await;
        let told = write(&device, "discharge-limit", 45.0, LEASE).await;
        if expected.is_empty() {
            let words = format!("it is to hold the value for 90 s, and says that it would for {says} s");
            assert!(matches!(told.as_slice(), [Sent, Exception(why)] if why.contains(&words)), "{told:?}");
            assert_eq!(device.heard(), [(16, REVERT, vec![90])]);
        } else {
            assert_eq!(told, expected, "{says}");
        }
    }
}

#[tokio::test]
async fn a_device_that_means_another_power_by_100_percent_is_neither_set_nor_read() {
    let device = storage(Habit::Obeys, 2, 50_000).await;
    device.set(STORAGE + 18, 1);
    let terms = |full_scale_w| Terms { full_scale_w: Some(full_scale_w), ..Terms::default() };
    let link = linked(&device).await;
    link.handle.agree("discharge-limit", terms(250e3));
    let lease = LEASE.map(Duration::from_secs);
    let told = outcomes(ask_for(&link, "discharge-limit", 45.0, lease).unwrap()).await;
    let words = "the device says that 100 % is 500 kW (124.WChaMax), the site file 250 kW";
    assert!(matches!(told.as_slice(), [Refused(why)] if why.contains(words)), "{told:?}");
    let told = read(&device, terms(250e3)).await;
    assert!(matches!(told.as_slice(), [Refused(why)] if why.contains(words)), "{told:?}");
    assert_eq!(device.heard(), []);
    link.handle.agree("discharge-limit", terms(500e3));
    let told = outcomes(ask_for(&link, "discharge-limit", 45.0, lease).unwrap()).await;
    assert_eq!(told, [Sent, Echoed, Confirmed(45.0)]);
}

#[tokio::test]
async fn devices_that_ignore_clamp_refuse_or_lack_it_are_told() {
    for (habit, value, expected) in [
        (Habit::Ignores, 30.0, vec![Sent, Echoed, Ignored(20.0)]),
        (Habit::Clamps, 35.0, vec![Sent, Echoed, Ignored(20.0)]),
        (Habit::Refuses(2), 30.0, vec![Sent, Exception("illegal data address (exception 2)".into())]),
    ] {
        let device = Device::with(habit, registers(-1)).await;
        assert_eq!(write(&device, "reserve", value, None).await, expected, "{habit:?}");
        assert_eq!(device.heard().len(), 1, "{habit:?}");
    }
    let mut from_30 = registers(-1);
    from_30.insert(BATTERY + 10, 300);
    let device = Device::with(Habit::Clamps, from_30).await;
    assert_eq!(write(&device, "reserve", 45.0, None).await, [Sent, Echoed, Clamped(20.0)]);
    for (place, word, says) in [
        (BATTERY + 10, 0xFFFF, "the device has no SoCRsvMin"),
        (BATTERY + 56, 1, "802.SoCRsvMin has steps of 10"),
        (BATTERY + 56, 0x8000, "no scale factor that can be"),
        (BATTERY, 64_001, "the device has no model 802"),
    ] {
        let mut lacking = registers(0);
        lacking.insert(place, word);
        let device = Device::with(Habit::Obeys, lacking).await;
        let told = write(&device, "reserve", 30.0, None).await;
        assert!(matches!(told.as_slice(), [Refused(why)] if why.contains(says)), "{told:?}");
        assert_eq!(device.heard(), []);
    }
}
