//! Writes on their way to a link: a bounded queue, of which one is carried out at a time.

use super::Clock;
use domain::write::{Receipt, WriteOutcome, WriteRequest};
use std::future::{Future, pending};
use tokio::sync::{Mutex, mpsc};

/// Writes that may wait for a link.
const WAITING: usize = 8;
/// The most receipts of one write: sent, echoed, the end.
const RECEIPTS: usize = 3;

/// A write that is to be carried out. However it ends, its last receipt says so.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: WriteRequest,
    receipts: mpsc::Sender<Receipt>,
    clock: ClockOf,
    /// What was told last.
    last: Option<WriteOutcome>,
}

/// A clock that can be shown.
struct ClockOf(Clock);

impl std::fmt::Debug for ClockOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("clock")
    }
}

impl Order {
    /// A write, and where its receipts come out.
    pub(crate) fn new(request: WriteRequest, clock: Clock) -> (Order, mpsc::Receiver<Receipt>) {
        let (receipts, told) = mpsc::channel(RECEIPTS);
        (Order { request, receipts, clock: ClockOf(clock), last: None }, told)
    }

    /// Says what has become of it. Nothing follows the end.
    pub(crate) fn report(&mut self, outcome: WriteOutcome) {
        if self.last.as_ref().is_some_and(WriteOutcome::is_final) {
            return;
        }
        let receipt = Receipt { id: self.request.id, at: (self.clock.0)(), outcome: outcome.clone() };
        // Whoever asked may no longer listen.
        let _ = self.receipts.try_send(receipt);
        self.last = Some(outcome);
    }
}

impl Drop for Order {
    /// The link has ended, or was given up, in the middle of it.
    fn drop(&mut self) {
        let why = "the link or its connection ended before it was done".to_owned();
        let outcome = if self.last.is_none() { WriteOutcome::NotSent(why) } else { WriteOutcome::Unknown(why) };
        self.report(outcome);
    }
}

/// Where a link takes its writes from.
#[derive(Debug)]
pub(crate) struct Orders(Mutex<mpsc::Receiver<Order>>);

impl Orders {
    /// A queue, and where writes go in.
    pub(crate) fn queue() -> (mpsc::Sender<Order>, Orders) {
        let (orders, waiting) = mpsc::channel(WAITING);
        (orders, Orders(Mutex::new(waiting)))
    }

    /// The next write, as soon as there is one.
    pub(crate) async fn next(&self) -> Order {
        match self.0.lock().await.recv().await {
            Some(order) => order,
            None => pending().await,
        }
    }

    /// The next write, if one waits.
    pub(crate) fn take(&self) -> Option<Order> {
        self.0.try_lock().ok()?.try_recv().ok()
    }

    /// Waits for `work`; every write that comes meanwhile is not sent, which is told at once.
    pub(crate) async fn not_sent_during<T>(&self, why: &str, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                mut order = self.next() => order.report(WriteOutcome::NotSent(why.to_owned())),
            }
        }
    }
}
