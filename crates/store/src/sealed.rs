//! The file of a sealed day, of any kind: where it lies, what the catalogue says of it, what was found out about it.

use crate::day::Day;
use crate::layout;
use std::path::{Path, PathBuf};

/// What a sealed day holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// Rows of the pack.
    Pack,
    /// Minutes of cells.
    Cells,
    /// Minutes of device points.
    Devices,
}

impl Kind {
    /// All of them, by their numbers.
    pub(crate) const ALL: [Kind; 3] = [Kind::Pack, Kind::Cells, Kind::Devices];

    /// Its number in the database, and its place in [`Kind::ALL`].
    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    /// The kind of this number.
    pub(crate) fn of_number(number: i64) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// The name of its folders.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Pack => "pack",
            Kind::Cells => "cells",
            Kind::Devices => "devices",
        }
    }

    /// The folder of a system's days.
    pub(crate) fn folder(self, data: &Path, system: &str) -> PathBuf {
        layout::systems(data).join(system).join(self.name())
    }

    /// The file of a day.
    pub(crate) fn path(self, data: &Path, system: &str, day: Day) -> PathBuf {
        self.folder(data, system).join(format!("{day}.parquet"))
    }
}

/// What the catalogue says of a day's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// What it holds.
    pub(crate) kind: Kind,
    /// Its day.
    pub(crate) day: Day,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// Its size.
    pub(crate) bytes: u64,
    /// CRC-32 of the file; `None` in entries of earlier versions that were not looked at since.
    pub(crate) checksum: Option<u32>,
}

/// What was found by who asked, for the writer.
#[derive(Clone, Debug)]
pub(crate) enum Finding {
    /// A file is not what was written.
    Damaged(String, Kind, Day),
    /// A file whose checksum was not known can be read.
    Sound(String, Sealed),
}
