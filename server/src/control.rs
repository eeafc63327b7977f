//! Commands between those who ask and the engine, and what becomes of them on the way back.
//!
//! ```text
//! HTTP, actions --ask--> Input::Command --> engine --> Output::Journal --> journal.rs (control.db, durable)
//!                                                                              |
//!   who waits <--told-- Output::Receipt <-- engine <---- Input::Journalled <---'
//! ```
//!
//! There is one door: whoever wants something of a device asks here, and the engine decides.

mod audit;
mod journal;
mod predict;
mod ran;
mod restore;

pub(crate) use journal::Journal;
pub(crate) use predict::Predictor;
pub(crate) use ran::Ran;
pub(crate) use restore::restore;

use crate::clock::Clock;
use api::control::ControlResponse;
use domain::control::{Command, CommandReceipt, CommandState};
use domain::engine::{Engine, Input};
use domain::spec::SystemIdx;
use domain::time::Now;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{broadcast, mpsc, watch};

/// Steps that who waits may be behind.
const TOLD: usize = 256;
/// For so long who asks waits until a command is on the disk, or refused.
const DECIDED_WITHIN: Duration = Duration::from_secs(5);

/// Why nothing was decided.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum Undecided {
    /// The site has no link, so there is no device.
    #[error("nothing can be commanded here: this site is read-only, because it has no link to any device")]
    NoLink,
    /// The server is ending.
    #[error("the server is ending, and takes no commands any more")]
    Ending,
    /// The disk, or the engine, is too slow.
    #[error("nothing was decided within 5 s: look at the control page before you ask again")]
    TooSlow,
}

/// The way to the engine, and what it says.
pub(crate) struct Commands {
    /// The engine's inputs. Weak: when every link has ended, the engine is to notice.
    inputs: mpsc::WeakSender<Input>,
    /// Whether there ever was a link that holds them open.
    linked: bool,
    told: broadcast::Sender<CommandReceipt>,
    /// What can be commanded of each system now, in the order of the site.
    states: Vec<watch::Sender<Arc<ControlResponse>>>,
    clock: Clock,
}

impl Commands {
    /// The way to an engine with these inputs, of a site with so many systems.
    pub(crate) fn new(inputs: mpsc::WeakSender<Input>, systems: usize, clock: Clock) -> Commands {
        let states = (0..systems).map(|_| watch::Sender::new(Arc::default())).collect();
        let linked = inputs.upgrade().is_some();
        Commands { inputs, linked, told: broadcast::Sender::new(TOLD), states, clock }
    }

    /// Now, by the engine's clock.
    pub(crate) fn now(&self) -> Now {
        (self.clock)()
    }

    /// Asks for a command, and waits until it is on the disk or refused: what is returned is not lost.
    ///
    /// # Errors
    /// Nothing was decided; the command may still be.
    pub(crate) async fn ask(&self, command: Command) -> Result<CommandReceipt, Undecided> {
        let (id, mut told) = (command.id.clone(), self.told.subscribe());
        let inputs = self.inputs()?;
        inputs.send(Input::Command(command)).await.map_err(|_| Undecided::Ending)?;
        drop(inputs);
        let decided = async {
            loop {
                match told.recv().await {
                    Ok(receipt) if receipt.command.id == id && receipt.state != CommandState::Requested => {
                        return Ok(receipt);
                    }
                    Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return Err(Undecided::Ending),
                }
            }
        };
        tokio::time::timeout(DECIDED_WITHIN, decided).await.unwrap_or(Err(Undecided::TooSlow))
    }

    /// Tells the engine something that is no command.
    ///
    /// # Errors
    /// The server is ending, or the site has no link.
    pub(crate) async fn tell(&self, input: Input) -> Result<(), Undecided> {
        let inputs = self.inputs()?;
        inputs.send(input).await.map_err(|_| Undecided::Ending)
    }

    fn inputs(&self) -> Result<mpsc::Sender<Input>, Undecided> {
        self.inputs.upgrade().ok_or(if self.linked { Undecided::Ending } else { Undecided::NoLink })
    }

    /// What can be commanded of the system at `index` now.
    pub(crate) fn state(&self, index: usize) -> Option<Arc<ControlResponse>> {
        Some(self.states.get(index)?.borrow().clone())
    }

    /// Follows every step of every command from now on.
    pub(super) fn follow(&self) -> broadcast::Receiver<CommandReceipt> {
        self.told.subscribe()
    }

    /// Tells everyone who waits.
    pub(super) fn tell_all(&self, receipt: CommandReceipt) {
        // Nobody may wait.
        let _ = self.told.send(receipt);
    }

    /// Publishes what can be commanded of a system now; `recorded` steps of commands are in the journal.
    pub(super) fn publish(&self, engine: &Engine, system: SystemIdx, recorded: u64, now: Now) {
        let (site, desk) = (engine.site(), engine.desk());
        let Some(spec) = site.spec.system(system) else { return };
        let state =
            ControlResponse { recorded, ..ControlResponse::of(site, spec, desk.controls(), desk.arming(), now) };
        if let Some(sender) = self.states.get(usize::from(system.0)) {
            sender.send_replace(Arc::new(state));
        }
    }
}
