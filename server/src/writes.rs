//! Writes on their way from the engine to the links, and what becomes of them on the way back.
//!
//! ```text
//! Output::Write --hand_over--> the link's bounded queue --> its device        (the links' thread)
//! Input::Write <-----------------  one receipt for each step  <--'
//! ```
//!
//! Nobody waits for a device: what can be said at once is said at once, and each write ends with a receipt, also if its
//! link ends. Nothing is kept here, so nothing is sent again after a restart.

#[cfg(test)]
mod controller_tests;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use domain::engine::Input;
use domain::time::Now;
use domain::write::{Receipt, Withdrawal, WriteOutcome, WriteRequest};
use links::LinkHandle;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The way of the engine's writes to the links.
pub(crate) struct Writes {
    /// In the order of the site.
    links: Vec<LinkHandle>,
    /// The engine's inputs. Weak: when every link has ended, the engine is to notice.
    inputs: mpsc::WeakSender<Input>,
    /// Where the links run.
    runtime: Handle,
    clock: Clock,
}

impl Writes {
    /// The way to `links`, which run on `runtime` and report to `inputs`.
    pub(crate) fn new(
        links: Vec<LinkHandle>,
        inputs: mpsc::WeakSender<Input>,
        runtime: Handle,
        clock: Clock,
    ) -> Writes {
        Writes { links, inputs, runtime, clock }
    }

    /// The engine's inputs.
    pub(crate) fn inputs(&self) -> mpsc::WeakSender<Input> {
        self.inputs.clone()
    }

    /// Takes a write back that still waits for its link. What becomes of it is told by its receipts.
    pub(crate) fn withdraw(&self, withdrawal: Withdrawal) {
        if let Some(link) = self.links.get(usize::from(withdrawal.link.0)) {
            link.withdraw(&withdrawal);
        }
    }

    /// Hands a write to its link. Its receipts come to the engine as inputs; one that is known at once is returned.
    pub(crate) fn hand_over(&self, write: WriteRequest, now: Now) -> Option<Receipt> {
        let id = write.id;
        let end = |outcome| Some(Receipt { id, at: now, outcome });
        let Some(link) = self.links.get(usize::from(write.link.0)) else {
            return end(WriteOutcome::Refused("the site has no such link".to_owned()));
        };
        let Some(inputs) = self.inputs.upgrade() else {
            return end(WriteOutcome::NotSent("every link has ended".to_owned()));
        };
        match link.write(write, self.clock.clone()) {
            Ok(mut receipts) => {
                // As many of these as writes wait in the queues of the links, and the one that each carries out.
                self.runtime.spawn(async move {
                    while let Some(receipt) = receipts.recv().await {
                        if inputs.send(Input::Write(receipt)).await.is_err() {
                            return;
                        }
                    }
                });
                None
            }
            Err(refused) => end(refused.outcome()),
        }
    }
}
