//! Snapshots of the past: from the tape as they were, and where there is no tape any more, from rows.
//!
//! The tape has everything for two days and around alarms. Before that, points come from the row of that instant, cells are
//! means of their minute, and alarms are what the rules say of these, that of a sag from the rows before; what the links
//! did is not known.

use api::playback::{PlaybackSegment, SegmentFrame};
use domain::alarm::Alarm;
use domain::alarm::{SAG_LEAD, SagReplay};
use domain::engine::cycle;
use domain::link::{LinkState, LinkStatus};
use domain::live::{Encoder, log};
use domain::minute::MINUTE_MS;
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData};
use domain::recent::Sampler;
use domain::series::{Table, Trace};
use domain::spec::{SiteSpec, SystemIdx, SystemSpec};
use domain::telemetry::Row;
use domain::time::{Mono, Now, Utc};
use domain::twin::{Site, SiteStatus, Snapshot, SystemState};
use std::cell::RefCell;
use std::time::Duration;
use store::{CellsAt, History, Range, StoreError};

/// A snapshot stands for at most so long: after that there was nothing.
const HOLDS_MS: i64 = 2_000;
/// Steps of a segment from here on are taken one by one; shorter ones from a run of the tape.
const LONG_STEP_MS: i64 = 2_000;
/// Longer than any rule waits before it raises an alarm.
const RULES_WAIT: Duration = Duration::from_secs(60);

/// The past of one system.
pub(crate) struct Past<'a> {
    history: &'a History,
    site: &'a SiteSpec,
    index: SystemIdx,
    spec: &'a SystemSpec,
    /// The cells of the minute that was asked for last.
    minute: RefCell<(i64, Option<CellsAt>)>,
    /// What the rules look at where there is no tape; made once, when it is needed.
    twin: RefCell<Option<Site>>,
    /// The sag in the rows up to an instant, ms.
    sag: RefCell<(i64, SagReplay)>,
}

/// A snapshot, and whether all of it is as it was.
struct Seen {
    snapshot: Snapshot,
    whole: bool,
}

