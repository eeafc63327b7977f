//! Who is connected, and who gives way when there is no more room.
//!
//! A connection is idle before its first request and between two: nobody waits for it. When all permits are taken the one
//! that has been idle for longest is closed. If none is idle, some permits are kept for addresses that have few.

use crate::limits::{Limits, RESERVE};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// So many connections a browser may need for a page.
const FEW: usize = 8;

/// All connections.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    per_address: usize,
    patience: Duration,
    began: Instant,
    taken: Mutex<Taken>,
    counters: Counters,
}

/// What happened to connections since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Not let in: there was no room.
    pub(crate) turned_away: AtomicU64,
    /// Closed while idle, to make room.
    pub(crate) evicted: AtomicU64,
    /// TLS handshakes that were not done, or not in time.
    pub(crate) handshakes_failed: AtomicU64,
    /// Cut: the other side took nothing for too long.
    pub(crate) stalled: AtomicU64,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    active: HashMap<u64, (IpAddr, Arc<Activity>)>,
    from: HashMap<IpAddr, usize>,
}

impl Taken {
    fn remove(&mut self, id: u64) -> Option<Arc<Activity>> {
        let (from, activity) = self.active.remove(&id)?;
        if let Some(count) = self.from.get_mut(&from) {
            *count -= 1;
            if *count == 0 {
                self.from.remove(&from);
            }
        }
        Some(activity)
    }

    /// The connection that has been idle for longest, of one address or of all.
    fn longest_idle(&self, of: Option<IpAddr>) -> Option<u64> {
        let idle = (self.active.iter())
            .filter(|(_, (from, _))| of.is_none_or(|of| of == *from))
            .filter_map(|(id, (_, activity))| Some((activity.idle_since()?, *id)));
        idle.min().map(|(_, id)| id)
    }
}

impl Connections {
    /// None yet.
    pub(crate) fn new(limits: &Limits) -> Arc<Connections> {
        Arc::new(Connections {
            limit: limits.connections,
            per_address: limits.connections_per_address,
            patience: limits.patience,
            began: Instant::now(),
            taken: Mutex::default(),
            counters: Counters::default(),
        })
    }

    /// How many there are.
    pub(crate) fn open(&self) -> usize {
        self.lock().active.len()
    }

    /// How many there can be, without the reserve.
    pub(crate) fn most(&self) -> usize {
        self.limit
    }

    /// What happened to them.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A permit for a connection from this address; `None` if there is none. One that many share has no share of its own
    /// to keep to.
    pub(crate) fn admit(self: &Arc<Self>, from: IpAddr, many_share: bool, now: Instant) -> Option<Permit> {
        let from = from.to_canonical();
        let mut taken = self.lock();
        let own = taken.from.get(&from).copied().unwrap_or(0);
        let room = if !many_share && !from.is_loopback() && own >= self.per_address {
            self.evict(&mut taken, Some(from))
        } else if taken.active.len() >= self.limit {
            self.evict(&mut taken, None) || (own < FEW && taken.active.len() < self.limit + RESERVE)
        } else {
            true
        };
        if !room {
            self.counters.turned_away.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let id = taken.next;
        taken.next += 1;
        let activity =
            Arc::new(Activity { began: self.began, since: AtomicU64::new(ms(now - self.began)), evict: Notify::new() });
        taken.active.insert(id, (from, activity.clone()));
        *taken.from.entry(from).or_default() += 1;
        Some(Permit { connections: self.clone(), id, activity })
    }

    fn evict(&self, taken: &mut Taken, of: Option<IpAddr>) -> bool {
        let Some(activity) = taken.longest_idle(of).and_then(|id| taken.remove(id)) else { return false };
        activity.evict.notify_one();
        self.counters.evicted.fetch_add(1, Ordering::Relaxed);
        true
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX - 1)
}

/// A connection's permit; free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    connections: Arc<Connections>,
    id: u64,
    activity: Arc<Activity>,
}

impl Permit {
    /// Whether the connection is idle, and its eviction.
    pub(super) fn activity(&self) -> Arc<Activity> {
        self.activity.clone()
    }

    /// How long its other side may take nothing.
    pub(super) fn patience(&self) -> Duration {
        self.connections.patience
    }

