//! The flight check while a value is chosen: the twin is made of the live snapshot and the last minutes, and run forward
//! with each move of a slider. All of it in the browser.

use super::model::Change;
use super::outlook::{self, LoadChoice};
use super::state::Desk;
use crate::derived::Derived;
use crate::fetch::{self, SingleFlight};
use domain::control::ControlKind;
use domain::flight::{Assumption, Controls, Known, LoadProfile, Outlook, Plan};
use domain::point::PointId;
use domain::series::Table;
use leptos::prelude::*;
use sim::flight::{Recent, Twin};
use std::time::Duration;

/// The twin is made anew this often.
const TWIN_EVERY: Duration = Duration::from_secs(2);
/// The last minutes are asked for anew this often.
const RECENT_EVERY: Duration = Duration::from_secs(20);
/// How far back, s.
const RECENT_S: u32 = 600;
/// Where the cap is from that the last minutes show.
const SEEN: &str = "as the last minutes show it";
/// What is looked at of them.
const POINTS: [PointId; 4] = [PointId::Current, PointId::LoadPower, PointId::GridPower, PointId::Power];

/// The flight check of the system on the page.
#[derive(Clone, Copy)]
pub(super) struct Flight {
    desk: Desk,
    twin: StoredValue<Option<Known<Twin>>>,
    /// Another number each time that the twin is another one.
    made: RwSignal<u32>,
    table: StoredValue<Option<Table>>,
    repeated: RwSignal<Option<LoadProfile>>,
    fetching: SingleFlight,
    /// What the load is taken to do.
    pub(super) load: RwSignal<LoadChoice>,
    /// The power of a constant load as it is typed, kW.
    pub(super) load_kw: RwSignal<String>,
    /// The grid cap as it is typed, kW.
    pub(super) cap_kw: RwSignal<String>,
    /// From where the cap is known, in words.
    pub(super) cap_from: RwSignal<&'static str>,
    /// What is run forward, or what is missing for it.
    pub(super) plan: Derived<Result<Plan, String>>,
    /// What comes if nothing is done; `None` before the twin is there.
    pub(super) present: Derived<Option<Outlook>>,
    /// What comes with the change that is thought of; `None` without one.
    pub(super) wanted: Derived<Option<Outlook>>,
    /// How long the last run took, ms.
    pub(super) took_ms: Derived<Option<f64>>,
}

impl Flight {
    /// In the browser it begins when the page is hydrated.
    pub(super) fn new(desk: Desk) -> Flight {
        let spec = desk.live.system();
        let spec_cap = spec.grid_cap_w;
        let (twin, made) = (StoredValue::new(None::<Known<Twin>>), RwSignal::new(0));
        let repeated = RwSignal::new(None::<LoadProfile>);
        let (load, load_kw, cap_kw) = (
            RwSignal::new(LoadChoice::default()),
            RwSignal::new(String::new()),
            RwSignal::new(cap_typed(spec.grid_cap_w)),
        );
        let setpoint = ControlKind::GridSetpoint.spec().key;
        let plan_with = move |with_change: bool| {
            Derived::new(move || {
                let changed = desk.change.with(|change| {
                    let change = change.as_ref().filter(|change| with_change && change.control.control == setpoint);
                    change.map(|change| change.to)
                });
                let setpoint = changed.or_else(|| desk.control(setpoint)?.present);
                load_kw.with(|load_kw| {
                    cap_kw.with(|cap_kw| {
                        repeated
                            .with(|repeated| outlook::plan(load.get(), load_kw, cap_kw, repeated.as_ref(), setpoint))
                    })
                })
            })
        };
        let (plan, wanted_plan) = (plan_with(false), plan_with(true));
        // Runs again only when a value is another one: what is seen comes anew each second.
        let values = move |of: fn(&Change) -> Option<(&str, f64)>| {
            let spec = spec.clone();
            Derived::new(move || {
                desk.seen.with(|seen| {
                    let controls = seen.as_ref().map_or(&[][..], |seen| &seen.controls[..]);
                    desk.change.with(|change| outlook::values(&spec, controls, change.as_ref().and_then(of)).0)
                })
            })
        };
        let (as_is, as_wanted) = (values(|_| None), values(|change| Some((&change.control.control[..], change.to))));
        let thinks =
            Derived::new(move || desk.change.with(|change| change.as_ref().is_some_and(|change| !change.is_none())));
        let run = move |values: Derived<Controls>, plan: Derived<Result<Plan, String>>| {
            made.track();
            plan.with(|plan| {
                let plan = plan.as_ref().ok()?;
                twin.with_value(|twin| {
                    let (twin, began) = (twin.as_ref()?, now_ms());
                    let outlook = match twin {
                        Ok(twin) => values.with(|values| twin.outlook(plan, values)),
                        Err(why) => Outlook::unknown(*why),
                    };
                    Some((outlook, now_ms() - began))
                })
            })
        };
        let present = Derived::new(move || run(as_is, plan).map(|(outlook, _)| outlook));
        let timed = Derived::new(move || if thinks.get() { run(as_wanted, wanted_plan) } else { None });
        let flight = Flight {
            desk,
            twin,
            made,
            table: StoredValue::new(None),
            repeated,
            fetching: SingleFlight::default(),
            load,
            load_kw,
            cap_kw,
            cap_from: RwSignal::new(if spec_cap.is_some() { "of the site file" } else { "not known" }),
            plan,
            present,
            wanted: Derived::new(move || timed.with(|timed| timed.as_ref().map(|(outlook, _)| outlook.clone()))),
            took_ms: Derived::new(move || timed.with(|timed| timed.as_ref().map(|(_, ms)| *ms))),
        };
        let timers = StoredValue::new(Vec::<IntervalHandle>::new());
        Effect::new(move |_| {
            flight.fetch();
            flight.make();
            let every = [
                set_interval_with_handle(move || flight.make(), TWIN_EVERY),
                set_interval_with_handle(move || flight.fetch(), RECENT_EVERY),
            ];
            timers.set_value(every.into_iter().flatten().collect());
        });
        desk.live.on_return(move || flight.fetch());
        on_cleanup(move || {
            for timer in timers.try_get_value().unwrap_or_default() {
                timer.clear();
            }
        });
        flight
    }

