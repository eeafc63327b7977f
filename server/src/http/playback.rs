//! Playback: any instant of the past, stretches of it to be played, and where there is something to see.
//!
//! | path | what |
//! |---|---|
//! | `GET /api/v1/playback/frames?system=hv&from=...&step_ms=200&count=64` | frames of the live stream, binary |
//! | `GET /api/v1/playback/jump?system=hv&to=alarm&from=...&back=true` | the next alarm, or the one before |
//! | `GET /api/v1/playback/jump?system=hv&to=sag&from=...` | the next sag |
//! | `GET /api/v1/playback/jump?system=hv&to=spread&from=...&until=...` | where cells are furthest apart |

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::Query;
use super::instant::instant;
use super::problem::Problem;
use crate::past::Past;
use api::playback::{FRAMES_MAX, PlaybackSegment, SeekRequest, SeekResponse, SeekTarget, SegmentRequest, Sight};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::decimal::fixed;
use domain::time::Utc;
use domain::wire::Wire as _;
use store::{Beside, Range, StoreError};

/// Longest step of a segment, ms: a day.
const STEP_MAX_MS: i64 = 86_400_000;
impl AppState {
    /// Asks the past of the system at `index`, on a thread that may wait for the disk.
    pub(super) async fn ask_past<T: Send + 'static>(
        &self,
        index: usize,
        ask: impl FnOnce(&Past<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let site = self.hub.site.clone();
        let answer =
            self.ask_history(move |history| Past::new(history, &site, index).map(|past| ask(&past)).transpose());
        match answer.await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Problem::not_found("there is no such system")),
            Err(words) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, words)),
        }
    }
}

/// The handler of `/frames`.
pub(super) async fn segment(
    State(app): State<AppState>,
    Query(query): Query<SegmentRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (index, _, newest) = app.find(query.system.as_deref())?;
    let from_ms = instant("from", &query.from)?;
    let (step_ms, count) = (query.step_ms.unwrap_or(200), query.count.unwrap_or(64));
    if !(1..=STEP_MAX_MS).contains(&step_ms) {
        return Err(Problem::bad_parameter(format!("step_ms: {step_ms} is not from 1 to {STEP_MAX_MS}")));
    }
    if !(1..=FRAMES_MAX).contains(&count) {
        return Err(Problem::bad_parameter(format!("count: {count} is not from 1 to {FRAMES_MAX}")));
    }
    let now = newest.snapshot.now.utc;
    let large = app.large(&headers);
    let segment = move |past: &Past<'_>| {
        let segment = past.segment(from_ms, step_ms, count)?;
        Ok(large.octets(PlaybackSegment { now, ..segment }.to_bytes()))
    };
    app.ask_past(index, segment).await
}

/// The handler of `/jump`.
pub(super) async fn seek(
    State(app): State<AppState>,
    Query(query): Query<SeekRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, spec, newest) = app.find(query.system.as_deref())?;
    let from_ms = instant("from", &query.from)?;
    let now_ms = newest.snapshot.now.utc.0.div_euclid(1_000);
    let until_ms = query.until.as_deref().map_or(Ok(now_ms + 1), |until| instant("until", until))?;
    let beside = if query.back { Beside::Before } else { Beside::After };
    let (system, limit_pct) = (spec.id.clone(), spec.limits.sag_pct);
    let sight = query.to;
    let found = app.ask_history(move |history| {
        let target = |at_ms: i64, words: String| SeekTarget { at: Utc(at_ms * 1_000), words };
        Ok(match sight {
            Sight::Alarm => {
                let alarm = history.alarm_beside(&system, from_ms, beside)?;
                alarm.map(|alarm| target(alarm.at_ms, alarm.words))
            }
            Sight::Sag => history.sag_beside(&system, from_ms, beside, limit_pct)?.map(|sag| {
                let (depth, share) = (fixed(sag.depth_v.into(), 1), fixed(sag.depth_pct.into(), 1));
                target(sag.at_ms, format!("Bus falls by {depth} V, {share} %"))
            }),
            Sight::Spread => history.widest_spread(&system, Range::new(from_ms, until_ms))?.map(|widest| {
                let apart = fixed(f64::from(widest.spread_v) * 1e3, 0);
                target(widest.at_ms, format!("Cells {apart} mV apart, the most in this time"))
            }),
        })
    });
    let found = found.await.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))?;
    if wants_octets(&headers) {
        let nothing = || SeekResponse { at: None, words: nothing(sight, beside).to_owned() };
        let there = |SeekTarget { at, words }| SeekResponse { at: Some(at), words };
        return Ok(octets(found.map_or_else(nothing, there).to_bytes()));
    }
    Ok(json(&found.ok_or_else(|| Problem::not_found(nothing(sight, beside)))?))
}

fn nothing(sight: Sight, beside: Beside) -> &'static str {
    match (sight, beside) {
        (Sight::Alarm, Beside::After) => "No further alarm",
        (Sight::Alarm, Beside::Before) => "No earlier alarm",
        (Sight::Sag, Beside::After) => "No further sag",
        (Sight::Sag, Beside::Before) => "No earlier sag",
        (Sight::Spread, _) => "No cell voltages are known of this time",
    }
}
