//! What pages ask, answered from the session, in the form that they read. Pure.
//!
//! The requests and answers are those of the HTTP API (`api`). Times are given in ms since 1970, as pages do.

mod cells;
mod columns;
mod history;
mod house;
mod lab;
mod playback;
mod series;

use crate::run::Demo;
use crate::session::Session;
use api::alarms::AlarmsResponse;
use api::control::ControlResponse;
use domain::plain::quoted;
use domain::series::Trace;
use domain::spec::{SystemIdx, SystemSpec};
use domain::telemetry::from_column_name;
use domain::wire::Wire as _;
use serde::de::DeserializeOwned;

/// What needs a server, by the begin of its address, and what is said where it is asked for.
const NEEDS_SERVER: [(&str, &str); 16] = [
    (
        "/api/v1/analysis/",
        "Questions and SQL look into a history on a disk. The demo has none: install Packtwin to ask them",
    ),
    ("/api/v1/history.", NO_FILES),
    ("/api/v1/links/", NO_FILES),
    ("/api/v1/recordings", NO_FILES),
    ("/api/v1/alarms/history", NO_ALARMS),
    ("/api/v1/alarms/figures", NO_ALARMS),
    ("/api/v1/alarms/", READ_ONLY),
    ("/api/v1/commands", READ_ONLY),
    ("/actions/", READ_ONLY),
    ("/api/v1/audit", READ_ONLY),
    ("/api/v1/session", READ_ONLY),
    ("/api/v1/users", READ_ONLY),
    ("/api/v1/tokens", READ_ONLY),
    ("/api/v1/arming", READ_ONLY),
    ("/api/v1/flight", READ_ONLY),
    ("/api/v1/server", "The demo has no server that could be told about"),
];
/// Why nothing can be commanded.
const READ_ONLY: &str = "The demo knows nobody and keeps no journal: install Packtwin to command its simulated battery";
/// Why nothing is told of a period.
const NO_ALARMS: &str = "The demo keeps no alarms that are over: install Packtwin to see what ended, and the figures";
const NO_FILES: &str = "The demo keeps no files: install Packtwin to record and download";

impl Demo {
    /// The answer to a request of a page, in the binary form.
    ///
    /// # Errors
    /// Why there is none, as a sentence.
    pub fn answer(&self, method: &str, path: &str, form: Option<&str>) -> Result<Vec<u8>, String> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match (method, path) {
            ("GET", "/api/v1/series") => Ok(series::answer(self, &read(query)?)?.to_bytes()),
            ("GET", "/api/v1/history") => Ok(history::answer(self, &read(query)?)?.to_bytes()),
            ("GET", "/api/v1/cells/history") => Ok(cells::answer(self, &read(query)?)?.to_bytes()),
            ("GET", "/api/v1/home") => Ok(house::answer(self, &read(query)?)?.to_bytes()),
            ("GET", "/api/v1/playback/frames") => Ok(playback::segment(self, &read(query)?)?.to_bytes()),
            ("GET", "/api/v1/playback/jump") => Ok(playback::seek(self, &read(query)?)?.to_bytes()),
            ("GET", "/api/v1/lab") => Ok(lab::state(self, &read(query)?)?.to_bytes()),
            ("POST", "/actions/lab" | "/api/v1/lab") => Ok(lab::apply(self, form.unwrap_or_default())?.to_bytes()),
            ("GET", "/api/v1/alarms") => {
                let asked: api::alarms::AlarmsRequest = read(query)?;
                Ok(self.alarms(self.place(asked.system.as_deref())?).unwrap_or_default())
            }
            ("GET", "/api/v1/control") => {
                let asked: api::control::ControlRequest = read(query)?;
                let system = self.find(asked.system.as_deref())?.spec.id.clone();
                let (timestamp, read_only) = (self.now().utc, READ_ONLY.to_owned());
                Ok(ControlResponse { system, timestamp, read_only, ..Default::default() }.to_bytes())
            }
            ("GET", "/api/v1/devices") => {
                let asked: api::devices::DevicesRequest = read(query)?;
                Ok(self.find(asked.system.as_deref())?.spec.device_points.to_vec().to_bytes())
            }
            // What it remembers is younger than its devices.
            ("GET", "/api/v1/devices/history") => Ok(Vec::<String>::new().to_bytes()),
            ("GET", "/healthz") => Ok(b"ok\n".to_vec()),
            (_, path) => match path.strip_prefix("/api/v1/links/").and_then(|rest| rest.strip_suffix("/frames")) {
                Some(id) if method == "GET" => {
                    let place = self.site().links.iter().position(|link| link.id == id);
                    let link = place.and_then(|place| self.handles().get(place));
                    let link = link.ok_or_else(|| format!("there is no link {}", quoted(id)))?;
                    Ok(link.frames(self.now()).to_bytes())
                }
                _ => {
                    let needs = NEEDS_SERVER.iter().find(|(begin, _)| path.starts_with(begin));
                    Err(needs.map_or_else(|| format!("the demo has no {path}"), |(_, words)| (*words).to_owned()))
                }
            },
        }
    }

    /// The alarms of the system at `place`, in the binary form.
    fn alarms(&self, place: usize) -> Option<Vec<u8>> {
        let (site, now) = (self.twin(), self.now());
        let (system, snapshot) = (site.systems.get(place)?, site.snapshot(SystemIdx(place as u8), now)?);
        let records = system.alarms.records();
        Some(AlarmsResponse::of(&site.spec, &system.spec, &records, &snapshot, now.utc).to_bytes())
    }

    /// The session of the named system, or of the first.
    fn find(&self, system: Option<&str>) -> Result<&Session, String> {
        Ok(self.session(self.place(system)?))
    }

    fn place(&self, system: Option<&str>) -> Result<usize, String> {
        let systems = &self.site().systems;
        let place = system.map_or(Some(0), |id| systems.iter().position(|system| system.id == id));
        place.ok_or_else(|| format!("there is no system {}", quoted(system.unwrap_or_default())))
    }

    /// The present, ms since 1970.
    fn now_ms(&self) -> i64 {
        self.now().utc.0.div_euclid(1_000)
    }
}

/// The fields of a query or a form.
fn read<T: DeserializeOwned>(fields: &str) -> Result<T, String> {
    serde_urlencoded::from_str(fields).map_err(|error| error.to_string())
}

/// An instant, ms since 1970; the `usual` one if none is given.
fn instant(name: &str, text: Option<&str>, usual: i64) -> Result<i64, String> {
    text.map_or(Ok(usual), |text| {
        text.parse().map_err(|_| format!("{name}: {} is not a number of milliseconds", quoted(text)))
    })
}

/// What the names of a list mean, which is separated by commas: points by path or column, and cells.
fn traces(list: &str, spec: &SystemSpec) -> Result<Vec<(String, Trace)>, String> {
    let mut found: Vec<(String, Trace)> = Vec::new();
    for name in list.split(',').filter(|name| !name.is_empty()) {
        let trace = Trace::of_point(name, spec)
            .or_else(|| from_column_name(name).map(Trace::Point))
            .or_else(|| Trace::from_cell_name(name, &spec.topology))
            .ok_or_else(|| format!("points: there is no {}", quoted(name)))?;
        if found.iter().all(|(_, known)| *known != trace) {
            found.push((name.to_owned(), trace));
        }
    }
    Ok(found)
}
