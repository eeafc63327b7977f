//! One link: its state, age, rates and faults, and the way to its frames.

use super::model::{self, Health};
use crate::components::{Chip, Tone};
use crate::derived::Derived;
use crate::format::{self, Figure};
use crate::live::Live;
use crate::reading::LinksKnown;
use domain::link::{LinkFault, LinkStatus};
use leptos::prelude::*;

/// A link of the site. It leads to its frames.
#[component]
pub(super) fn LinkCard(
    /// The link's place in the site.
    place: usize,
    /// Whether its frames are shown.
    #[prop(into)]
    selected: Derived<bool>,
    /// The address that shows its frames.
    #[prop(into)]
    address: String,
) -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let Some(spec) = site.links.get(place).cloned() else { return ().into_any() };
    let system = if site.systems.len() > 1 { site.system(spec.system).map(|s| s.name.clone()) } else { None };
    let (name, protocol, peer) = (spec.name.clone(), spec.protocol.clone(), spec.address.clone());
    let known = live.links_known();
    let status = Derived::new(move || {
        let away = known.get() == LinksKnown::NoServer;
        live.snapshot.with(|snapshot| {
            let status = snapshot.links.get(place).cloned().unwrap_or_default();
            let now = snapshot.now.mono;
            let health = model::health(&spec, &status, now);
            Line {
                health: if away { Health::Waiting } else { health },
                word: if away { "not known" } else { model::word(&spec, &status, now) },
                advice: if away { model::NOT_KNOWN.to_owned() } else { model::advice(&spec, &status, now) },
                stale: away || model::is_stale(&spec, &status, now),
                faults: if away { Seen::NotKnown } else { Seen::These(model::faults(&status)) },
                age_s: status.age_s(now),
                status,
            }
        })
    });
    let health = Derived::new(move || status.with(|line| health_name(line.health)));
    let age = Derived::new(move || status.with(|line| line.age_s.map_or_else(|| "never".to_owned(), format::calm_age)));
    view! {
        <a
            class="card link-card"
            href=address
            data-noscroll
            data-health=health
            data-stale=move || status.with(|line| line.stale.to_string())
            aria-current=move || selected.get().then_some("true")
        >
            <header class="card-head">
                <h2>{name}</h2>
                <LinkState line=status />
            </header>
            <p class="note">{protocol} {system.map(|name| format!(", {name}"))}</p>
            <p class="note link-address">{peer}</p>
            <dl class="link-figures">
                <Fact name="Last reading" value=age />
                <Fact name="Frame rate" value=figure(status, |s| Some(per_s(s.frames_per_s))) />
                <Fact name="Data rate" value=figure(status, |s| Some(bytes(s.bytes_per_s))) />
                <Fact name="Latency" value=figure(status, |s| s.latency_ms.map(latency)) />
                <Fact name="Frames" value=figure(status, |s| Some(plain(s.frames))) />
                <Fact name="Reconnects" value=figure(status, |s| Some(plain(u64::from(s.reconnects)))) />
            </dl>
            <Faults line=status />
            <p class="note link-advice">{move || status.with(|line| line.advice.clone())}</p>
        </a>
    }
    .into_any()
}

/// What the card says of its link.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    status: LinkStatus,
    health: Health,
    /// Its state in a word.
    word: &'static str,
    stale: bool,
    age_s: Option<f32>,
    advice: String,
    faults: Seen,
}

/// Which faults were seen, and how often each.
#[derive(Clone, Debug, PartialEq)]
enum Seen {
    /// These, as of now.
    These(Vec<(LinkFault, u32)>),
    /// The server is away.
    NotKnown,
}

fn health_name(health: Health) -> &'static str {
    match health {
        Health::Good => "good",
        Health::Waiting => "waiting",
        Health::Bad => "bad",
    }
}

/// The state: a shape and a word.
#[component]
fn LinkState(line: Derived<Line>) -> impl IntoView {
    let shape = Derived::new(move || match line.with(|line| line.health) {
        Health::Good => "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2z",
        Health::Waiting => "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2zM8 5.500v3l2 1.200",
        Health::Bad => "M8 2 15 14H1z",
    });
    let word = Derived::new(move || line.with(|line| line.word));
    view! {
        <span class="link-state">
            <svg class="link-mark" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d=shape />
            </svg>
            {word}
        </span>
    }
}

#[component]
fn Fact(name: &'static str, #[prop(into)] value: Derived<String>) -> impl IntoView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{move || value.get()}</dd>
        </div>
    }
}

/// The kinds of faults with their numbers; said calmly when there are none.
#[component]
fn Faults(line: Derived<Line>) -> impl IntoView {
    let seen = Derived::new(move || line.with(|line| line.faults.clone()));
    let chip = |(fault, n): (LinkFault, u32)| {
        let words = model::fault_words(fault, n);
        view! { <Chip tone=Tone::Warning dot=true>{words}</Chip> }
    };
    view! {
        <p class="link-faults">
            {move || match seen.get() {
                Seen::NotKnown => view! { <Chip tone=Tone::Neutral dot=true>"faults not known"</Chip> }.into_any(),
                Seen::These(seen) if seen.is_empty() => {
                    view! { <Chip tone=Tone::Good dot=true>"no faults"</Chip> }.into_any()
                }
                Seen::These(seen) => seen.into_iter().map(chip).collect_view().into_any(),
            }}
        </p>
    }
}

fn figure(line: Derived<Line>, read: fn(&LinkStatus) -> Option<Figure>) -> Derived<String> {
    Derived::new(move || {
        line.with(|line| read(&line.status).map_or_else(|| format::NONE.to_owned(), |f| f.to_string()))
    })
}

fn per_s(rate: f32) -> Figure {
    Figure { number: format::fixed(rate, if rate < 10.0 { 1 } else { 0 }), unit: "/s" }
}

fn bytes(rate: f32) -> Figure {
    let (number, unit) = model::bytes_per_s(rate);
    Figure { number, unit }
}

fn latency(ms: f32) -> Figure {
    let number = match ms {
        ms if ms < 0.01 => format!("<{}0.01", format::THIN),
        ms => format::fixed(ms, if ms < 10.0 { 2 } else { 0 }),
    };
    Figure { number, unit: "ms" }
}

fn plain(n: u64) -> Figure {
    Figure { number: format::count(n), unit: "" }
}