    /// Where it is counted what happens to it.
    pub(super) fn counters(&self) -> &Counters {
        &self.connections.counters
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.connections.lock().remove(self.id);
    }
}

/// The time of idleness while it is busy.
const BUSY: u64 = u64::MAX;

/// What a connection does.
#[derive(Debug)]
pub(super) struct Activity {
    began: Instant,
    /// Since when it is idle, ms since the start; [`BUSY`] if it is not.
    since: AtomicU64,
    evict: Notify,
}

impl Activity {
    fn idle_since(&self) -> Option<u64> {
        Some(self.since.load(Ordering::Relaxed)).filter(|since| *since != BUSY)
    }

    /// Comes when the connection must go.
    pub(super) async fn evicted(&self) {
        self.evict.notified().await;
    }

    /// It is busy as long as this lives. Requests of one connection come one after another.
    pub(super) fn busy(activity: &Arc<Activity>) -> Busy {
        activity.since.store(BUSY, Ordering::Relaxed);
        Busy(Some(activity.clone()))
    }
}

/// A connection that is busy.
#[derive(Debug)]
pub(super) struct Busy(Option<Arc<Activity>>);

impl Busy {
    /// It stays so until it is closed.
    pub(super) fn for_ever(mut self) {
        self.0 = None;
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(activity) = &self.0 {
            activity.since.store(ms(activity.began.elapsed()), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPERATOR: &str = "127.0.0.1";

    fn connections(connections: usize, connections_per_address: usize) -> Arc<Connections> {
        Connections::new(&Limits { connections, connections_per_address, ..Limits::default() })
    }

    fn come(all: &Arc<Connections>, from: &str) -> Option<Permit> {
        all.admit(from.parse().unwrap(), false, Instant::now())
    }

    #[tokio::test]
    async fn the_longest_idle_connection_makes_room() {
        let all = connections(3, 100);
        let permits: Vec<Permit> = (0..3).filter_map(|_| come(&all, "10.0.0.1")).collect();
        let _first_is_busy = Activity::busy(&permits[0].activity);
        let operator = come(&all, OPERATOR);
        assert!(operator.is_some());
        permits[1].activity.evicted().await;
        assert_eq!((all.open(), all.counters().evicted.load(Ordering::Relaxed)), (3, 1));
        // The evicted one frees nothing twice.
        drop(permits);
        assert_eq!(all.open(), 1);
        drop(operator);
        assert_eq!((all.open(), all.lock().from.len()), (0, 0));
    }

    #[test]
    fn where_all_are_busy_some_places_are_kept_for_those_who_have_few() {
        let all = connections(20, 100);
        let greedy: Vec<Permit> = (0..20).filter_map(|_| come(&all, "10.0.0.1")).collect();
        let busy: Vec<Busy> = greedy.iter().map(|permit| Activity::busy(&permit.activity)).collect();
        assert!(come(&all, "10.0.0.1").is_none());
        let others = (0..RESERVE).filter_map(|n| come(&all, &format!("10.0.1.{n}")));
        let others: Vec<Permit> = others.inspect(|permit| Activity::busy(&permit.activity).for_ever()).collect();
        assert_eq!(others.len(), RESERVE);
        assert!(come(&all, OPERATOR).is_none());
        assert_eq!(all.counters().turned_away.load(Ordering::Relaxed), 2);
        drop(busy);
        assert!(come(&all, OPERATOR).is_some());
    }

    #[test]
    fn one_address_has_its_share_and_this_machine_has_none_to_keep_to() {
        let all = connections(100, 10);
        let busy = |permit: Permit| {
            Activity::busy(&permit.activity).for_ever();
            permit
        };
        let greedy: Vec<Permit> = (0..50).filter_map(|_| come(&all, "::ffff:10.0.0.1").map(busy)).collect();
        assert_eq!(greedy.len(), 10);
        let own: Vec<Permit> = (0..50).filter_map(|_| come(&all, OPERATOR).map(busy)).collect();
        assert_eq!(own.len(), 50);
        assert!(come(&all, "10.0.0.1").is_none() && come(&all, "10.0.0.2").is_some());
    }
}
