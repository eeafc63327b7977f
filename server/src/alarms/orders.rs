//! What people do about alarms, between those who ask and the engine: as commands go ([`crate::control`]), whoever asks waits
//! until it is on the disk. How many orders somebody gives is bounded, but for acknowledging: that is never too often.

use crate::clock::Clock;
use crate::control::Undecided;
use domain::alarm::{AlarmAction, AlarmOrder, AlarmRecord, AlarmRefusal};
use domain::engine::{AlarmsDone, Engine, Input};
use domain::people::Requester;
use domain::people::action::Action;
use domain::people::allowance::Allowances;
use domain::spec::SystemIdx;
use domain::time::Utc;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// For so long who asks waits until it is on the disk, or refused.
const DECIDED_WITHIN: Duration = Duration::from_secs(5);

/// What has become of an order.
type Answer = Result<AlarmsDone, AlarmRefusal>;

/// The way to the engine, and the alarms that it has.
pub(crate) struct AlarmOrders {
    /// The engine's inputs. Weak: when every link has ended, the engine is to notice.
    inputs: mpsc::WeakSender<Input>,
    tickets: AtomicU64,
    /// How many orders everybody has given lately.
    allowances: Mutex<Allowances>,
    /// Who waits for what.
    waiting: Mutex<HashMap<u64, oneshot::Sender<Answer>>>,
    /// The alarms of each system that are not normal or are shelved, with the revision of its book.
    records: Vec<watch::Sender<(u64, Arc<Vec<AlarmRecord>>)>>,
    clock: Clock,
}

impl AlarmOrders {
    /// The way to an engine with these inputs, of a site with so many systems.
    pub(crate) fn new(inputs: mpsc::WeakSender<Input>, systems: usize, clock: Clock) -> AlarmOrders {
        let records = (0..systems).map(|_| watch::Sender::default()).collect();
        let (tickets, allowances, waiting) = (AtomicU64::new(1), Mutex::default(), Mutex::default());
        AlarmOrders { inputs, tickets, allowances, waiting, records, clock }
    }

    /// Now, by the engine's clock.
    pub(crate) fn utc(&self) -> Utc {
        (self.clock)().utc
    }

    /// Whether somebody may ask for something now, who may ask for it at all.
    ///
    /// # Errors
    /// Not before so long.
    pub(crate) fn admit(&self, action: &AlarmAction, by: &Requester) -> Result<(), Duration> {
        if action.needs() == Action::AcknowledgeAlarms {
            return Ok(());
        }
        let mut allowances = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        allowances.take(by, (self.clock)().mono)
    }

    /// Asks for something, and waits until it is on the disk or refused: what is returned is not lost.
    ///
    /// # Errors
    /// Nothing was decided; it may still be.
    pub(crate) async fn ask(&self, system: SystemIdx, action: AlarmAction, by: Requester) -> Result<Answer, Undecided> {
        let inputs = self.inputs.upgrade().ok_or(Undecided::Ending)?;
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        self.waiting().insert(ticket, tell);
        let sent = inputs.send(Input::Alarms(AlarmOrder { ticket, system, action, by })).await;
        drop(inputs);
        if sent.is_err() {
            return self.forget(ticket, Undecided::Ending);
        }
        match tokio::time::timeout(DECIDED_WITHIN, told).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => self.forget(ticket, Undecided::Ending),
            Err(_) => self.forget(ticket, Undecided::TooSlow),
        }
    }

    /// The alarms of the system at `index` now.
    pub(crate) fn records(&self, index: usize) -> Arc<Vec<AlarmRecord>> {
        self.records.get(index).map(|records| records.borrow().1.clone()).unwrap_or_default()
    }

    /// Tells who waits.
    pub(crate) fn answer(&self, ticket: u64, answer: Answer) {
        if let Some(tell) = self.waiting().remove(&ticket) {
            // They may have gone away.
            let _ = tell.send(answer);
        }
    }

    /// Publishes what changed in the alarms of every system.
    pub(crate) fn publish(&self, engine: &Engine) {
        for (system, sender) in engine.site().systems.iter().zip(&self.records) {
            let revision = system.alarms.revision();
            if sender.borrow().0 != revision {
                sender.send_replace((revision, Arc::new(system.alarms.records())));
            }
        }
    }

    fn forget<T>(&self, ticket: u64, why: Undecided) -> Result<T, Undecided> {
        self.waiting().remove(&ticket);
        Err(why)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, HashMap<u64, oneshot::Sender<Answer>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
