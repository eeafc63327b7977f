//! What lies on the disk for years, pinned: the columns of every kind of sealed day with their types and units, the
//! statements that make the tables, and files that this version wrote. A change is a new file here and a way to read the
//! old one: docs/formats.md.

use crate::common::{OPENED_AT, open};
use domain::device_minute::{DeviceMinute, PointMinute, PointName};
use domain::minute::CellMinute;
use domain::point::{PointId, Unit};
use domain::reading::CellQuantity;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Block, Bulk, Day, History, Range};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Columns with their types, and what the file says of itself.
fn described(path: &Path) -> String {
    let file = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let metadata = file.metadata().file_metadata();
    let mut text = String::new();
    for column in metadata.schema_descr().columns() {
        let info = column.self_type().get_basic_info();
        let logical = column.logical_type_ref().map(|logical| format!(" {logical:?}")).unwrap_or_default();
        writeln!(text, "{} {} {}{logical}", column.name(), info.repetition(), column.physical_type()).unwrap();
    }
    for of in metadata.key_value_metadata().into_iter().flatten() {
        writeln!(text, "{} = {}", of.key, of.value.as_deref().unwrap_or_default()).unwrap();
    }
    text
}

fn device_minute() -> DeviceMinute {
    let name = |path: &str, unit| PointName { path: path.to_owned(), unit };
    let names = [
        name("gpu-hall/gpu/3/power", Unit::Watt),
        name("south/heatsink_temperature", Unit::Celsius),
        name("south/starts", Unit::Number),
    ];
    let known = |mean: f32, n| PointMinute { min: mean - 0.5, mean, max: mean + 1.5, n };
    let values = vec![known(412.0, 300), known(41.5, 60), PointMinute::NONE];
    DeviceMinute { minute: 20_000 * 1_440 + 61, names: names.into(), values }
}

#[test]
fn columns_of_every_kind_of_sealed_day_have_their_names_types_and_units() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let rows = Block::from_columns(vec![0], PointId::ALL.iter().map(|point| (*point, vec![1.0])));
    store::write_parquet(&path("pack"), &rows).unwrap();
    let mut cells = CellMinute::empty(0, 1);
    CellQuantity::ALL.into_iter().for_each(|quantity| cells.add(quantity, 0, [3.0, 3.0, 3.0], 1));
    store::write_cells_parquet(&path("cells"), &[Arc::new(cells)]).unwrap();
    store::write_devices_parquet(&path("devices"), &[Arc::new(device_minute())]).unwrap();
    let all: String =
        ["pack", "cells", "devices"].map(|kind| format!("[{kind}]\n{}\n", described(&path(kind)))).concat();
    assert_eq!(testkit::kept(golden("columns.txt"), &all), all);
}

/// A sealed day of device points and a tail of them, as the first version that had them wrote them.
#[test]
fn device_points_of_the_first_version_stay_readable() {
    let (file, database) = (golden("devices-1.parquet"), golden("history-8.db.zst"));
    let folder = tempfile::tempdir().unwrap();
    if testkit::renewing() && !file.exists() {
        let bulk = Bulk::open(folder.path(), OPENED_AT).unwrap().0;
        bulk.join_devices("hv", Day(20_000), &[device_minute()]).unwrap();
        bulk.close().unwrap();
        let store = open(folder.path());
        let minute = DeviceMinute { minute: 20_000 * 1_440 + 62, ..device_minute() };
        store.append(store::Second { system: "hv".into(), utc_s: 1, devices: Some(minute), ..Default::default() });
        store.close().unwrap();
        fs::copy(folder.path().join("systems/hv/devices/2024-10-04.parquet"), &file).unwrap();
        fs::write(&database, zstd::encode_all(&fs::read(folder.path().join("history.db")).unwrap()[..], 19).unwrap())
            .unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("systems/hv/devices")).unwrap();
    fs::copy(file, folder.path().join("systems/hv/devices/2024-10-04.parquet")).unwrap();
    fs::write(folder.path().join("history.db"), zstd::decode_all(&fs::read(database).unwrap()[..]).unwrap()).unwrap();
    let history = History::open(folder.path()).unwrap();
    let mut found = Vec::new();
    let range = Range::new(Day(20_000).start_ms(), Day(20_000).end_ms());
    let each = history.each_device_minute("hv", range, |minute| {
        let known = minute.known().map(|(name, value)| (name.path.clone(), name.unit, *value));
        found.push((minute.minute - 20_000 * 1_440, known.collect::<Vec<_>>()));
        Ok::<(), store::StoreError>(())
    });
    each.unwrap();
    let minute = device_minute();
    let known: Vec<_> = minute.known().map(|(name, value)| (name.path.clone(), name.unit, *value)).collect();
    assert_eq!(found, [(61, known.clone()), (62, known)]);
}
