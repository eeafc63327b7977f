//! The site file: what a person writes to name the site's systems, links and mappings.
//!
//! A file that is wrong starts nothing: [`SiteFileError`] names the file, the line and the key. [`read_all`] goes on
//! after the first mistake and tells all of them.

mod access;
mod control;
mod history;
mod limits;
mod locate;
mod recover;
mod server;
mod tables;
mod tls;

use crate::limits::Limits;
use crate::reach;
use domain::control::ControlSpec;
use domain::link::{LinkIdx, LinkSpec};
use domain::plain::{self, quoted};
use domain::point::{DEVICE_POINTS_MAX, DevicePoint, MaxAge, PointId, WatchedPoint};
use domain::spec::{SiteSpec, SystemIdx, SystemSpec};
use domain::write::Setpoint;
use links::{LinkConfig, LinkTask};
use locate::Places;
use sim::SimulatorConfig;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use tables::Tables;
use thiserror::Error;
use toml::Spanned;

/// A site, read and checked.
pub(crate) struct SiteFile {
    /// The site's specification.
    pub(crate) spec: SiteSpec,
    /// Its links, built but not started, in the order of the specification.
    pub(crate) links: Vec<LinkTask>,
    /// Its simulators, with the system that each simulates.
    pub(crate) simulators: Vec<(SystemIdx, SimulatorConfig)>,
    /// How its history is kept.
    pub(crate) history: store::Options,
    /// By which names it is reached, and what it gives at most.
    pub(crate) limits: Limits,
    /// How it is reached from other machines.
    pub(crate) reach: reach::Asked,
    /// Whether one may look without signing in.
    pub(crate) reading_open: bool,
    /// What a person should know although it can be served.
    pub(crate) warnings: Vec<String>,
}

/// What is wrong with a site file, and where.
#[derive(Debug, Error, PartialEq)]
pub(crate) enum SiteFileError {
    /// It cannot be read.
    #[error("{}: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Something in it is wrong.
    #[error("{}:{line}: {key}{}{message}", path.display(), if key.is_empty() { "" } else { ": " })]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The table and key, such as `link.map`.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

/// The simulators of a site file, with their places in it.
pub(crate) type Simulators = Vec<Spanned<SimulatorConfig>>;

/// Systems of a site at most, and links.
const INDEX_MAX: usize = u8::MAX as usize;

/// The longest site file, bytes.
const LONGEST: u64 = 16_000_000;

/// So many things that are wrong are told.
const TOLD: usize = 200;

/// The longest name for people, characters.
const LONGEST_NAME: usize = 80;

/// A complaint at a place in the text.
type Complaint = (Range<usize>, String);

/// Reads and checks the site file at `path`; `adjust` may change its links before they are built (a replay does).
///
/// # Errors
/// [`SiteFileError`] for the first thing that is wrong.
pub(crate) fn read(
    path: &Path,
    adjust: impl FnOnce(&mut [LinkConfig], &mut Simulators) -> Result<(), String>,
) -> Result<SiteFile, SiteFileError> {
    read_all(path, adjust).map_err(|wrong| wrong.first)
}

/// Everything that is wrong with a site file, in its order: at least one thing.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// The first.
    pub(crate) first: SiteFileError,
    /// The others.
    pub(crate) others: Vec<SiteFileError>,
    /// How many more there are.
    pub(crate) untold: usize,
}

impl From<SiteFileError> for Wrong {
    fn from(first: SiteFileError) -> Wrong {
        Wrong { first, others: Vec::new(), untold: 0 }
    }
}

/// Reads and checks the site file at `path` as [`read`] does, and goes on where something is wrong.
///
/// # Errors
/// Everything that is wrong; not what follows from it.
pub(crate) fn read_all(
    path: &Path,
    adjust: impl FnOnce(&mut [LinkConfig], &mut Simulators) -> Result<(), String>,
) -> Result<SiteFile, Wrong> {
    let unreadable = |reason: String| SiteFileError::Read { path: path.to_owned(), reason };
    let bytes = bytes_of(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable(no_text(&error)))?;
    let (mut tables, mut complaints) = Tables::parse(&text);
    let base = path.parent().unwrap_or(Path::new("."));
    let adjusted = adjust(&mut tables.link, &mut tables.simulator);
    let site = check(tables, base, &mut complaints);
    complaints.sort_by_key(|(span, _)| span.start);
    let (places, untold) = (Places::of(&text), complaints.len().saturating_sub(TOLD));
    let mut wrong = complaints.into_iter().take(TOLD).map(|(span, message)| {
        let (line, key) = places.at(span.start);
        SiteFileError::Wrong { path: path.to_owned(), line, key, message }
    });
    if let Some(first) = wrong.next() {
        return Err(Wrong { first, others: wrong.collect(), untold });
    }
    adjusted.map_err(unreadable)?;
    Ok(site)
}

/// What is in the file, if that can be a site file.
fn bytes_of(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let fits = bytes.len() as u64 <= LONGEST;
    fits.then_some(bytes).ok_or_else(|| format!("it has more than {} MB: this is no site file", LONGEST / 1_000_000))
}

