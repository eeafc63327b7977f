//! In the steady state no frame allocates: counted by an allocator that counts.
//!
//! Each test runs in its own process or alone: the counter is for all threads. So there is one test.

#![allow(unsafe_code, reason = "an allocator cannot be written without; this one only counts and passes on")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, which clippy does not see")]

use domain::engine::Input;
use domain::link::LinkIdx;
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use links::bus::cannelloni::Packet;
use links::can::OwnedFrame;
use links::device::can_map::MapEntry;
use links::device::can_table::{CanTable, Outcome};
use links::device::dbc::Database;
use links::device::shared_cells::SharedCells;
use links::{Clock, LinkConfig, RecordingLimits};
use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: everything is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LINK: &str = r#"
id = "link"
system = "hv"
kind = "cannelloni"
listen = "127.0.0.1:0"
dbc = "dbc/packtwin_hv.dbc"
map = [{ point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 }]
"#;

fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn allocations(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    work();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

/// A packet with the first `groups` voltage frames, `strangers` that no table knows, and an error frame.
fn packet(sequence: u8, groups: u8, strangers: u8) -> Vec<u8> {
    let mut bytes = vec![2, 0, sequence, 0, groups + strangers + 1];
    let voltages = |group: u8| (0x250, [group, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7]);
    let stranger = |n: u8| (0x700 + u32::from(n), [n; 8]);
    let error = (0x2000_0008, [0; 8]);
    for (id, data) in (0..groups).map(voltages).chain((0..strangers).map(stranger)).chain([error]) {
        bytes.extend(id.to_be_bytes());
        bytes.push(8);
        bytes.extend(data);
    }
    bytes
}

fn table() -> CanTable {
    #[derive(serde::Deserialize)]
    struct Map {
        map: Vec<MapEntry>,
    }
    let map = LINK.lines().last().unwrap();
    let map: Map = toml::from_str(map).unwrap();
    let database = Database::open(&repository().join("dbc/packtwin_hv.dbc")).unwrap();
    CanTable::compile(database, &map.map, &Topology::new(1, 13, 20)).unwrap()
}

/// Allocations for each packet of a link that runs, from the socket to the engine's queue.
async fn per_packet(groups: u8, strangers: u8) -> f64 {
    const PACKETS: usize = 512;
    let config: LinkConfig = toml::from_str(LINK).unwrap();
    let mut task = config.build(SystemIdx(0), &Topology::new(1, 13, 20), repository()).unwrap();
    task.bind().await.unwrap();
    let address = task.local_addr().unwrap();
    let start = Instant::now();
    let clock: Clock = Arc::new(move || Now { utc: Utc(0), mono: Mono(1 + start.elapsed().as_micros() as u64) });
    let (sink, mut inputs) = mpsc::channel(64);
    let (_stop, stopped) = watch::channel(false);
    let handle = task.handle();
    let folder = tempfile::tempdir().unwrap();
    tokio::spawn(task.run(LinkIdx(0), clock, sink, stopped));
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let packets: Vec<Vec<u8>> = (0..=255).map(|sequence| packet(sequence, groups, strangers)).collect();
    let mut before = 0;
    for n in 0..2 * PACKETS {
        if n == PACKETS {
            // Recording must cost nothing more; its own preparations do not count.
            handle.start_recording(&folder.path().join("x.log"), RecordingLimits::default()).unwrap();
            before = ALLOCATIONS.load(Ordering::Relaxed);
        }
        socket.send_to(&packets[n % 256], address).await.unwrap();
        while !matches!(inputs.recv().await.unwrap(), Input::Batch(batch) if batch.readings.len() == 4 * usize::from(groups))
        {
        }
    }
    let counted = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!(handle.status().frames, 2 * PACKETS as u64 * u64::from(groups + strangers + 1));
    // The disk may be slower than this loop.
    let recorded = handle.stop_recording().await.unwrap();
    assert_eq!(recorded.frames + recorded.dropped, (PACKETS * usize::from(groups + strangers + 1)) as u64);
    counted as f64 / PACKETS as f64
}

/// Allocations for each poll of a segment that changes, from the file to the engine's queue.
async fn per_poll(mut bytes: Vec<u8>) -> f64 {
    const POLLS: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells");
    std::fs::write(&path, &bytes).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let keys = format!("segment = '{}'\npoll_ms = 10", path.display());
    let link = format!("id = \"link\"\nsystem = \"racks\"\nkind = \"shared-memory\"\n{keys}");
    let config: LinkConfig = toml::from_str(&link).unwrap();
    let task = config.build(SystemIdx(0), &Topology::new(20, 10, 32), repository()).unwrap();
    let start = Instant::now();
    let clock: Clock = Arc::new(move || Now { utc: Utc(0), mono: Mono(1 + start.elapsed().as_micros() as u64) });
    let (sink, mut inputs) = mpsc::channel(64);
    let (_stop, stopped) = watch::channel(false);
    tokio::spawn(task.run(LinkIdx(0), clock, sink, stopped));
    let mut before = 0;
    for n in 0..2 * POLLS {
        if n == POLLS {
            before = ALLOCATIONS.load(Ordering::Relaxed);
        }
        bytes[0] = n as u8;
        file.write_all_at(&bytes[..1], 0).unwrap();
        while !matches!(inputs.recv().await.unwrap(), Input::Batch(batch) if batch.readings.len() == 12_800) {}
    }
    (ALLOCATIONS.load(Ordering::Relaxed) - before) as f64 / POLLS as f64
}

#[test]
fn no_frame_allocates() {
    // What has no socket: bytes to frames to readings.
    let table = table();
    let bytes = packet(0, 65, 20);
    let mut readings = Vec::with_capacity(260);
    let mut decoded = 0;
    let count = allocations(|| {
        for _ in 0..100 {
            readings.clear();
            for frame in Packet::parse(&bytes).unwrap().frames() {
                // As SocketCAN hands it over.
                let word = frame.id.raw() & if frame.id.raw() & 0x1FFF_F800 == 0 { 0x7FF } else { u32::MAX };
                let owned = OwnedFrame::from_linux(word, false, frame.data).unwrap();
                decoded += u32::from(matches!(table.decode(&owned.frame(), &mut readings), Outcome::Decoded(..)));
            }
        }
    });
    assert_eq!((decoded, readings.len(), count), (6_500, 260, 0));

    // 6,400 cells of shared memory.
    let cells = SharedCells::new(Topology::new(20, 10, 32));
    let bytes = [3.3_f32, 40.0, 25.0, 0.5, 0.0002].map(f32::to_le_bytes).concat().repeat(6_400);
    let mut readings = Vec::with_capacity(cells.readings());
    let count = allocations(|| {
        for _ in 0..20 {
            readings.clear();
            cells.decode(&bytes, &mut readings).unwrap();
        }
    });
    assert_eq!((readings.len(), count), (12_800, 0));

    // A whole link: what it allocates for a packet does not depend on how many frames the packet has.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (few, many) = runtime.block_on(async { (per_packet(1, 1).await, per_packet(65, 20).await) });
    println!("allocations per packet: {few:.2} with 3 frames, {many:.2} with 86");
    // One list of readings for the engine, and now and then a block of the queue.
    assert!((many - few).abs() < 0.2 && many < 1.5, "{few} {many}");

    let per_poll = runtime.block_on(per_poll(bytes));
    println!("allocations per poll of 6,400 cells: {per_poll:.2}");
    assert!(per_poll < 4.0, "{per_poll}");
}
