//! Numbers of sealed days that were asked for lately: those used longest ago go first when there are too many.
//!
//! Mapped files are the page cache's memory, but they count as the process's as long as they are mapped, and its addresses
//! end somewhere: a reader who walks through the years must not map them all.

use crate::numbers::Numbers;
use bytemuck::Pod;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// How much is held in memory while the disk takes no files, bytes.
const HELD_MAX_BYTES: usize = 64 << 20;

/// Numbers by what they are of.
pub(crate) struct Cache<K, T> {
    most_bytes: usize,
    state: Mutex<State<K, T>>,
}

struct State<K, T> {
    entries: HashMap<K, Entry<T>>,
    /// Counts the uses.
    uses: u64,
}

struct Entry<T> {
    numbers: Arc<Numbers<T>>,
    /// The use at which it was wanted last.
    used: u64,
}

impl<K: Eq + Hash + Clone, T: Pod> Cache<K, T> {
    /// Empty. At most `most_bytes` of mapped files stay in it, and the newest one in any case.
    pub(crate) fn new(most_bytes: usize) -> Cache<K, T> {
        Cache { most_bytes, state: Mutex::new(State { entries: HashMap::new(), uses: 0 }) }
    }

    /// The numbers of `key`, if they are here.
    pub(crate) fn get(&self, key: &K) -> Option<Arc<Numbers<T>>> {
        let mut state = self.lock();
        let State { entries, uses } = &mut *state;
        let entry = entries.get_mut(key)?;
        *uses += 1;
        entry.used = *uses;
        Some(entry.numbers.clone())
    }

    /// Takes numbers in, and drops those that are `old`. Numbers without a file are taken only while there is room for them.
    /// Who has dropped numbers in use keeps them.
    pub(crate) fn insert(&self, key: K, numbers: Arc<Numbers<T>>, old: impl Fn(&K) -> bool) {
        let mut state = self.lock();
        let State { entries, uses } = &mut *state;
        entries.retain(|key, _| !old(key));
        let held: usize = entries.values().map(|entry| entry.numbers.held_bytes()).sum();
        if !numbers.is_mapped() && held + numbers.held_bytes() > HELD_MAX_BYTES {
            return;
        }
        *uses += 1;
        entries.insert(key, Entry { numbers, used: *uses });
        let mut mapped: usize = entries.values().map(|entry| entry.numbers.mapped_bytes()).sum();
        while mapped > self.most_bytes && entries.len() > 1 {
            let oldest =
                entries.iter().filter(|(_, entry)| entry.numbers.is_mapped()).min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            mapped -= entries.remove(&oldest).map_or(0, |entry| entry.numbers.mapped_bytes());
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State<K, T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn mapped(folder: &Path, name: &str, len: usize) -> Arc<Numbers<f32>> {
        let source = folder.join("day.parquet");
        fs::write(&source, "as it is").unwrap();
        let numbers = Numbers::at(&folder.join(name), &source, len, || Ok(vec![1.0; len])).unwrap();
        assert!(numbers.is_mapped());
        Arc::new(numbers)
    }

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(3_000);
        let here = |keys: [&str; 4]| keys.map(|key| cache.get(&key.to_owned()).is_some());
        for name in ["a", "b", "c"] {
            cache.insert(name.to_owned(), mapped(folder.path(), name, 200), |_| false);
        }
        assert!(cache.get(&"a".to_owned()).is_some());
        cache.insert("d".to_owned(), mapped(folder.path(), "d", 200), |_| false);
        assert_eq!(here(["a", "b", "c", "d"]), [true, false, true, true]);
        // One that is larger than all room is here alone.
        cache.insert("e".to_owned(), mapped(folder.path(), "e", 5_000), |_| false);
        assert_eq!(here(["a", "c", "d", "e"]), [false, false, false, true]);
        // What is old goes whether there is room or not.
        cache.insert("f".to_owned(), mapped(folder.path(), "f", 10), |key| key == "e");
        assert_eq!(here(["a", "c", "e", "f"]), [false, false, false, true]);
    }

    #[test]
    fn numbers_without_a_file_stay_while_there_is_room() {
        let cache = Cache::new(1 << 30);
        let held = || Arc::new(Numbers::Held(vec![0_u16; HELD_MAX_BYTES / 2 / 3]));
        for key in 0..5 {
            cache.insert(key, held(), |_| false);
        }
        assert_eq!([0, 1, 2, 3, 4].map(|key| cache.get(&key).is_some()), [true, true, true, false, false]);
    }
}
