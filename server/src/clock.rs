//! The process's two clocks, read together. The only place in the server that asks for the time.

use domain::time::{Mono, Now, Utc};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Reads the time; shared by every task.
pub(crate) type Clock = Arc<dyn Fn() -> Now + Send + Sync>;

/// A clock whose monotonic side starts at [`Mono::START`].
pub(crate) fn system_clock() -> Clock {
    let start = Instant::now();
    Arc::new(move || Now {
        utc: Utc(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)),
        mono: Mono::START + start.elapsed(),
    })
}
