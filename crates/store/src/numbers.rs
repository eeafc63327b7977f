//! Numbers of a sealed day in a mapped file that says what it is: made from this Parquet file, and whole.
//!
//! The numbers come first, so that they are aligned, then a trailer of 48 bytes, little-endian: magic and version of the
//! format, how many bytes of numbers, size and time of change of the Parquet file, CRC-32 of the numbers, CRC-32 of the
//! trailer. A file that says anything else, or whose numbers have another sum, is made again: never believed.

use crate::error::StoreError;
use crate::owner;
use bytemuck::Pod;
use memmap2::Mmap;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Deref;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What a cache file is, and the version of its format. Older ones had no trailer.
const MAGIC: [u8; 16] = *b"packtwin cache 2";
const TRAILER: usize = 48;

/// Numbers in memory or in a mapped file.
pub(crate) enum Numbers<T> {
    /// The first bytes of a mapped file, checked to be so many numbers.
    Mapped(Mmap, usize),
    /// The disk took no file.
    Held(Vec<T>),
}

impl<T: Pod> Deref for Numbers<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            // Cannot fail: tried once when the file was mapped, and a mapping does not move.
            Numbers::Mapped(map, bytes) => bytemuck::cast_slice(&map[..*bytes]),
            Numbers::Held(values) => values,
        }
    }
}

impl<T: Pod> Numbers<T> {
    /// The `len` numbers in the cache file at `path` if it was made from `source` as that is now; else what `read` brings
    /// from there, which is kept at `path`.
    ///
    /// # Errors
    /// Those of `read`; the source is gone, was replaced while it was read, or has another number of values. A disk that
    /// takes no cache file is none.
    pub(crate) fn at(
        path: &Path,
        source: &Path,
        len: usize,
        read: impl FnOnce() -> Result<Vec<T>, StoreError>,
    ) -> Result<Numbers<T>, StoreError> {
        let state = state_of(source)?;
        let bytes = len * size_of::<T>();
        if let Some(known) = Numbers::map(path, bytes, state) {
            return Ok(known);
        }
        let values = read()?;
        let bad = |why: String| StoreError::Parquet { path: source.to_owned(), why };
        if values.len() != len {
            return Err(bad(format!("a column has {} values in place of {len}", values.len())));
        }
        if state_of(source)? != state {
            return Err(bad("it was replaced meanwhile; ask again".to_owned()));
        }
        let plain: &[u8] = bytemuck::cast_slice(&values);
        let kept = keep(path, plain, &trailer(plain, state)).ok();
        Ok(kept.and_then(|()| Numbers::map(path, bytes, state)).unwrap_or(Numbers::Held(values)))
    }

    /// Memory that is taken by numbers without a file, bytes.
    pub(crate) fn held_bytes(&self) -> usize {
        match self {
            Numbers::Mapped(..) => 0,
            Numbers::Held(values) => size_of_val(values.as_slice()),
        }
    }

    /// How much of a mapped file they are, bytes.
    pub(crate) fn mapped_bytes(&self) -> usize {
        match self {
            Numbers::Mapped(map, _) => map.len(),
            Numbers::Held(_) => 0,
        }
    }

    /// Whether they lie in a file, so that holding them costs no memory of ours.
    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self, Numbers::Mapped(..))
    }

    /// The file if it is one of ours, made from this state of its source, and whole.
    fn map(path: &Path, bytes: usize, state: State) -> Option<Numbers<T>> {
        let map = map(path)?;
        let (plain, found) = map.split_at_checked(bytes)?;
        let good = found.len() == TRAILER && bytemuck::try_cast_slice::<u8, T>(plain).is_ok();
        // The trailer first without its sums: a foreign file is not read through.
        (good && found[..40] == head(bytes, state) && found == trailer(plain, state))
            .then_some(Numbers::Mapped(map, bytes))
    }
}

/// What tells two files of a day apart: size in bytes, and time of change, ns since 1970-01-01 UTC.
pub(crate) type State = (u64, i64);

/// The state of a file now.
///
/// # Errors
/// [`StoreError::Io`].
pub(crate) fn state_of(source: &Path) -> Result<State, StoreError> {
    let meta = fs::metadata(source).map_err(StoreError::io(source))?;
    Ok((meta.len(), meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec())))
}

