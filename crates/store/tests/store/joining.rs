//! What joins a history: it fills what is empty, overwrites nothing, and lands in the folder of its system.

use domain::minute::{CellMinute, MINUTE_MS};
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::telemetry::Row;
use domain::time::Utc;
use store::{Block, Bulk, Day, History, Joined, Range, Second, Store, StoreError};

const DAY: Day = Day(20_000);

fn row(second: i64, values: &[(PointId, f32)]) -> Row {
    let mut row = Row::empty(DAY.start_ms() + second * 1_000);
    values.iter().for_each(|(point, value)| row.set(*point, *value));
    row
}

fn block(rows: &[Row]) -> Block {
    let mut block = Block::new();
    rows.iter().for_each(|row| block.push(row));
    block
}

fn minute(number: i64, quantity: CellQuantity, cell: usize, value: f32) -> CellMinute {
    let mut minute = CellMinute::empty(DAY.start_ms() / MINUTE_MS + number, 0);
    minute.add(quantity, cell, [value, value, value], 1);
    minute
}

#[test]
fn a_row_of_a_known_time_fills_its_empty_places_in_the_file_and_in_the_tail() {
    let folder = tempfile::tempdir().unwrap();
    let (bulk, _) = Bulk::open(folder.path(), Utc(0)).unwrap();
    let soc = |second: i64| row(second, &[(PointId::Soc, 50.0 + second as f32)]);
    let all = |new, filled| Joined { new, filled };
    assert_eq!(bulk.join("hv", DAY, &block(&[soc(0), soc(1)])).unwrap(), all(2, 0));
    bulk.close().unwrap();
    let (store, _) = Store::open(folder.path(), Utc(0)).unwrap();
    for second in [2, 3] {
        let rows = vec![soc(second)];
        let utc_s = rows[0].at_ms / 1_000;
        store.append(Second { system: "hv".to_owned(), utc_s, rows, ..Second::default() });
    }
    store.close().unwrap();

    let more: Vec<Row> = (0..5).map(|k| row(k, &[(PointId::Soc, 99.0), (PointId::Current, 7.0)])).collect();
    let (bulk, _) = Bulk::open(folder.path(), Utc(0)).unwrap();
    assert_eq!(bulk.join("hv", DAY, &block(&more)).unwrap(), all(1, 4));
    assert_eq!(bulk.join("hv", DAY, &block(&more)).unwrap(), all(0, 0));
    bulk.close().unwrap();
    let history = History::open(folder.path()).unwrap();
    let range = Range::new(DAY.start_ms(), DAY.end_ms());
    let rows = history.rows("hv", range, &[PointId::Soc, PointId::Current]).unwrap();
    assert_eq!(rows.column(PointId::Soc), Some(&[50.0, 51.0, 52.0, 53.0, 99.0][..]));
    assert_eq!(rows.column(PointId::Current), Some(&[7.0; 5][..]));
}

#[test]
fn a_quantity_of_a_cell_that_is_not_known_yet_is_filled_in() {
    use CellQuantity::{Temperature, Voltage};
    let folder = tempfile::tempdir().unwrap();
    let (bulk, _) = Bulk::open(folder.path(), Utc(0)).unwrap();
    let join = |minutes: &[CellMinute]| bulk.join_new_cells("hv", DAY, minutes.to_vec()).unwrap();
    assert_eq!(join(&[minute(0, Voltage, 0, 3.2), minute(1, Voltage, 0, 3.3)]), Joined { new: 2, filled: 0 });
    let mut both = minute(0, Temperature, 0, 25.0);
    both.add(Voltage, 0, [3.0; 3], 1);
    both.add(Voltage, 1, [3.1; 3], 1);
    assert_eq!(join(&[both.clone(), minute(1, Temperature, 0, 26.0)]), Joined { new: 1, filled: 2 });
    assert_eq!(join(&[both]), Joined::default());
    bulk.close().unwrap();
    let mut kept = Vec::new();
    let history = History::open(folder.path()).unwrap();
    let range = Range::new(DAY.start_ms(), DAY.end_ms());
    let keep = |minute: &CellMinute| {
        kept.push(minute.clone());
        Ok::<(), StoreError>(())
    };
    history.each_cell_minute("hv", range, keep).unwrap();
    let mut first = minute(0, Voltage, 0, 3.2);
    first.add(Voltage, 1, [3.1; 3], 1);
    first.add(Temperature, 0, [25.0; 3], 1);
    let mut second = minute(1, Voltage, 0, 3.3);
    second.add(Temperature, 0, [26.0; 3], 1);
    for (kept, expected) in kept.iter().zip([first, second]) {
        for quantity in CellQuantity::ALL {
            for cell in 0..2 {
                assert_eq!(kept.has(quantity, cell), expected.has(quantity, cell), "{quantity:?} {cell}");
                for stat in domain::minute::Stat::ALL {
                    let of = |minute: &CellMinute| minute.column(quantity, stat).get(cell).copied();
                    assert_eq!(of(kept).unwrap_or(stat.none()), of(&expected).unwrap_or(stat.none()));
                }
            }
        }
    }
    assert_eq!(kept.len(), 2);
}

#[test]
fn the_name_of_a_system_leads_nowhere_else() {
    let root = tempfile::tempdir().unwrap();
    let (bulk, _) = Bulk::open(&root.path().join("a/b/data"), Utc(0)).unwrap();
    let rows = block(&[row(0, &[(PointId::Soc, 50.0)])]);
    for name in ["../../../esc", "/tmp/esc", "a/b", "", "HV"] {
        let refused = bulk.join(name, DAY, &rows).unwrap_err();
        assert!(matches!(refused, StoreError::BadName(_)) && refused.to_string().contains("no short name"));
        assert!(bulk.replace(name, DAY, &rows).is_err() && bulk.record(name, Vec::new()).is_err());
        let minutes = vec![minute(0, CellQuantity::Voltage, 0, 3.2)];
        assert!(bulk.join_cells(name, DAY, &minutes).is_err() && bulk.join_new_cells(name, DAY, minutes).is_err());
    }
    assert!(!root.path().join("a/esc").exists() && !root.path().join("esc").exists());
    bulk.close().unwrap();
}
