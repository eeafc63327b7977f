//! The end of the audit's chain, and whether all of it holds; also against an end that was noted elsewhere.

use crate::components::{Card, Chip, Tone};
use crate::derived::Derived;
use crate::fetch::NO_SERVER;
use crate::format;
use crate::live::Live;
use crate::pages::asked::Asked;
use crate::session::Copy;
use api::people::AuditChainResponse;
use leptos::{ev, prelude::*};

/// The card.
#[component]
pub(super) fn Chain() -> impl IntoView {
    let (typed, noted) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let asked = Asked::<AuditChainResponse>::at(Derived::new(move || {
        let noted = noted.with(|noted| noted.trim().replace(':', "%3A"));
        let plain = noted.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'%');
        // What cannot be an end is asked for as such: the server says how one looks.
        let noted = if plain { noted } else { "x".to_owned() };
        Some(if noted.is_empty() {
            "/api/v1/audit/chain".to_owned()
        } else {
            format!("/api/v1/audit/chain?noted={noted}")
        })
    }));
    let live = Live::expect();
    let lost = live.lost();
    live.on_return(move || asked.again());
    let check = move |event: ev::SubmitEvent| {
        event.prevent_default();
        noted.set(typed.get_untracked());
        asked.again();
    };
    view! {
        <Card title="Chain" class="audit-chain" id="chain">
            <div role="status">
                {move || match asked.get() {
                    None => view! {
                        <p class="note audit-checking">"Going along the chain\u{2026}"</p>
                        <div class="audit-unseen" aria-hidden="true">{told(blank(), Checked::Whole)}</div>
                    }
                    .into_any(),
                    Some(_) => asked.shown(move |chain| {
                        let against = if noted.with_untracked(String::is_empty) { Checked::Whole } else { Checked::Noted };
                        told(chain, if lost.get() { Checked::Before } else { against })
                    }),
                }}
            </div>
            <details class="people-more">
                <summary>"Hold it against an end that you noted"</summary>
                <p class="note">"Whoever can write the file can write it anew. Note the end elsewhere now and then: later this shows whether the audit still has it."</p>
                <form class="audit-noted" on:submit=check>
                    <label class="labelled">
                        <span class="field-label">"Noted end"</span>
                        <input class="field" required=true autocomplete="off" spellcheck="false" placeholder="12:9f86\u{2026}" on:input=move |event| typed.set(event_target_value(&event)) />
                    </label>
                    <button type="submit" class="button" disabled=move || lost.get()>"Check"</button>
                </form>
            </details>
        </Card>
    }
    .into_any()
}

/// What the chain was checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Checked {
    /// Whether each entry is as it was written.
    Whole,
    /// That, and whether it has an end that was noted elsewhere.
    Noted,
    /// The server cannot be reached: what was told before says nothing of now.
    Before,
}

/// A chain of which nothing is known yet: it keeps the place of the one that comes, so that nothing below it moves.
fn blank() -> AuditChainResponse {
    AuditChainResponse { entries: 1_000, head: format!("1000:{}", "0".repeat(64)), broken: None }
}

fn told(chain: AuditChainResponse, checked: Checked) -> AnyView {
    let (tone, name, words) = verdict(&chain, checked);
    view! {
        <p class="audit-verdict"><Chip tone dot=true>{name}</Chip> <span>{words}</span></p>
        <p class="audit-end"><span class="note">"Its end"</span> <code>{chain.head.clone()}</code> <Copy text=chain.head label="Copy the end of the chain" /></p>
    }
    .into_any()
}

fn verdict(chain: &AuditChainResponse, checked: Checked) -> (Tone, &'static str, String) {
    let entries = match u64::try_from(chain.entries).unwrap_or_default() {
        1 => "1 entry".to_owned(),
        many => format!("{} entries", format::count(many)),
    };
    let whole = format!("{entries}, each as it was written");
    match (&chain.broken, checked) {
        (Some(why), _) => (Tone::Critical, "Broken", format!("{}.", format::sentence(why))),
        (None, Checked::Before) => (Tone::Neutral, "Not known now", format!("{NO_SERVER}. Before that: {whole}.")),
        (None, Checked::Noted) => (Tone::Good, "Holds", format!("{whole}, and what you noted is among them.")),
        (None, Checked::Whole) => (Tone::Good, "Holds", format!("{whole}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_says_what_was_checked() {
        let chain = |broken: Option<&str>| AuditChainResponse {
            entries: 3,
            head: "3:00".into(),
            broken: broken.map(str::to_owned),
        };
        let entries = "3 entries, each as it was written";
        for (broken, checked, verdict_is) in [
            (None, Checked::Whole, (Tone::Good, "Holds", format!("{entries}."))),
            (None, Checked::Noted, (Tone::Good, "Holds", format!("{entries}, and what you noted is among them."))),
            (None, Checked::Before, (Tone::Neutral, "Not known now", format!("{NO_SERVER}. Before that: {entries}."))),
            (Some("entry 2 is missing"), Checked::Whole, (Tone::Critical, "Broken", "Entry 2 is missing.".to_owned())),
        ] {
            assert_eq!(verdict(&chain(broken), checked), verdict_is);
        }
    }
}