impl<'a> Past<'a> {
    /// The past of the system at `index` of the site; `None` if there is no such system.
    pub(crate) fn new(history: &'a History, site: &'a SiteSpec, index: usize) -> Option<Past<'a>> {
        let index = SystemIdx(u8::try_from(index).ok()?);
        Some(Past {
            history,
            site,
            index,
            spec: site.system(index)?,
            minute: RefCell::new((i64::MIN, None)),
            twin: RefCell::default(),
            sag: RefCell::new((i64::MIN, SagReplay::new(site, index))),
        })
    }

    /// What was known at `at_ms`; `None` if nothing was recorded then.
    pub(crate) fn snapshot(&self, at_ms: i64) -> Result<Option<Snapshot>, StoreError> {
        Ok(self.seen(at_ms)?.map(|seen| seen.snapshot))
    }

    /// What is missing around that instant because files were damaged, as a sentence; empty if nothing is.
    pub(crate) fn left_out(&self, at_ms: i64) -> String {
        let range = Range::new(at_ms.saturating_sub(HOLDS_MS), at_ms.saturating_add(1));
        self.history.left_out(&self.spec.id, range).words()
    }

    fn seen(&self, at_ms: i64) -> Result<Option<Seen>, StoreError> {
        let second = at_ms.div_euclid(1_000);
        // The newest first: mostly it has the snapshot, and the others need not be decoded.
        for row in self.history.tape(&self.spec.id, second - HOLDS_MS / 1_000, second + 1)?.iter().rev() {
            let mut newest = None;
            log::play(&row.tape, self.spec, |snapshot| {
                if (0..=HOLDS_MS).contains(&(at_ms - ms(snapshot.now.utc))) {
                    newest = Some(snapshot.clone());
                }
            });
            if let Some(snapshot) = newest {
                return Ok(Some(Seen { snapshot, whole: true }));
            }
        }
        let row = self.history.row_at(&self.spec.id, at_ms, HOLDS_MS)?;
        let seen = |row: Row| Ok(Seen { snapshot: self.of_row(&row)?, whole: self.spec.topology.cells() == 0 });
        row.map(seen).transpose()
    }

    /// What a row says.
    fn values_of(&self, row: &Row) -> Snapshot {
        let now = now_of(row);
        let mut state = SystemState::new(self.spec);
        for point in PointId::ALL {
            let value = row.get(*point);
            if !value.is_nan() {
                state.points.set(*point, Ok(value), now.mono);
            }
        }
        Snapshot { now, received: now.mono, state, ..Snapshot::default() }
    }

    /// What a row says and the minute of its cells, and what the rules say of both.
    fn of_row(&self, row: &Row) -> Result<Snapshot, StoreError> {
        let Snapshot { now, mut state, .. } = self.values_of(row);
        let minute = row.at_ms.div_euclid(MINUTE_MS);
        if self.spec.topology.cells() > 0 && self.minute.borrow().0 != minute {
            self.minute.replace((minute, self.history.cells_at(&self.spec.id, row.at_ms)?));
        }
        if let (_, Some(cells)) = &*self.minute.borrow() {
            for (quantity, values) in
                [(CellQuantity::Voltage, &cells.voltage_v), (CellQuantity::Temperature, &cells.temperature_c)]
            {
                for (cell, value) in values.iter().enumerate().filter(|(_, value)| !value.is_nan()) {
                    state.cells.column_mut(quantity).set(cell, Ok(*value), now.mono);
                }
            }
        }
        let sag = self.sag_at(row.at_ms)?;
        let mut twin = self.twin.borrow_mut();
        let site = twin.get_or_insert_with(|| Site::new(self.site.clone()));
        // Nothing is known of links, so no rule shall say anything of them.
        site.links.fill(LinkStatus { state: LinkState::Up, last_at: Some(now.mono), ..LinkStatus::default() });
        let Some(system) = site.systems.get_mut(self.index.0 as usize) else { return Ok(Snapshot::default()) };
        system.alarms.reset();
        (system.sag, system.soc) = Default::default();
        (system.state, system.received) = (state, now.mono);
        cycle(site, self.index, now - RULES_WAIT);
        cycle(site, self.index, now);
        // What a sag is depends on the rows before.
        if let (Some(alarm), Some(system)) = (sag, site.systems.get_mut(self.index.0 as usize)) {
            system.alarms.adopt(alarm);
        }
        let snapshot = site.snapshot(self.index, now).unwrap_or_default();
        Ok(Snapshot { links: Vec::new(), site: SiteStatus::default(), ..snapshot })
    }

    /// The alarm of a sag at a row, as live had it: from the rows before it, of which those that were asked for last are
    /// not read again.
    fn sag_at(&self, at_ms: i64) -> Result<Option<Alarm>, StoreError> {
        let (until_ms, replay) = &mut *self.sag.borrow_mut();
        let lead_ms = SAG_LEAD.as_millis() as i64;
        let from_ms = if (at_ms.saturating_sub(lead_ms)..=at_ms).contains(until_ms) {
            *until_ms + 1
        } else {
            *replay = SagReplay::new(self.site, self.index);
            at_ms.saturating_sub(lead_ms)
        };
        let range = Range::new(from_ms, at_ms.saturating_add(1));
        let rows = self.history.rows(&self.spec.id, range, &[PointId::Voltage])?;
        for index in 0..rows.len() {
            let row = rows.row(index);
            let voltage_v = row.get(PointId::Voltage);
            replay.take(if voltage_v.is_nan() { Err(NoData::NotPresent) } else { Ok(voltage_v) }, now_of(&row));
        }
        *until_ms = at_ms;
        Ok(replay.alarm())
    }

    /// At most `count` snapshots from `from_ms` on, `step_ms` apart or more; the first is the one that holds at `from_ms`.
    /// The present is for the caller to tell.
    pub(crate) fn segment(&self, from_ms: i64, step_ms: i64, count: usize) -> Result<PlaybackSegment, StoreError> {
        let next_ms = from_ms.saturating_add(step_ms.saturating_mul(count as i64));
        let mut reel = Reel { encoder: Encoder::new(self.spec), frames: Vec::new(), last_ms: i64::MIN };
        if step_ms >= LONG_STEP_MS {
            for k in 0..count as i64 {
                if let Some(seen) = self.seen(from_ms + k * step_ms)? {
                    reel.take(&seen.snapshot, seen.whole);
                }
            }
        } else {
            if let Some(seen) = self.seen(from_ms)? {
                reel.take(&seen.snapshot, seen.whole);
            }
            // Readings do not come to the millisecond.
            let apart_ms = step_ms * 3 / 4;
            self.each(from_ms, next_ms, |shot| {
                let at_ms = match &shot {
                    Shot::Snapshot(snapshot) => ms(snapshot.now.utc),
                    Shot::Row(row) => row.at_ms,
                };
                if at_ms < reel.last_ms.saturating_add(apart_ms) || reel.frames.len() >= count {
                    return Ok(());
                }
                match shot {
                    Shot::Snapshot(snapshot) => reel.take(snapshot, true),
                    Shot::Row(row) => reel.take(&self.of_row(&row)?, self.spec.topology.cells() == 0),
                }
                Ok(())
            })?;
        }
        let next_ms = match reel.frames.is_empty() {
            true => self.history.next_row_ms(&self.spec.id, from_ms)?.unwrap_or(next_ms),
            false => next_ms,
        };
        Ok(PlaybackSegment { frames: reel.frames, next: Utc(next_ms.saturating_mul(1_000)), now: Utc::default() })
    }

    /// Everything that was recorded from `from_ms` up to but not including `to_ms`, oldest first.
    fn each(
        &self,
        from_ms: i64,
        to_ms: i64,
        mut take: impl FnMut(Shot<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let seconds = from_ms.div_euclid(1_000)..(to_ms + 999).div_euclid(1_000);
        let tape = self.history.tape(&self.spec.id, seconds.start, seconds.end)?;
        let mut tape = tape.iter().peekable();
        // Between two runs of the tape there may be rows that have lost theirs.
        let mut at_s = seconds.start;
        while at_s < seconds.end {
            let without = tape.peek().map_or(seconds.end, |row| row.utc_s);
            if without > at_s {
                let range = Range::new((at_s * 1_000).max(from_ms), (without * 1_000).min(to_ms));
                let rows = self.history.rows(&self.spec.id, range, PointId::ALL)?;
                (0..rows.len()).try_for_each(|k| take(Shot::Row(rows.row(k))))?;
                at_s = without;
            }
            let mut failed = Ok(());
            while let Some(row) = tape.next_if(|row| row.utc_s == at_s) {
                log::play(&row.tape, self.spec, |snapshot| {
                    if failed.is_ok() && (from_ms..to_ms).contains(&ms(snapshot.now.utc)) {
                        failed = take(Shot::Snapshot(snapshot));
                    }
                });
            }
            failed?;
            at_s += 1;
        }
        Ok(())
    }

    /// Every reading of some cells and device points in the range, one series for each, NaN for none; `None` where the tape
    /// does not have all of it. The second that is being recorded is not on it yet.
    pub(crate) fn readings(&self, range: Range, wanted: &[Trace]) -> Result<Option<Readings>, StoreError> {
        let mut readings = Readings { at_ms: Vec::new(), values: vec![Vec::new(); wanted.len()] };
        // The last row without a tape, and whether there was one before a snapshot that has it.
        let (mut bare_ms, mut torn) = (None, false);
        self.each(range.from_ms, range.to_ms, |shot| {
            let snapshot = match shot {
                Shot::Snapshot(snapshot) => snapshot,
                Shot::Row(row) => {
                    bare_ms = Some(row.at_ms);
                    return Ok(());
                }
            };
            torn |= bare_ms.is_some();
            readings.at_ms.push(ms(snapshot.now.utc));
            let (state, now) = (&snapshot.state, snapshot.now.mono);
            for (values, trace) in readings.values.iter_mut().zip(wanted) {
                let sample = match trace {
                    Trace::Point(point) => state.points.sample(*point, now),
                    Trace::Cell(quantity, cell) => state.cells.column(*quantity).sample((*cell).into(), now),
                    Trace::Device(number) => state.devices.sample((*number).into(), now),
                };
                values.push(sample.unwrap_or(f32::NAN));
            }
            Ok(())
        })?;
        let last_ms = readings.at_ms.last().copied();
        let whole = last_ms.is_some_and(|last_ms| !torn && bare_ms.is_none_or(|bare_ms| bare_ms - last_ms <= HOLDS_MS));
        Ok(whole.then_some(readings))
    }

    /// The last `seconds` before `until_ms` of these traces, snapshot by snapshot.
    pub(crate) fn table(&self, until_ms: i64, seconds: u32, traces: &[Trace]) -> Result<Table, StoreError> {
        let sampler = Sampler::new(self.spec);
        let mut table = sampler.empty(traces);
        self.each(until_ms - i64::from(seconds) * 1_000, until_ms + 1, |shot| {
            match shot {
                Shot::Snapshot(snapshot) => sampler.push(&mut table, traces, snapshot),
                Shot::Row(row) => sampler.push(&mut table, traces, &self.values_of(&row)),
            }
            Ok(())
        })?;
        Ok(table)
    }
}

