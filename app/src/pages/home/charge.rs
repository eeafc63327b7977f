//! The third opinion of the charge: our own count of the measured current; and what no current explains, in words.

use super::past::Past;
use crate::charts::line::ticks::{clock_words, day_words};
use crate::charts::line::{Line, Mark, segments};
use crate::charts::theme::SeriesColor;
use crate::derived::Derived;
use crate::format::{self, NONE, THIN};
use ::api::home::{HomeResponse, SocJump};
use domain::soc::{Count, FullBy};
use domain::time::Utc;
use leptos::prelude::*;

/// Where a full charge is looked for, in words.
const REACH: &str = "5 days";
/// Movements that are told; of older ones only how many there are.
const JUMPS_SHOWN: usize = 3;

/// Our own count as a bar, with where it begins and how exact it is.
#[component]
pub(super) fn Counted(
    past: Past,
    /// The name of the source whose current is counted.
    shunt: String,
) -> impl IntoView {
    let counted = past.map(|past| past.counted.soc_pct);
    let pct = Derived::new(move || counted.get().flatten());
    let number = move || pct.get().map_or_else(|| NONE.to_owned(), |pct| format::percent(pct).number);
    let unit = move || if pct.get().is_some() { "%" } else { "" };
    let how = past.map(move |past| began(&past.counted, &shunt, &|at| local(at)));
    view! {
        <div class="soc-of" data-of="counted" role="group" aria-label="SOC counted by Packtwin">
            <p class="soc-name"><b>"Packtwin"</b>" "<span class="note">{move || how.get().unwrap_or_default()}</span></p>
            <p class="soc-value"><span class="number">{number}</span><span class="unit">{unit}</span></p>
            {super::bar::bar(pct)}
        </div>
    }
    .into_any()
}

/// What was reported that the current does not explain.
#[component]
pub(super) fn Jumps(past: Past, shunt: String, inverter: String) -> impl IntoView {
    let words = past.map(move |past| jump_texts(&past.jumps, (&shunt, &inverter), &|at| local(at)));
    let found = past.map(|past| !past.jumps.is_empty());
    view! {
        <div class="soc-jumps" role="status" data-found=move || found.get().unwrap_or(false).to_string()>
            {move || words.get().unwrap_or_default().into_iter().map(|words| view! { <p>{words}</p> }).collect_view()}
        </div>
    }
    .into_any()
}

/// The count as a line.
pub(super) fn line(past: &HomeResponse) -> Line {
    let segments = segments(past.counted.line.iter().map(|(at, pct)| (at.0 as f64 / 1e6, *pct)));
    Line { label: "Packtwin".to_owned(), color: SeriesColor::Current, segments }
}

/// A mark on the time axis for each movement that no current explains.
pub(super) fn marks(past: &HomeResponse) -> Vec<Mark> {
    let mark = |jump: &SocJump| Mark {
        at: jump.at.0 as f64 / 1e6,
        name: "not explained by the current".to_owned(),
        color: SeriesColor::Warning,
    };
    past.jumps.iter().map(mark).collect()
}

/// Where a count begins and how exact it is, or why there is none.
fn began(counted: &Count, shunt: &str, local: &dyn Fn(Utc) -> String) -> String {
    match (counted.full, counted.lost) {
        (Some(full), _) => {
            let by = match full.by {
                FullBy::Tail => {
                    format!("counted from the current of {shunt} since it was full on {}", local(full.at))
                }
                FullBy::Reported => {
                    format!("counted from the current of {shunt} since it said 100{THIN}% on {}", local(full.at))
                }
            };
            let guessed = match counted.bridged_s {
                s if s > 0.0 => format!(", {} of it guessed", format::duration(s)),
                _ => String::new(),
            };
            format!("{by}, \u{b1}{} points{guessed}", format::fixed(counted.error_points.max(0.1), 1))
        }
        (None, Some(lost)) => format!(
            "ended: no current from {} to {}. It begins again at the next full charge",
            local(lost.from),
            local(lost.to)
        ),
        (None, None) => format!("no full charge in the last {REACH}: it begins at the next one"),
    }
}

