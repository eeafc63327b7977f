//! Playback: stretches of the past, and where there is something to see.

use super::instant;
use crate::run::Demo;
use crate::session::Session;
use api::playback::{FRAMES_MAX, PlaybackSegment, SeekRequest, SeekResponse, SegmentFrame, SegmentRequest, Sight};
use domain::alarm::AlarmChange;
use domain::decimal::fixed;
use domain::live::Encoder;
use domain::point::PointId;
use domain::sag::SagFinder;
use domain::time::Utc;
use domain::twin::Snapshot;

/// A snapshot stands for at most so long: after that there was nothing.
const HOLDS_MS: i64 = 2_000;

pub(super) fn segment(demo: &Demo, asked: &SegmentRequest) -> Result<PlaybackSegment, String> {
    let session = demo.find(asked.system.as_deref())?;
    let from_ms = instant("from", Some(&asked.from), 0)?;
    let step_ms = asked.step_ms.unwrap_or(200).clamp(1, 86_400_000);
    let count = asked.count.unwrap_or(64).clamp(1, FRAMES_MAX);
    let end_ms = from_ms.saturating_add(step_ms.saturating_mul(count as i64));
    let (mut encoder, mut frames) = (Encoder::new(&session.spec), Vec::new());
    let mut last_ms = i64::MIN;
    let mut take = |snapshot: &Snapshot| {
        last_ms = ms(snapshot);
        frames.push(SegmentFrame { whole: true, bytes: encoder.encode(snapshot).delta });
        last_ms
    };
    // The first is the one that holds at the start.
    let mut holds = None;
    session.play(from_ms - HOLDS_MS, from_ms.saturating_add(1), |snapshot| holds = Some(snapshot.clone()));
    let mut taken_ms = holds.as_ref().map_or(i64::MIN, &mut take);
    // Readings do not come to the millisecond.
    let apart_ms = step_ms * 3 / 4;
    let mut taken = usize::from(holds.is_some());
    session.play(from_ms, end_ms, |snapshot| {
        if taken < count && ms(snapshot) > taken_ms && ms(snapshot) >= taken_ms.saturating_add(apart_ms) {
            taken_ms = take(snapshot);
            taken += 1;
        }
    });
    let first_after = || session.rows(from_ms, i64::MAX).first().map(|row| row.at_ms);
    let next_ms = if frames.is_empty() { first_after().unwrap_or(end_ms) } else { end_ms };
    Ok(PlaybackSegment { next: Utc(next_ms.saturating_mul(1_000)), now: demo.now().utc, frames })
}

fn ms(snapshot: &Snapshot) -> i64 {
    snapshot.now.utc.0.div_euclid(1_000)
}

pub(super) fn seek(demo: &Demo, asked: &SeekRequest) -> Result<SeekResponse, String> {
    let session = demo.find(asked.system.as_deref())?;
    let from_ms = instant("from", Some(&asked.from), 0)?;
    let until_ms = instant("until", asked.until.as_deref(), demo.now_ms() + 1)?;
    let found = match asked.to {
        Sight::Alarm => beside(alarms(session), from_ms, asked.back),
        Sight::Sag => beside(sags(session), from_ms, asked.back),
        Sight::Spread => widest(session, from_ms, until_ms),
    };
    Ok(match found {
        Some((at_ms, words)) => SeekResponse { at: Some(Utc(at_ms * 1_000)), words },
        None => SeekResponse { at: None, words: nothing(asked.to, asked.back).to_owned() },
    })
}

/// When something happened, ms, and what.
type Found = (i64, String);

/// The one next to an instant, of those that are in the order of time.
fn beside(mut all: impl DoubleEndedIterator<Item = Found>, at_ms: i64, back: bool) -> Option<Found> {
    if back { all.rfind(|(found_ms, _)| *found_ms < at_ms) } else { all.find(|(found_ms, _)| *found_ms > at_ms) }
}

fn alarms(session: &Session) -> impl DoubleEndedIterator<Item = Found> {
    let raised = session.events.iter().filter(|event| matches!(event.change, AlarmChange::Raised(_)));
    raised.map(|event| (event.at.utc.0.div_euclid(1_000), event.words.clone()))
}

fn sags(session: &Session) -> impl DoubleEndedIterator<Item = Found> {
    let mut finder = SagFinder::new(session.spec.limits.sag_pct);
    let take =
        |row: &domain::telemetry::Row| finder.take(row.at_ms, row.get(PointId::Voltage), row.get(PointId::Current));
    let mut sags: Vec<_> = session.rows.iter().filter_map(take).collect();
    sags.extend(finder.finish());
    sags.into_iter().map(|sag| {
        let (depth, share) = (fixed(sag.depth_v.into(), 1), fixed(sag.depth_pct.into(), 1));
        (sag.at_ms, format!("Bus falls by {depth} V, {share} %"))
    })
}

fn widest(session: &Session, from_ms: i64, until_ms: i64) -> Option<Found> {
    let spread = |row: &&&domain::telemetry::Row| row.get(PointId::CellVoltageMax) - row.get(PointId::CellVoltageMin);
    let rows = session.rows(from_ms, until_ms);
    let widest = rows.iter().filter(|row| !spread(row).is_nan()).max_by(|a, b| spread(a).total_cmp(&spread(b)))?;
    let apart = fixed(f64::from(spread(&widest)) * 1e3, 0);
    Some((widest.at_ms, format!("Cells {apart} mV apart, the most in this time")))
}

fn nothing(sight: Sight, back: bool) -> &'static str {
    match (sight, back) {
        (Sight::Alarm, false) => "No further alarm",
        (Sight::Alarm, true) => "No earlier alarm",
        (Sight::Sag, false) => "No further sag",
        (Sight::Sag, true) => "No earlier sag",
        (Sight::Spread, _) => "No cell voltages are known of this time",
    }
}
