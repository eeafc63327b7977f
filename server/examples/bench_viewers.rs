//! Many viewers of one server: memory, and how far the last of them is behind the first.
//!
//! ```text
//! this program: N sockets, each reads every frame and notes when the last byte of it came
//!      \- starts: packtwin demo on loopback, on the same cores
//! ```
//!
//! `bench_viewers PACKTWIN` prints lines `figure key value`, as all measuring programs do.

mod live;

use live::{Server, many_files, open_all, quantile, watch};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Settling, and then measuring.
const SETTLE: Duration = Duration::from_secs(5);
const MEASURE: Duration = Duration::from_secs(15);

/// A number of viewers, and the figures that come of it.
const ROUNDS: [(usize, &str, &str); 2] =
    [(1_000, "viewers-1000-rss", "viewers-1000-p99"), (4_000, "viewers-4000-rss", "viewers-4000-p99")];

async fn round(packtwin: &str, viewers: usize) -> io::Result<(f64, f64)> {
    let folder = tempfile::tempdir()?;
    let (server, address) = Server::start(packtwin, &["demo", "--sim-ports", "free"], folder.path())?;
    let streams = open_all(&address, viewers).await?;
    let (began, stop) = (Instant::now(), Arc::new(Notify::new()));
    let mut watching = JoinSet::new();
    for stream in streams {
        watching.spawn(watch(stream, began, stop.clone()));
    }
    tokio::time::sleep(SETTLE + MEASURE).await;
    let resident_mb = server.resident_mb()?;
    stop.notify_waiters();
    let mut cycles: HashMap<u32, Vec<Duration>> = HashMap::new();
    while let Some(arrivals) = watching.join_next().await {
        for (number, at) in arrivals.map_err(io::Error::other)?? {
            if (SETTLE..SETTLE + MEASURE).contains(&at) {
                cycles.entry(number).or_default().push(at);
            }
        }
    }
    let expected = cycles.len() * viewers;
    let mut behind: Vec<Duration> = Vec::new();
    for arrivals in cycles.values() {
        let first = arrivals.iter().min().copied().unwrap_or_default();
        behind.extend(arrivals.iter().map(|at| *at - first));
    }
    behind.sort();
    let p99 = quantile(&behind, 0.99);
    println!(
        "{viewers} viewers: {} cycles, {:.2} % of the frames, behind the first p50 {:.1} ms, p99 {p99:.1} ms, worst {:.1} ms; \
         server {resident_mb:.1} MB",
        cycles.len(),
        behind.len() as f64 / expected.max(1) as f64 * 100.0,
        quantile(&behind, 0.5),
        quantile(&behind, 1.0),
    );
    Ok((resident_mb, p99))
}

#[tokio::main(worker_threads = 2)]
async fn main() -> io::Result<()> {
    let packtwin =
        std::env::args().nth(1).ok_or_else(|| io::Error::other("say where the server is: bench_viewers FILE"))?;
    many_files()?;
    for (viewers, memory, spread) in ROUNDS {
        let (resident_mb, p99) = round(&packtwin, viewers).await?;
        println!("figure\t{memory}\t{resident_mb:.1}\nfigure\t{spread}\t{p99:.1}");
    }
    Ok(())
}