/// Where a file stops being text.
fn no_text(error: &std::string::FromUtf8Error) -> String {
    let (bytes, good) = (error.as_bytes(), error.utf8_error().valid_up_to());
    let line = 1 + bytes[..good].iter().filter(|byte| **byte == b'\n').count();
    let byte = bytes.get(good).copied().unwrap_or_default();
    format!("line {line} has the byte 0x{byte:02X}, which is no text in UTF-8: save the file as UTF-8")
}

/// Checks what could be read. The result is whole only if there are no complaints.
fn check(tables: Tables, base: &Path, complaints: &mut Vec<Complaint>) -> SiteFile {
    let Tables { site, mut system, mut link, mut simulator, control, history, server, access, tls, all_systems } =
        tables;
    let at = site.as_ref().map(Spanned::span).unwrap_or_default();
    // Of too many only the first are looked at.
    too_many("systems", &mut system, &at, complaints);
    too_many("links", &mut link, &at, complaints);
    too_many("simulators", &mut simulator, &at, complaints);
    let names = site.iter().chain(system.iter().filter_map(|(table, _)| table.name.as_ref()));
    let names = names.chain(link.iter().filter_map(|link| link.name.as_ref()));
    let long = names.filter_map(|name| Some((name.span(), plain::one_line(name.get_ref(), LONGEST_NAME)?)));
    complaints.extend(long);
    let mut ids = HashSet::new();
    // A system that is wrong keeps its name, so that its links are not called wrong too.
    let mut systems: Vec<(String, Option<SystemSpec>)> = Vec::with_capacity(system.len());
    for (table, whole) in system {
        let id = table.id.get_ref().clone();
        let spec = table.check(&mut ids).map_err(|wrong| complaints.extend(wrong)).ok();
        // Its links may seem wrong for want of what could not be read.
        systems.push((id, spec.filter(|_| whole)));
    }
    // Another table may name one that could not be read.
    if let (true, true, Some(name)) = (systems.is_empty(), all_systems, &site) {
        complaints.push((name.span(), "the site has no [[system]]: name at least one".to_owned()));
    }
    let find = |id: &str, span: Range<usize>| -> Result<SystemIdx, Option<Complaint>> {
        let index = systems.iter().position(|(known, _)| known == id);
        index.and_then(|index| u8::try_from(index).ok()).map(SystemIdx).ok_or_else(|| {
            let known: Vec<&str> = systems.iter().map(|(known, _)| known.as_str()).collect();
            all_systems.then(|| (span, format!("there is no system {}; there is {}", quoted(id), known.join(", "))))
        })
    };
    let (mut specs, mut tasks, mut ages, mut warnings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut device_points: HashMap<SystemIdx, Vec<DevicePoint>> = HashMap::new();
    let mut set = HashMap::new();
    for config in &link {
        if let Err(bad) = store::plain_name(config.id.get_ref()) {
            complaints.push((config.id.span(), bad.to_string()));
        }
        if !ids.insert(format!("link {}", config.id.get_ref())) {
            complaints.push((config.id.span(), format!("there are two links {}", quoted(config.id.get_ref()))));
        }
        let idx = match find(config.system.get_ref(), config.system.span()) {
            Ok(idx) => idx,
            Err(complaint) => {
                complaints.extend(complaint);
                continue;
            }
        };
        let Some(system) = &systems[idx.0 as usize].1 else { continue };
        let mut spec = config.spec(idx);
        match config.build(idx, &system.topology, base) {
            Ok(mut task) => {
                let own = task.device_points();
                let taken = |path: &str| PointId::from_path(path).is_some() || path.starts_with("cells/");
                if let Some(point) = own.iter().find(|point| taken(&point.path)) {
                    let words = "is a name of every system's own points: give the link another id";
                    complaints.push((config.id.span(), format!("{} {words}", point.path)));
                    continue;
                }
                let known = device_points.entry(idx).or_default();
                if known.len() + own.len() > DEVICE_POINTS_MAX {
                    let words = format!("{} has more than {DEVICE_POINTS_MAX} points of devices", system.id);
                    complaints.push((config.id.span(), words));
                    continue;
                }
                task.number_device_points(known.len() as u16);
                known.extend(own);
                ages.push((idx, task.ages().clone()));
                spec.device = task.handle().device().to_owned();
                for warning in config.warnings(&task, base) {
                    // Two links may have one file.
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
                spec.silent_after = task.silent_after();
                spec.only_settings = task.only_settings();
                overwritten(&mut set, (&spec, config.id.span()), task.handle().setpoints(), complaints);
                tasks.push(task);
            }
            Err(_) => {
                let problems = config.problems(idx, &system.topology, base).into_iter();
                complaints.extend(problems.map(|p| (p.span().unwrap_or_else(|| config.id.span()), p.to_string())));
            }
        }
        specs.push(spec);
    }
    let mut controls: Vec<(SystemIdx, ControlSpec)> = Vec::new();
    for table in &control {
        let idx = match find(table.system.get_ref(), table.system.span()) {
            Ok(idx) => idx,
            Err(complaint) => {
                complaints.extend(complaint);
                continue;
            }
        };
        let Some(system) = &systems[idx.0 as usize].1 else { continue };
        let id = table.link.get_ref();
        let place = specs.iter().position(|spec| spec.id == *id);
        let Some((place, task)) = place.zip(tasks.iter().find(|task| task.id() == id)) else {
            // One that is wrong has been told.
            if !link.iter().any(|link| link.id.get_ref() == id) {
                let known: Vec<&str> = link.iter().map(|link| link.id.get_ref().as_str()).collect();
                let words = format!("there is no link {}; there is {}", quoted(id), known.join(", "));
                complaints.push((table.link.span(), words));
            }
            continue;
        };
        if specs[place].system != idx {
            let of = &systems[specs[place].system.0 as usize].0;
            let words =
                format!("the link {} is of the system {}: name one of {}", quoted(id), quoted(of), quoted(&system.id));
            complaints.push((table.link.span(), words));
            continue;
        }
        match table.check(system, LinkIdx(place as u8), task.handle().setpoints()) {
            Ok(control) => match table.twice(&controls, idx, &control) {
                Some(complaint) => complaints.push(complaint),
                None => {
                    task.handle().agree(&control.setpoint, control.terms());
                    controls.push((idx, control));
                }
            },
            Err(complaint) => complaints.push(complaint),
        }
    }
    let mut simulators = Vec::new();
    for config in simulator {
        match find(config.get_ref().system(), config.span()) {
            Ok(idx) => simulators.push((idx, config.into_inner())),
            Err(complaint) => complaints.extend(complaint),
        }
    }
    let mut systems: Vec<SystemSpec> = systems.into_iter().filter_map(|(_, spec)| spec).collect();
    for (idx, _) in &simulators {
        if let Some(system) = systems.get_mut(idx.0 as usize) {
            system.simulated = true;
        }
    }
    for (idx, points) in device_points {
        if let Some(system) = systems.get_mut(idx.0 as usize) {
            system.watched_points = WatchedPoint::of(&points).into();
            system.device_points = points.into();
        }
    }
    for (system, idx) in systems.iter_mut().zip(0..) {
        let own = controls.iter().filter(|(of, _)| *of == SystemIdx(idx)).map(|(_, control)| control.clone());
        system.controls = own.collect();
    }
    for (idx, ages) in ages {
        if let Some(system) = systems.get_mut(idx.0 as usize) {
            ages.points.into_iter().for_each(|max| allow(&mut system.max_ages, max));
            system.cell_max_age = system.cell_max_age.max(ages.cells.unwrap_or_default());
        }
    }
    let name = site.map(Spanned::into_inner).unwrap_or_default();
    let history = history.unwrap_or_default().check(complaints);
    let server = server.unwrap_or_default();
    let reach = reach::Asked { tls: tls.map(|tls| tls.check(base, complaints)), proxies: server.proxies(complaints) };
    let limits = server.check(complaints);
    let reading_open = access.unwrap_or_default().reading_open();
    let spec = SiteSpec { name, systems, links: specs };
    SiteFile { spec, links: tasks, simulators, history, limits, reach, reading_open, warnings }
}

/// Complains of more systems or links than can be told apart, whose places are numbers of eight bits, and leaves out
/// those that are too many.
fn too_many<T>(what: &str, all: &mut Vec<T>, at: &Range<usize>, complaints: &mut Vec<Complaint>) {
    if all.len() > INDEX_MAX {
        let count = all.len();
        let words = format!("the site has {count} {what}: at most {INDEX_MAX} are possible; make two sites of it");
        complaints.push((at.clone(), words));
        all.truncate(INDEX_MAX);
    }
}

/// Complains of a setpoint that another link sets already, on the same device.
fn overwritten(
    known: &mut HashMap<(String, String), String>,
    (link, at): (&LinkSpec, Range<usize>),
    setpoints: &[Setpoint],
    complaints: &mut Vec<Complaint>,
) {
    for setpoint in setpoints {
        let name = format!("{}/{}", link.id, setpoint.name);
        match known.entry((links::config::place(&link.address), setpoint.sets.clone())) {
            Entry::Vacant(free) => drop(free.insert(name)),
            Entry::Occupied(other) => {
                let (sets, address, other) = (&setpoint.sets, &link.address, other.get());
                let words = format!(
                    "{name} sets {sets} at {address}, as {other} does: they would overwrite one another; keep one"
                );
                complaints.push((at.clone(), words));
            }
        }
    }
}

/// Lets a point be as old as its slowest link makes it.
fn allow(max_ages: &mut Vec<MaxAge>, max: MaxAge) {
    match max_ages.iter_mut().find(|known| known.point == max.point) {
        Some(known) => known.age = known.age.max(max.age),
        None => max_ages.push(max),
    }
}
