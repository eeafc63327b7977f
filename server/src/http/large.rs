//! Large answers: written and compressed on the thread that made them, which has a permit of the gate. What goes to the
//! threads of the network is bytes that only need to be sent, and there is memory for them until they are taken.

use super::AppState;
use super::answer::{OCTETS, wants_octets};
use super::problem::Problem;
use crate::gate::{Gate, LARGEST, SMALL, held};
use axum::body::{Body, HttpBody as _, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use brotli::CompressorWriter;
use brotli::enc::BrotliEncoderParams;
use domain::wire::Wire;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use std::io::{self, Write as _};
use std::sync::Arc;

/// What a coder takes at once, bytes.
const BUFFER: usize = 64 << 10;

/// Marks an answer whose bytes are ready: it is not compressed again, and its memory is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ready;

/// Writes one large answer in the form that its reader wants.
#[derive(Clone)]
pub(super) struct Large {
    gate: Arc<Gate>,
    binary: bool,
    coding: Option<Coding>,
}

/// How an answer is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// The fastest that nearly all programs know.
    Gzip,
    /// For those who know no other.
    Brotli,
}

impl Coding {
    const ALL: [Coding; 2] = [Coding::Gzip, Coding::Brotli];
    /// Of Brotli: half of what gzip leaves, for 12 ms of a core a megabyte; gzip takes 3.
    const BROTLI_QUALITY: i32 = 2;

    /// Its name in headers.
    const fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Brotli => "br",
        }
    }

    fn code(self, text: &[u8]) -> io::Result<Vec<u8>> {
        let room = Vec::with_capacity(text.len() / 8);
        match self {
            Coding::Gzip => {
                let mut coder = GzEncoder::new(room, Compression::fast());
                coder.write_all(text)?;
                coder.finish()
            }
            Coding::Brotli => {
                let parameters =
                    BrotliEncoderParams { quality: Coding::BROTLI_QUALITY, ..BrotliEncoderParams::default() };
                let mut coder = CompressorWriter::with_params(room, BUFFER, &parameters);
                coder.write_all(text)?;
                Ok(coder.into_inner())
            }
        }
    }
}

impl AppState {
    /// For the answer to a request with these headers.
    pub(super) fn large(&self, headers: &HeaderMap) -> Large {
        Large { gate: self.gate.clone(), binary: wants_octets(headers), coding: coding(headers) }
    }
}

impl Large {
    /// Whether the answer should be in the binary form.
    pub(super) fn wants_octets(&self) -> bool {
        self.binary
    }

    /// An answer in the form that its reader wants.
    pub(super) fn either<T: Wire + Serialize>(&self, answer: &T) -> Response {
        if self.binary { self.octets(answer.to_bytes()) } else { self.json(answer) }
    }

    /// An answer in the binary form, which is small by itself.
    pub(super) fn octets(&self, bytes: Vec<u8>) -> Response {
        self.answer(OCTETS, bytes)
    }

