//! Where a page's answers and live frames come from: a table of two functions, chosen once at the start.
//!
//! In an ordinary page both are the server's ([`SERVER`]: HTTP and a WebSocket). A page without a server puts something
//! else there; what stands above ([`fetch`](crate::fetch), [`live`](crate::live)) does not know which.

mod error;
#[cfg(feature = "hydrate")]
mod server;

pub(crate) use error::refusal;
pub use error::{FetchError, NO_SERVER};
#[cfg(feature = "hydrate")]
pub use server::SERVER;

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

/// Whether the page is built to be without a server: everything runs in the browser. It is a constant, so that an ordinary
/// page has nothing of what only a demo says.
pub const DEMO: bool = cfg!(feature = "demo");

/// The two functions.
pub struct Source {
    /// Answers a request. To drop the reply is to want it no longer.
    pub ask: fn(Request) -> Reply,
    /// Begins to tell of a system, by its id. `None` if that cannot even be tried.
    pub subscribe: fn(&str, Listener) -> Option<Box<dyn Subscription>>,
}

/// A request of the HTTP API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Path and query, encoded: `/api/v1/lab?system=hv`.
    pub path: String,
    /// The fields of a form as `application/x-www-form-urlencoded`; none without a body.
    pub form: Option<String>,
}

/// The answer that is to come, in the binary form.
pub type Reply = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>>>>;

/// What hears of a live stream. It is never called while the subscription begins.
pub type Listener = Box<dyn Fn(Event)>;

/// What a live stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The next frame; the first one is a key frame.
    Frame(Vec<u8>),
    /// A word of the server beside its frames.
    Text(String),
    /// It is over, or did not come about.
    Closed,
}

/// A live stream. To drop it closes it; then nothing more is told.
pub trait Subscription {
    /// Whether it has not come about yet, and may still.
    fn connecting(&self) -> bool;
}

static SOURCE: OnceLock<&'static Source> = OnceLock::new();

/// Chooses the source, before anything is asked. A second choice changes nothing.
pub fn choose(source: &'static Source) {
    let _ = SOURCE.set(source);
}

/// The chosen source. None on the server, where nothing is asked.
pub(crate) fn chosen() -> Option<&'static Source> {
    SOURCE.get().copied()
}