/// The newest movements in words, newest first.
fn jump_texts(jumps: &[SocJump], (shunt, inverter): (&str, &str), local: &dyn Fn(Utc) -> String) -> Vec<String> {
    if jumps.is_empty() {
        return vec!["No reported SOC has moved further than the measured current explains.".to_owned()];
    }
    let words = |jump: &SocJump| {
        let who = if jump.inverter { inverter } else { shunt };
        let (at, moved, counted) = (local(jump.at), jump.movement.moved, jump.movement.counted);
        let over = match jump.movement.over_s {
            s if s <= 60.0 => "a minute".to_owned(),
            s => format::duration(s),
        };
        let how = match moved {
            m if m.abs() < 0.5 => format!("{who} stood still for {over} on {at}"),
            m => {
                let way = if m > 0.0 { "rose" } else { "fell" };
                format!("{who} {way} by {} points within {over} on {at}", format::fixed(m.abs(), 1))
            }
        };
        format!("{how}; the measured current explains {}.", format::fixed(counted, 1))
    };
    let mut texts: Vec<String> = jumps.iter().rev().take(JUMPS_SHOWN).map(words).collect();
    if let Some(more) = jumps.len().checked_sub(JUMPS_SHOWN).filter(|more| *more > 0) {
        texts.push(format!("{more} more before that."));
    }
    texts
}

/// An instant where the reader is: `21 Nov at 13:04`.
fn local(at: Utc) -> String {
    let at_s = at.0 as f64 / 1e6;
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at_s * 1e3));
    let local_s = at_s - date.get_timezone_offset() * 60.0;
    format!("{} at {}", day_words(local_s), clock_words(local_s, 60.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::soc::{Full, Lost, Move};

    fn plain(words: &str) -> String {
        words.replace(THIN, " ")
    }

    fn hour(at: Utc) -> String {
        format!("{} h", at.0 / 3_600_000_000)
    }

    #[test]
    fn a_count_says_where_it_begins_or_why_there_is_none() {
        let at = |hours: i64| Utc(hours * 3_600_000_000);
        let full = |by| Some(Full { at: at(13), by });
        let counted = Count { error_points: 0.44, ..Count::default() };
        for (counted, words) in [
            (
                Count { full: full(FullBy::Tail), ..counted.clone() },
                "counted from the current of Victron since it was full on 13 h, ±0.4 points",
            ),
            (
                Count { full: full(FullBy::Reported), bridged_s: 60.0, error_points: 0.0, ..counted.clone() },
                "counted from the current of Victron since it said 100 % on 13 h, ±0.1 points, 60 s of it guessed",
            ),
            (
                Count { lost: Some(Lost { from: at(14), to: at(16) }), ..counted.clone() },
                "ended: no current from 14 h to 16 h. It begins again at the next full charge",
            ),
            (counted, "no full charge in the last 5 days: it begins at the next one"),
        ] {
            assert_eq!(plain(&began(&counted, "Victron", &hour)), words);
        }
    }

    #[test]
    fn movements_are_told_with_their_time_and_size_newest_first() {
        let jump = |inverter, hours: i64, moved, over_s| SocJump {
            inverter,
            at: Utc(hours * 3_600_000_000),
            movement: Move { over_s, moved, counted: -0.3, unexplained: 5.0 },
        };
        let jumps = [
            jump(true, 9, 2.0, 60.0),
            jump(true, 10, 0.0, 840.0),
            jump(true, 11, 6.04, 60.0),
            jump(false, 12, -4.0, 180.0),
        ];
        let words: Vec<String> =
            jump_texts(&jumps, ("Victron", "Sol-Ark"), &hour).iter().map(|words| plain(words)).collect();
        assert_eq!(
            words,
            [
                "Victron fell by 4.0 points within 3 min on 12 h; the measured current explains −0.3.",
                "Sol-Ark rose by 6.0 points within a minute on 11 h; the measured current explains −0.3.",
                "Sol-Ark stood still for 14 min on 10 h; the measured current explains −0.3.",
                "1 more before that.",
            ]
        );
        assert_eq!(jump_texts(&[], ("Victron", "Sol-Ark"), &hour).len(), 1);
    }

    #[test]
    fn the_line_is_cut_where_the_count_ended() {
        let line_of = |points| {
            line(&HomeResponse { counted: Count { line: points, ..Count::default() }, ..HomeResponse::default() })
        };
        let at = |s: i64| Utc(s * 1_000_000);
        let cut = line_of(vec![(at(1), Some(90.0)), (at(2), Some(80.0)), (at(2), None), (at(9), Some(100.0))]);
        assert_eq!(cut.segments, [vec![(1.0, 90.0), (2.0, 80.0)], vec![(9.0, 100.0)]]);
        assert!(line_of(Vec::new()).segments.is_empty());
    }
}
