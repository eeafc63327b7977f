//! What can be said of a value of a snapshot: how it is shown, how far it can be believed, and why there is none. Pure.

mod known;
mod shown;

pub use known::{LinksKnown, Never, links_known, made_of_rows, never, why};
pub use shown::{Freshness, Shown, newest_stats, of_how_many};

use crate::derived::Derived;

/// What it means now that a value of the system never came. A context of the page.
#[derive(Clone, Copy)]
pub struct NeverNow(pub Derived<Never>);
