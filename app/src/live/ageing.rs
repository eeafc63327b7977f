//! Time goes on when frames do not: the snapshot is drawn again with a later `now`, so that its values go stale by
//! themselves.

use domain::twin::Snapshot;
use std::time::Duration;

/// Without a frame for this long the snapshot's clock runs on by itself.
pub(super) const QUIET: Duration = Duration::from_secs(1);
/// How often, ms, a snapshot without newer frames is drawn again.
pub(super) const TICK: Duration = Duration::from_millis(500);
/// Without a frame for this long an open connection counts as dead.
pub(super) const DEAD: Duration = Duration::from_secs(5);

/// `snapshot` as it is `elapsed` after it was received; `None` while that is no longer than it stands for.
pub fn aged(snapshot: &Snapshot, elapsed: Duration, stands_for: Duration) -> Option<Snapshot> {
    (elapsed > stands_for).then(|| {
        let mut aged = snapshot.clone();
        aged.now = aged.now + elapsed;
        aged
    })
}

/// The snapshot that was [aged](aged) by `age_s`, as it was when it was received.
pub fn as_received(snapshot: &Snapshot, age_s: f32) -> Snapshot {
    let mut received = snapshot.clone();
    received.now = received.now - Duration::from_secs_f32(age_s.max(0.0));
    received
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::PointId;
    use domain::reading::NoData;
    use domain::time::Mono;

    #[test]
    fn a_snapshot_without_newer_frames_goes_stale_by_itself() {
        let mut snapshot = Snapshot::default();
        snapshot.now.mono = Mono(5_000_000);
        snapshot.state.points.set(PointId::Voltage, Ok(832.0), Mono(4_900_000));
        assert_eq!(aged(&snapshot, Duration::from_millis(900), QUIET), None);
        let soon = aged(&snapshot, Duration::from_millis(1_300), QUIET).unwrap();
        assert_eq!(soon.point(PointId::Voltage), Ok(832.0));
        let later = aged(&snapshot, Duration::from_millis(1_500), QUIET).unwrap();
        assert_eq!(later.point(PointId::Voltage), Err(NoData::Stale));
        assert_eq!(as_received(&later, 1.5), snapshot);
    }
}
