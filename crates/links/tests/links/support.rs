//! A link of a site file's text, running.

use domain::engine::Input;
use domain::link::{LinkFault, LinkIdx, LinkState, LinkStatus};
use domain::reading::{Batch, Sample, Target};
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use links::{Clock, LinkConfig, LinkHandle, LinkTask};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Long enough for anything that should happen at all.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The folder of the judges, DBC files and register tables beside the crates.
pub(crate) fn repository() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A clock that follows tokio's, paused or not.
pub(crate) fn clock() -> Clock {
    let start = tokio::time::Instant::now();
    Arc::new(move || {
        let us = start.elapsed().as_micros() as u64;
        Now { utc: Utc(us as i64), mono: Mono(Mono::START.0 + us) }
    })
}

/// The link that `keys` describe, of a 260-cell pack, with paths relative to the repository.
pub(crate) fn config(keys: &str) -> LinkConfig {
    toml::from_str(&format!("id = \"link\"\nsystem = \"hv\"\n{keys}")).unwrap()
}

/// Builds and binds the link.
pub(crate) async fn build(keys: &str) -> LinkTask {
    let mut task = config(keys).build(SystemIdx(0), &Topology::new(1, 13, 20), repository()).unwrap();
    task.bind().await.unwrap();
    task
}

/// A running link and what it tells the engine.
pub(crate) struct Running {
    pub(crate) handle: LinkHandle,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) clock: Clock,
    inputs: mpsc::Receiver<Input>,
    _stop: watch::Sender<bool>,
}

impl Running {
    pub(crate) async fn start(keys: &str) -> Running {
        Running::run(build(keys).await)
    }

    /// A link of a system with these cells.
    pub(crate) async fn of(config: LinkConfig, topology: Topology) -> Running {
        Running::run(config.build(SystemIdx(0), &topology, repository()).unwrap())
    }

    /// A link whose clock runs so many times faster than time.
    pub(crate) async fn hurried(keys: &str, speed: u64) -> Running {
        let clock = clock();
        let hurried: Clock = Arc::new(move || {
            let Now { utc, mono } = clock();
            Now { utc, mono: Mono(Mono::START.0 + (mono.0 - Mono::START.0) * speed) }
        });
        Running::run_by(build(keys).await, hurried)
    }

    fn run(task: LinkTask) -> Running {
        Running::run_by(task, clock())
    }

    fn run_by(task: LinkTask, clock: Clock) -> Running {
        let (handle, address) = (task.handle(), task.local_addr());
        let (sink, inputs) = mpsc::channel(1_000);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(task.run(LinkIdx(0), clock.clone(), sink, stopped));
        Running { handle, address, clock, inputs, _stop: stop }
    }

    /// The next batch.
    pub(crate) async fn batch(&mut self) -> Batch {
        let next = async {
            loop {
                if let Input::Batch(batch) = self.inputs.recv().await.unwrap() {
                    return batch;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    /// The readings of the next batches until each of `targets` has come, as one batch with the time of the last.
    pub(crate) async fn gather(&mut self, targets: &[Target]) -> Batch {
        let mut all = self.batch().await;
        while !targets.iter().all(|target| sample(&all, *target).is_some()) {
            let more = self.batch().await;
            all.at = more.at;
            all.readings.extend(more.readings);
        }
        all
    }

    /// What comes next: a batch or a status.
    pub(crate) async fn next(&mut self) -> Result<Batch, LinkStatus> {
        match tokio::time::timeout(PATIENCE, self.inputs.recv()).await.unwrap().unwrap() {
            Input::Batch(batch) => Ok(batch),
            Input::Link(_, status) => Err(status),
            other => panic!("not of a link: {other:?}"),
        }
    }

    /// The next status that `wanted` accepts. A value before it is a failure.
    pub(crate) async fn status(&mut self, wanted: impl Fn(&LinkStatus) -> bool) -> LinkStatus {
        let next = async {
            loop {
                match self.inputs.recv().await.unwrap() {
                    Input::Link(_, status) if wanted(&status) => return status,
                    Input::Batch(batch) => assert!(batch.readings.iter().all(|r| r.sample.is_err()), "{batch:?}"),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }

    /// Waits for a state; batches until then are dropped.
    pub(crate) async fn until(&mut self, state: LinkState) -> LinkStatus {
        self.until_status(|status| status.state == state).await
    }

    /// Waits for a status that `wanted` accepts; batches until then are dropped.
    pub(crate) async fn until_status(&mut self, wanted: impl Fn(&LinkStatus) -> bool) -> LinkStatus {
        let next = async {
            loop {
                match self.inputs.recv().await.unwrap() {
                    Input::Link(_, status) if wanted(&status) => return status,
                    _ => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.unwrap()
    }
}

/// How many faults there were, but for polls that were skipped: on a busy machine some are.
pub(crate) fn but_skipped(status: &LinkStatus) -> u64 {
    status.faults_total() - u64::from(status.faults(LinkFault::SkippedPoll))
}

/// The sample of `target` in a batch.
pub(crate) fn sample(batch: &Batch, target: Target) -> Option<Sample> {
    batch.readings.iter().find(|reading| reading.target == target).map(|reading| reading.sample)
}
