//! Time that a program lets pass. The names are Tokio's, so that links are written once.

use domain::time::Mono;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

#[derive(Default)]
struct Timers {
    now: Mono,
    /// Who is to be woken, by when and in the order of asking.
    waiting: BTreeMap<(Mono, u64), Waker>,
    asked: u64,
}

thread_local! {
    static TIMERS: RefCell<Timers> = RefCell::default();
}

/// It is `now`: wakes what has waited for it. Time does not go back.
pub fn advance(now: Mono) {
    let due = TIMERS.with_borrow_mut(|timers| {
        timers.now = timers.now.max(now);
        let later = timers.waiting.split_off(&(timers.now + Duration::from_micros(1), 0));
        std::mem::replace(&mut timers.waiting, later)
    });
    due.into_values().for_each(Waker::wake);
}

/// When the next one is to be woken.
pub fn due() -> Option<Mono> {
    TIMERS.with_borrow(|timers| timers.waiting.keys().next().map(|(at, _)| *at))
}

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(Mono);

impl Instant {
    pub(crate) fn now() -> Instant {
        Instant(TIMERS.with_borrow(|timers| timers.now))
    }

    pub(crate) fn duration_since(self, earlier: Instant) -> Duration {
        self.0.since(earlier.0)
    }
}

/// Waits until an instant.
#[derive(Debug)]
pub(crate) struct Sleep {
    until: Mono,
    entry: Option<(Mono, u64)>,
}

/// Waits so long.
pub(crate) fn sleep(duration: Duration) -> Sleep {
    Sleep { until: Instant::now().0 + duration, entry: None }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        TIMERS.with_borrow_mut(|timers| {
            if let Some(entry) = self.entry.take() {
                timers.waiting.remove(&entry);
            }
            if timers.now >= self.until {
                return Poll::Ready(());
            }
            timers.asked += 1;
            let entry = (self.until, timers.asked);
            timers.waiting.insert(entry, cx.waker().clone());
            self.entry = Some(entry);
            Poll::Pending
        })
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            let _ = TIMERS.try_with(|timers| timers.borrow_mut().waiting.remove(&entry));
        }
    }
}

/// It took too long.
#[derive(Debug)]
pub(crate) struct Elapsed;

/// What `work` gives, unless it takes longer than `limit`.
pub(crate) async fn timeout<F: Future>(limit: Duration, work: F) -> Result<F::Output, Elapsed> {
    let (mut work, mut end) = (pin!(work), pin!(sleep(limit)));
    std::future::poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| Err(Elapsed)),
    })
    .await
}

/// What becomes of ticks that were missed.
pub(crate) enum MissedTickBehavior {
    /// They are left out; the others stay on their grid.
    Skip,
}

/// Ticks in a rhythm, the first at once. Those that were missed are left out.
#[derive(Debug)]
pub(crate) struct Interval {
    period: Duration,
    next: Sleep,
}

/// Ticks each `period`.
pub(crate) fn interval(period: Duration) -> Interval {
    Interval { period, next: sleep(Duration::ZERO) }
}

impl Interval {
    /// Waits for the next tick; says when it was due.
    pub(crate) async fn tick(&mut self) -> Instant {
        Pin::new(&mut self.next).await;
        let (due, now) = (self.next.until, Instant::now().0);
        let missed = now.since(due).as_micros() / self.period.as_micros().max(1);
        self.next = Sleep { until: due + self.period * (missed as u32 + 1), entry: None };
        Instant(due)
    }

    pub(crate) fn period(&self) -> Duration {
        self.period
    }

    /// There is one behaviour.
    pub(crate) fn set_missed_tick_behavior(&mut self, _: MissedTickBehavior) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    #[test]
    fn ticks_come_when_they_are_due_and_missed_ones_are_left_out() {
        let ms = |ms: u64| Mono::START + Duration::from_millis(ms);
        advance(ms(0));
        let ticked = Rc::new(Cell::new(Vec::new()));
        let task = {
            let ticked = Rc::clone(&ticked);
            async move {
                let mut ticks = interval(Duration::from_millis(200));
                loop {
                    let due = ticks.tick().await.0.since(Mono::START).as_millis();
                    ticked.set([ticked.take(), vec![due]].concat());
                }
            }
        };
        let mut task: Pin<Box<dyn Future<Output = ()>>> = Box::pin(task);
        let mut poll = || assert!(task.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        poll();
        assert_eq!((ticked.take(), due()), (vec![0], Some(ms(200))));
        for (now, then) in [(199, vec![]), (200, vec![200]), (390, vec![]), (1_050, vec![400]), (1_200, vec![1_200])] {
            advance(ms(now));
            poll();
            assert_eq!(ticked.take(), then, "{now}");
        }
    }

    #[test]
    fn what_takes_too_long_is_given_up_and_leaves_no_timer() {
        advance(Mono::START);
        let mut work = Box::pin(timeout(Duration::from_secs(1), std::future::pending::<()>()));
        let mut context = Context::from_waker(Waker::noop());
        assert!(work.as_mut().poll(&mut context).is_pending());
        advance(Mono::START + Duration::from_secs(1));
        assert!(matches!(work.as_mut().poll(&mut context), Poll::Ready(Err(Elapsed))));
        drop(work);
        assert_eq!(due(), None);
    }
}
