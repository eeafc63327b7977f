//! The reader of Parquet is not made for damaged files: it may panic. Such a panic is a damaged file, and told as one.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread, now, means that a file is damaged: it is told as an error, and need not be printed.
pub fn panic_is_damage() -> bool {
    GUARDED.get()
}

/// What `work` gives; `None` if it panics.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    let before = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work)).ok();
    GUARDED.set(before);
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_damage_only_while_a_file_is_read() {
        assert!(!panic_is_damage());
        assert_eq!(guarded(panic_is_damage), Some(true));
        assert_eq!(
            guarded(|| if panic_is_damage() {
                panic!("bent")
            }),
            None
        );
        assert!(!panic_is_damage());
    }
}
