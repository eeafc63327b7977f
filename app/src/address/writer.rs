//! Writes what is chosen into the address when it has rested for a moment: browsers refuse floods of changes.

use super::{Address, Leave, Navigation};
use leptos::prelude::*;
use std::time::Duration;

/// For so long nothing new must come.
const REST: Duration = Duration::from_millis(300);

/// A writer for one part of a page. What waits to be written is forgotten when the part is gone.
#[derive(Clone, Copy)]
pub struct AddressWriter {
    navigation: Navigation,
    waiting: StoredValue<Option<TimeoutHandle>>,
}

impl AddressWriter {
    /// Nothing waits yet.
    pub fn new(navigation: Navigation) -> AddressWriter {
        let writer = AddressWriter { navigation, waiting: StoredValue::new(None) };
        on_cleanup(move || writer.forget());
        writer
    }

    /// Writes the address that `address` makes of the present one, in its place, when nothing newer has come for 300 ms;
    /// nothing if it makes none.
    pub fn write(self, address: impl FnOnce(&Address) -> Option<String> + 'static) {
        self.forget();
        let write = move || {
            let here = self.navigation.here();
            if let Some(there) = address(&here) {
                self.navigation.go(&there, Leave::Nothing);
            }
        };
        self.waiting.set_value(set_timeout_with_handle(write, REST).ok());
    }

    /// What waits is not written.
    fn forget(self) {
        if let Some(waiting) = self.waiting.try_update_value(Option::take).flatten() {
            waiting.clear();
        }
    }
}
