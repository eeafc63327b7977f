//! Recordings of CAN links: started and stopped over HTTP, kept in the data folder, downloaded as candump logs.
//!
//! | request | what |
//! |---|---|
//! | `POST /api/v1/links/{id}/recording` | starts one, in `recordings/{id}-{time}.log` |
//! | `GET` of the same | how it does |
//! | `DELETE` of the same | stops it; the file stays |
//! | `GET /api/v1/recordings` | every file |
//! | `GET /api/v1/recordings/{name}` | one file |
//! | `DELETE` of the same | removes it |
//!
//! What all of them may take of the disk is limited ([`crate::recordings`]).
//!
//! The page asks in the binary form, and gets the name of the file: that being recorded, or none.

use super::AppState;
use super::answer::{OCTETS, json, octets, wants_octets};
use super::asked::Path;
use super::problem::Problem;
use crate::recordings::{self, Kept};
use api::json::Timestamp;
use api::recordings::{RecordingFile, RecordingProgress, RecordingResponse, RecordingsResponse};
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::plain::quoted;
use http_body_util::BodyExt as _;
use links::{LinkHandle, RecordingError, RecordingStatus};
use std::io::{self, ErrorKind};
use std::path::{Path as FilePath, PathBuf};
use std::time::Instant;
use tower_http::services::ServeFile;

impl AppState {
    /// The link's handle.
    fn link(&self, id: &str) -> Result<&LinkHandle, Problem> {
        let index = self.hub.site.links.iter().position(|link| link.id == id);
        let link = index.and_then(|index| self.hub.links.get(index));
        link.ok_or_else(|| Problem::not_found(format!("there is no link {}", quoted(id))))
    }

    /// Where recordings are kept.
    fn recordings(&self) -> PathBuf {
        self.data.join("recordings")
    }

    /// The file of the recording with this name.
    async fn recording_file(&self, name: &str) -> Result<PathBuf, Problem> {
        let missing = || no_recording(name);
        let path = recordings::is_name(name).then(|| self.recordings().join(name)).ok_or_else(missing)?;
        let found = tokio::fs::symlink_metadata(&path).await;
        if found.is_ok_and(|found| found.is_file()) { Ok(path) } else { Err(missing()) }
    }
}

fn no_recording(name: &str) -> Problem {
    Problem::not_found(format!("there is no recording {}", quoted(name)))
}

