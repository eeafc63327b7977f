//! Trouble with the disk that history is kept on: what a person should know about it on every page.

use crate::alarm::Severity;
use crate::time::Utc;

/// What kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StorageKind {
    /// Readings are not written: they wait in memory, and the oldest are lost in the end.
    NotStored = 0,
    /// Full hours cannot be moved into their day's file. They stay in the database.
    NotSealed = 1,
    /// There is less room on the disk than history needs: the oldest of it goes.
    DiskShort = 2,
    /// A file of history was damaged and set aside: its rows are missing from all answers.
    Damaged = 3,
    /// The clock cannot be right, or was wrong: nothing is deleted by age, or rows were set aside.
    Clock = 4,
    /// History was deleted, and why.
    Deleted = 5,
    /// Readings were lost while they could not be written.
    Lost = 6,
    /// Sealed days are being taken in: until then they are missing from answers, which say so.
    TakingIn = 7,
}

impl StorageKind {
    /// Every kind, in order. New ones come at the end.
    pub const ALL: [StorageKind; 8] = [
        StorageKind::NotStored,
        StorageKind::NotSealed,
        StorageKind::DiskShort,
        StorageKind::Damaged,
        StorageKind::Clock,
        StorageKind::Deleted,
        StorageKind::Lost,
        StorageKind::TakingIn,
    ];

    /// The kind as the API writes it.
    pub fn id(self) -> &'static str {
        match self {
            StorageKind::NotStored => "not-stored",
            StorageKind::NotSealed => "not-sealed",
            StorageKind::DiskShort => "disk-short",
            StorageKind::Damaged => "damaged",
            StorageKind::Clock => "clock",
            StorageKind::Deleted => "deleted",
            StorageKind::Lost => "lost",
            StorageKind::TakingIn => "taking-in",
        }
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            StorageKind::NotStored | StorageKind::Lost => Severity::Critical,
            StorageKind::NotSealed | StorageKind::DiskShort | StorageKind::Damaged | StorageKind::TakingIn => {
                Severity::Warning
            }
            StorageKind::Clock | StorageKind::Deleted => Severity::Notice,
        }
    }

    /// The trouble in two or three words, for a status bar.
    pub fn title(self) -> &'static str {
        match self {
            StorageKind::NotStored => "History not stored",
            StorageKind::NotSealed => "History not filed",
            StorageKind::DiskShort => "Disk nearly full",
            StorageKind::Damaged => "History damaged",
            StorageKind::Clock => "Clock not trusted",
            StorageKind::Deleted => "History deleted",
            StorageKind::Lost => "Readings lost",
            StorageKind::TakingIn => "History not complete",
        }
    }
}

/// Something that is wrong with the disk or the files of history, or was in the last day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageTrouble {
    /// What kind.
    pub kind: StorageKind,
    /// Since when, or when it happened.
    pub since: Utc,
    /// What is wrong, where, and what to do, as a sentence for a person.
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_numbers_and_names_for_ever() {
        let ids = StorageKind::ALL.map(|kind| (kind as u8, kind.id()));
        let golden = [
            (0, "not-stored"),
            (1, "not-sealed"),
            (2, "disk-short"),
            (3, "damaged"),
            (4, "clock"),
            (5, "deleted"),
            (6, "lost"),
            (7, "taking-in"),
        ];
        assert_eq!(ids, golden);
    }
}
