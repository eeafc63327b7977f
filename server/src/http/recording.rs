//! Recordings of CAN links: started and stopped over HTTP, kept in the data folder, downloaded as candump logs.
//!
//! | request | what |
//! |---|---|
//! | `POST /api/v1/links/{id}/recording` | starts one, in `recordings/{id}-{time}.log` |
//! | `GET` of the same | how it does |
//! | `DELETE` of the same | stops it; the file stays |
//! | `GET /api/v1/recordings` | every file |
//! | `GET /api/v1/recordings/{name}` | one file |
//!
//! The page asks in the binary form, and gets the name of the file: that being recorded, or none.

use super::AppState;
use super::api::{OCTETS, json, octets, rfc3339, wants_octets};
use super::problem::Problem;
use axum::extract::{Path, Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::time::Utc;
use links::{LinkHandle, RecordingError, RecordingLimits, RecordingStatus};
use serde_json::{Value, json};
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::time::UNIX_EPOCH;
use tower_http::services::ServeFile;

/// What every recording's name ends with.
const SUFFIX: &str = ".log";

/// A name for a recording of `link` that begins at `at`: letters that every file system and every shell takes.
fn name_of(link: &str, at: Utc) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let link: String = link.chars().map(plain).collect();
    let at: String = rfc3339(at).chars().filter(|c| !matches!(c, '-' | ':')).collect();
    format!("{link}-{at}{SUFFIX}")
}

/// Whether `name` can be that of a recording: no name that leads anywhere else is one.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.ends_with(SUFFIX) && !name.starts_with('.') && name.len() <= 255 && name.chars().all(plain)
}

impl AppState {
    /// The link's handle.
    fn link(&self, id: &str) -> Result<&LinkHandle, Problem> {
        let place = self.hub.site.links.iter().position(|link| link.id == id);
        let link = place.and_then(|place| self.hub.links.get(place));
        link.ok_or_else(|| Problem::not_found(format!("there is no link {id:?}")))
    }

    /// Where recordings are kept.
    fn recordings(&self) -> PathBuf {
        self.data.join("recordings")
    }
}

/// `POST /api/v1/links/{id}/recording`
pub(super) async fn start(
    State(app): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let link = app.link(&id)?;
    let folder = app.recordings();
    let path = folder.join(name_of(&id, (app.hub.clock)().utc));
    std::fs::create_dir_all(&folder).map_err(|error| disk(&folder, &error))?;
    link.start_recording(&path, RecordingLimits::default()).map_err(|error| match &error {
        RecordingError::NotCan => Problem::bad_parameter(format!("link {id}: {error}")),
        RecordingError::Running(_) | RecordingError::Exists(_) => Problem::new(StatusCode::CONFLICT, error.to_string()),
        RecordingError::Refused(path, error) => disk(path, error),
    })?;
    tracing::info!("Link {id} is recorded to {}", path.display());
    let mut response = answer(link.recording().as_ref(), &headers);
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// `GET /api/v1/links/{id}/recording`
pub(super) async fn state(
    State(app): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(answer(app.link(&id)?.recording().as_ref(), &headers))
}

/// `DELETE /api/v1/links/{id}/recording`
pub(super) async fn stop(
    State(app): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let status = app.link(&id)?.stop_recording().await;
    let status = status.ok_or_else(|| Problem::not_found(format!("link {id} is not being recorded")))?;
    tracing::info!("Link {id} is no longer recorded: {} frames in {}", status.frames, status.path.display());
    Ok(answer(Some(&status), &headers))
}

fn answer(status: Option<&RecordingStatus>, headers: &HeaderMap) -> Response {
    let name = status.and_then(|status| status.path.file_name()).map(|name| name.to_string_lossy().into_owned());
    if wants_octets(headers) {
        return octets(name.unwrap_or_default().into_bytes());
    }
    let Some(status) = status else { return json(json!({ "file": null })) };
    json(json!({
        "file": name, "since": status.since.map(rfc3339), "frames": status.frames, "bytes": status.bytes,
        "dropped": status.dropped, "full": status.full, "error": status.error,
    }))
}

/// What the disk says against a recording.
fn disk(path: &FilePath, error: &io::Error) -> Problem {
    let status = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    Problem::new(status, format!("{} cannot be written: {error}", path.display()))
}

/// `GET /api/v1/recordings`: newest first.
pub(super) async fn list(State(app): State<AppState>) -> Result<Response, Problem> {
    let folder = app.recordings();
    let files = match std::fs::read_dir(&folder) {
        Ok(files) => files,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(json(json!({ "recordings": [] }))),
        Err(error) => {
            let words = format!("{} cannot be read: {error}", folder.display());
            return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words));
        }
    };
    let mut rows: Vec<(Utc, Value)> = files.flatten().filter_map(|file| row(&file)).collect();
    rows.sort_by_key(|(changed, _)| std::cmp::Reverse(*changed));
    Ok(json(json!({ "recordings": rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>() })))
}

fn row(file: &std::fs::DirEntry) -> Option<(Utc, Value)> {
    let name = file.file_name().into_string().ok().filter(|name| is_name(name))?;
    // Of the entry itself: a link to elsewhere is no recording.
    let found = file.metadata().ok().filter(std::fs::Metadata::is_file)?;
    let changed = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let changed = Utc(i64::try_from(changed.as_micros()).ok()?);
    Some((changed, json!({ "name": name, "bytes": found.len(), "changed": rfc3339(changed) })))
}

/// `GET /api/v1/recordings/{name}`: one that is still being written ends where it is on the disk.
pub(super) async fn download(
    State(app): State<AppState>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format!("there is no recording {name:?}"));
    let path = Some(&name).filter(|name| is_name(name)).map(|name| app.recordings().join(name)).ok_or_else(missing)?;
    if !std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
        return Err(missing());
    }
    let served = ServeFile::new(path).try_call(request).await;
    let mut response = served.map_err(|_| missing())?.map(axum::body::Body::new).into_response();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| missing())?;
    response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OCTETS));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (name, fits) in [
            ("bms-20261121T135400.123Z.log", true),
            ("a..log", true),
            ("../bms.log", false),
            ("..log", false),
            (".hidden.log", false),
            ("a/b.log", false),
            ("a\\b.log", false),
            ("a\0.log", false),
            ("bms.txt", false),
            ("", false),
        ] {
            assert_eq!(is_name(name), fits, "{name:?}");
        }
    }

    #[test]
    fn a_recording_is_named_after_link_and_time() {
        for link in ["bms", "../../etc/pass wd", "Speicher \u{fc}ber CAN", ""] {
            let name = name_of(link, Utc(1_763_733_240_123_000));
            assert!(is_name(&name) && name.ends_with("-20251121T135400.123Z.log"), "{name}");
        }
    }
}
