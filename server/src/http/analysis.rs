//! Questions about the past: `/api/v1/analysis`. Described in docs/history.md.

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::{Body as AskedBody, Path, Query};
use super::downloads::left_out_header;
use super::instant::instant;
use super::problem::Problem;
use crate::analysis::{Ask, Format, Output, QUESTIONS, QueryError};
use api::analysis::{AnalysisResponse, QuestionRequest, QuestionsResponse, ReadyQuestion, SqlRequest, TableFormat};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::plain::quoted;
use domain::wire::Wire as _;
use futures_util::stream;
use std::io;
use store::Range;

const HOUR_MS: i64 = 3_600_000;

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Problem {
        let status = match error {
            QueryError::Missing(_) => StatusCode::SERVICE_UNAVAILABLE,
            QueryError::Busy(_) => StatusCode::TOO_MANY_REQUESTS,
            QueryError::Refused(_) => StatusCode::UNPROCESSABLE_ENTITY,
            QueryError::TooLong(_) => StatusCode::GATEWAY_TIMEOUT,
            QueryError::NoRoom(_) => StatusCode::INSUFFICIENT_STORAGE,
            QueryError::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, error.to_string())
    }
}

/// `POST /api/v1/analysis/sql`: one SELECT, in JSON or as a form. The connection's end is the query's end.
pub(super) async fn sql(
    State(app): State<AppState>,
    headers: HeaderMap,
    AskedBody(query): AskedBody<SqlRequest>,
) -> Result<Response, Problem> {
    let (index, spec, _) = app.find(query.system.as_deref())?;
    let system = spec.id.clone();
    match query.format {
        TableFormat::Table => {
            let answer = app.analysis.table(app.hub.clone(), index, query.sql).await?;
            app.written(&headers, answer).await
        }
        TableFormat::Csv => {
            let output = app.analysis.start(app.hub.clone(), index, query.sql, Format::Csv).await?;
            download(&app, output, "text/csv; charset=utf-8", (&system, "csv")).await
        }
        TableFormat::Parquet => {
            let output = app.analysis.start(app.hub.clone(), index, query.sql, Format::Parquet).await?;
            download(&app, output, "application/vnd.apache.parquet", (&system, "parquet")).await
        }
    }
}

/// Sends what a query says as it comes. What fails before the first byte has a status of its own; what fails later cuts
/// the connection, so that nobody takes a part for the whole.
async fn download(
    app: &AppState,
    mut output: Output,
    kind: &'static str,
    (system, ending): (&str, &str),
) -> Result<Response, Problem> {
    let first = output.next().await.transpose()?;
    let rest = stream::unfold(Some(output), |output| async move {
        let mut output = output?;
        match output.next().await? {
            Ok(chunk) => Some((Ok(chunk), Some(output))),
            Err(error) => {
                tracing::warn!("a download was cut: {error}");
                Some((Err(io::Error::other(error)), None))
            }
        }
    });
    let first: Vec<io::Result<Bytes>> = first.into_iter().map(Ok).collect();
    let body = Body::from_stream(futures_util::StreamExt::chain(stream::iter(first), rest));
    let disposition = format!("attachment; filename=\"{}.{ending}\"", system.replace(['"', '\\'], ""));
    let headers =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, disposition), (CACHE_CONTROL, "no-store".into())];
    // By the first byte the files were looked at.
    let left_out = app.hub.store.history().left_out(system, Range::ALL).words();
    Ok((headers, left_out_header(&left_out), body).into_response())
}

/// `GET /api/v1/analysis/questions`: the ready questions, and whether SQL is there.
pub(super) async fn questions(State(app): State<AppState>, headers: HeaderMap) -> Response {
    let version = app.analysis.version().await;
    if wants_octets(&headers) {
        // For the page: nothing if there is SQL, else how to get it.
        return octets(version.err().unwrap_or_default().into_bytes());
    }
    json(questions_of(version))
}

