//! The thread of the links. Polls fall due there at their instants, whatever pages, queries and the store do on the
//! other threads: a task that computes holds up the tasks of its own runtime, and of no other.

use anyhow::{Context as _, Result};
use links::LinkTask;
use std::thread::JoinHandle;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread with a runtime of its own; it ends with this.
#[derive(Debug)]
pub(crate) struct LinkThread {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl LinkThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread, or no timers and sockets for it.
    pub(crate) fn start() -> Result<LinkThread> {
        let runtime = Builder::new_current_thread().enable_all().build().context("start the links")?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            // Ends when the other side is dropped, too.
            let _ = runtime.block_on(stopped);
        };
        let thread = std::thread::Builder::new().name("links".to_owned()).spawn(run).context("start the links")?;
        Ok(LinkThread { handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Where the links run.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Takes the address that a link listens on: its socket belongs to the thread that waits for it.
    ///
    /// # Errors
    /// The address cannot be had.
    pub(crate) async fn bind(&self, mut task: LinkTask) -> Result<LinkTask> {
        let bound = self.handle.spawn(async move { task.bind().await.map(|()| task) });
        Ok(bound.await.context("start a link")??)
    }
}

impl Drop for LinkThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn its_tasks_run_while_every_other_task_computes() {
        let links = LinkThread::start().unwrap();
        let ticks = links.handle().spawn(async {
            let (began, mut ticks) = (Instant::now(), 0);
            let mut interval = tokio::time::interval(Duration::from_millis(5));
            while began.elapsed() < Duration::from_millis(200) {
                interval.tick().await;
                ticks += 1;
            }
            ticks
        });
        // This test's runtime has one thread, and it is kept busy.
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
        assert!(ticks.await.unwrap() >= 10);
    }
}