/// `POST /api/v1/links/{id}/recording`
pub(super) async fn start(
    State(app): State<AppState>,
    Path(id): Path,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let link = app.link(&id)?;
    let folder = app.recordings();
    // One after another, or two would count the same room.
    let mut starts = app.starts.lock().await;
    let running: Vec<RecordingStatus> = app.hub.links.iter().filter_map(LinkHandle::recording).collect();
    if link.recording().is_none() {
        starts.take(Instant::now()).map_err(|words| Problem::new(StatusCode::TOO_MANY_REQUESTS, words))?;
    }
    let counted = on_disk({
        let folder = folder.clone();
        move || {
            store::owner::folder(&folder)?;
            recordings::kept(&folder)
        }
    });
    let kept = counted.await.map_err(|error| disk(&folder, &error))?;
    let limits =
        recordings::room(&kept, &running).map_err(|words| Problem::new(StatusCode::INSUFFICIENT_STORAGE, words))?;
    let path = folder.join(recordings::name_of(&id, (app.hub.clock)().utc));
    let (handle, to) = (link.clone(), path.clone());
    let started = tokio::task::spawn_blocking(move || handle.start_recording(&to, limits)).await;
    let started = started.unwrap_or_else(|error| Err(RecordingError::Refused(path.clone(), io::Error::other(error))));
    drop(starts);
    started.map_err(|error| match &error {
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
    Path(id): Path,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(answer(app.link(&id)?.recording().as_ref(), &headers))
}

/// `DELETE /api/v1/links/{id}/recording`
pub(super) async fn stop(State(app): State<AppState>, Path(id): Path, headers: HeaderMap) -> Result<Response, Problem> {
    let status = app.link(&id)?.stop_recording().await;
    let status = status.ok_or_else(|| Problem::not_found(format!("link {id} is not being recorded")))?;
    tracing::info!("Link {id} is no longer recorded: {} frames in {}", status.frames, status.path.display());
    Ok(answer(Some(&status), &headers))
}

fn answer(status: Option<&RecordingStatus>, headers: &HeaderMap) -> Response {
    if wants_octets(headers) {
        return octets(name_of(status).unwrap_or_default().into_bytes());
    }
    json(response(status))
}

fn name_of(status: Option<&RecordingStatus>) -> Option<String> {
    status.and_then(|status| status.path.file_name()).map(|name| name.to_string_lossy().into_owned())
}

pub(super) fn response(status: Option<&RecordingStatus>) -> RecordingResponse {
    let progress = status.map(|status| RecordingProgress {
        since: status.since.map(Timestamp),
        frames: status.frames,
        bytes: status.bytes,
        dropped: status.dropped,
        full: status.full,
        error: status.error.clone(),
    });
    RecordingResponse { file: name_of(status), progress }
}

/// What the disk says against a recording.
fn disk(path: &FilePath, error: &io::Error) -> Problem {
    let status = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    // Where the data folder lies is nobody's business.
    let name = path.file_name().unwrap_or(path.as_os_str()).display();
    Problem::new(status, format!("{name} cannot be written: {error}"))
}

/// Asks the disk, on a thread that may wait for it.
async fn on_disk<T: Send + 'static>(ask: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(ask).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// `GET /api/v1/recordings`: newest first.
pub(super) async fn list(State(app): State<AppState>) -> Result<Response, Problem> {
    let folder = app.recordings();
    let mut kept = on_disk(move || recordings::kept(&folder)).await.map_err(|error| {
        let words = format!("the folder of recordings cannot be read: {error}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, words)
    })?;
    kept.sort_by_key(|file| std::cmp::Reverse(file.changed));
    Ok(json(list_of(&kept)))
}

pub(super) fn list_of(kept: &[Kept]) -> RecordingsResponse {
    let file =
        |file: &Kept| RecordingFile { name: file.name.clone(), bytes: file.bytes, changed: Timestamp(file.changed) };
    RecordingsResponse {
        recordings: kept.iter().map(file).collect(),
        most: recordings::FILES_MAX,
        bytes: kept.iter().map(|file| file.bytes).sum(),
        bytes_most: recordings::BYTES_MAX,
    }
}

/// `DELETE /api/v1/recordings/{name}`
pub(super) async fn remove(State(app): State<AppState>, Path(name): Path) -> Result<Response, Problem> {
    let path = app.recording_file(&name).await?;
    let running = app.hub.links.iter().filter_map(LinkHandle::recording);
    if running.filter(|running| !running.full).any(|running| running.path == path) {
        return Err(Problem::new(StatusCode::CONFLICT, format!("{name} is being recorded; stop that first")));
    }
    let gone = path.clone();
    on_disk(move || std::fs::remove_file(&gone)).await.map_err(|error| disk(&path, &error))?;
    tracing::info!("The recording {name} is removed");
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/recordings/{name}`: one that is still being written ends where it is on the disk.
pub(super) async fn download(
    State(app): State<AppState>,
    Path(name): Path,
    request: Request,
) -> Result<Response, Problem> {
    let missing = || no_recording(&name);
    let path = app.recording_file(&name).await?;
    let permit = app.gate.download().map_err(Problem::busy)?;
    let served = ServeFile::new(path).try_call(request).await;
    let sent = served.map_err(|_| missing())?.map(|body| {
        body.map_err(move |error| {
            let _until_it_is_sent = &permit;
            error
        })
    });
    let mut response = sent.map(axum::body::Body::new).into_response();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(|_| missing())?;
    response.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(OCTETS));
    Ok(response)
}
