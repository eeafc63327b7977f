//! The audit: appended to, read, never changed.

use super::{Done, Failed, Tables};
use crate::audit::{Audited, Hash, Head, canonical, hash};
use crate::database::sql::control as sql;
use domain::audit::Entry;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// What is asked of the audit. What is not said is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Entries of them.
    pub who: Option<String>,
    /// Entries of this action.
    pub action: Option<String>,
    /// Entries of this system.
    pub system: Option<String>,
    /// Entries from this instant on, in RFC 3339 as entries have it.
    pub from: Option<String>,
    /// Entries before this instant.
    pub to: Option<String>,
}

fn sha(row: &SqliteRow, column: usize) -> sqlx::Result<Hash> {
    let bytes: Vec<u8> = row.try_get(column)?;
    bytes.try_into().map_err(|_| sqlx::Error::Decode("a hash has not 32 bytes".into()))
}

fn audited(row: &SqliteRow) -> sqlx::Result<Audited> {
    Ok(Audited { seq: row.try_get(0)?, canonical: row.try_get(1)?, hash: sha(row, 2)? })
}

impl Tables<'_> {
    /// Appends an entry. It stands as soon as the transaction does, with all else that this changed.
    pub fn audit(&mut self, entry: Entry) -> Done<Head> {
        let before = self.audit_head()?;
        let seq = before.seq + 1;
        let canonical = canonical(seq, &entry.bounded()).map_err(|why| Failed(sqlx::Error::Encode(why.into())))?;
        let hash = hash(&before.hash, &canonical);
        self.0.run(sql::ADD_AUDIT.bind(seq).bind(canonical).bind(hash.as_slice()))?;
        Ok(Head { seq, hash })
    }

    /// The end of the chain.
    pub fn audit_head(&mut self) -> Done<Head> {
        let head = |row: &SqliteRow| Ok(Head { seq: row.try_get(0)?, hash: sha(row, 1)? });
        Ok(self.0.first(sql::AUDIT_HEAD.plain(), head)?.unwrap_or(Head::NONE))
    }

    /// Up to `most` entries after the one with the number `after`, oldest first.
    pub fn audit_after(&mut self, after: i64, most: i64) -> Done<Vec<Audited>> {
        Ok(self.0.all(sql::AUDIT_FROM.bind(after).bind(most), audited)?)
    }

    /// Up to `most` entries before the one with the number `before`, newest first.
    pub fn audit_page(&mut self, filter: &AuditFilter, before: i64, most: i64) -> Done<Vec<Audited>> {
        let AuditFilter { who, action, system, from, to } = filter;
        let [who, action, system, from, to] = [who, action, system, from, to].map(Option::as_deref);
        let page = sql::AUDIT_PAGE.bind(before).bind(who).bind(action).bind(system).bind(from).bind(to);
        Ok(self.0.all(page.bind(most), audited)?)
    }
}
