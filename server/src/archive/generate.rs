//! `packtwin generate`: a believable past of the simulated pack, through the real store.

use crate::cli::Generate;
use crate::clock::system_clock;
use anyhow::{Context as _, Result, anyhow, bail};
use domain::minute::CellMinute;
use indicatif::{ProgressBar, ProgressStyle};
use sim::past::{CellPast, Columns, PackMinute, Past};
use std::num::NonZero;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;
use store::{Block, Bulk, DAY_MS, Day};

/// A day that is made, on its way into the store.
struct Made {
    day: Day,
    /// The rows, unless they are there already.
    columns: Option<Columns>,
    period_ms: i64,
    /// What its cells follow from; empty if they are not wanted, or there already.
    minutes: Vec<PackMinute>,
}

/// What is there of the days asked for.
struct There {
    rows: Vec<Day>,
    cells: Vec<Day>,
}

/// Makes what is missing of the days asked for.
///
/// # Errors
/// The folder cannot be used, or the disk does not take it. Days that are there stay: the same command goes on.
pub(crate) fn generate(options: &Generate) -> Result<()> {
    let first = make_missing(options)?;
    println!("packtwin demo --data {} shows them; to go on later: --from {first}", options.data.display());
    Ok(())
}

/// A past of so many days with its cells below `data`, up to yesterday. What cannot be made, because there is a real one
/// for instance, is said and left out.
pub(crate) fn begin_with_history(data: &Path, days: u32) {
    let options =
        Generate { days, rate: 5.0, from: None, seed: 7, system: "hv".to_owned(), cells: true, data: data.to_owned() };
    if let Err(error) = make_missing(&options) {
        eprintln!("The history stays as it is: {}", crate::console::causes(&error));
    }
}

/// Makes what is missing, and gives the first day.
fn make_missing(options: &Generate) -> Result<Day> {
    let period_ms = (1_000.0 / options.rate).round() as i64;
    if DAY_MS % period_ms != 0 {
        bail!("--rate {}: a day must hold a whole number of rows; 1, 2, 4, 5, 8 or 10 do", options.rate);
    }
    let now = system_clock()();
    let today = Day::of(now.utc.0.div_euclid(1_000));
    let first = match &options.from {
        Some(text) => {
            text.parse().map_err(|()| anyhow!("--from {} is no day: write 2026-11-21", domain::plain::quoted(text)))?
        }
        None => Day(today.0 - options.days as i32),
    };
    let (bulk, notice) = Bulk::open(&options.data, now.utc)?;
    if let Some(notice) = notice {
        eprintln!("{notice}");
    }
    let day_rows = (DAY_MS / period_ms) as u64;
    let days: Vec<Day> = (0..options.days as i32).map(|k| Day(first.0 + k)).collect();
    let there = bulk.days(&options.system)?;
    // A day of the real past is not overwritten: it has another number of rows, or it was not asked for.
    if let Some(other) = there.iter().find(|s| days.contains(&s.day) && s.rows != day_rows) {
        bail!(
            "{} already has {} rows of {} that were not made by this command: choose other days with --from, or another folder with --data",
            options.data.display(),
            other.rows,
            other.day
        );
    }
    let cells = if options.cells { bulk.cell_days(&options.system)? } else { Vec::new() };
    let there = There { rows: there.iter().map(|s| s.day).collect(), cells: cells.iter().map(|of| of.day).collect() };
    let bar = ProgressBar::new(day_rows * days.len() as u64);
    let style = "{bar:30} {percent:>3} %  {human_pos} of {human_len} rows  {per_sec}  {eta} left";
    bar.set_style(ProgressStyle::with_template(style).context("progress bar")?);
    let start = Instant::now();
    let made = seal_all(options, &bulk, &bar, &days, &there, (day_rows as usize, period_ms))?;
    bar.finish_and_clear();
    let (rows, seconds) = (made as u64 * day_rows, start.elapsed().as_secs_f64());
    println!(
        "{rows} rows of {made} days in {seconds:.1} s ({:.2} M rows/s), {} days were there already; {:.1} MB on disk",
        rows as f64 / seconds.max(1e-3) / 1e6,
        days.len() - made,
        bulk.bytes(&options.system) as f64 / 1e6,
    );
    bulk.close()?;
    Ok(first)
}

/// One thread makes the days in their order, the others seal them. Returns how many were made.
fn seal_all(
    options: &Generate,
    bulk: &Bulk,
    bar: &ProgressBar,
    days: &[Day],
    there: &There,
    (day_rows, period_ms): (usize, i64),
) -> Result<usize> {
    let Some(first) = days.first() else { return Ok(0) };
    let mut past = Past::new(options.seed, first.start_ms());
    let cells = CellPast::new(options.seed, first.start_ms());
    let (to_seal, made) = sync_channel::<Made>(1);
    let made = Mutex::new(made);
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let sealers: Vec<_> = (0..cores).map(|_| scope.spawn(|| seal(options, bulk, bar, &cells, &made))).collect();
        for day in days {
            let (rows_there, cells_there) = (there.rows.contains(day), there.cells.contains(day) || !options.cells);
            if rows_there && cells_there {
                past.skip(day_rows, period_ms);
                bar.inc(day_rows as u64);
                continue;
            }
            let (columns, mut minutes) = past.make_with_minutes(day_rows, period_ms);
            if cells_there {
                minutes.clear();
            }
            let columns = Some(columns).filter(|_| !rows_there);
            if to_seal.send(Made { day: *day, columns, period_ms, minutes }).is_err() {
                break;
            }
        }
        drop(to_seal);
        let mut count = 0;
        for sealer in sealers {
            count += sealer.join().map_err(|_| anyhow!("a sealing thread panicked"))??;
        }
        Ok(count)
    })
}

fn seal(
    options: &Generate,
    bulk: &Bulk,
    bar: &ProgressBar,
    cells: &CellPast,
    made: &Mutex<Receiver<Made>>,
) -> Result<usize> {
    let mut count = 0;
    loop {
        let next = made.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Made { day, columns, period_ms, minutes }) = next else { return Ok(count) };
        if let Some(columns) = columns {
            let rows = columns.first().map_or(0, |(_, values)| values.len());
            let at_ms = (0..rows as i64).map(|k| day.start_ms() + k * period_ms).collect();
            bulk.replace(&options.system, day, &Block::from_columns(at_ms, columns))?;
        }
        if !minutes.is_empty() {
            let minutes: Vec<CellMinute> = minutes.iter().map(|minute| cells.minute(minute)).collect();
            bulk.join_cells(&options.system, day, &minutes)?;
        }
        bar.inc((DAY_MS / period_ms) as u64);
        count += 1;
    }
}
