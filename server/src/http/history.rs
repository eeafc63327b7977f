//! `GET /api/v1/history`: any stretch of a system's past, drawn from as few points as the picture has pixels; and the
//! same rows as a file.

mod document;
mod files;

pub(super) use document::left_out;
pub(super) use files::{csv, parquet};

use super::AppState;
use super::asked::Query;
use super::drawn::{self, Curves, MinuteCurves, Single};
use super::instant::instant;
use super::large::Large;
use super::problem::Problem;
use crate::past::Past;
use api::devices::{DevicesRequest, KeptDevicesResponse};
use api::history::{EventMark, HistoryRequest, HistoryResponse};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::response::Response;
use domain::plain::quoted;
use domain::point::{PointId, Unit};
use domain::reading::CellQuantity;
use domain::series::Trace;
use domain::spec::{SiteSpec, SystemSpec};
use domain::telemetry::{LEADING, from_column_name};
use domain::time::Utc;
use domain::wire::Wire as _;
use store::{Chart, DAY_MS, EventKind, History, Range, StoreError, Summary};

/// The widest picture, pixels.
const WIDTH_MAX: usize = 4_096;
pub(super) const WIDTH: usize = 1_000;
/// Single cells and device points in one answer at most.
const SINGLES_MAX: usize = 32;
/// Steps of all points and cells in one answer at most: what a wide screen shows of sixteen, or a narrow one of all.
const VALUES_MAX: usize = 1 << 17;
/// Up to so long, cells and device points are told reading by reading, if the tape has them.
const READINGS_MAX_MS: i64 = 15 * 60_000;
/// Events in one answer at most: the newest.
const EVENTS_MAX: usize = 500;

/// What is wanted of one system.
pub(super) struct Wanted {
    system: String,
    /// Its index in the site.
    index: usize,
    points: Vec<PointId>,
    /// Single cells and device points.
    singles: Vec<Single>,
    range: Range,
    width: usize,
}

/// `GET /api/v1/history?system=hv&points=soc,pack_voltage&from=2026-11-20&to=2026-11-21&width=1000`.
pub(super) async fn history(
    State(app): State<AppState>,
    Query(asked): Query<HistoryRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut wanted = app.wanted(&asked)?;
    let large = app.large(&headers);
    let (system, points, range) = (wanted.system.clone(), wanted.points.clone(), wanted.range);
    let site = app.hub.site.clone();
    let answer = app.ask_history(move |history| answer(history, &site, &mut wanted, &large)).await;
    let store = app.hub.store.clone();
    // Not waited for: the next question may be a closer look. Where others warm already, it is none of ours.
    if let Some(permit) = app.gate.warming() {
        drop(tokio::task::spawn_blocking(move || {
            let _permit = permit;
            store.history().warm(&system, range, &points);
        }));
    }
    answer.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))
}

/// `GET /api/v1/devices/history?system=hv`: the names of device points that history has and no device any more.
pub(super) async fn kept_devices(
    State(app): State<AppState>,
    Query(asked): Query<DevicesRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (_, spec, _) = app.find(asked.system.as_deref())?;
    let (spec, large) = (spec.clone(), app.large(&headers));
    let answer = app.ask_history(move |history| {
        let mut names = history.device_names(&spec.id);
        for point in spec.device_points.iter() {
            names.remove(&point.path);
        }
        let names: Vec<String> = names.into_iter().collect();
        Ok(match large.wants_octets() {
            true => large.octets(names.to_bytes()),
            false => large.json(&KeptDevicesResponse { system: spec.id.clone(), names }),
        })
    });
    answer.await.map_err(|words| Problem::new(StatusCode::SERVICE_UNAVAILABLE, words))
}

impl Wanted {
    /// The same, for a file that has no single cells.
    fn of_points(self) -> Result<Wanted, Problem> {
        match self.singles.is_empty() {
            true => Ok(self),
            false => Err(Problem::bad_parameter(
                "points: single cells and device points are not in this file; see /api/v1/cells/history, \
                 /api/v1/history, and the tables `cells` and `device_points` of Analysis",
            )),
        }
    }
}

/// A time, and how wide it is drawn.
pub(super) struct Span {
    pub(super) range: Range,
    pub(super) width: usize,
}

