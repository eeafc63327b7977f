//! The points that only the system's devices have: their values with unit and age, searched by name, a page of them at a
//! time.

use crate::components::{AgeNote, Card};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::pages::device_points::{DevicePoints, found, shown};
use domain::point::DevicePoint;
use leptos::prelude::*;

/// So many are listed at once: each follows the live stream.
const PAGE: usize = 25;

/// The list; nothing for a system whose devices have no points of their own.
#[component]
pub(super) fn PointsOfDevices() -> impl IntoView {
    let live = Live::expect();
    let none = live.map(|snapshot| snapshot.state.devices.is_empty());
    move || (!none.get()).then(|| view! { <PointList /> })
}

#[component]
fn PointList() -> impl IntoView {
    let points = DevicePoints::follow();
    let search = RwSignal::new(String::new());
    let first = RwSignal::new(0_usize);
    let hits = Derived::new(move || points.all.with(|all| search.with(|search| found(all, search))));
    let page = Derived::new(move || {
        let (hits, all, first) = (hits.get(), points.all.get(), first.get());
        let of = hits.into_iter().skip(first).take(PAGE);
        of.filter_map(|number| Some((number, all.get(number)?.clone()))).collect::<Vec<(usize, DevicePoint)>>()
    });
    let count = Derived::new(move || hits.with(Vec::len));
    let note = Derived::new(move || match (count.get(), points.all.with(|all| all.len())) {
        (_, 0) if points.failed.get().is_some() => "not known".to_owned(),
        (_, 0) => String::new(),
        (hits, all) if hits == all => format::counted(all, "point"),
        (hits, all) => format!("{} of {}", format::count(hits as u64), format::counted(all, "point")),
    });
    let range = move || {
        let (first, hits) = (first.get(), count.get());
        let last = (first + PAGE).min(hits);
        format!(
            "{} to {} of {}",
            format::count(first as u64 + 1),
            format::count(last as u64),
            format::count(hits as u64)
        )
    };
    let words = move || match (points.failed.get(), count.get()) {
        (Some(why), _) => Some(why.to_string()),
        (None, 0) if points.all.with(|all| all.is_empty()) => Some("Asking for the names of the points".to_owned()),
        (None, 0) => Some("No point has such a name.".to_owned()),
        _ => None,
    };
    view! {
        <Card title="Points of devices" note class="device-points">
            <div class="frames-tools">
                <label>
                    <span class="visually-hidden">"Search points of devices"</span>
                    <input
                        type="search"
                        class="field"
                        placeholder="Search: parts of the name"
                        autocomplete="off"
                        spellcheck="false"
                        on:input=move |event| {
                            first.set(0);
                            search.set(event_target_value(&event));
                        }
                    />
                </label>
            </div>
            <p class="note" role="status" hidden=move || words().is_none()>{words}</p>
            <table class="device-point-table" hidden=move || count.get() == 0>
                <thead>
                    <tr>
                        <th scope="col">"Point"</th>
                        <th scope="col">"Value"</th>
                        <th scope="col">"Age"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || page.get() key=|(number, _)| *number children=|(number, point)| view! { <PointRow number point /> } />
                </tbody>
            </table>
            <div class="device-point-pages" hidden=move || count.get() <= PAGE>
                <button
                    type="button"
                    class="button"
                    disabled=move || first.get() == 0
                    on:click=move |_| first.update(|first| *first = first.saturating_sub(PAGE))
                >
                    "Earlier points"
                </button>
                <span class="note">{range}</span>
                <button
                    type="button"
                    class="button"
                    disabled=move || first.get() + PAGE >= count.get()
                    on:click=move |_| first.update(|first| *first += PAGE)
                >
                    "Further points"
                </button>
            </div>
        </Card>
    }
}

#[component]
fn PointRow(number: usize, point: DevicePoint) -> impl IntoView {
    let live = Live::expect();
    let path = point.path.clone();
    let value = live.map(move |snapshot| shown(snapshot, number, &point));
    let freshness = Derived::new(move || value.with(|value| value.freshness));
    let stale = move || value.with(|value| !value.is_fresh()).to_string();
    let text =
        move || value.with(|value| value.figure.as_ref().map_or_else(|| format::NONE.to_owned(), ToString::to_string));
    view! {
        <tr data-stale=stale>
            <th scope="row">{path}</th>
            <td class="device-point-value">{text}</td>
            <td><AgeNote freshness /></td>
        </tr>
    }
}
