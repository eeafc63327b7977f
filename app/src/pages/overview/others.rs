//! The other systems of the site, live beside this one: how much is in each and which way its power flows. Each is
//! followed by a stream of its own, as long as the card is there.

use super::energy::IDLE_W;
use super::tiles::direction;
use crate::components::Reading;
use crate::fetch::FetchError;
use crate::format;
use crate::live::{Live, Start};
use crate::reading::Shown;
use crate::whose;
use domain::point::PointId;
use leptos::prelude::*;
use leptos::task::spawn_local;

crate::lazy_page!(CHUNK, others, Others);

/// How the asking for the first snapshot goes.
#[derive(Clone)]
enum Look {
    Under,
    Seen(Start),
    Failed(FetchError),
}

/// The systems. In playback there is nothing: their streams are of the present.
#[component]
pub fn Others() -> impl IntoView {
    let live = Live::expect();
    let (site, here) = (live.site(), live.place());
    let others = move || {
        let places = (0..site.systems.len()).filter(|place| *place != here);
        places.map(|place| view! { <Other place /> }).collect_view()
    };
    let list = move || match live.past.get() {
        true => view! { <p class="note">"Other systems are shown in the present only."</p> }.into_any(),
        false => view! { <ul>{others()}</ul> }.into_any(),
    };
    view! { {list} }
}

/// One of them, by its place in the site.
#[component]
fn Other(place: usize) -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let name = site.systems.get(place).map_or_else(String::new, |system| system.name.clone());
    let href = whose::href("/", place, &site);
    let look = RwSignal::new(Look::Under);
    let ask = move || {
        if matches!(look.get_untracked(), Look::Seen(_)) {
            return;
        }
        let site = live.site();
        spawn_local(async move {
            let start = Start::ask(&site, place, None).await;
            look.try_set(start.map_or_else(Look::Failed, Look::Seen));
        });
    };
    ask();
    live.on_return(ask);
    let values = move || match look.get() {
        Look::Under => view! { <p class="note">"Asking for its values"</p> }.into_any(),
        Look::Failed(why) => view! { <p class="note">{format!("Its values are not known. {why}.")}</p> }.into_any(),
        Look::Seen(start) => view! { <Values start /> }.into_any(),
    };
    view! {
        <li>
            <h3><a href=href>{name}</a></h3>
            {values}
        </li>
    }
}

/// What is in it, and which way power flows.
#[component]
fn Values(start: Start) -> impl IntoView {
    let live = Live::follow_beside(Live::expect().site(), start);
    let power = live.map(|snapshot| Shown::point_as(snapshot, PointId::Power, |w| format::kilowatts(w.abs())));
    let words = live.map(|snapshot| snapshot.point(PointId::Power).map_or("", |w| direction(w, IDLE_W)).to_owned());
    view! {
        <Reading label="State of charge" value=live.shown(PointId::Soc) />
        <Reading label="Battery power" value=power note=words />
    }
}
