//! What questions about thirty days at full rate cost: `questions FOLDER [SYSTEM]` on a history made by
//! `packtwin generate --days 30 --rate 5`. Medians of nine, warm, in milliseconds; answers, to be compared, as JSON.

use domain::point::PointId;
use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;
use store::{Chart, Day, History, Range};

const ROUNDS: usize = 9;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("name the folder of a history")?);
    let system = arguments.next().and_then(|name| name.into_string().ok()).unwrap_or_else(|| "hv".to_owned());
    let history = History::open(&folder)?;
    let coverage = history.coverage(&system);
    let first = coverage.segments.first().ok_or("it has no sealed day")?.day;
    let days = coverage.segments.len() as i32;
    let all = Range::new(first.start_ms(), Day(first.0 + days).start_ms());
    let middle = Range::new(Day(first.0 + days / 2).start_ms(), Day(first.0 + days / 2).end_ms());
    let last_ten = Range::new(all.to_ms - 600_000, all.to_ms);
    let (system, voltage) = (system.as_str(), [PointId::Voltage]);

    let energy = history.energy(system, all)?.net_wh() / 1e3;
    let exact = history.energy_exact(system, all)?.net_wh() / 1e3;
    let hourly = history.hourly_exact(system, all, PointId::Current, 0)?;
    let sags = history.sags(system, middle, -5.0, 5)?;
    let pixels = match history.chart(system, all, &voltage, 1_000)? {
        Chart::Grid(_, grid) => grid,
        Chart::Rows(_) => return Err("thirty days were drawn row by row".into()),
    };
    let ten = history.rows(system, last_ten, &[PointId::Current])?;
    figure("history-energy", || history.energy(system, all).map(drop))?;
    figure("history-energy-exact", || history.energy_exact(system, all).map(drop))?;
    figure("history-hourly", || history.hourly(system, all, PointId::Current, 0).map(drop))?;
    figure("history-hourly-exact", || history.hourly_exact(system, all, PointId::Current, 0).map(drop))?;
    figure("history-sags", || history.sags(system, middle, -5.0, 5).map(drop))?;
    figure("history-chart", || history.chart(system, all, &voltage, 1_000).map(drop))?;
    figure("history-last-ten", || history.rows(system, last_ten, &[PointId::Current]).map(drop))?;
    println!("figure\thistory-disk\t{:.1}", on_disk(&folder.join("systems").join(system))? / 1e6);

    let number = |value: f64| if value.is_finite() { value.to_string() } else { "null".to_owned() };
    let list = |values: Vec<String>| format!("[{}]", values.join(","));
    let extremes = pixels.series[0].1.iter().map(|b| format!("[{},{}]", f64::from(b.min), f64::from(b.max)));
    println!(
        "answers {{\"rows\":{},\"from_ms\":{},\"day_ms\":{},\"step_ms\":{},\"energy_kwh\":{},\"energy_exact_kwh\":{},\
         \"hourly\":{},\"sags\":{},\"fastest\":{},\"last_ten\":{},\"extremes\":{}}}",
        coverage.rows,
        all.from_ms,
        middle.from_ms,
        pixels.step_ms,
        number(energy),
        number(exact),
        list(hourly.iter().map(|hour| number(hour.value().unwrap_or(f64::NAN))).collect()),
        sags.steps,
        f64::from(sags.fastest_v_s),
        ten.len(),
        list(extremes.collect()),
    );
    Ok(())
}

/// Prints the median time of a question in milliseconds.
fn figure<E>(key: &str, mut ask: impl FnMut() -> Result<(), E>) -> Result<(), E> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(ask()?);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    println!("figure\t{key}\t{:.4}", times[ROUNDS / 2]);
    Ok(())
}

/// Bytes of the sealed files, and of the database with its rollups beside them.
fn on_disk(folder: &std::path::Path) -> std::io::Result<f64> {
    let mut bytes = 0;
    for file in std::fs::read_dir(folder.join("pack"))? {
        bytes += file?.metadata()?.len();
    }
    let database = folder.parent().and_then(std::path::Path::parent).map(|data| data.join("history.db"));
    bytes += database.and_then(|path| path.metadata().ok()).map_or(0, |meta| meta.len());
    Ok(bytes as f64)
}
