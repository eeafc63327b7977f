//! What history of device points costs: `cargo run --release -p store --example devices -- [points] [days]`.
//!
//! A minute into the tail, an hour sealed into a file that has the rest of its day, how long that keeps the writer from
//! storing what happens meanwhile, and the chart of one point over all days.

use domain::alarm::Severity;
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::point::Unit;
use domain::time::Utc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{Bulk, DAY_MS, Day, Event, EventKind, History, Options, Range, Second, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let (points, days) = (numbers.next().unwrap_or(4_096), numbers.next().unwrap_or(3));
    let name = |n: usize| PointName { path: format!("gpu-hall/gpu/{}/{}", n / 8, KINDS[n % 8]), unit: Unit::Watt };
    let names: Arc<[PointName]> = (0..points).map(name).collect();
    let minute = |number: i64| {
        let value = |point: usize| {
            let noise = (number as u64 * 31 + point as u64 * 7).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
            let mean = 400.0 + (point % 97) as f32 + noise as f32 * 0.1;
            PointMinute { min: mean - 1.0, mean, max: mean + 2.0, n: 300 }
        };
        DeviceMinute { minute: number, names: Arc::clone(&names), values: (0..points).map(value).collect() }
    };
    let folder = tempfile::tempdir()?;
    let first = 20_000_i32;
    let bulk = Bulk::open(folder.path(), Utc(0))?.0;
    for day in 0..days as i32 {
        let start = i64::from(first + day) * 1_440;
        // The last day is a full one but for its last hour.
        let end = if day + 1 == days as i32 { 1_380 } else { 1_440 };
        let made: Vec<DeviceMinute> = (start..start + end).map(minute).collect();
        let clock = Instant::now();
        let of = bulk.join_devices("hv", Day(first + day), &made)?;
        println!(
            "a day of {points} points sealed at once: {:.2} s, {:.1} MB",
            clock.elapsed().as_secs_f64(),
            of.bytes as f64 / 1e6
        );
    }
    let start = i64::from(first + days as i32) * 1_440 - 60;
    let hour: Vec<DeviceMinute> = (start..start + 60).map(minute).collect();
    let clock = Instant::now();
    bulk.join_devices("hv", Day(first + days as i32 - 1), &hour)?;
    println!("the last hour joins its day: {:.2} s", clock.elapsed().as_secs_f64());
    bulk.close()?;

    let store = Store::open_with(folder.path(), Utc(0), Options::default())?.0;
    let mut with = Vec::new();
    let mut without = Vec::new();
    for number in 0..120_i64 {
        for (kept, devices) in [(&mut without, None), (&mut with, Some(minute(start + 60 + number)))] {
            store.append(Second { system: "hv".into(), utc_s: 1, tape: vec![7; 1_500], devices, ..Second::default() });
            let clock = Instant::now();
            store.flush()?;
            kept.push(clock.elapsed().as_secs_f64() * 1e3);
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    println!(
        "commit of a second: {:.2} ms; with the minute that ended: {:.2} ms",
        median(&mut without),
        median(&mut with)
    );
    // Without a flush, which waits for what is due: what happens while the hour is sealed, and when it is on the disk.
    let sealed = || History::open(folder.path()).map(|history| history.device_coverage("hv").days.len());
    let (began, mut longest, before) = (Instant::now(), 0.0_f64, sealed()?);
    for number in 120..182_i64 {
        let devices = Some(minute(start + 60 + number));
        store.append(Second { system: "hv".into(), utc_s: 2, devices, ..Second::default() });
    }
    while began.elapsed().as_secs() < 90 {
        let event = Event {
            at_ms: 1,
            kind: EventKind::Raised,
            rule: "bus.sag".into(),
            subject: String::new(),
            severity: Severity::Warning,
            value: None,
            words: String::new(),
        };
        store.append(Second { system: "hv".into(), utc_s: 3, events: vec![event], ..Second::default() });
        let clock = Instant::now();
        while store.health().pending > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        longest = longest.max(clock.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_millis(20));
    }
    println!(
        "an event while hours are sealed was stored after {longest:.0} ms at most; {before} then {} days",
        sealed()?
    );
    store.close()?;

    let history = History::open(folder.path())?;
    let to_ms = Day(first + days as i32).start_ms();
    for span in [1, days as i64] {
        for round in ["first", "again"] {
            let clock = Instant::now();
            let chart = history.device_chart(
                "hv",
                Range::new(to_ms - span * DAY_MS, to_ms),
                "gpu-hall/gpu/100/power",
                1_000,
            )?;
            let known = chart.buckets.iter().filter(|bucket| bucket.n > 0).count();
            println!(
                "chart of a point over {span} days, {round}: {:.1} ms, {known} steps",
                clock.elapsed().as_secs_f64() * 1e3
            );
        }
    }
    Ok(())
}

const KINDS: [&str; 8] =
    ["power", "temperature", "memory_temperature", "load", "memory_load", "clock", "fan", "errors"];
