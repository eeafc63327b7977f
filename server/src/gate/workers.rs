//! The threads that answer questions to the history: few, and of lower priority than those of the network. A live frame
//! does not wait for a large answer.

use rustix::process::nice;
use std::io;
use std::thread::available_parallelism;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// How much lower their priority is, as `nice` counts.
const NICE: i32 = 5;
/// The least and the most threads: beside a large answer there is always one for a small one.
const LEAST: usize = 2;
const MOST: usize = 4;

/// The threads. They end with this, when what they do is done.
#[derive(Debug)]
pub(super) struct Workers {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Workers {
    /// As many threads as the machine has cores, within limits.
    ///
    /// # Errors
    /// The system gives none.
    pub(super) fn start() -> io::Result<Workers> {
        let cores = available_parallelism().map_or(1, usize::from);
        let mut builder = Builder::new_current_thread();
        builder.max_blocking_threads(cores.clamp(LEAST, MOST)).thread_name("answers").on_thread_start(|| {
            if let Err(error) = nice(NICE) {
                tracing::debug!("answers are made at the priority of all: {error}");
            }
        });
        let runtime = builder.build()?;
        Ok(Workers { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Does some work as soon as a thread is free, even if nobody waits for it any more.
    pub(super) fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.handle.spawn_blocking(work)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::process::getpriority_process;

    /// The priority is that of a thread, so no test that runs beside this one is slower for it.
    #[tokio::test]
    async fn work_is_done_at_a_lower_priority_and_ours_stays() {
        let ours = getpriority_process(None).unwrap();
        let workers = Workers::start().unwrap();
        let theirs = workers.run(|| getpriority_process(None).unwrap()).await.unwrap();
        assert_eq!(theirs, (ours + NICE).min(19));
        assert_eq!(getpriority_process(None).unwrap(), ours);
        assert!(workers.run(|| panic!("a mistake")).await.is_err());
        assert_eq!(workers.run(|| 7).await.unwrap(), 7);
    }
}
