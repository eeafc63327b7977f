//! What drives the battery: the load, a burst, and the air around it.

use super::command::CommandForm;
use super::field::{NumberField, Range};
use super::form::kilowatts;
use super::state::Lab;
use crate::components::Card;
use crate::derived::Derived;
use crate::format;
use domain::lab::{AMBIENT_RANGE_C, BURST_MAX_S, LabState, LoadMode, load_max_kw};
use domain::spec::SystemKind;
use leptos::prelude::*;

const SECONDS: Range = Range { min: 1.0, max: BURST_MAX_S, step: 1.0 };
const CELSIUS: Range = Range { min: AMBIENT_RANGE_C.0, max: AMBIENT_RANGE_C.1, step: 1.0 };
const BURST_S: f32 = 30.0;

/// What the forms offer at first: a load and a burst that the battery can carry, and that show.
fn first_kw(kind: SystemKind) -> (f32, f32) {
    match kind {
        SystemKind::DataCentre | SystemKind::Storage => (180.0, 240.0),
        SystemKind::Home => (3.0, 8.0),
    }
}

fn range_kw(kind: SystemKind) -> Range {
    let max = load_max_kw(kind);
    Range { min: 0.0, max, step: if max < 100.0 { 0.1 } else { 5.0 } }
}

/// The load: by itself, or held.
#[component]
pub(super) fn Load(
    /// The lab.
    lab: Lab,
) -> impl IntoView {
    let now = note(lab, |state| match state.load {
        LoadMode::Auto => "now: runs by itself".to_owned(),
        LoadMode::Fixed(power_w) => format!("now: held at {}", kilowatts(power_w)),
    });
    let held_kw = lab.state.with_untracked(|state| match state {
        Some(LabState { load: LoadMode::Fixed(power_w), .. }) => power_w / 1e3,
        _ => first_kw(lab.kind).0,
    });
    let outcome = RwSignal::default();
    view! {
        <Card title=lab.kind.load_name() note=now class="lab-load">
            <CommandForm lab action="load" submit="Hold this load" outcome>
                <NumberField name="kw" label="Constant load" unit="kW" range=range_kw(lab.kind) value=held_kw outcome />
            </CommandForm>
            <CommandForm lab action="load-auto" submit="Let it run by itself" />
        </Card>
    }
}

/// A burst on top of it.
#[component]
pub(super) fn Burst(
    /// The lab.
    lab: Lab,
) -> impl IntoView {
    let now = note(lab, |state| match state.burst {
        None => "now: none".to_owned(),
        Some((power_w, left_s)) => format!("now: {}, {} left", kilowatts(power_w), format::duration(left_s)),
    });
    let outcome = RwSignal::default();
    view! {
        <Card title="Burst" note=now class="lab-burst">
            <CommandForm lab action="burst" submit="Start the burst" outcome>
                <NumberField name="kw" label="Load during the burst" unit="kW" range=range_kw(lab.kind) value=first_kw(lab.kind).1 outcome />
                <NumberField name="seconds" label="Length" unit="s" range=SECONDS value=BURST_S outcome />
            </CommandForm>
        </Card>
    }
}

/// The air around the battery.
#[component]
pub(super) fn Ambient(
    /// The lab.
    lab: Lab,
) -> impl IntoView {
    let now = note(lab, |state| format!("now: {}", format::celsius(state.ambient_c)));
    let ambient_c = lab.state.with_untracked(|state| state.as_ref().map_or(25.0, |state| state.ambient_c));
    let outcome = RwSignal::default();
    view! {
        <Card title="Ambient temperature" note=now class="lab-ambient">
            <CommandForm lab action="ambient" submit="Set the temperature" outcome>
                <NumberField name="celsius" label="Air around the battery" unit="°C" range=CELSIUS value=ambient_c outcome />
            </CommandForm>
        </Card>
    }
}

fn note(lab: Lab, words: fn(&LabState) -> String) -> Derived<String> {
    Derived::new(move || lab.state.with(|state| state.as_ref().map_or_else(|| "now: not known yet".to_owned(), words)))
}
