//! The audit as a file: a line of JSON for each entry, its hash and its canonical JSON as it is hashed.

use super::Refused;
use domain::time::rfc3339;
use std::fmt::Write as _;
use store::{AuditFilter, Audited, Control, hex};

/// Entries that are in memory at once.
const BATCH: i64 = 500;

/// The lines of the next entries after the one with the number `after`, and the number of the last of them; `None` after
/// the last entry.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn batch(control: &Control, filter: &AuditFilter, after: i64) -> Result<Option<(i64, String)>, Refused> {
    let entries = control.list(|tables| tables.audit_after(after, BATCH))?;
    let Some(last) = entries.last().map(|last| last.seq) else { return Ok(None) };
    let mut lines = String::new();
    for audited in entries.iter().filter(|audited| is_asked_for(filter, audited)) {
        // Writing to a text does not fail.
        let _ = writeln!(lines, "{{\"hash\":\"{}\",\"entry\":{}}}", hex(&audited.hash), line(&audited.canonical));
    }
    Ok(Some((last, lines)))
}

/// Whether a filter lets an entry through. What cannot be read belongs to everything.
fn is_asked_for(filter: &AuditFilter, audited: &Audited) -> bool {
    let Some(entry) = audited.entry() else { return true };
    let at = rfc3339(entry.at);
    let is = |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
    is(&filter.who, Some(&entry.who))
        && is(&filter.action, Some(&entry.action))
        && is(&filter.system, entry.system.as_deref())
        && filter.from.as_ref().is_none_or(|from| at >= *from)
        && filter.to.as_ref().is_none_or(|to| at < *to)
}

/// The canonical JSON as it is; of something else, which somebody has put there, a text of it.
fn line(canonical: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(canonical) {
        Ok(serde_json::Value::Object(_)) if !canonical.contains('\n') => canonical.to_owned(),
        _ => serde_json::Value::from(canonical).to_string(),
    }
}