impl AppState {
    /// The time that is asked for: a day up to now if nothing is said.
    pub(super) fn span(
        &self,
        index: usize,
        from: &Option<String>,
        to: &Option<String>,
        width: Option<usize>,
    ) -> Result<Span, Problem> {
        let newest = self.hub.newest(index).ok_or_else(|| Problem::not_found("there is no such system"))?;
        let now_ms = newest.snapshot.now.utc.0.div_euclid(1_000);
        let to_ms = to.as_deref().map_or(Ok(now_ms + 1), |to| instant("to", to))?;
        let from_ms = from.as_deref().map_or(Ok(to_ms - DAY_MS), |from| instant("from", from))?;
        if from_ms >= to_ms {
            return Err(Problem::bad_parameter("from must be before to"));
        }
        let width = width.unwrap_or(WIDTH);
        if !(1..=WIDTH_MAX).contains(&width) {
            return Err(Problem::bad_parameter(format!("width: {width} is not from 1 to {WIDTH_MAX}")));
        }
        Ok(Span { range: Range::new(from_ms, to_ms), width })
    }

    fn wanted(&self, asked: &HistoryRequest) -> Result<Wanted, Problem> {
        let (index, spec, _) = self.find(asked.system.as_deref())?;
        let Span { range, width } = self.span(index, &asked.from, &asked.to, asked.width)?;
        let mut wanted =
            Wanted { system: spec.id.clone(), index, points: Vec::new(), singles: Vec::new(), range, width };
        let Some(names) = &asked.points else {
            wanted.points = LEADING.to_vec();
            return Ok(wanted);
        };
        for name in super::series::names(names)? {
            let column = || from_column_name(name).map(Trace::Point);
            match Trace::of_point(name, spec).or_else(column).or_else(|| Trace::from_cell_name(name, &spec.topology)) {
                // A point has two names.
                Some(Trace::Point(point)) if wanted.points.contains(&point) => {}
                Some(Trace::Point(point)) => wanted.points.push(point),
                Some(trace) => wanted.singles.push(single(name, trace, spec)),
                // A device point that no link brings any more: whether there was one is seen where its past is looked for.
                None if name.contains('/') && !name.starts_with("cells/") => {
                    wanted.singles.push(Single {
                        name: name.to_owned(),
                        trace: None,
                        unit: Unit::Number,
                        resolution: 0.01,
                    });
                }
                None => return Err(Problem::bad_parameter(format!("points: there is no {}", quoted(name)))),
            }
        }
        if wanted.singles.len() > SINGLES_MAX {
            let words = format!("points: ask for at most {SINGLES_MAX} cells and device points at once");
            return Err(Problem::bad_parameter(words));
        }
        let values = (wanted.points.len() + wanted.singles.len()) * width;
        if values > VALUES_MAX {
            return Err(Problem::bad_parameter(format!(
                "points, width: {values} steps of all of them are more than {VALUES_MAX}; ask for fewer points, or a \
                 smaller width"
            )));
        }
        Ok(wanted)
    }
}

/// A cell or a device point of the system.
fn single(name: &str, trace: Trace, spec: &SystemSpec) -> Single {
    let (unit, resolution) = match trace {
        Trace::Point(point) => (point.spec().unit, point.spec().resolution),
        Trace::Cell(CellQuantity::Voltage, _) => (Unit::Volt, 0.000_1),
        Trace::Cell(CellQuantity::Temperature, _) => (Unit::Celsius, 0.01),
        // Means of minutes are kept to a tenth of the step.
        Trace::Device(number) => {
            let point = spec.device_points.get(usize::from(number));
            point.map_or((Unit::Number, 0.01), |point| (point.unit, point.resolution / 10.0))
        }
    };
    Single { name: name.to_owned(), trace: Some(trace), unit, resolution }
}

fn answer(history: &History, site: &SiteSpec, wanted: &mut Wanted, large: &Large) -> Result<Response, StoreError> {
    let gone = wanted.singles.iter().filter(|single| single.trace.is_none());
    if let Some(unknown) = gone.into_iter().find(|single| !history.knows_device_point(&wanted.system, &single.name)) {
        return Ok(Problem::bad_parameter(format!("points: there is no {}", quoted(&unknown.name))).into_response());
    }
    let cells = curves(history, site, wanted)?;
    let wanted = &*wanted;
    let Wanted { system, points, range, width, .. } = wanted;
    let chart = history.chart(system, *range, points, *width)?;
    let summary = history.summary(system, *range, points)?;
    Ok(if large.wants_octets() {
        large.octets(response(history, wanted, &chart, &cells, &summary)?.to_bytes())
    } else {
        let events = history.events(system, *range, EVENTS_MAX)?;
        let left = history.left_out(system, *range);
        large.json(&document::answer(wanted, &chart, &cells, &summary, (&events, &left)))
    })
}

