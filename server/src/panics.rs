//! Counts panics, wherever they happen: there should be none, and `/api/v1/server` says so. Those that a damaged file makes
//! its reader have are errors of the file.

use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);

/// Counts from now on; the messages are printed as before.
pub(crate) fn watch() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !store::panic_is_damage() {
            COUNT.fetch_add(1, Ordering::Relaxed);
            print(panic);
        }
    }));
}

/// Panics since the start.
pub(crate) fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}
