//! The page Links: every source, how well it delivers, and what it sends, byte by byte.

mod card;
mod connection;
pub mod frames;
pub mod model;
mod points;
mod record;
mod table;

use crate::address::Navigation;
use crate::components::{AddressNote, Chip, EmptyState, PageStyle, Tone};
use crate::derived::Derived;
use crate::live::Live;
use crate::reading::LinksKnown;
use crate::source::DEMO;
use card::LinkCard;
use connection::PageConnection;
use leptos::prelude::*;
use points::PointsOfDevices;
use table::Frames;

crate::lazy_page!(CHUNK, links, LinksPage);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/links.css");

/// The page Links. The address says whose frames are shown: `/links?link=bms`; without it, those of the first link.
#[component]
pub fn LinksPage() -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let navigation = Navigation::expect();
    let ids: Vec<String> = site.links.iter().map(|link| link.id.clone()).collect();
    let selected = Derived::new(move || {
        let asked = navigation.at().field("link");
        asked.and_then(|asked| ids.iter().position(|id| *id == asked)).unwrap_or(0)
    });
    let unknown = {
        let site = site.clone();
        Derived::new(move || {
            let asked = navigation.at().field("link")?;
            let first = site.links.first().filter(|_| site.links.iter().all(|link| link.id != asked))?;
            Some(format!("No link has the id \u{201c}{asked}\u{201d}: the frames are those of {}.", first.name))
        })
    };
    let delivering = {
        let specs = site.clone();
        live.map(move |snapshot| model::delivering(&specs.links, &snapshot.links, snapshot.now.mono))
    };
    let all = site.links.len();
    let known = live.links_known();
    let tone = Derived::new(move || if delivering.get() == all { Tone::Good } else { Tone::Warning });
    let card = |(place, link): (usize, &domain::link::LinkSpec)| {
        let base = live.href("/links");
        let mark = if base.contains('?') { '&' } else { '?' };
        let address = format!("{base}{mark}link={}", link.id);
        view! { <LinkCard place address selected=Derived::new(move || selected.get() == place) /> }
    };
    let cards = site.links.iter().enumerate().map(card).collect_view();
    let frames = {
        let site = site.clone();
        move || match live.past.get() {
            true => {
                let advice = "Raw frames are of the present. Go live to see them; record a link to keep them.";
                view! { <EmptyState title="No raw frames of the past" advice /> }.into_any()
            }
            false => site.links.get(selected.get()).cloned().map(|link| view! { <Frames link /> }).into_any(),
        }
    };
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Links"</h1>
        {if all == 0 {
            let advice = "Add a [[link]] to the site file, then start again.";
            view! { <EmptyState title="No link is configured" advice /> }.into_any()
        } else {
            view! {
                <AddressNote words=unknown />
                <p class="links-head" hidden=move || known.get() != LinksKnown::Yes>
                    <Chip dot=true tone=tone>
                        {move || format!("{} of {all} links deliver", delivering.get())}
                    </Chip>
                </p>
                <p class="links-unknown note" role="note" hidden=move || known.get() == LinksKnown::Yes>
                    {move || match known.get() {
                        LinksKnown::NoServer => "No connection to the server: what the links do now is not known. What is shown of them is the last that came.",
                        _ => "What links did is kept for two days, and around alarms. Of this instant it is not known.",
                    }}
                </p>
                <div class="links" hidden=move || known.get() == LinksKnown::NotKept>{cards} {(!DEMO).then(|| view! { <PageConnection /> })}</div>
                <PointsOfDevices />
                {frames}
                {(!DEMO).then(|| view! {
                    <p class="note">
                        "Programs read all of this, too: " <a class="links-api" href="/api" rel="external">"the API and its description"</a>
                    </p>
                })}
            }
                .into_any()
        }}
    }
}
