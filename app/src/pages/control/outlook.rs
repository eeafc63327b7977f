//! What a flight check says, in words and rows for a person; and what it is asked with. Pure.

use crate::format::{self, THIN};
use ::api::control::{ControlResponse, ControlState};
use ::api::flight::Settings;
use domain::control::ControlKind;
use domain::flight::{Controls, Dispatch, End, Known, Lasts, LoadProfile, Outlook, Plan, Unknown};
use domain::point::PointId;
use domain::series::Table;
use domain::spec::{SystemKind, SystemSpec};
use domain::topology::Topology;

/// How far is looked ahead, s.
pub(super) const HORIZON_S: f32 = 24.0 * 3_600.0;
/// The battery helps when it gives more than this, W: the grid is at its cap then.
const HELPS_W: f32 = 1e3;
/// So many instants with a helping battery tell the cap.
const CAP_ROWS: usize = 10;

/// What the load is taken to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LoadChoice {
    /// What it did in the last minutes, again and again.
    #[default]
    Repeated,
    /// The mean of the last minutes.
    Held,
    /// A power that is typed.
    Constant,
}

/// The grid cap that the last minutes show, W: where the grid stood while the battery helped. One that was limited leaves
/// the grid above the cap, so that a low one of these powers tells it.
pub(super) fn seen_cap_w(table: &Table) -> Option<f32> {
    let values = |point: PointId| Some(&table.find(point.spec().path)?.values);
    let (battery, grid) = (values(PointId::Power)?, values(PointId::GridPower)?);
    let helped = battery
        .iter()
        .zip(grid)
        .filter_map(|(battery, grid)| battery.is_some_and(|watts| watts > HELPS_W).then_some(*grid).flatten());
    let mut helped: Vec<f32> = helped.collect();
    helped.sort_by(f32::total_cmp);
    (helped.len() >= CAP_ROWS).then(|| helped[helped.len() / 10])
}

/// What is run forward.
///
/// # Errors
/// What is missing for it, in words.
pub(super) fn plan(
    choice: LoadChoice,
    load_kw: &str,
    cap_kw: &str,
    repeated: Option<&LoadProfile>,
    setpoint_w: Option<f64>,
) -> Result<Plan, String> {
    let power = |text: &str, what: &str| {
        let kw = text.trim().replace(',', ".").parse::<f32>().ok().filter(|kw| kw.is_finite());
        kw.map(|kw| kw * 1e3).ok_or_else(|| format!("Give {what} in kW"))
    };
    let load = match (choice, repeated) {
        (LoadChoice::Repeated, Some(profile)) => profile.clone(),
        (LoadChoice::Repeated, None) => {
            return Err("The load of the last minutes is not known: choose another".to_owned());
        }
        (LoadChoice::Held, _) => LoadProfile::Held,
        (LoadChoice::Constant, _) => LoadProfile::Constant(power(load_kw, "the load")?.max(0.0)),
    };
    // A commanded grid setpoint is the cap.
    let grid_cap_w = match setpoint_w {
        Some(watts) => watts as f32,
        None => power(cap_kw, "the grid cap")?,
    };
    Ok(Plan { load, dispatch: Dispatch::PeakShaving { grid_cap_w }, horizon_s: HORIZON_S })
}

/// The control values of a system, one of them perhaps another, as the server predicts with them; and what of them had to be
/// assumed.
pub(super) fn values(
    spec: &SystemSpec,
    controls: &[ControlState],
    change: Option<(&str, f64)>,
) -> (Controls, Vec<String>) {
    let seen = ControlResponse { controls: controls.to_vec(), ..ControlResponse::default() };
    let mut settings = Settings::of(&seen, spec);
    if let Some((kind, value)) = change.and_then(|(key, value)| Some((ControlKind::from_key(key)?, value))) {
        settings.set(kind, value);
    }
    (settings.controls, settings.assumptions)
}

/// How long, in one unit up to two hours: two of them are compared at a glance.
fn minutes(minutes: f32) -> String {
    let whole = minutes.max(0.0).floor();
    // "0 min" would be none.
    if whole == 0.0 && minutes > 0.0 {
        return format!("less than 1{THIN}min");
    }
    if whole < 120.0 { format!("{whole:.0}{THIN}min") } else { format::duration(whole * 60.0) }
}

