//! Replay of a log: pace, repetition, bad lines. Time is paused, so pace costs none.

use crate::support::{Running, build, clock, sample};
use domain::engine::Input;
use domain::link::{LinkFault, LinkIdx, LinkState};
use domain::point::PointId;
use domain::reading::{Batch, Target};
use std::io::Write;
use std::time::Duration;

struct Log(tempfile::NamedTempFile);

impl Log {
    fn new(lines: &[&str]) -> Log {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(lines.join("\n").as_bytes()).unwrap();
        Log(file)
    }

    fn keys(&self, more: &str) -> String {
        format!(
            "kind = \"candump\"\nfile = '{}'\ndbc = \"dbc/packtwin_hv.dbc\"\n{more}\nmap = [\
             {{ point = \"battery/soc\", signal = \"Soc\" }}, {{ point = \"battery/voltage\", signal = \"BatteryVoltage\" }}]",
            self.0.path().display()
        )
    }
}

fn soc(batch: &Batch) -> Option<f32> {
    sample(batch, Target::Point(PointId::Soc))?.ok()
}

const LOG: [&str; 8] = [
    "(1760000000.000000) can0 2A3#1388000000000000",
    "(1760000000.000000) can0 233#430885FFBCF9D8F0",
    "not a line",
    "DROPCOUNT: dropped 3 CAN frames on 'can0' socket (total drops 3)",
    "(1760000000.200000) can0 2A3#1389000000000000",
    "(1760000000.200000) can0 777#00",
    "",
    "(1760000001.200000) can0 2A3#138A000000000000",
];

#[tokio::test(start_paused = true)]
async fn the_log_gives_the_pace_and_frames_of_one_instant_are_one_batch() {
    let log = Log::new(&LOG);
    let mut link = Running::start(&log.keys("speed = 2.0")).await;
    let mut at_ms = Vec::new();
    for (expected, readings) in [(50.0, 2), (50.01, 1), (50.02, 1)] {
        let batch = link.batch().await;
        assert!((soc(&batch).unwrap() - expected).abs() < 1e-4);
        assert_eq!(batch.readings.len(), readings);
        at_ms.push(batch.at.mono.0 / 1_000);
    }
    assert!((100..=102).contains(&(at_ms[1] - at_ms[0])), "{at_ms:?}");
    assert!((500..=502).contains(&(at_ms[2] - at_ms[1])), "{at_ms:?}");
    let status = link.until(LinkState::Ended).await;
    let seen = [LinkFault::Malformed, LinkFault::UnknownId, LinkFault::Lost].map(|fault| status.faults(fault));
    assert_eq!((status.frames, seen, status.faults_total()), (5, [1, 1, 3], 5));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_log_starts_again_and_one_that_goes_back_in_time_goes_on() {
    let lines = ["(0000000100.000000) can0 2A3#1388000000000000", "(0000000005.000000) can0 2A3#1389000000000000"];
    let log = Log::new(&lines);
    let mut link = Running::start(&log.keys("repeat = true")).await;
    for expected in [50.0, 50.01, 50.0, 50.01, 50.0] {
        assert!((soc(&link.batch().await).unwrap() - expected).abs() < 1e-4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_without_a_frame_ends_even_if_it_is_to_be_repeated() {
    let log = Log::new(&["# nothing", &"x".repeat(100_000)]);
    let mut link = Running::start(&log.keys("repeat = true")).await;
    let status = link.until(LinkState::Ended).await;
    assert_eq!((status.frames, status.last_at), (0, None));
    // A line that never ends is read in bounded pieces.
    assert!(status.faults(LinkFault::Malformed) > 100);
}

#[tokio::test(start_paused = true)]
async fn a_slow_engine_is_waited_for_and_nothing_is_lost() {
    let lines: Vec<String> =
        (0..20).map(|n| format!("(0000000000.{n:02}0000) can0 2A3#{:04X}000000000000", 5_000 + n)).collect();
    let log = Log::new(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let task = build(&log.keys("")).await;
    let (sink, mut inputs) = tokio::sync::mpsc::channel(1);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    tokio::spawn(task.run(LinkIdx(0), clock(), sink, stopped));
    let mut received = Vec::new();
    while received.len() < 20 {
        tokio::time::sleep(Duration::from_millis(900)).await;
        if let Input::Batch(batch) = inputs.recv().await.unwrap() {
            received.extend(batch.readings.iter().map(|reading| (reading.sample.unwrap() * 100.0).round() as u32));
        }
    }
    assert_eq!(received, (5_000..5_020).collect::<Vec<_>>());
}
