//! Writes on their way to a link: a bounded queue, of which one is carried out at a time.
//!
//! A write can be withdrawn until it is sent: from the queue, or, if it is not to be at all, while its device is still asked
//! what it has.

use super::Clock;
use domain::write::{Receipt, Terms, Withdrawal, WriteOutcome, WriteRequest};
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use tokio::sync::{Notify, mpsc};

/// Writes that may wait for a link.
const WAITING: usize = 8;
/// The most receipts of one write: sent, echoed, the end.
const RECEIPTS: usize = 3;

/// A write that is to be carried out. However it ends, its last receipt says so.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: WriteRequest,
    /// What the site says of its setpoint.
    pub(crate) terms: Terms,
    receipts: mpsc::Sender<Receipt>,
    clock: ClockOf,
    /// Why it is not to be sent any more.
    withdrawn: Arc<OnceLock<&'static str>>,
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
        let (terms, withdrawn) = (Terms::default(), Arc::default());
        (Order { request, terms, receipts, clock: ClockOf(clock), withdrawn, last: None }, told)
    }

    /// The same, by these terms of the site.
    pub(crate) fn by(mut self, terms: Terms) -> Order {
        self.terms = terms;
        self
    }

    /// Why it is not sent, asked just before: it was withdrawn, or its time is over.
    pub(crate) fn hindered(&self) -> Option<WriteOutcome> {
        let withdrawn = self.withdrawn.get().map(|why| WriteOutcome::NotSent((*why).to_owned()));
        withdrawn.or_else(|| ((self.clock.0)().mono > self.request.deadline).then_some(WriteOutcome::Expired))
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

/// Why a write finds no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// Others wait already.
    Full,
    /// The link has ended.
    Ended,
}

/// Where a link takes its writes from.
#[derive(Debug)]
pub(crate) struct Orders(OrderSender);

/// Where writes go in. Clones are of the same queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct OrderSender(Arc<Queue>);

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    came: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Order>,
    /// The one that was taken last.
    taken: Option<(domain::write::WriteId, Weak<OnceLock<&'static str>>)>,
    ended: bool,
}

impl OrderSender {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a write behind those that wait.
    ///
    /// # Errors
    /// It has no place, and nothing of it is sent.
    pub(crate) fn put(&self, order: Order) -> Result<(), NoPlace> {
        let mut state = self.state();
        match () {
            () if state.ended => return Err(NoPlace::Ended),
            () if state.waiting.len() >= WAITING => return Err(NoPlace::Full),
            () => state.waiting.push_back(order),
        }
        drop(state);
        self.0.came.notify_one();
        Ok(())
    }

    /// Takes a write back, if it waits or is not sent yet.
    pub(crate) fn withdraw(&self, withdrawal: &Withdrawal) {
        let mut state = self.state();
        let waits = state.waiting.iter().position(|order| order.request.id == withdrawal.id);
        let waits = waits.and_then(|place| state.waiting.remove(place));
        if let Some((_, flag)) = state.taken.as_ref().filter(|(id, _)| withdrawal.also_begun && *id == withdrawal.id)
            && let Some(flag) = flag.upgrade()
        {
            // The first reason stands.
            let _ = flag.set(withdrawal.why);
        }
        drop(state);
        if let Some(mut order) = waits {
            order.report(WriteOutcome::NotSent(withdrawal.why.to_owned()));
        }
    }
}

impl Orders {
    /// A queue, and where writes go in.
    pub(crate) fn queue() -> (OrderSender, Orders) {
        let orders = OrderSender::default();
        (orders.clone(), Orders(orders))
    }

    /// The next write, as soon as there is one.
    pub(crate) async fn next(&self) -> Order {
        loop {
            // What comes between the look and the wait is kept for the wait.
            if let Some(order) = self.take() {
                return order;
            }
            self.0.0.came.notified().await;
        }
    }

    /// The next write, if one waits.
    pub(crate) fn take(&self) -> Option<Order> {
        let mut state = self.0.state();
        let order = state.waiting.pop_front()?;
        state.taken = Some((order.request.id, Arc::downgrade(&order.withdrawn)));
        Some(order)
    }

    /// Waits for `work`; every write that comes meanwhile is not sent, which is told at once.
    pub(crate) async fn not_sent_during<T>(&self, why: &str, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                mut order = self.next() => {
                    let why = order.hindered().unwrap_or_else(|| WriteOutcome::NotSent(why.to_owned()));
                    order.report(why);
                }
            }
        }
    }
}

impl Drop for Orders {
    /// Nobody takes what waits any more: each is told its end.
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.ended = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::link::LinkIdx;
    use domain::time::Now;
    use domain::write::WriteId;

    fn put(orders: &OrderSender, id: u64) -> mpsc::Receiver<Receipt> {
        let request = WriteRequest::new(WriteId(id), LinkIdx(0), "limit", Some(1.0), Now::default().mono);
        let (order, told) = Order::new(request, Arc::new(Now::default));
        orders.put(order).unwrap();
        told
    }

    fn withdraw(orders: &OrderSender, id: u64, also_begun: bool) {
        orders.withdraw(&Withdrawal { id: WriteId(id), link: LinkIdx(0), why: "another took its place", also_begun });
    }

    #[tokio::test]
    async fn what_is_withdrawn_is_not_sent_and_makes_room_and_one_that_was_begun_goes_on_if_it_may() {
        let (orders, link) = Orders::queue();
        let mut told: Vec<_> = (0..WAITING as u64).map(|id| put(&orders, id)).collect();
        let ended = WriteOutcome::NotSent("another took its place".to_owned());
        withdraw(&orders, 3, false);
        assert_eq!(told[3].recv().await.map(|receipt| receipt.outcome), Some(ended.clone()));
        assert_eq!(told[3].recv().await, None);
        told.push(put(&orders, 8));
        let first = link.next().await;
        assert_eq!((first.request.id, first.hindered()), (WriteId(0), None));
        withdraw(&orders, 0, false);
        assert_eq!(first.hindered(), None, "commands in a row would keep every value from the device");
        withdraw(&orders, 0, true);
        assert_eq!(first.hindered(), Some(ended));
        // What is unknown, or over, is as it was.
        [0, 3, 77].into_iter().for_each(|id| withdraw(&orders, id, true));
        drop(first);
        let rest: Vec<u64> = std::iter::from_fn(|| link.take()).map(|order| order.request.id.0).collect();
        assert_eq!(rest, [1, 2, 4, 5, 6, 7, 8]);
    }

    #[tokio::test]
    async fn a_full_queue_and_an_ended_link_take_nothing_and_what_waits_is_told_its_end() {
        let (orders, link) = Orders::queue();
        let mut told: Vec<_> = (0..WAITING as u64).map(|id| put(&orders, id)).collect();
        let one = || Order::new(link.0.state().waiting[0].request.clone(), Arc::new(Now::default)).0;
        assert!(matches!(orders.put(one()), Err(NoPlace::Full)));
        let late = one();
        drop(link);
        assert!(matches!(told[7].recv().await, Some(Receipt { outcome: WriteOutcome::NotSent(_), .. })));
        assert!(matches!(orders.put(late), Err(NoPlace::Ended)));
    }
}
