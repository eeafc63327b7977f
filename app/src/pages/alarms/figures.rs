//! The figures of the period, and what ISA-18.2 asks of them.

use super::period::{self, question};
use super::state::Desk;
use crate::address::Navigation;
use crate::components::{Card, SeverityWord};
use crate::derived::Derived;
use crate::format::{self, THIN, fixed};
use crate::pages::asked::Asked;
use ::api::alarms::{AlarmCount, AlarmFiguresResponse};
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn FiguresCard(desk: Desk) -> impl IntoView {
    let navigation = Navigation::expect();
    let asked = Asked::<AlarmFiguresResponse>::at(question(desk.live, "/api/v1/alarms/figures"));
    super::ended::again_when_alarms_change(desk, move || asked.again());
    let note = Derived::new(move || format!("last {}", period::words(period::days(&navigation.at()))));
    let kept = Derived::new(move || asked.get().and_then(Result::ok));
    let failed = move || asked.get().and_then(Result::err).map(|why| format!("The figures are not known. {why}."));
    view! {
        <Card title="Figures" note class="alarms-figures" id="figures">
            {move || kept.get().map(|answer| figures(&answer))}
            <p class="note" role="status">{move || failed().unwrap_or_else(|| if kept.with(Option::is_none) { "Asking for the figures\u{2026}".to_owned() } else { String::new() })}</p>
            <noscript><p class="note">"The figures need a script, or GET /api/v1/alarms/figures."</p></noscript>
        </Card>
    }
    .into_any()
}

fn figures(of: &AlarmFiguresResponse) -> impl IntoView + use<> {
    let figure = |label: &'static str, value: String, asked: &'static str, beyond: bool| {
        view! {
            <div class="alarm-figure" data-beyond=beyond.to_string()>
                <dt>{label}</dt>
                <dd><b>{value}</b>" "<span class="note">{asked}</span></dd>
            </div>
        }
    };
    let share = |count: u64| fixed(100.0 * count as f32 / of.raised as f32, 0);
    let per_day = of.per_day;
    let soon = match (of.acknowledged_median_s, of.acknowledged_most_s) {
        (Some(median), Some(most)) => {
            format!("{} (half of them), {} (nine of ten)", format::duration(median), format::duration(most))
        }
        _ => format::NONE.to_owned(),
    };
    let severities = match of.raised {
        0 => format::NONE.to_owned(),
        _ => [of.critical, of.warnings, of.notices].map(|count| format!("{}{THIN}%", share(count))).join(", "),
    };
    let asked_s = (of.to.0 - of.from.0) as f32 / 1e6;
    let short = (of.recorded_s < 0.95 * asked_s).then(|| {
        view! { <p class="note">{format!("Of this period {} are recorded; the figures are of that.", format::duration(of.recorded_s))}</p> }
    });
    let rate = |rate: f32| fixed(rate, usize::from(rate < 10.0));
    let percent = |pct: f32| format!("{}{THIN}%", fixed(pct, 1));
    let known = |value: Option<String>| value.unwrap_or_else(|| format::NONE.to_owned());
    view! {
        {short}
        <dl class="alarm-figures">
            {figure("Alarms a day", known(per_day.map(rate)), "at most 150 can be handled", per_day > Some(150.0))}
            {figure("Raised", format::count(of.raised), "in the period", false)}
            {figure("Most in 10 minutes", format::count(of.busiest_10_min), "more than 10 is a flood", of.busiest_10_min > 10)}
            {figure("Time in floods", known(of.flood_pct.map(percent)), "below 1 % is good", of.flood_pct >= Some(1.0))}
            {figure("Critical, warnings, notices", severities, "about 5, 15 and 80 % is usual", false)}
            {figure("Acknowledged within", soon, "", false)}
        </dl>
        {list("Stood longer than 24 h", &of.standing, "None", |of| format::duration(of.longest_s))}
        {list("Chattering: three times in a minute", &of.chattering, "None", |of| times(of.count))}
        {list("Raised most often", &of.top, "None was raised", |of| times(of.count))}
        {(!of.whole).then(|| view! { <p class="note">"There are more alarms in this period than can be counted at once: these are the newest."</p> })}
    }
}

fn times(count: u64) -> String {
    format!("{}{THIN}\u{d7}", format::count(count))
}

fn list(title: &'static str, of: &[AlarmCount], none: &'static str, value: fn(&AlarmCount) -> String) -> AnyView {
    let row = |of: &AlarmCount| {
        view! {
            <li>
                <SeverityWord severity=of.severity.0 />
                <span class="alarm-part-words">{of.rule.clone()} " of " {of.subject.clone()}</span>
                <b>{value(of)}</b>
            </li>
        }
    };
    let rows = of.iter().map(row).collect_view();
    view! {
        <h3 class="alarm-list-title">{title}</h3>
        {of.is_empty().then(|| view! { <p class="note">{none}</p> })}
        <ol class="alarm-counts" aria-label=title hidden=of.is_empty()>{rows}</ol>
    }
    .into_any()
}