fn lasts(of: &Lasts) -> String {
    let more = if of.end == End::Horizon { "more than " } else { "" };
    format!("{more}{}", minutes(of.minutes))
}

/// What ends it, as a clause of a sentence.
fn end_words(end: End, topology: &Topology) -> String {
    match end {
        End::Mode => "in the mode Max Safety the battery does not cover peaks of the load".to_owned(),
        end => end.words(topology),
    }
}

/// Whether it ends as soon as it begins.
fn at_once(of: &Lasts) -> bool {
    of.end != End::Horizon && of.minutes < 1.0
}

/// What comes if nothing is done, in a sentence.
pub(super) fn left(present: &Outlook, kind: SystemKind, topology: &Topology) -> String {
    let noun = kind.lasting();
    match &present.training {
        Ok(training) if training.end == End::Horizon => {
            format!("As things are, {noun} goes on for {}.", lasts(training))
        }
        Ok(training) => format!("As things are, {noun} {}: {}.", ends(training), end_words(training.end, topology)),
        Err(why) => format!("How long it lasts is not known. {}.", unknown(why)),
    }
}

/// When it ends: `ends after 89 min`, `ends at once`.
fn ends(of: &Lasts) -> String {
    if at_once(of) { "ends at once".to_owned() } else { format!("ends after {}", minutes(of.minutes)) }
}

/// "How many more minutes?", in a sentence. `floor` names the change: `With a backup reserve of 15 %`.
pub(super) fn answer(with: &str, present: &Outlook, wanted: &Outlook, kind: SystemKind, topology: &Topology) -> String {
    let noun = kind.lasting();
    let (now, then) = match (&present.training, &wanted.training) {
        (Ok(now), Ok(then)) => (now, then),
        (Err(why), _) | (_, Err(why)) => return format!("{with}: how long it lasts is not known. {}.", unknown(why)),
    };
    let end = |of: &Lasts| end_words(of.end, topology);
    let change = then.minutes.floor() - now.minutes.floor();
    match (now.end == End::Horizon, then.end == End::Horizon) {
        (true, true) => {
            format!(
                "{with} {noun} goes on for more than {}, as without the change.{}",
                lasts_h(),
                others(present, wanted)
            )
        }
        (true, false) => format!(
            "{with} {noun} {}: {}. Without the change it goes on for more than {}.",
            ends(then),
            end(then),
            lasts_h()
        ),
        (false, true) => format!(
            "{with} {noun} goes on for more than {}. Without the change it {}: {}.",
            lasts_h(),
            ends(now),
            end(now)
        ),
        (false, false) if at_once(now) && at_once(then) => {
            let why = if now.end == then.end { end(then) } else { format!("{}; until now: {}", end(then), end(now)) };
            format!("{with} {noun} ends at once, as without the change: {why}.{}", others(present, wanted))
        }
        (false, false) if at_once(now) || at_once(then) => {
            format!("{with} {noun} {}: {}. Without the change it {}: {}.", ends(then), end(then), ends(now), end(now))
        }
        (false, false) if change == 0.0 => {
            let (lasts, end) = (minutes(then.minutes), end(then));
            format!(
                "{with} {noun} lasts as long as without the change: {lasts}. Then {end}.{}",
                others(present, wanted)
            )
        }
        (false, false) => format!(
            "{with} there {} {} {} of {noun}: {} instead of {}. Then {}.",
            if change.abs() < 2.0 { "is" } else { "are" },
            format::count(change.abs() as u64),
            match (change > 0.0, change.abs() < 2.0) {
                (true, true) => "more minute",
                (true, false) => "more minutes",
                (false, true) => "minute less",
                (false, false) => "fewer minutes",
            },
            minutes(then.minutes),
            minutes(now.minutes),
            end(then)
        ),
    }
}

/// That more than what was said changes, if it does: energy, backup, cells.
fn others(present: &Outlook, wanted: &Outlook) -> &'static str {
    let same = Outlook { training: present.training, curve: present.curve.clone(), ..wanted.clone() } == *present;
    if same { "" } else { " The table has what else changes." }
}

fn lasts_h() -> String {
    format!("24{THIN}h")
}

