//! What a person should know about the disk and the files of history: what stands now, and what happened lately. Pure.

use domain::storage::{StorageKind, StorageTrouble};
use domain::time::Utc;
use std::collections::{BTreeMap, VecDeque};

/// For how long something that happened is told, µs: a day.
pub(crate) const TOLD_US: i64 = 86_400_000_000;
/// Of one kind the newest so many are told.
const OF_A_KIND: usize = 3;

/// The troubles of one history.
#[derive(Debug, Default)]
pub(crate) struct Troubles {
    standing: BTreeMap<StorageKind, StorageTrouble>,
    recent: VecDeque<StorageTrouble>,
}

impl Troubles {
    /// Says what stands of a kind now; `None` ends it. Since when is kept while it stands.
    pub(crate) fn stand(&mut self, kind: StorageKind, words: Option<String>, now: Utc) {
        match (words, self.standing.get_mut(&kind)) {
            (None, _) => drop(self.standing.remove(&kind)),
            (Some(words), Some(known)) => known.words = words,
            (Some(words), None) => drop(self.standing.insert(kind, StorageTrouble { kind, since: now, words })),
        }
    }

    /// Says what happened, once. It is told for a day.
    pub(crate) fn happened(&mut self, kind: StorageKind, words: String, at: Utc) {
        let trouble = StorageTrouble { kind, since: at, words };
        // Found again when the database is opened again.
        if self.recent.contains(&trouble) {
            return;
        }
        self.recent.push_front(trouble);
        let mut of_kind = 0;
        self.recent.retain(|known| {
            of_kind += usize::from(known.kind == kind);
            known.kind != kind || of_kind <= OF_A_KIND
        });
    }

    /// All of it, worst first, of one kind the newest first.
    pub(crate) fn list(&self, now: Utc) -> Vec<StorageTrouble> {
        let told = |trouble: &&StorageTrouble| now.0.saturating_sub(trouble.since.0) < TOLD_US;
        let mut all: Vec<_> = self.standing.values().chain(self.recent.iter().filter(told)).cloned().collect();
        all.sort_by_key(|trouble| std::cmp::Reverse(trouble.kind.severity()));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_is_told_until_it_ends_and_what_happened_for_a_day() {
        let mut troubles = Troubles::default();
        let told = |troubles: &Troubles, at| -> Vec<(StorageKind, i64, String)> {
            troubles.list(Utc(at)).into_iter().map(|t| (t.kind, t.since.0, t.words)).collect()
        };
        troubles.happened(StorageKind::Deleted, "a day".into(), Utc(5));
        troubles.stand(StorageKind::NotStored, Some("full".into()), Utc(10));
        troubles.stand(StorageKind::NotStored, Some("still full".into()), Utc(20));
        let both = [(StorageKind::NotStored, 10, "still full".into()), (StorageKind::Deleted, 5, "a day".into())];
        assert_eq!(told(&troubles, 30), both);
        troubles.stand(StorageKind::NotStored, None, Utc(40));
        assert_eq!(told(&troubles, 50), both[1..]);
        troubles.happened(StorageKind::Deleted, "a day".into(), Utc(5));
        assert_eq!(told(&troubles, 50), both[1..]);
        assert_eq!(told(&troubles, TOLD_US + 5), []);
        (0..9).for_each(|k| troubles.happened(StorageKind::Deleted, format!("day {k}"), Utc(k)));
        assert_eq!(told(&troubles, 50).iter().map(|t| t.2.as_str()).collect::<Vec<_>>(), ["day 8", "day 7", "day 6"]);
    }
}
