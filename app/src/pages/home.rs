//! The page Home energy: a house, its battery, and whether what is said of it can be believed.
//!
//! Read [`words`] (what values mean, pure), [`past`] (what the server knows of the last hours), then the sections in their
//! order: [`now`], [`battery`], [`trends`], [`compare`] (with [`charge`], our own count), [`day`].

mod bar;
mod battery;
mod charge;
mod compare;
mod day;
mod now;
mod past;
mod state;
mod trends;
mod words;

use crate::address::Navigation;
use crate::components::{AddressNote, EmptyState, PageStyle};
use crate::derived::Derived;
use crate::hydration::DeferHydration;
use crate::live::Live;
use battery::Battery;
use compare::Compare;
use day::Day;
use domain::link::{LinkSpec, LinkStatus};
use domain::spec::SystemKind;
use domain::twin::Snapshot;
use leptos::prelude::*;
use now::Now;
use past::Past;
use trends::Trends;

crate::lazy_page!(CHUNK, home, HomePage);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/home.css");

/// The page Home energy. A system that is no house has nothing for it.
#[component]
pub fn HomePage() -> impl IntoView {
    let live = Live::expect();
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Home energy"</h1>
        {if live.system().kind == SystemKind::Home {
            view! { <House /> }.into_any()
        } else {
            let advice = "This page is for systems of kind \"home\" in the site file. \
                          Choose one at the top, if the site has one.";
            view! { <EmptyState title=format!("{} is not a house", live.system().name) advice=advice /> }.into_any()
        }}
    }
}

#[component]
fn House() -> impl IntoView {
    let past = Past::follow(&Live::expect());
    let navigation = Navigation::expect();
    view! {
        <AddressNote words=Derived::new(move || past::wrong_hours(&navigation.at())) />
        <div class="grid home">
            <DeferHydration><Now /></DeferHydration>
            <DeferHydration><Battery /></DeferHydration>
            <DeferHydration><Trends past /></DeferHydration>
            <DeferHydration><Compare past /></DeferHydration>
            <DeferHydration><Day past /></DeferHydration>
        </div>
    }
}

/// A link with its place in the site.
type Source = (usize, LinkSpec);

/// The links that tell what the page's system does, with their places in the site: that to the Victron GX, or else the
/// first, and the others.
fn sources(live: &Live) -> (Option<Source>, Vec<Source>) {
    let (site, place) = (live.site(), live.place());
    let tells = |link: &LinkSpec| link.system.0 as usize == place && !link.only_settings;
    let own = site.links.iter().enumerate().filter(|(_, link)| tells(link));
    let mut own: Vec<(usize, LinkSpec)> = own.map(|(i, link)| (i, link.clone())).collect();
    if own.is_empty() {
        return (None, own);
    }
    let battery = own.iter().position(|(_, link)| link.is_victron()).unwrap_or(0);
    (Some(own.remove(battery)), own)
}

/// What is known of a link at a snapshot.
fn status(snapshot: &Snapshot, place: usize) -> LinkStatus {
    snapshot.links.get(place).cloned().unwrap_or_default()
}