/// Why something is not known, as a sentence without its point.
pub(super) fn unknown(why: &Unknown) -> String {
    format::sentence(&why.to_string())
}

/// One line of the table: what, and its values if nothing is done and with the change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What it is.
    pub(super) label: String,
    /// If nothing is done: the value, and a remark.
    pub(super) present: (String, String),
    /// With the change.
    pub(super) wanted: Option<(String, String)>,
}

type Cell = (String, String);

/// The table. Before the twin is there its lines stand without values.
pub(super) fn rows(
    present: Option<&Outlook>,
    wanted: Option<&Outlook>,
    kind: SystemKind,
    topology: &Topology,
) -> Vec<Row> {
    let cell = |cell: Option<u16>| {
        cell.map_or_else(|| "mean cell".to_owned(), |cell| format!("cell {}", topology.cell_name(cell.into())))
    };
    let when = |at_min: f32| if at_min < 1.0 { "now".to_owned() } else { format!("in {}", minutes(at_min)) };
    let told = |value: Known<Cell>| value.unwrap_or_else(|why| (format::NONE.to_owned(), unknown(&why)));
    let training =
        |of: &Outlook| told(of.training.map(|training| (lasts(&training), end_words(training.end, topology))));
    let backup = |of: &Outlook| {
        told(of.backup.map(|backup| {
            let reserve = backup.to_reserve_min.map_or_else(
                || end_words(backup.lasts.end, topology),
                |to_reserve| format!("{} of it down to the reserve", minutes(to_reserve)),
            );
            (lasts(&backup.lasts), reserve)
        }))
    };
    let lowest = |of: &Outlook| {
        told(of.lowest_cell.map(|low| {
            (format::millivolts(low.value).to_string(), format!("{}, {}", cell(low.cell), when(low.at_min)))
        }))
    };
    let hottest =
        |of: &Outlook| {
            told(of.hottest_cell.map(|hot| {
                (format::celsius(hot.value).to_string(), format!("{}, {}", cell(hot.cell), when(hot.at_min)))
            }))
        };
    let energy =
        |of: &Outlook| told(of.energy_above_floor_wh.map(|wh| (format::kilowatt_hours(wh).to_string(), String::new())));
    let headroom = |of: &Outlook| {
        told(of.headroom_w.map(|watts| {
            let words = if watts < 0.0 { "short of the highest peak" } else { "beyond the highest peak" };
            (format::kilowatts(watts).to_string(), words.to_owned())
        }))
    };
    let row = |label: String, of: &dyn Fn(&Outlook) -> Cell| Row {
        label,
        present: present.map(of).unwrap_or_else(|| (format::NONE.to_owned(), String::new())),
        wanted: wanted.map(of),
    };
    vec![
        row(format!("{} left", format::sentence(kind.lasting())), &training),
        row("Backup without the grid".to_owned(), &backup),
        row("Lowest cell".to_owned(), &lowest),
        row("Hottest cell".to_owned(), &hottest),
        row("Energy above the reserve".to_owned(), &energy),
        row("Spare power".to_owned(), &headroom),
    ]
}

/// The state of charge of a run as the points of an SVG polyline in a box of 1000 x 1000, of which `span_min` is the width
/// and 0 to 100 % the height.
pub(super) fn curve(of: &Outlook, span_min: f32) -> String {
    let point = |at_min: f32, soc_pct: f32| {
        let x = (at_min / span_min.max(1.0) * 1_000.0).clamp(0.0, 1_000.0);
        format!("{},{}", x.round() as i32, (1_000.0 - soc_pct.clamp(0.0, 100.0) * 10.0).round() as i32)
    };
    let points = of.curve.iter().filter(|row| row.at_min <= span_min).map(|row| point(row.at_min, row.soc_pct));
    points.collect::<Vec<_>>().join(" ")
}

/// How much of the time is worth drawing, min: until both have ended, to a whole number of hours.
pub(super) fn span_min(present: &Outlook, wanted: Option<&Outlook>) -> f32 {
    let end = |of: &Outlook| of.curve.last().map_or(0.0, |row| row.at_min);
    let longest = end(present).max(wanted.map_or(0.0, end));
    ((longest / 60.0).ceil() * 60.0).clamp(60.0, HORIZON_S / 60.0)
}

#[cfg(test)]
mod tests;