/// Readings of some cells and device points.
pub(crate) struct Readings {
    /// When each was taken, ms since 1970-01-01 UTC.
    pub(crate) at_ms: Vec<i64>,
    /// The values of each, NaN for none.
    pub(crate) values: Vec<Vec<f32>>,
}

/// What is left of an instant.
enum Shot<'a> {
    /// All of it.
    Snapshot(&'a Snapshot),
    /// Its row.
    Row(Row),
}

/// Makes frames of snapshots.
struct Reel {
    encoder: Encoder,
    frames: Vec<SegmentFrame>,
    last_ms: i64,
}

impl Reel {
    /// Takes a snapshot that is later than the last.
    fn take(&mut self, snapshot: &Snapshot, whole: bool) {
        let at_ms = ms(snapshot.now.utc);
        if at_ms <= self.last_ms {
            return;
        }
        self.last_ms = at_ms;
        self.frames.push(SegmentFrame { whole, bytes: self.encoder.encode(snapshot).delta });
    }
}

/// Ages and delays are counted by the rows' own time.
fn now_of(row: &Row) -> Now {
    Now { utc: row.at(), mono: Mono(u64::try_from(row.at().0).unwrap_or(1)) }
}

fn ms(at: Utc) -> i64 {
    at.0.div_euclid(1_000)
}

#[cfg(test)]
mod tests;
