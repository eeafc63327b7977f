//! An entry of the audit: in a line, and all of it when it is opened.

use crate::format::typeset;
use crate::pages::asked::date_time;
use api::people::AuditEntry;
use domain::control::ControlKind;
use leptos::prelude::*;

/// What stands in the columns of the lines; the last one is the sign that a line opens.
pub(super) const HEADS: [&str; 8] = ["No.", "When", "Who", "What", "Change", "Prediction", "Result", ""];

/// A line that opens.
pub(super) fn row(entry: AuditEntry) -> AnyView {
    let AuditEntry { seq, at, .. } = entry;
    let (at, head) = (at.map(|at| date_time(at.0)), Head::of(&entry));
    let facts = facts(&entry);
    let facts = facts.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> });
    view! {
        <li>
            <details class="audit-entry">
                <summary>
                    <span class="audit-seq note">{seq}</span>
                    <span class="audit-at note">{at}</span>
                    <span class="audit-who">{head.who}</span>
                    <span class="audit-what"><b>{head.what}</b> " " {head.subject}</span>
                    <span class="audit-change">{head.change}</span>
                    <span class="audit-prediction">{head.prediction}</span>
                    <span class="audit-result">{head.result}</span>
                    <span class="audit-sign" aria-hidden="true"></span>
                </summary>
                <dl class="facts audit-facts">{facts.collect_view()}</dl>
            </details>
        </li>
    }
    .into_any()
}

/// What stands in the line.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    who: String,
    what: String,
    subject: String,
    change: String,
    prediction: String,
    result: String,
}

impl Head {
    fn of(entry: &AuditEntry) -> Head {
        let text = |text: &Option<String>| text.as_deref().map(typeset).unwrap_or_default();
        let Some(action) = &entry.action else {
            let what = "cannot be read: somebody has changed it".to_owned();
            return Head {
                who: String::new(),
                what,
                subject: String::new(),
                change: String::new(),
                prediction: String::new(),
                result: String::new(),
            };
        };
        let who = match entry.who.as_deref() {
            Some("") | None => "nobody known".to_owned(),
            Some(who) => who.to_owned(),
        };
        // A control has its name, as on its page.
        let subject = entry.subject.as_deref().map(|id| match ControlKind::from_key(id) {
            Some(control) => control.spec().label.to_owned(),
            None => id.to_owned(),
        });
        let subject = match (&entry.system, &subject) {
            (Some(system), Some(subject)) => format!("{subject} ({system})"),
            (one, other) => text(if one.is_some() { one } else { other }),
        };
        // Who signs in is their own subject.
        let subject = if subject == who { String::new() } else { subject };
        let change = match (&entry.old, &entry.new) {
            (Some(old), Some(new)) => format!("{} \u{2192} {}", typeset(old), typeset(new)),
            (one, other) => text(if one.is_some() { one } else { other }),
        };
        Head {
            who,
            what: domain::audit::shown(action),
            subject,
            change,
            prediction: text(&entry.prediction),
            result: text(&entry.result),
        }
    }
}

/// All that the entry has, by name.
fn facts(entry: &AuditEntry) -> Vec<(&'static str, String)> {
    let role = entry.role.map(|role| role.0.word().to_owned());
    let set = |text: &Option<String>| text.as_deref().map(typeset);
    let all = [
        ("Role then", role),
        ("Came by", entry.came.clone()),
        ("From address", entry.address.clone()),
        ("System", entry.system.clone()),
        ("About", entry.subject.clone()),
        ("Before", set(&entry.old)),
        ("New", set(&entry.new)),
        ("Prediction", set(&entry.prediction)),
        ("Result", set(&entry.result)),
        ("Read back", set(&entry.read_back)),
        ("Detail", entry.detail.clone()),
        ("Hash", Some(entry.hash.clone())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> AuditEntry {
        let text = |text: &str| Some(text.to_owned());
        AuditEntry {
            seq: 7,
            hash: "9f86".into(),
            at: None,
            who: text("mara"),
            role: None,
            came: text("page"),
            address: None,
            action: text("command-result"),
            system: text("hv"),
            subject: text("reserve"),
            old: text("20 %"),
            new: text("15 %"),
            prediction: text("112 min"),
            result: text("confirmed"),
            read_back: text("15 %"),
            detail: None,
        }
    }

    #[test]
    fn a_line_says_who_did_what_to_what_and_what_became_of_it() {
        let head = |who: &str, what: &str, subject: &str, change: &str, result: &str| {
            let [who, what, subject, change, result] = [who, what, subject, change, result].map(str::to_owned);
            Head { who, what, subject, change, prediction: "112 min".to_owned(), result }
        };
        for (entry, expected) in [
            (
                entry(),
                head("mara", "command result", "Backup reserve (hv)", "20\u{202f}% \u{2192} 15\u{202f}%", "confirmed"),
            ),
            (
                AuditEntry {
                    action: Some("signed-in".into()),
                    subject: Some("mara".into()),
                    system: None,
                    old: None,
                    new: None,
                    result: None,
                    ..entry()
                },
                head("mara", "signed in", "", "", ""),
            ),
            (
                AuditEntry { who: Some(String::new()), old: None, ..entry() },
                head("nobody known", "command result", "Backup reserve (hv)", "15\u{202f}%", "confirmed"),
            ),
            (
                AuditEntry { action: None, ..entry() },
                Head { prediction: String::new(), ..head("", "cannot be read: somebody has changed it", "", "", "") },
            ),
        ] {
            assert_eq!(Head::of(&entry), expected);
        }
        let names: Vec<&str> = facts(&entry()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Came by", "System", "About", "Before", "New", "Prediction", "Result", "Read back", "Hash"]);
    }
}
