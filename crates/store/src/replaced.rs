//! A sealed day is a file and an entry in the catalogue, and between the two anything may end us.
//!
//! ```text
//! new file beside the old one -> note: its checksum, what of the tail is in it -> rename -> entry; tail and note go
//! ```
//! With the note it is known afterwards whether the new file is in its place, so that each row and each part of a minute
//! counts once: it is either in the file or in the tail.

use crate::checksum::checksum;
use crate::database::{Database, Replacing};
use crate::error::StoreError;
use crate::minutes::{Minute, MinuteDay};
use crate::numbers::state_of;
use crate::seal;
use crate::sealed::Kind;
use crate::segment::{Opened, Segment};
use domain::device_minute::DeviceMinute;
use domain::minute::CellMinute;
use std::path::Path;

/// A day that was replaced and is registered now.
pub(crate) enum Settled {
    /// Rows of a system, and the second before which those of the tail are in the file.
    Pack(String, Segment, i64),
    /// Minutes of a system, and the minute before which those of the tail are in the file.
    Minutes(Kind, String, MinuteDay, i64),
}

/// Registers every file that was noted and is in its place, tells `each`, and voids the other notes.
///
/// # Errors
/// The database or the disk; what is left is done the next time.
pub(crate) fn settle(db: &mut Database, data: &Path, mut each: impl FnMut(Settled)) -> Result<(), StoreError> {
    for of in db.replacements()? {
        let path = of.kind.path(data, &of.system, of.day);
        if !is_in_place(&path, &of)? {
            db.not_replaced(&of)?;
            continue;
        }
        match register(db, &path, &of) {
            Ok(settled) => each(settled),
            // It is what was written and cannot be read all the same: it is looked at as any other file is.
            Err(StoreError::Parquet { .. }) => db.not_replaced(&of)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn is_in_place(path: &Path, of: &Replacing) -> Result<bool, StoreError> {
    Ok(path.exists() && state_of(path)?.0 == of.bytes && checksum(path)? == of.checksum)
}

fn register(db: &mut Database, path: &Path, of: &Replacing) -> Result<Settled, StoreError> {
    tracing::info!("{} was replaced and not registered: it is taken in", path.display());
    match of.kind {
        Kind::Pack => {
            let rows = Opened::open(path)?.block()?;
            let segment = seal::describe(of.day, &rows, of.bytes, of.checksum);
            db.sealed(&of.system, &segment, &seal::rollups(of.day, &rows), of.taken)?;
            Ok(Settled::Pack(of.system.clone(), segment, of.taken.before))
        }
        Kind::Cells => register_minutes::<CellMinute>(db, path, of),
        Kind::Devices => register_minutes::<DeviceMinute>(db, path, of),
    }
}

fn register_minutes<M: Minute>(db: &mut Database, path: &Path, of: &Replacing) -> Result<Settled, StoreError> {
    let day = M::describe(path, of.day)?;
    db.minutes_sealed(M::KIND, &of.system, &day, of.taken)?;
    Ok(Settled::Minutes(M::KIND, of.system.clone(), day, of.taken.before))
}
