//! What thirty days of cells cost: `cargo run --release -p store --example cells [CELLS]` (260 if not given) fills a
//! temporary folder and prints medians of five in milliseconds, cold (from the Parquet files) and warm.

use domain::minute::{CellMinute, Stat};
use domain::reading::CellQuantity;
use domain::time::Utc;
use std::error::Error;
use std::hint::black_box;
use std::time::Instant;
use store::{Bulk, CellValue, DAY_MS, Day, History, Range};

const DAYS: i32 = 30;
const FIRST: Day = Day(20_000);

fn main() -> Result<(), Box<dyn Error>> {
    let cells: usize = std::env::args().nth(1).map_or(Ok(260), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("packtwin-cells-{}", std::process::id()));
    let result = measure(&folder, cells);
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &std::path::Path, cells: usize) -> Result<(), Box<dyn Error>> {
    let (bulk, _) = Bulk::open(folder, Utc(0))?;
    let start = Instant::now();
    for day in 0..DAYS {
        let day = Day(FIRST.0 + day);
        let minutes: Vec<CellMinute> = (0..1_440).map(|k| minute(i64::from(day.0) * 1_440 + k, cells)).collect();
        bulk.join_cells("hv", day, &minutes)?;
    }
    println!("{DAYS} days of {cells} cells made and sealed in {:.1} s", start.elapsed().as_secs_f64());
    let one_more = Instant::now();
    let last = Day(FIRST.0 + DAYS - 1);
    bulk.join_cells("hv", last, &[minute(i64::from(last.0) * 1_440 + 1_439, cells)])?;
    println!("a full day sealed once more: {:.0} ms", one_more.elapsed().as_secs_f64() * 1e3);
    let bytes: u64 = bulk.cell_days("hv")?.iter().map(|day| day.bytes).sum();
    println!("{:.1} MB in files", bytes as f64 / 1e6);
    bulk.close()?;

    let history = History::open(folder)?;
    let range = Range::new(FIRST.start_ms(), FIRST.start_ms() + i64::from(DAYS) * DAY_MS);
    let map = || history.cell_map("hv", range, 1_000, CellValue::Deviation).map(drop);
    timed("map of thirty days, cold", 1, map)?;
    timed("map of thirty days", 5, map)?;
    let day = Range::new(range.from_ms, range.from_ms + DAY_MS);
    timed("map of a day", 5, || history.cell_map("hv", day, 1_000, CellValue::Temperature).map(drop))?;
    let chart = || history.cell_chart("hv", range, (CellQuantity::Voltage, cells / 2), 1_000).map(drop);
    timed("one cell over thirty days, cold", 1, chart)?;
    timed("one cell over thirty days", 5, chart)?;
    timed("every cell at an instant, cold", 1, || history.cells_at("hv", range.from_ms + DAY_MS * 3).map(drop))?;
    timed("every cell at an instant", 5, || history.cells_at("hv", range.from_ms + DAY_MS * 3).map(drop))?;
    timed("ranking of thirty days", 5, || history.cell_rank("hv", range).map(drop))?;
    Ok(())
}

fn minute(number: i64, cells: usize) -> CellMinute {
    let mut minute = CellMinute::empty(number, cells);
    let common = (1_500.0 * (number as f64 / 700.0).sin()) as i64;
    for (quantity, base) in [(CellQuantity::Voltage, 33_000), (CellQuantity::Temperature, 12_500)] {
        for cell in 0..cells {
            let noise = (number.wrapping_mul(7_919) + cell as i64 * 104_729) % 61;
            let mean = (base + common + cell as i64 % 40 + noise) as u16;
            for (column, count) in minute.columns[quantity as usize].iter_mut().zip([mean - 90, mean, mean + 40, 300]) {
                column[cell] = count;
            }
        }
    }
    debug_assert_eq!(minute.column(CellQuantity::Voltage, Stat::N).len(), cells);
    minute
}

fn timed<E>(what: &str, rounds: usize, mut ask: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut times = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let start = Instant::now();
        black_box(ask()?);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("{what}: {:.1} ms", times[rounds / 2]);
    Ok(())
}