    /// What had to be assumed.
    pub(super) fn assumptions(self) -> Vec<String> {
        self.made.track();
        let (live, change) = (self.desk.live, self.desk.change);
        let of_controls = self.desk.seen.with(|seen| {
            let controls = seen.as_ref().map_or(&[][..], |seen| &seen.controls[..]);
            change.with(|change| {
                let change = change.as_ref().map(|change| (&change.control.control[..], change.to));
                outlook::values(&live.system(), controls, change).1
            })
        });
        let of_twin = self.twin.with_value(|twin| match twin {
            Some(Ok(twin)) => twin.assumptions().iter().map(Assumption::to_string).collect(),
            _ => Vec::new(),
        });
        let repeats = self.load.get() == LoadChoice::Repeated;
        let short = self.repeated.with(|load| load.as_ref().filter(|_| repeats).and_then(Recent::short_words));
        of_twin.into_iter().chain(short).chain(of_controls).collect()
    }

    /// Makes the twin of what is known now.
    fn make(self) {
        let live = self.desk.live;
        // What is not looked at costs nothing; of the past nothing is commanded.
        if document().hidden() || live.past.get_untracked() {
            return;
        }
        let snapshot = live.snapshot.get_untracked();
        let recent = self.table.with_value(|table| table.as_ref().map(|table| Recent::of(table, snapshot.now.utc)));
        self.twin.set_value(Some(Twin::of(&live.system(), &snapshot, &recent.unwrap_or_default())));
        self.made.update(|made| *made += 1);
    }

    /// Asks for the last minutes.
    fn fetch(self) {
        let live = self.desk.live;
        if live.past.get_untracked() || document().hidden() {
            return;
        }
        let points = POINTS.map(|point| point.spec().path).join(",");
        let path = format!("/api/v1/series?system={}&points={points}&seconds={RECENT_S}", live.system().id);
        self.fetching.ask(move || {
            let path = path.clone();
            async move {
                let table: Table = fetch::get(path).await?;
                let now = table.at.last().copied().unwrap_or_default();
                self.repeated.set(Recent::repeated(&table, now));
                // The site file, and whoever has typed a cap, know it better.
                let known = self.cap_kw.with_untracked(|cap| !cap.is_empty()) && self.cap_from.get_untracked() != SEEN;
                if let Some(cap_w) = outlook::seen_cap_w(&table).filter(|_| !known) {
                    self.cap_from.set(SEEN);
                    self.cap_kw.set(cap_typed(Some(cap_w)));
                }
                self.table.set_value(Some(table));
                self.make();
                Ok(())
            }
        });
    }
}

/// A cap as it is typed, kW.
fn cap_typed(cap_w: Option<f32>) -> String {
    cap_w.map_or_else(String::new, |cap_w| domain::decimal::fixed(f64::from(cap_w) / 1e3, 1).trimmed().to_string())
}

fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}