pub(super) fn questions_of(version: Result<String, String>) -> QuestionsResponse {
    let (duckdb, missing) = match version {
        Ok(version) => (Some(version), None),
        Err(missing) => (None, Some(missing)),
    };
    let questions = QUESTIONS.iter().map(|(_, id, asks)| ReadyQuestion { id, asks }).collect();
    QuestionsResponse { questions, duckdb, missing }
}

/// `GET /api/v1/analysis/questions/{id}?system&from&to&hours&exact&offset_minutes`
pub(super) async fn question(
    State(app): State<AppState>,
    Path(id): Path,
    Query(about): Query<QuestionRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let known = QUESTIONS.iter().find(|(_, known, _)| *known == id);
    let (question, ..) = known.ok_or_else(|| Problem::not_found(format!("there is no question {}", quoted(&id))))?;
    let (index, spec, _) = app.find(about.system.as_deref())?;
    if !(-1_440..=1_440).contains(&about.offset_minutes) {
        return Err(Problem::bad_parameter("offset_minutes: it is not from -1440 to 1440"));
    }
    let coverage = app.hub.store.history().coverage(&spec.id);
    let ends = (coverage.first_ms.unwrap_or(0), coverage.last_ms.map_or(0, |last| last + 1));
    let now_ms = (app.hub.clock)().utc.0.div_euclid(1_000);
    let range = range(&about, ends, now_ms)?;
    let ask = Ask { question: *question, range, exact: about.exact, offset_min: about.offset_minutes };
    let failed = |why| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why);
    let answer = app.analysis.ask(&app.gate, app.hub.clone(), index, ask).await.map_err(failed)?;
    app.written(&headers, answer).await
}

impl AppState {
    async fn written(&self, headers: &HeaderMap, answer: AnalysisResponse) -> Result<Response, Problem> {
        let large = self.large(headers);
        let written = move || match large.wants_octets() {
            true => large.octets(answer.to_bytes()),
            false => large.json(&answer),
        };
        self.write(written).await
    }
}

/// The stretch of time that is asked about; all of the past if nothing is said.
fn range(about: &QuestionRequest, (first_ms, end_ms): (i64, i64), now_ms: i64) -> Result<Range, Problem> {
    if let Some(hours) = about.hours {
        if about.from.is_some() || about.to.is_some() {
            return Err(Problem::bad_parameter("hours: give it, or from and to"));
        }
        return Ok(Range::new(now_ms - i64::from(hours) * HOUR_MS, now_ms));
    }
    let from_ms = about.from.as_deref().map_or(Ok(first_ms), |from| instant("from", from))?;
    let to_ms = about.to.as_deref().map_or(Ok(end_ms), |to| instant("to", to))?;
    if from_ms > to_ms {
        return Err(Problem::bad_parameter("from: it is after to"));
    }
    Ok(Range::new(from_ms, to_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_what_is_asked_for_or_all() {
        let about = |from: Option<&str>, to: Option<&str>, hours| QuestionRequest {
            system: None,
            from: from.map(str::to_owned),
            to: to.map(str::to_owned),
            hours,
            exact: false,
            offset_minutes: 0,
        };
        for (asked, expected) in [
            (about(None, None, None), Ok((5, 9))),
            (about(Some("1970-01-02"), Some("1970-01-03"), None), Ok((86_400_000, 172_800_000))),
            (about(None, None, Some(1)), Ok((6_400_000, 10_000_000))),
            (about(Some("1970-01-02"), None, Some(1)), Err(())),
            (about(Some("1970-01-03"), Some("1970-01-02"), None), Err(())),
            (about(Some("soon"), None, None), Err(())),
        ] {
            let found = range(&asked, (5, 9), 10_000_000).map(|range| (range.from_ms, range.to_ms)).map_err(drop);
            assert_eq!(found, expected, "{asked:?}");
        }
    }
}
