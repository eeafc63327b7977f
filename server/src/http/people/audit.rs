//! The audit: read in pages, checked, and given away as it is hashed.

use super::super::AppState;
use super::super::asked::Query;
use super::super::downloads::{Parts, download};
use super::super::instant::instant;
use super::super::problem::Problem;
use super::either;
use crate::people::{People, export};
use crate::times::rfc3339;
use api::json::{Timestamp, Word};
use api::people::{AuditChainRequest, AuditChainResponse, AuditEntry, AuditLinesRequest, AuditRequest, AuditResponse};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use std::io;
use std::sync::Arc;
use store::{AuditFilter, Audited, Head, LeftOut, hex};

/// Entries on a page, if nothing is said, and at most.
const PAGE: i64 = 100;
const PAGE_MAX: i64 = 500;
/// The kind of a file with a JSON document in each line.
const LINES: &str = "application/jsonl";

/// What is asked for, with instants as entries have them.
fn filter(asked: AuditLinesRequest) -> Result<AuditFilter, Problem> {
    let at = |name: &str, text: Option<String>| text.map(|text| instant(name, &text).map(rfc3339)).transpose();
    let AuditLinesRequest { who, action, system, from, to } = asked;
    let action = action.as_deref().map(domain::audit::meant);
    Ok(AuditFilter { who, action, system, from: at("from", from)?, to: at("to", to)? })
}

/// `GET /api/v1/audit`
pub(in crate::http) async fn audit(
    State(app): State<AppState>,
    Query(asked): Query<AuditRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = asked.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_parameter(format!("limit: {limit} is not from 1 to {PAGE_MAX}")));
    }
    let before = asked.before.unwrap_or(i64::MAX);
    let filter = filter(asked.into())?;
    let large = app.large(&headers);
    let ask = move |people: &People| {
        let (mut found, head) = people.control()?.list(|tables| {
            // One more than is shown tells whether there is another page.
            Ok((tables.audit_page(&filter, before, limit + 1)?, tables.audit_head()?))
        })?;
        let more = found.len() as i64 > limit;
        found.truncate(limit as usize);
        let next = found.last().filter(|_| more).map(|last| last.seq);
        let entries = found.iter().map(entry_of).collect();
        Ok(large.either(&AuditResponse { entries, next, head: head.to_string() }))
    };
    app.list(ask).await
}

/// `GET /api/v1/audit/chain?noted=12:9f86...`: goes along all of it.
pub(in crate::http) async fn audit_chain(
    State(app): State<AppState>,
    Query(asked): Query<AuditChainRequest>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let noted: Option<Head> = match asked.noted.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|why| Problem::bad_parameter(format!("noted: {why}")))?),
    };
    let ask = move |people: &People| {
        let control = people.control()?;
        let found = control.verify(noted)?;
        let head = control.list(|tables| tables.audit_head())?;
        Ok((found, head))
    };
    let (found, head) = app.list(ask).await?;
    let head = found.as_ref().copied().unwrap_or(head);
    let broken = found.err().map(|broken| broken.to_string());
    Ok(either(&AuditChainResponse { entries: head.seq, head: head.to_string(), broken }, &headers))
}

/// `GET /api/v1/audit.jsonl`: oldest first, each entry as it is hashed.
pub(in crate::http) async fn audit_lines(
    State(app): State<AppState>,
    Query(asked): Query<AuditLinesRequest>,
) -> Result<Response, Problem> {
    let filter = filter(asked)?;
    app.people.control()?;
    let permit = app.gate.download().map_err(Problem::busy)?;
    let lines = Lines { people: app.people.clone(), filter, after: 0 };
    Ok(download("audit.jsonl", LINES, &LeftOut::default(), (app.gate.clone(), permit), lines))
}

/// The entries that are still to be sent.
struct Lines {
    people: Arc<People>,
    filter: AuditFilter,
    /// The number of the last that was looked at.
    after: i64,
}

impl Parts for Lines {
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            let read = self.people.control().and_then(|control| export::batch(control, &self.filter, self.after));
            match read {
                Ok(None) => return None,
                // None of these is asked for.
                Ok(Some((last, text))) if text.is_empty() => self.after = last,
                Ok(Some((last, text))) => {
                    self.after = last;
                    return Some(Ok(text.into()));
                }
                Err(why) => return Some(Err(io::Error::other(why.to_string()))),
            }
        }
    }
}

fn entry_of(audited: &Audited) -> AuditEntry {
    let entry = audited.entry();
    let known = entry.is_some();
    let entry = entry.unwrap_or_default();
    AuditEntry {
        seq: audited.seq,
        hash: hex(&audited.hash),
        at: known.then_some(Timestamp(entry.at)),
        who: known.then_some(entry.who),
        role: entry.role.map(Word),
        came: known.then_some(entry.came),
        address: entry.address,
        action: known.then_some(entry.action),
        system: entry.system,
        subject: entry.subject,
        old: entry.old,
        new: entry.new,
        prediction: entry.prediction,
        result: entry.result,
        read_back: entry.read_back,
        detail: entry.detail,
    }
}