/// Every reading of the cells and device points where the tape has them, else their minutes. Of a device point that no
/// link brings any more, the unit is that of its past.
fn curves(history: &History, site: &SiteSpec, wanted: &mut Wanted) -> Result<Curves, StoreError> {
    let Wanted { system, index, singles, range, width, .. } = wanted;
    let traces: Option<Vec<Trace>> = singles.iter().map(|single| single.trace).collect();
    if let Some(traces) = traces.filter(|traces| !traces.is_empty() && range.len_ms() <= READINGS_MAX_MS) {
        let past = Past::new(history, site, *index);
        if let Some(readings) = past.map(|past| past.readings(*range, &traces)).transpose()?.flatten() {
            return Ok(Curves::Readings(readings));
        }
    }
    let mut minutes = MinuteCurves { known_to_ms: known_to_ms(history, system, *range), ..MinuteCurves::default() };
    for single in singles {
        let (from_ms, step_ms, buckets) = if let Some(Trace::Cell(quantity, cell)) = single.trace {
            let chart = history.cell_chart(system, *range, (quantity, cell.into()), *width)?;
            (chart.from_ms, chart.step_ms, chart.buckets)
        } else {
            let chart = history.device_chart(system, *range, &single.name, *width)?;
            single.unit = chart.unit.filter(|_| single.trace.is_none()).unwrap_or(single.unit);
            // What was kept in another unit is not drawn as if it were this one.
            let same = chart.unit.is_none_or(|unit| unit == single.unit);
            let none = || vec![Default::default(); chart.buckets.len()];
            (chart.from_ms, chart.step_ms, if same { chart.buckets } else { none() })
        };
        (minutes.from_ms, minutes.step_ms) = (from_ms, step_ms);
        minutes.curves.push(buckets);
    }
    Ok(Curves::Minutes(minutes))
}

/// From when on nothing is known in a range, ms: its end, or right after the newest row that is recorded.
pub(super) fn known_to_ms(history: &History, system: &str, range: Range) -> i64 {
    history.coverage(system).last_ms.map_or(range.to_ms, |last_ms| range.to_ms.min(last_ms + 1))
}

/// The answer for the page.
fn response(
    history: &History,
    wanted: &Wanted,
    chart: &Chart,
    cells: &Curves,
    summary: &Summary,
) -> Result<HistoryResponse, StoreError> {
    let coverage = history.coverage(&wanted.system);
    let events = history.events(&wanted.system, wanted.range, EVENTS_MAX)?;
    let (step_ms, tier) = match chart {
        Chart::Rows(_) => (0, "every row"),
        Chart::Grid(tier, grid) => (grid.step_ms as u64, tier.words()),
    };
    Ok(HistoryResponse {
        table: drawn::table(chart, &wanted.points, known_to_ms(history, &wanted.system, wanted.range)),
        step_ms,
        cells: cells.table(&wanted.singles),
        cell_step_ms: cells.step_ms(),
        tier: tier.to_owned(),
        rows: summary.points.iter().map(|(_, bucket)| u64::from(bucket.n)).max().unwrap_or(0),
        whole: coverage.first_ms.zip(coverage.last_ms).map(|(first, last)| (Utc(first * 1_000), Utc(last * 1_000))),
        statistics: summary
            .points
            .iter()
            .map(|(_, bucket)| drawn::statistics(bucket))
            .chain(cells.statistics())
            .collect(),
        flow: (&summary.flow).into(),
        points: history.points(&wanted.system).iter().map(|point| point.spec().path.to_owned()).collect(),
        events: (events.into_iter())
            .map(|event| EventMark {
                at: Utc(event.at_ms * 1_000),
                began: event.kind != EventKind::Cleared,
                severity: event.severity,
                words: event.words,
            })
            .collect(),
        left_out: history.left_out(&wanted.system, wanted.range).words(),
    })
}

/// For the pinned answers.
#[cfg(test)]
pub(super) mod pinned {
    pub(in crate::http) use super::document::answer;
    use super::*;

    pub(in crate::http) fn wanted(system: &str, points: &[PointId], singles: &[Single], range: Range) -> Wanted {
        Wanted {
            system: system.into(),
            index: 0,
            points: points.to_vec(),
            singles: singles.to_vec(),
            range,
            width: 100,
        }
    }
}
