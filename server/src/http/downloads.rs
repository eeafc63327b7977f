//! Files that are made while they are sent: a part at a time, and none before the last one is taken.
//!
//! A reader who is slow holds a permit of the downloads, and a part; never a thread.

use crate::gate::Gate;
use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::LeftOut;
use tokio::sync::OwnedSemaphorePermit;

/// Files are sent in parts of about this size, bytes.
pub(super) const PART: usize = 64 * 1024;
/// From then on a reader must have taken [`SLOWEST`] on the whole.
const SETTLED: Duration = Duration::from_secs(60);
/// The slowest reader, bytes/s: slower ones hold a permit that others need.
const SLOWEST: f64 = 4_096.0;

/// Makes a file in parts, on a thread that may wait for the disk.
pub(super) trait Parts: Send + 'static {
    /// The next part; `None` after the last one. After an error there is none: the answer is cut off then, so that
    /// nobody takes a part for the whole.
    fn next(&mut self) -> Option<io::Result<Bytes>>;
}

/// A download that runs.
struct Running<P> {
    parts: P,
    gate: Arc<Gate>,
    began: Instant,
    sent: u64,
    /// Its permit, until it ends.
    _permit: OwnedSemaphorePermit,
}

impl<P: Parts> Running<P> {
    async fn next(mut self) -> Option<(io::Result<Bytes>, Option<Running<P>>)> {
        let took = self.began.elapsed();
        if took > SETTLED && (self.sent as f64) < SLOWEST * took.as_secs_f64() {
            return Some((Err(io::ErrorKind::TimedOut.into()), None));
        }
        let gate = self.gate.clone();
        let made = gate.run(move || {
            let part = self.parts.next();
            (self, part)
        });
        let (mut running, part) = match made.await {
            Ok(made) => made,
            Err(error) => return Some((Err(io::Error::other(error)), None)),
        };
        Some(match part? {
            Ok(part) => {
                running.sent += part.len() as u64;
                (Ok(part), Some(running))
            }
            Err(error) => {
                tracing::warn!("a download was cut: {error}");
                (Err(error), None)
            }
        })
    }
}

/// The header of a file that says what is missing in it; none if nothing is.
pub(super) fn left_out_header(left_out: &str) -> HeaderMap {
    let value = HeaderValue::from_str(left_out).ok().filter(|_| !left_out.is_empty());
    value.map(|value| (HeaderName::from_static("left-out"), value)).into_iter().collect()
}

/// An answer that is saved as a file of this name, with what is `left_out` of it.
pub(super) fn download(
    name: &str,
    kind: &'static str,
    left_out: &LeftOut,
    (gate, permit): (Arc<Gate>, OwnedSemaphorePermit),
    parts: impl Parts,
) -> Response {
    let running = Running { parts, gate, began: Instant::now(), sent: 0, _permit: permit };
    // Who compresses it asks once more after the end.
    let body = unfold(Some(running), |running| async move { running?.next().await }).fuse();
    let headers = [
        (CONTENT_TYPE, kind.to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, left_out_header(&left_out.words()), Body::from_stream(body)).into_response()
}
