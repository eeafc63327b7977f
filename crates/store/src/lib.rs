//! History on disk: what was live a moment ago, and what was measured months ago. The only place with SQL.
//!
//! ```text
//! append -> queue (bounded, in memory) -> writer thread: four times a second a commit -> history.db: tape, tail, events, active alarms
//!                                           '- full hours -> seal -> systems/<system>/pack/<day>.parquet, rollups in history.db
//!                                                                    systems/<system>/cells/<day>.parquet: minutes of cells
//!                                                                    systems/<system>/devices/<day>.parquet: of device points
//!
//! history() -> chart, summary, energy, sags ... <- rollups <- mapped columns <- sealed days, and the tail in memory
//! ```
//!
//! What is promised:
//! - What is committed survives `kill -9`. A second is appended when it is over and committed a quarter of a second later
//!   at most, so a kill takes the running second and that. Events are committed at once, in one transaction with the list
//!   of active alarms. A power cut may take everything since the last checkpoint: six seconds. Nothing that is sealed is lost by either.
//! - One connection writes and checkpoints. Readers never wait for it, nor it for them.
//! - A disk that is full, read-only or broken stops neither the caller nor the start: rows wait in memory, then the
//!   oldest are dropped and counted, [`Store::health`] says why, and storing resumes by itself.
//! - A damaged file is renamed, never deleted, and what is damaged of a sealed day is noticed (`integrity.rs`). A file of a newer version is left alone. Sealed days that the database
//!   does not know are taken in again.
//!
//! Beside it, [`Control`] (`control.rs`) keeps people and the audit in `control.db`, where each commit survives a power cut.
//!
//! Read in this order: [`Store`] (`store.rs`), `queue.rs` (what waits), `writer.rs` (the thread), `database.rs` (the
//! file and its SQL), `seal.rs` and `segment.rs` (days in Parquet), `rollup.rs` (the pyramid),
//! `minutes.rs` (minutes of cells and of device points), `history.rs` (questions).

mod aside;
mod audit;
mod block;
mod bulk;
mod cache;
mod cells;
mod checksum;
mod columns;
mod commands;
mod control;
mod database;
mod day;
mod devices;
mod error;
mod event;
mod folder;
mod foreign;
mod grids;
mod guard;
mod history;
mod index;
mod integrity;
mod layout;
mod minutes;
mod name;
mod numbers;
mod options;
pub mod owner;
mod people;
mod queue;
mod renewed;
mod replaced;
mod rollup;
mod seal;
mod sealed;
mod segment;
mod settle;
mod shared;
mod store;
mod tail;
mod trouble;
mod trust;
mod writer;

pub use audit::{Audited, Broken, Hash, Head, hex};
pub use block::{Block, by_day};
pub use bulk::{Bulk, Joined, read_devices_parquet, write_cells_parquet, write_devices_parquet, write_parquet};
pub use cells::file::column_name as cell_column_name;
pub use commands::{CommandRow, CommandStep, Prediction};
pub use control::Control;
pub use database::{AuditFilter, Failed, Row, Tables};
pub use day::{DAY_MS, Day};
pub use error::{Notice, StoreError};
pub use event::{ActiveAlarm, Event, EventKind, UnknownWord};
pub use foreign::ForeignParquet;
pub use guard::panic_is_damage;
pub use history::{
    Beside, CellChart, CellMap, CellRank, CellValue, CellsAt, Chart, Coverage, Grid, Headroom, History, LeftOut, Mean,
    MinuteCoverage, MinuteParts, Parts, PointChart, Range, SAG_MARGIN_MS, Sag, Sags, Spread, Summary, Tier,
};
pub use layout::queries_folder;
pub use minutes::MinuteDay;
pub use name::{BadName, plain_name};
pub use options::Options;
pub use people::{Secret, Session, Setting, Token, User};
pub use queue::Second;
pub use rollup::{Bucket, Flow, held_s};
pub use segment::Segment;
pub use shared::Health;
pub use store::Store;
pub use writer::free_bytes;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use testkit::circles::{circles, read_modules};

    /// What is not test of every source file, by its path below `src`.
    pub(crate) fn sources() -> Vec<(String, String)> {
        fn below(folder: &Path) -> Vec<PathBuf> {
            let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
            files.into_iter().chain(folders.iter().flat_map(|folder| below(folder))).collect()
        }
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
        let shipped = |path: PathBuf| {
            let source = fs::read_to_string(&path).unwrap();
            let shipped = source.split("#[cfg(test)]\nmod tests {").next().unwrap().to_owned();
            (path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), shipped)
        };
        below(root).into_iter().map(shipped).filter(|(name, _)| !name.ends_with("tests.rs")).collect()
    }

    /// Modules are layers: none uses, over whatever way, one that uses it.
    #[test]
    fn no_module_uses_itself_over_others() {
        let modules = read_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        assert!(modules["store"].contains("crate::history") && modules.len() > 25, "{:?}", modules.keys());
        let found = circles(&modules);
        assert!(found.is_empty(), "modules that need one another:\n{}", found.join("\n"));
    }
}
