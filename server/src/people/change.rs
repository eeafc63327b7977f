//! What takes rights away, and how it is written.

use domain::audit::Entry;
use store::{Failed, Tables};

/// Something that takes rights away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// Nobody may command any more.
    Disarm,
    /// The session with this number has ended.
    EndSession(i64),
    /// The token with this number has ended.
    EndToken(i64),
}

impl Change {
    /// Writes it with its entry; nothing, if somebody else has done it meanwhile.
    pub(super) fn write(self, tables: &mut Tables<'_>, entry: Entry) -> Result<(), Failed> {
        let changed = match self {
            Change::Disarm => {
                let armed = tables.armed()?.is_some_and(|(armed, _)| armed);
                if armed {
                    tables.arm(false, entry.at, &entry.who)?;
                }
                armed
            }
            Change::EndSession(id) => tables.end_session(id)?,
            Change::EndToken(id) => tables.end_token(id)?,
        };
        if changed {
            tables.audit(entry)?;
        }
        Ok(())
    }
}
