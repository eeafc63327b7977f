//! What SQLite offers and sqlx does not pass on. The only calls of the C library.
#![allow(unsafe_code)]

use libsqlite3_sys::{
    SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, SQLITE_OK, sqlite3_db_config, sqlite3_libversion, sqlite3_libversion_number,
};
use sqlx::sqlite::LockedSqliteHandle;
use std::ffi::{CStr, c_int};
use std::ptr;

/// The version of the library that is linked, as SQLite counts it: 3051003 for 3.51.3.
pub(super) fn library_version() -> i32 {
    // SAFETY: it has no arguments and returns a constant.
    unsafe { sqlite3_libversion_number() }
}

/// The same in words: `3.51.3`.
pub(super) fn library_version_name() -> String {
    // SAFETY: it returns a constant text that ends with a zero.
    unsafe { CStr::from_ptr(sqlite3_libversion()) }.to_string_lossy().into_owned()
}

/// Sets whether closing the connection leaves the log as it is. False if SQLite refuses.
pub(super) fn keep_log_on_close(connection: &mut LockedSqliteHandle<'_>, keep: bool) -> bool {
    // SAFETY: the handle is open and no other thread uses it while it is locked; this setting takes an integer, and a
    // place for the answer that may be null.
    let answer = unsafe {
        sqlite3_db_config(
            connection.as_raw_handle().as_ptr(),
            SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
            c_int::from(keep),
            ptr::null_mut::<c_int>(),
        )
    };
    answer == SQLITE_OK
}
