//! The checksum of a file.

use crate::error::StoreError;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// CRC-32 of a whole file.
///
/// # Errors
/// [`StoreError::Io`].
pub(crate) fn checksum(path: &Path) -> Result<u32, StoreError> {
    let mut file = File::open(path).map_err(StoreError::io(path))?;
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer).map_err(StoreError::io(path))? {
            0 => return Ok(hasher.finalize()),
            len => hasher.update(&buffer[..len]),
        }
    }
}