/// The trailer up to its sums.
fn head(bytes: usize, (size, changed_ns): State) -> [u8; 40] {
    let mut head = [0; 40];
    head[..16].copy_from_slice(&MAGIC);
    head[16..24].copy_from_slice(&(bytes as u64).to_le_bytes());
    head[24..32].copy_from_slice(&size.to_le_bytes());
    head[32..].copy_from_slice(&changed_ns.to_le_bytes());
    head
}

fn trailer(plain: &[u8], state: State) -> [u8; TRAILER] {
    let mut trailer = [0; TRAILER];
    trailer[..40].copy_from_slice(&head(plain.len(), state));
    trailer[40..44].copy_from_slice(&crc32fast::hash(plain).to_le_bytes());
    let sum = crc32fast::hash(&trailer[..44]);
    trailer[44..].copy_from_slice(&sum.to_le_bytes());
    trailer
}

/// Writes a cache file under its name only when it is whole.
fn keep(path: &Path, plain: &[u8], trailer: &[u8]) -> std::io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    owner::folder(folder)?;
    let new = tempname(path);
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(plain)?;
        file.write_all(trailer)?;
        fs::rename(&new, path)
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}

/// A name that no other thread or process uses.
fn tempname(path: &Path) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    path.with_extension(format!("{}-{number}.new", std::process::id()))
}

fn map(path: &Path) -> Option<Mmap> {
    let file = File::open(path).ok()?;
    // SAFETY: a mapping is undefined if the file is changed under it. Cache files are written under another name, renamed
    // when they are whole, never changed after that, and deleted only as a whole, which leaves a mapping as it is.
    #[allow(unsafe_code)]
    unsafe {
        Mmap::map(&file).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done to the cache file, or to its source.
    type Damage = fn(&mut Vec<u8>, &Path);

    #[test]
    fn a_file_that_is_not_whole_or_not_of_this_source_is_made_again() {
        let cases: [(&str, bool, Damage); 9] = [
            ("as it was made", true, |_, _| {}),
            ("a flipped bit in its numbers", false, |file, _| file[1_001] ^= 4),
            ("a flipped bit in its sums", false, |file, _| *file.last_mut().unwrap() ^= 1),
            ("the right length, another content", false, |file, _| file.fill(0)),
            ("one without a trailer, as older ones are", false, |file, _| file.truncate(4_000)),
            ("too short", false, |file, _| file.truncate(3_998)),
            ("empty", false, |file, _| file.clear()),
            ("its source changed in size", false, |_, source| fs::write(source, "longer").unwrap()),
            ("its source changed in time", false, |_, source| {
                let earlier = fs::metadata(source).unwrap().modified().unwrap() - std::time::Duration::from_millis(1);
                File::options().write(true).open(source).unwrap().set_modified(earlier).unwrap();
            }),
        ];
        for (what, believed, damage) in cases {
            let folder = tempfile::tempdir().unwrap();
            let (path, source) = (folder.path().join("cache/day.f32"), folder.path().join("day.parquet"));
            fs::write(&source, "day").unwrap();
            let values: Vec<f32> = (0..1_000).map(|k| k as f32).collect();
            let made = Numbers::at(&path, &source, 1_000, || Ok(values.clone())).unwrap();
            assert!(made.is_mapped() && made.held_bytes() == 0 && *made == *values, "{what}");
            let mut file = fs::read(&path).unwrap();
            damage(&mut file, &source);
            fs::remove_file(&path).unwrap();
            fs::write(&path, file).unwrap();
            let mut read = false;
            for again in [believed, true] {
                let found = Numbers::at(&path, &source, 1_000, || {
                    read = true;
                    Ok(values.clone())
                });
                assert!(*found.unwrap() == *values, "{what}");
                assert_eq!(read, !again, "{what}");
                read = false;
            }
        }
    }

    #[test]
    fn another_number_of_values_than_asked_for_is_an_error_never_fewer_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let (path, source) = (folder.path().join("cache/day.f32"), folder.path().join("day.parquet"));
        fs::write(&source, "day").unwrap();
        let read = Numbers::at(&path, &source, 3, || Ok(vec![1_i64, 2]));
        assert!(read.is_err_and(|error| error.to_string().contains("2 values in place of 3")));
        assert!(!path.exists());
        // Where the disk takes no file, they are held.
        fs::write(folder.path().join("cache"), "a file").unwrap();
        let held = Numbers::at(&path, &source, 2, || Ok(vec![1_i64, 2])).unwrap();
        assert_eq!((&*held, held.held_bytes(), held.is_mapped()), (&[1, 2][..], 16, false));
    }
}
