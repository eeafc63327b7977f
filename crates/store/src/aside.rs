//! What cannot be history, or not now: moved to a folder that says why, never deleted.

use crate::day::Day;
use crate::error::StoreError;
use crate::owner;
use crate::sealed::Kind;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder of files that were damaged.
pub(crate) const DAMAGED: &str = "damaged";
/// The folder of texts about files that were gone.
pub(crate) const GONE: &str = "gone";

/// Notes that the file of a day is gone, where it is found after a restart too.
///
/// # Errors
/// The disk does not take it.
pub(crate) fn note_gone(data: &Path, (system, kind): (&str, Kind), day: Day, words: &str) -> Result<(), StoreError> {
    place(data, GONE, (system, kind.name()), &format!("{day}.parquet"), words).map(drop)
}

/// The file of a day that was gone is here again. Says whether it was noted as gone.
pub(crate) fn note_back(data: &Path, (system, kind): (&str, Kind), day: Day) -> bool {
    let folder = data.join("set-aside").join(GONE).join(system).join(kind.name());
    fs::remove_file(folder.join(format!("{day}.parquet.txt"))).is_ok()
}

/// The days whose files were damaged or gone: there is a text about each, until a person removes it.
pub(crate) fn left_out(data: &Path) -> Vec<(String, Kind, Day)> {
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    let mut days = Vec::new();
    for of_why in [DAMAGED, GONE].map(|why| data.join("set-aside").join(why)) {
        for system in entries(of_why) {
            for kind in Kind::ALL {
                let names =
                    entries(system.path().join(kind.name())).filter_map(|file| file.file_name().into_string().ok());
                // `2026-11-20.parquet.txt`; of a day that was damaged again, `2026-11-20-2.parquet.txt`.
                let texts = names.filter(|name| name.ends_with(".parquet.txt"));
                let of = texts.filter_map(|name| name.get(..10)?.parse().ok());
                let system = system.file_name().to_string_lossy().into_owned();
                days.extend(of.map(|day| (system.clone(), kind, day)));
            }
        }
    }
    days
}

/// A free path for a file of that name: `set-aside/<why>/<system>/<kind>/<name>`, with a text beside it that says why.
///
/// # Errors
/// The disk does not take the folder or the text.
pub(crate) fn place(
    data: &Path,
    why: &str,
    (system, kind): (&str, &str),
    name: &str,
    words: &str,
) -> Result<PathBuf, StoreError> {
    let folder = data.join("set-aside").join(why).join(system).join(kind);
    owner::folder(&folder).map_err(StoreError::io(&folder))?;
    let (stem, rest) = name.split_once('.').unwrap_or((name, "parquet"));
    let numbered = (2..1_000).map(|n| folder.join(format!("{stem}-{n}.{rest}")));
    let free = std::iter::once(folder.join(name)).chain(numbered).find(|path| !path.exists());
    let path = free.unwrap_or_else(|| folder.join(name));
    let text = folder.join(format!("{}.txt", path.file_name().unwrap_or_default().to_string_lossy()));
    fs::write(&text, format!("{words}\n")).map_err(StoreError::io(&text))?;
    Ok(path)
}

/// Moves a file there. Returns where it is now.
///
/// # Errors
/// As [`place`]; then the file is where it was.
pub(crate) fn put(data: &Path, why: &str, of: (&str, &str), path: &Path, words: &str) -> Result<PathBuf, StoreError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let kept_as = place(data, why, of, &name, words)?;
    fs::rename(path, &kept_as).map_err(StoreError::io(path))?;
    // If that fails, a power cut may bring the file back, to be moved again.
    let _ = kept_as.parent().map(|folder| File::open(folder).and_then(|folder| folder.sync_all()));
    Ok(kept_as)
}
