//! `GET /api/v1/home?system=home&hours=24&width=640&day=1760313600000`: what the page of a house shows of its past.
//!
//! `hours` (1 to 72, 24 if not given) is how far back the curves go, `width` (100 to 2000) for how many pixels they are,
//! `day` the start of the reader's day in ms since 1970 (the last 24 hours at most), `until` an instant of the past that is
//! taken for the present: what is known of the polling now is left out then.

mod charge;
mod curves;
mod energy;

use super::AppState;
use super::asked::Query;
use super::drawn;
use super::history::known_to_ms;
use super::instant::instant;
use super::problem::Problem;
use api::history::Statistics;
use api::home::{DayEnergy, HomeRequest, HomeResponse, Poller};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::point::PointId;
use domain::time::Utc;
use domain::wire::Wire as _;
use links::LinkHandle;
use store::{Bucket, Chart, Range};

const HOUR_MS: i64 = 3_600_000;
/// The curves.
const CURVES: [PointId; 5] =
    [PointId::Voltage, PointId::Current, PointId::Temperature, PointId::Soc, PointId::InverterSoc];
const STATISTICS: [PointId; 3] = [PointId::Voltage, PointId::Current, PointId::Temperature];

/// The handler.
pub(super) async fn home(
    State(app): State<AppState>,
    Query(query): Query<HomeRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (hours, width) = (query.hours.unwrap_or(24), query.width.unwrap_or(640));
    if !(1..=72).contains(&hours) {
        return Err(Problem::bad_parameter(format!("hours: {hours} is not from 1 to 72")));
    }
    if !(100..=2_000).contains(&width) {
        return Err(Problem::bad_parameter(format!("width: {width} is not from 100 to 2000")));
    }
    let (index, spec, _) = app.find(query.system.as_deref())?;
    let mut links = app.hub.site.links.iter().zip(&app.hub.links);
    let victron = links.find(|(link, _)| link.is_victron() && link.system.0 as usize == index).map(|(_, link)| link);
    let spec = spec.clone();
    let now_ms = (app.hub.clock)().utc.0.div_euclid(1_000);
    let to_ms = query.until.as_deref().map_or(Ok(now_ms), |until| instant("until", until))?;
    let range = Range::new(to_ms - i64::from(hours) * HOUR_MS, to_ms + 1);
    let day_ms = query.day.unwrap_or(i64::MIN).clamp(to_ms - 25 * HOUR_MS, to_ms);
    let past = app.ask_history(move |history| {
        let system = spec.id.clone();
        let summary = history.summary(&system, range, &STATISTICS)?;
        let [voltage, current, temperature] = [0, 1, 2].map(|i| summary.points.get(i).and_then(|(_, b)| statistics(b)));
        let rows = history.rows(&system, Range::new(day_ms, to_ms + 1), &energy::POINTS)?;
        let readings = history.summary(&system, Range::new(to_ms - 24 * HOUR_MS, to_ms + 1), &[PointId::Voltage])?;
        let reach = Range::new(range.from_ms.min(to_ms - charge::REACH_MS), range.to_ms);
        let by_minutes = history.chart(&system, reach, &charge::POINTS, charge::width(reach))?;
        let (counted, jumps) = charge::of(&by_minutes, &spec, range, width);
        let past = HomeResponse {
            from: Utc(range.from_ms * 1_000),
            to: Utc(to_ms * 1_000),
            curves: match &history.chart(&system, range, &CURVES, width / 2)? {
                rows @ Chart::Rows(_) => curves::with_gaps(&drawn::table(rows, &CURVES, range.to_ms)),
                steps @ Chart::Grid(..) => drawn::table(steps, &CURVES, known_to_ms(history, &system, range)),
            },
            voltage,
            current,
            temperature,
            flow: (&summary.flow).into(),
            counted,
            jumps,
            day: DayEnergy { from: Utc(day_ms * 1_000), ..energy::of(&rows) },
            poller: None,
        };
        Ok((past, readings.points.first().map_or(0, |(_, bucket)| bucket.n)))
    });
    let failed = |words| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words);
    let (mut past, readings_24h) = past.await.map_err(failed)?;
    past.poller = victron.filter(|_| query.until.is_none()).map(|link| poller(link, readings_24h));
    let large = app.large(&headers);
    let written = move || match large.wants_octets() {
        true => large.octets(past.to_bytes()),
        false => large.json(&past),
    };
    app.write(written).await
}

fn statistics(bucket: &Bucket) -> Option<Statistics> {
    (bucket.n > 0).then(|| drawn::statistics(bucket))
}

fn poller(link: &LinkHandle, readings_24h: u32) -> Poller {
    let attempts = link.attempts();
    match link.polling() {
        Some(polling) => Poller {
            last_attempt: polling.last_attempt,
            last_success: polling.last_success,
            failures: polling.failures,
            readings_24h,
            requests: Some((polling.requests_last_hour, polling.requests_per_hour)),
        },
        None => Poller {
            last_attempt: attempts.last,
            last_success: attempts.last_success,
            failures: attempts.failures,
            readings_24h,
            requests: None,
        },
    }
}
