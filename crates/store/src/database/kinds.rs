//! Which statements are about which kind of minutes.

use super::sql::{self, Sql};
use crate::sealed::Kind;

/// The statements about one kind of minutes.
pub(super) struct Statements {
    pub(super) days: Sql,
    pub(super) day: Sql,
    pub(super) put: Sql,
    pub(super) set_checksum: Sql,
    pub(super) delete_day: Sql,
    pub(super) unsealed: Sql,
    pub(super) delete: Sql,
}

static CELLS: Statements = Statements {
    days: sql::CELL_SEGMENTS,
    day: sql::CELL_SEGMENT,
    put: sql::PUT_CELL_SEGMENT,
    set_checksum: sql::SET_CELL_CHECKSUM,
    delete_day: sql::DELETE_CELL_SEGMENT,
    unsealed: sql::UNSEALED_CELLS,
    delete: sql::DELETE_CELLS,
};

static DEVICES: Statements = Statements {
    days: sql::DEVICE_SEGMENTS,
    day: sql::DEVICE_SEGMENT,
    put: sql::PUT_DEVICE_SEGMENT,
    set_checksum: sql::SET_DEVICE_CHECKSUM,
    delete_day: sql::DELETE_DEVICE_SEGMENT,
    unsealed: sql::UNSEALED_DEVICES,
    delete: sql::DELETE_DEVICES,
};

/// Those of a kind; rows of the pack are no minutes.
pub(super) fn statements(kind: Kind) -> Option<&'static Statements> {
    match kind {
        Kind::Pack => None,
        Kind::Cells => Some(&CELLS),
        Kind::Devices => Some(&DEVICES),
    }
}
