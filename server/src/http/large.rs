//! Large answers: written and compressed on the thread that made them, which has a permit of the gate. What goes to the
//! threads of the network is bytes that only need to be sent, and there is memory for them until they are taken.

use super::AppState;
use super::answer::{OCTETS, wants_octets};
use super::gate::Gate;
use super::problem::Problem;
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io::{self, Write as _};
use std::sync::Arc;

/// Marks an answer whose bytes are ready: it is not compressed again, and its memory is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready;

/// Writes one large answer in the form that its reader wants.
#[derive(Clone)]
pub(super) struct Large {
    gate: Arc<Gate>,
    binary: bool,
    gzip: bool,
}

impl AppState {
    /// For the answer to a request with these headers.
    pub(super) fn large(&self, headers: &HeaderMap) -> Large {
        Large { gate: self.gate.clone(), binary: wants_octets(headers), gzip: takes_gzip(headers) }
    }
}

impl Large {
    /// Whether the answer should be in the binary form.
    pub(super) fn wants_octets(&self) -> bool {
        self.binary
    }

    /// An answer in the binary form, which is small by itself.
    pub(super) fn octets(&self, bytes: Vec<u8>) -> Response {
        self.answer(OCTETS, bytes)
    }

    /// An answer in JSON, compressed for those who take gzip: it is the fastest that all programs know.
    pub(super) fn json(&self, answer: &impl Serialize) -> Response {
        let written = serde_json::to_vec(answer).map_err(io::Error::from);
        let coded = written.and_then(|text| if self.gzip { gzip(&text) } else { Ok(text) });
        let mut answer = match coded {
            Ok(bytes) => self.answer("application/json", bytes),
            Err(error) => {
                tracing::error!("an answer could not be written: {error}");
                let words = "the server made a mistake; its log says more";
                return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words).into_response();
            }
        };
        let ready = answer.extensions().get::<Ready>().is_some();
        let headers = answer.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if self.gzip && ready {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        answer
    }

    /// Says that there is no room if too many answers wait to be taken.
    fn answer(&self, kind: &'static str, bytes: Vec<u8>) -> Response {
        match self.gate.hold(bytes) {
            Ok(bytes) => {
                let mut answer = ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-store")], bytes).into_response();
                answer.extensions_mut().insert(Ready);
                answer
            }
            Err(words) => Problem::busy(words).into_response(),
        }
    }
}

fn gzip(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut coder = GzEncoder::new(Vec::with_capacity(text.len() / 8), Compression::fast());
    coder.write_all(text)?;
    coder.finish()
}

/// Whether the reader takes gzip: `gzip, deflate, br`, `*`, but not `gzip;q=0`.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|list| list.to_str().ok());
    let weight = |of: &str| {
        let mut parts = of.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
        (name, weight)
    };
    let known: Vec<(String, f32)> = lists.flat_map(|list| list.split(',')).map(weight).collect();
    let of = |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, weight)| *weight > 0.0);
    of("gzip").or_else(|| of("*")).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use axum::body::to_bytes;
    use axum::http::header::RETRY_AFTER;
    use flate2::read::GzDecoder;
    use serde_json::json;
    use std::io::Read as _;

    #[test]
    fn gzip_is_for_those_who_take_it() {
        for (lists, takes) in [
            (&["gzip"][..], true),
            (&["br, GZIP;q=0.5"], true),
            (&["br", "gzip"], true),
            (&["*"], true),
            (&["gzip;q=0, *"], false),
            (&["br"], false),
            (&["x-gzip-like"], false),
            (&[], false),
        ] {
            let headers = lists.iter().map(|list| (ACCEPT_ENCODING, HeaderValue::from_str(list).unwrap())).collect();
            assert_eq!(takes_gzip(&headers), takes, "{lists:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_whole_and_marked_and_beyond_the_memory_for_answers_there_is_none() {
        let gate = Gate::new(&Limits::default()).unwrap();
        let value = json!({ "values": vec![0.25; 50_000] });
        let text = value.to_string();
        for gzip in [false, true] {
            let large = Large { gate: gate.clone(), binary: false, gzip };
            let answer = large.json(&value);
            assert!(answer.extensions().get::<Ready>().is_some());
            assert_eq!(answer.headers().get(CONTENT_ENCODING).is_some(), gzip);
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            assert!(!gzip || bytes.len() * 20 < text.len());
            let mut plain = String::new();
            match gzip {
                true => drop(GzDecoder::new(&bytes[..]).read_to_string(&mut plain).unwrap()),
                false => plain.push_str(std::str::from_utf8(&bytes).unwrap()),
            }
            assert_eq!(plain, text);
        }
        let large = Large { gate: gate.clone(), binary: true, gzip: false };
        let held: Vec<Response> = (0..16).map(|_| large.octets(vec![0; 8 << 20])).collect();
        assert!(held.iter().all(|answer| answer.status() == StatusCode::OK));
        let refused = large.json(&value);
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key(RETRY_AFTER) && refused.extensions().get::<Ready>().is_none());
        drop(held);
        assert_eq!(large.json(&value).status(), StatusCode::OK);
    }
}
