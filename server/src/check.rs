//! `packtwin check-config`: everything that is wrong with a site file, or what it will connect.

use crate::site_file::{self, SiteFile};
use domain::spec::SiteSpec;
use links::LinkTask;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Checks the site file and says what there is to say.
pub(crate) fn check(path: &Path) -> ExitCode {
    match site_file::read_all(path, |_, _| Ok(())) {
        Ok(SiteFile { spec, links, history, warnings, .. }) => {
            for warning in warnings {
                eprintln!("warning: {warning}");
            }
            print!("{}{}", summary(path, &spec, &links), kept(&history));
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            let count = 1 + wrong.others.len() + wrong.untold;
            for error in [wrong.first].iter().chain(&wrong.others) {
                eprintln!("{error}");
            }
            if wrong.untold > 0 {
                eprintln!("and {} more, which are not listed", wrong.untold);
            }
            eprintln!("{count} {} wrong", if count == 1 { "thing is" } else { "things are" });
            ExitCode::FAILURE
        }
    }
}

/// How the history is kept.
fn kept(history: &store::Options) -> String {
    let days = |kept: std::time::Duration| kept.as_secs() / 86_400;
    let (hours, around_s) = (history.keep.as_secs() / 3_600, history.keep_around_events.as_secs());
    let (rows, cells, devices) = (days(history.keep_sealed), days(history.keep_cells), days(history.keep_devices));
    let (free_mb, around_mb) = (history.disk_free_min_bytes / 1_000_000, history.keep_around_max_bytes / 1_000_000);
    format!(
        "  history: full rate {hours} h, and {around_s} s before and after alarms for longer, the newest {around_mb} MB \
         of that; rows {rows} days; minutes of cells {cells} days, of device points {devices} days; \
         alarms for ever\n  \
         below {free_mb} MB of free disk caches go first, then what is kept around alarms, then the oldest days\n"
    )
}

/// What will be connected; `links` are in the order of the specification.
fn summary(path: &Path, spec: &SiteSpec, links: &[LinkTask]) -> String {
    let mut text = format!("{} is right: {}\n", path.display(), spec.name);
    for system in &spec.systems {
        let cells = match system.topology.cells() {
            0 => "no cells".to_owned(),
            count => format!("{} = {count} cells", system.topology),
        };
        let simulated = if system.simulated { ", SIMULATION" } else { "" };
        let (id, name, ah, volts) = (&system.id, &system.name, system.capacity_ah, system.nominal_v);
        let _ = writeln!(text, "  system {id}: {name}, {cells}, {ah} Ah, {volts} V{simulated}");
    }
    for (link, task) in spec.links.iter().zip(links) {
        let system = spec.system(link.system).map_or("", |system| system.id.as_str());
        let silent_s = link.silent_after.as_secs_f32();
        let (id, name, protocol, address) = (&link.id, &link.name, &link.protocol, &link.address);
        let _ = writeln!(text, "  link {id}: {name}, {protocol}, {address}, for {system}, silent after {silent_s} s");
        let own = task.device_points().len();
        if own > 0 {
            let _ = writeln!(text, "    {own} {} of its device", if own == 1 { "point" } else { "points" });
        }
        for setpoint in task.handle().setpoints() {
            let _ = writeln!(text, "    can set {setpoint}");
        }
    }
    for system in &spec.systems {
        for control in &*system.controls {
            let (kind, id) = (control.kind, &system.id);
            let [low, high, safe] = [control.min, control.max, control.safe].map(|value| kind.words(value));
            let link = spec.links.get(usize::from(control.link.0)).map_or("", |link| link.id.as_str());
            let (key, name, setpoint) = (kind.spec().key, kind.spec().label, &control.setpoint);
            let held = control.lease.zip(control.returns_to);
            let held = held.map(|(lease, then)| format!(", held {} s, then {}", lease.as_secs(), kind.words(then)));
            let lease = held.unwrap_or_default();
            let day = control.budget.per_day;
            let _ = writeln!(
                text,
                "  control {key} of {id}: {name} by {setpoint} of {link}, {low} to {high}, safe {safe}{lease}, at most \
                 {day} writes in 24 h"
            );
        }
        if system.controls.is_empty() {
            let _ = writeln!(text, "  system {} is read-only: no [[control]] names it", system.id);
        }
    }
    if spec.links.is_empty() {
        text += "  no link: nothing will be connected\n";
    }
    text
}
