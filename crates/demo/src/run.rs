//! Runs the demo site: time passes when it is told, devices tick, links poll, the engine steps.

use crate::SiteError;
use crate::devices::{Simulated, TICK};
use crate::session::Session;
use crate::site::DemoSite;
use domain::engine::{Engine, Input, Output};
use domain::link::LinkIdx;
use domain::spec::{SiteSpec, SystemIdx};
use domain::time::{Mono, Now, Utc};
use domain::twin::Site;
use futures_executor::LocalPool;
use futures_util::task::LocalSpawnExt as _;
use links::host::inside::time;
use links::{Clock, LinkHandle};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How many inputs may wait for the engine: more than come in a tick.
const INPUTS: usize = 1_024;
/// After a longer pause, as of a page that sleeps, the simulation goes on from where it was.
const LONGEST_GAP: Duration = Duration::from_secs(5);

/// The demo site. One in a thread: its wires are the thread's.
pub struct Demo {
    site: Arc<SiteSpec>,
    engine: Engine,
    /// The links' tasks.
    pool: LocalPool,
    inputs: mpsc::Receiver<Input>,
    handles: Vec<LinkHandle>,
    /// By system.
    simulated: Vec<Option<Simulated>>,
    sessions: Vec<Session>,
    /// The time that links read.
    clock: Arc<Mutex<Now>>,
    now: Now,
    next_tick: Mono,
    // Links run as long as it is there.
    _stop: watch::Sender<bool>,
}

/// A frame that a system has published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The system's place in the site.
    pub system: usize,
    /// The frame for those who have the one before.
    pub delta: Vec<u8>,
}

impl Demo {
    /// The site as it starts at `now`, where clocks are so many seconds ahead of UTC: a house begins at their hour.
    ///
    /// # Errors
    /// The site file, which is part of the program, is wrong.
    pub fn new(now: Now, ahead_s: i64) -> Result<Demo, SiteError> {
        let DemoSite { spec, links, simulators } = DemoSite::read()?;
        time::advance(now.mono);
        let mut simulated: Vec<Option<Simulated>> = spec.systems.iter().map(|_| None).collect();
        for (idx, config) in simulators {
            let place = usize::from(idx.0);
            simulated[place] =
                Some(Simulated::start(&config, spec.systems[place].topology, Utc(now.utc.0 + ahead_s * 1_000_000)));
        }
        let clock = Arc::new(Mutex::new(now));
        let read = Arc::clone(&clock);
        let read: Clock = Arc::new(move || *read.lock().unwrap_or_else(PoisonError::into_inner));
        let (sink, inputs) = mpsc::channel(INPUTS);
        let (stop, stopped) = watch::channel(false);
        let pool = LocalPool::new();
        let mut site = Site::new(spec.clone());
        let mut handles = Vec::new();
        for (task, idx) in links.into_iter().zip(0..) {
            site.cell_links[usize::from(idx)] = task.brings_cells();
            handles.push(task.handle());
            let run = task.run(LinkIdx(idx), read.clone(), sink.clone(), stopped.clone());
            pool.spawner().spawn_local(run).map_err(|error| SiteError(error.to_string()))?;
        }
        Ok(Demo {
            sessions: spec.systems.iter().map(Session::new).collect(),
            site: Arc::new(spec),
            engine: Engine::new(site, now.mono),
            pool,
            inputs,
            handles,
            simulated,
            clock,
            now,
            next_tick: now.mono,
            _stop: stop,
        })
    }

    /// The site as it is configured.
    pub fn site(&self) -> &Arc<SiteSpec> {
        &self.site
    }

    /// The twin.
    pub(crate) fn twin(&self) -> &Site {
        self.engine.site()
    }

    /// How late it is in the demo.
    pub fn now(&self) -> Now {
        self.now
    }

    /// Lets time pass until `to`; gives what was published meanwhile, oldest first.
    pub fn advance(&mut self, to: Now) -> Vec<Published> {
        let mut published = Vec::new();
        if to.mono.since(self.now.mono) > LONGEST_GAP {
            self.next_tick = to.mono - LONGEST_GAP;
            self.pass(Now { utc: to.utc - LONGEST_GAP, mono: self.next_tick }, &mut published);
        }
        loop {
            let due = [Some(self.next_tick), time::due(), self.engine.due()].into_iter().flatten().min();
            let Some(due) = due.filter(|due| *due <= to.mono) else { break };
            let due = due.max(self.now.mono);
            self.pass(Now { utc: to.utc - to.mono.since(due), mono: due }, &mut published);
        }
        self.pass(to, &mut published);
        published
    }

    /// It is `now`: does what is due.
    fn pass(&mut self, now: Now, published: &mut Vec<Published>) {
        self.now = now;
        *self.clock.lock().unwrap_or_else(PoisonError::into_inner) = now;
        if self.next_tick <= now.mono {
            self.next_tick = self.next_tick + TICK;
            self.simulated.iter_mut().flatten().for_each(Simulated::step);
        }
        time::advance(now.mono);
        self.pool.run_until_stalled();
        while let Ok(input) = self.inputs.try_recv() {
            self.step(input, published);
        }
        if self.engine.due().is_some_and(|due| due <= now.mono) {
            self.step(Input::Time, published);
        }
    }

    fn step(&mut self, input: Input, published: &mut Vec<Published>) {
        for output in self.engine.step(self.now, input) {
            match output {
                Output::Publication(publication) => {
                    let system = usize::from(publication.system.0);
                    published.push(Published { system, delta: publication.encoded.delta.clone() });
                    self.sessions[system].publish(*publication);
                }
                Output::Record(record) => self.sessions[usize::from(record.system.0)].keep(*record),
                Output::Alarms(SystemIdx(system), events) => self.sessions[usize::from(system)].happened(events),
                // Nothing is kept longer than the page is open.
                Output::KeepAlarms(keep) => self.step(Input::AlarmsKept(keep.batch, Ok(())), published),
                // A site without controls is never asked to.
                Output::Write(_)
                | Output::Withdraw(_)
                | Output::Audit(_)
                | Output::Receipt(_)
                | Output::Again(_)
                | Output::Journal(_)
                | Output::AlarmsAnswered(..) => {}
            }
        }
    }

    /// The key frame of the newest snapshot of the system at a place in the site; `None` before its first cycle.
    pub fn key_frame(&self, system: usize) -> Option<Vec<u8>> {
        self.sessions.get(system)?.key_frame()
    }

    /// About how many bytes the past takes.
    pub fn bytes(&self) -> usize {
        self.sessions.iter().map(Session::bytes).sum()
    }

    pub(crate) fn handles(&self) -> &[LinkHandle] {
        &self.handles
    }

    pub(crate) fn simulated(&self, system: usize) -> Option<&Simulated> {
        self.simulated.get(system)?.as_ref()
    }

    pub(crate) fn session(&self, system: usize) -> &Session {
        &self.sessions[system]
    }
}
