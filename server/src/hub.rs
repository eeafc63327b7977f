//! What the engine publishes and the pages read: the newest snapshot of each system, its recent past, the links.

use crate::clock::Clock;
use axum::body::Bytes;
use domain::engine::Publication;
use domain::live::key_frame;
use domain::recent::Recent;
use domain::series::{Table, Trace};
use domain::spec::{SiteSpec, SystemIdx, SystemSpec};
use domain::time::Utc;
use domain::twin::Snapshot;
use links::LinkHandle;
use sim::LabHandle;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};
use store::Store;
use tokio::sync::watch;

/// One cycle of one system, encoded once for everyone.
#[derive(Debug)]
pub(crate) struct Published {
    /// The system, and how it is configured.
    system: SystemIdx,
    spec: Arc<SystemSpec>,
    /// Counts cycles; a delta follows the frame with the number before.
    pub(crate) seq: u32,
    /// The whole snapshot, made for the first who needs it.
    key: OnceLock<Bytes>,
    /// What changed since the cycle before.
    pub(crate) delta: Bytes,
    /// The snapshot itself, for the server's own pages and API.
    pub(crate) snapshot: Snapshot,
}

impl Published {
    /// A published cycle.
    pub(crate) fn new(publication: Publication) -> Published {
        let Publication { system, spec, encoded, snapshot } = publication;
        Published { system, spec, seq: encoded.seq, key: OnceLock::new(), delta: encoded.delta.into(), snapshot }
    }

    /// The frame that stands alone.
    pub(crate) fn key(&self) -> Bytes {
        self.key.get_or_init(|| key_frame(&self.spec, self.seq, &self.snapshot).into()).clone()
    }
}

/// One system's outlet.
#[derive(Debug)]
struct Feed {
    newest: watch::Sender<Arc<Published>>,
    recent: Mutex<Recent>,
    /// Cycles that came while somebody looked into the recent past: the engine does not wait for readers. Locked after
    /// `recent`, and for a moment only.
    backlog: Mutex<Vec<Arc<Published>>>,
}

impl Feed {
    /// Adds the cycles that came while somebody looked.
    fn catch_up(&self, recent: &mut Recent) {
        for published in std::mem::take(&mut *lock(&self.backlog)) {
            recent.push(&published.snapshot);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shared by the engine and by every request.
pub(crate) struct Hub {
    /// How the site is configured.
    pub(crate) site: Arc<SiteSpec>,
    /// Its links, in the order of the site.
    pub(crate) links: Vec<LinkHandle>,
    /// The simulations of its systems, in the order of the site.
    pub(crate) labs: Vec<Option<LabHandle>>,
    /// Its history.
    pub(crate) store: Store,
    /// The time.
    pub(crate) clock: Clock,
    feeds: Vec<Feed>,
}

impl Hub {
    /// A hub whose systems have published `first` and remember `recent`, one of each per system.
    pub(crate) fn new(
        site: Arc<SiteSpec>,
        links: Vec<LinkHandle>,
        labs: Vec<Option<LabHandle>>,
        store: Store,
        clock: Clock,
        systems: Vec<(Published, Recent)>,
    ) -> Hub {
        let feeds = (systems.into_iter())
            .map(|(first, recent)| Feed {
                newest: watch::Sender::new(Arc::new(first)),
                recent: Mutex::new(recent),
                backlog: Mutex::default(),
            })
            .collect();
        Hub { site, links, labs, store, clock, feeds }
    }

    /// Publishes a cycle: to its system's recent past, then to everyone who watches. Waits for nobody.
    pub(crate) fn publish(&self, published: Published) {
        let Some(feed) = self.feeds.get(usize::from(published.system.0)) else { return };
        let published = Arc::new(published);
        lock(&feed.backlog).push(published.clone());
        match feed.recent.try_lock() {
            Ok(mut recent) => feed.catch_up(&mut recent),
            Err(TryLockError::Poisoned(poisoned)) => feed.catch_up(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
        feed.newest.send_replace(published);
    }

    /// The newest cycle of the system at `index`.
    pub(crate) fn newest(&self, index: usize) -> Option<Arc<Published>> {
        Some(self.feeds.get(index)?.newest.borrow().clone())
    }

    /// Follows the cycles of the system at `index`; who is slow misses some and goes on with the newest.
    pub(crate) fn follow(&self, index: usize) -> Option<watch::Receiver<Arc<Published>>> {
        Some(self.feeds.get(index)?.newest.subscribe())
    }

    /// The recent past of the system at `index` from `from` on. It is read in parts, so that readers do not hold one
    /// another up either.
    pub(crate) fn table(&self, index: usize, from: Utc, traces: &[Trace]) -> Option<Table> {
        const ROWS: usize = 128;
        let feed = self.feeds.get(index)?;
        let (mut table, first) = {
            let mut recent = lock(&feed.recent);
            feed.catch_up(&mut recent);
            (recent.empty(traces), recent.since(from))
        };
        let mut next = Some(first);
        while let Some(number) = next {
            next = lock(&feed.recent).extend(&mut table, traces, number, ROWS);
        }
        Some(table)
    }

    /// The system with this id and its index.
    pub(crate) fn system(&self, id: &str) -> Option<(usize, &SystemSpec)> {
        self.site.find_system(id).map(|(idx, spec)| (idx.0 as usize, spec))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    use domain::live::Encoder;
    use domain::spec::SystemKind;
    use domain::time::{Mono, Now};
    use domain::topology::Topology;
    use domain::twin::SystemState;

    /// A system with three cells.
    pub(crate) fn spec() -> SystemSpec {
        SystemSpec {
            kind: SystemKind::DataCentre,
            ..SystemSpec::new("hv", "Pack", Topology::new(1, 1, 3), 280.0, 10.0)
        }
    }

    fn published(spec: &SystemSpec, second: u64) -> Published {
        let now = Now { utc: Utc(second as i64 * 1_000_000), mono: Mono(1 + second * 1_000_000) };
        let snapshot = Snapshot { now, state: SystemState::new(spec), ..Snapshot::default() };
        let encoded = Encoder::new(spec).encode(&snapshot);
        Published::new(Publication { system: SystemIdx(0), spec: Arc::new(spec.clone()), encoded, snapshot })
    }

    /// A hub of one system whose history is in `folder`.
    pub(crate) fn hub(spec: &SystemSpec, folder: &std::path::Path) -> Hub {
        let (store, _) = Store::open(folder, Utc(0)).unwrap();
        let site = Arc::new(SiteSpec { name: "Site".to_owned(), systems: vec![spec.clone()], links: Vec::new() });
        let first = (published(spec, 0), Recent::new(spec));
        Hub::new(site, Vec::new(), vec![None], store, crate::clock::system_clock(), vec![first])
    }

    #[test]
    fn the_engine_does_not_wait_for_who_looks_into_the_recent_past_and_nothing_is_missing_after() {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec();
        let hub = hub(&spec, folder.path());
        hub.publish(published(&spec, 1));
        // While somebody looks, two cycles come. Did the engine wait, this would never end.
        let seen = {
            let mut recent = lock(&hub.feeds[0].recent);
            hub.feeds[0].catch_up(&mut recent);
            hub.publish(published(&spec, 2));
            hub.publish(published(&spec, 3));
            recent.pushed()
        };
        assert_eq!((seen, hub.newest(0).unwrap().snapshot.now.utc), (1, Utc(3_000_000)));
        assert_eq!(hub.table(0, Utc(0), &[]).map(|table| table.at.len()), Some(3));
    }
}