    /// An answer in JSON, compressed for those who take it.
    pub(super) fn json(&self, answer: &impl Serialize) -> Response {
        let written = serde_json::to_vec(answer).map_err(io::Error::from);
        let coded = written.and_then(|text| match self.coding {
            Some(coding) => coding.code(&text),
            None => Ok(text),
        });
        let mut answer = match coded {
            Ok(bytes) => self.answer("application/json", bytes),
            Err(error) => {
                tracing::error!("an answer could not be written: {error}");
                return Problem::broken().into_response();
            }
        };
        let ready = answer.extensions().get::<Ready>().is_some();
        let headers = answer.headers_mut();
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Some(coding) = self.coding.filter(|_| ready) {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
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

/// Lets an answer go only if there is memory for it until it is taken.
pub(super) async fn answers(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.extensions().get::<Ready>().is_some() {
        return response;
    }
    let Some(size) = response.body().size_hint().exact().filter(|size| *size > SMALL) else { return response };
    let permit = match app.gate.room(size).await {
        Ok(permit) => permit,
        Err(words) => return Problem::busy(words).into_response(),
    };
    let (head, body) = response.into_parts();
    match to_bytes(body, LARGEST).await {
        Ok(bytes) => Response::from_parts(head, Body::from(held(bytes, permit))),
        Err(_) => Problem::busy("this answer is too large: ask for less at once").into_response(),
    }
}

/// What the reader takes: of `gzip, deflate, br` or `*` gzip, of `br, gzip;q=0` Brotli.
fn coding(headers: &HeaderMap) -> Option<Coding> {
    let lists = headers.get_all(ACCEPT_ENCODING).into_iter().filter_map(|list| list.to_str().ok());
    let weight = |of: &str| {
        let mut parts = of.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0_f32);
        (name, weight)
    };
    let known: Vec<(String, f32)> = lists.flat_map(|list| list.split(',')).map(weight).collect();
    let of = |wanted: &str| known.iter().find(|(name, _)| name == wanted).map(|(_, weight)| *weight > 0.0);
    let takes = |coding: &Coding| of(coding.name()).or_else(|| of("*")).unwrap_or(false);
    Coding::ALL.into_iter().find(takes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use axum::http::StatusCode;
    use axum::http::header::RETRY_AFTER;
    use flate2::read::GzDecoder;
    use serde_json::json;
    use std::io::Read as _;

    #[test]
    fn an_answer_is_compressed_as_its_reader_takes_it() {
        use Coding::{Brotli, Gzip};
        for (lists, taken) in [
            (&["gzip"][..], Some(Gzip)),
            (&["br, GZIP;q=0.5"], Some(Gzip)),
            (&["br", "gzip"], Some(Gzip)),
            (&["*"], Some(Gzip)),
            (&["gzip;q=0, *"], Some(Brotli)),
            (&["gzip;q=0, *;q=0"], None),
            (&["br"], Some(Brotli)),
            (&["br;q=0"], None),
            (&["x-gzip-like, deflate"], None),
            (&[], None),
        ] {
            let headers = lists.iter().map(|list| (ACCEPT_ENCODING, HeaderValue::from_str(list).unwrap())).collect();
            assert_eq!(coding(&headers), taken, "{lists:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_whole_and_marked_and_beyond_the_memory_for_answers_there_is_none() {
        let gate = Gate::new(&Limits::default()).unwrap();
        let value = json!({ "values": vec![0.25; 50_000] });
        let text = value.to_string();
        for coding in [None, Some(Coding::Gzip), Some(Coding::Brotli)] {
            let large = Large { gate: gate.clone(), binary: false, coding };
            let answer = large.json(&value);
            assert!(answer.extensions().get::<Ready>().is_some());
            assert_eq!(answer.headers().get(CONTENT_ENCODING).is_some(), coding.is_some());
            let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
            assert!(coding.is_none() || bytes.len() * 20 < text.len());
            let mut plain = String::new();
            match coding {
                Some(Coding::Gzip) => {
                    GzDecoder::new(&bytes[..]).read_to_string(&mut plain).unwrap();
                }
                Some(Coding::Brotli) => {
                    brotli::Decompressor::new(&bytes[..], BUFFER).read_to_string(&mut plain).unwrap();
                }
                None => plain.push_str(std::str::from_utf8(&bytes).unwrap()),
            }
            assert_eq!(plain, text);
        }
        let large = Large { gate: gate.clone(), binary: true, coding: None };
        let held: Vec<Response> = (0..16).map(|_| large.octets(vec![0; 8 << 20])).collect();
        assert!(held.iter().all(|answer| answer.status() == StatusCode::OK));
        let refused = large.json(&value);
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(refused.headers().contains_key(RETRY_AFTER) && refused.extensions().get::<Ready>().is_none());
        drop(held);
        assert_eq!(large.json(&value).status(), StatusCode::OK);
    }
}
