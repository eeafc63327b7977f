//! One quantity of many items, as a stream of changes.

use crate::last_value::LastValue;
use crate::reading::NoData;
use crate::time::Mono;
use crate::wire::{Reader, Step, WireError, Writer, rice, subset};

/// Ages are sent in this step, µs.
const AGE_STEP_US: u64 = 10_000;
/// Items whose times lie within this are sent with one age, the middle, µs.
const AGE_SPREAD_US: u64 = 100_000;
/// Bits of a reason's code.
const CODE_BITS: u32 = 3;

/// What one side knows that the other knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// The step of each item; the last one holds for all further items.
    steps: Vec<Step>,
    /// The last good values, in steps.
    values: Vec<i32>,
    /// When they came; 0 if there never was one.
    at: Vec<Mono>,
    /// Why there is no newer one, by the code of [`NoData`]; 0 for none.
    codes: Vec<u8>,
}

/// Lists that are kept between frames, so that a frame allocates little.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    items: Vec<u32>,
    numbers: Vec<i64>,
    sorted: Vec<i64>,
}

impl Column {
    /// A column of `len` items of which nothing is known.
    pub(super) fn new(len: usize, steps: Vec<Step>) -> Column {
        Column { steps, values: vec![0; len], at: vec![Mono(0); len], codes: vec![NoData::NotPresent as u8; len] }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    fn step(&self, item: usize) -> Step {
        self.steps.get(item).or(self.steps.last()).copied().unwrap_or(Step::ONE)
    }

    /// What is known of an item.
    pub(super) fn last_value(&self, item: usize) -> LastValue {
        let last = (self.step(item).value(self.values[item]), self.at[item]);
        LastValue::restored(Some(last), NoData::from_code(self.codes[item]))
    }

    /// Takes what is known of an item.
    pub(super) fn take(&mut self, item: usize, last: &LastValue) {
        let known = last.last();
        (self.values[item], self.at[item]) =
            known.map_or((0, Mono(0)), |(value, at)| (self.step(item).count(value), at));
        self.codes[item] = match last.reported() {
            Some(why) => why as u8,
            None if known.is_some() => 0,
            None => NoData::NotPresent as u8,
        };
    }

    /// Appends what changed since `base`, a column of the same length.
    pub(super) fn write_since(&self, base: &Column, now: Mono, w: &mut Writer, scratch: &mut Scratch) {
        let Scratch { items, numbers, sorted } = scratch;
        items.clear();
        items.extend((0..self.len()).filter(|i| self.is_new(base, *i)).map(|i| i as u32));
        subset::write(w, self.len(), items);
        if !items.is_empty() {
            self.write_ages(items, now, w);
            numbers.clear();
            numbers.extend(items.iter().map(|i| {
                let i = *i as usize;
                i64::from(self.values[i]) - i64::from(base.values[i])
            }));
            let common = median(numbers, sorted);
            numbers.iter_mut().for_each(|n| *n -= common);
            w.signed(common);
            rice::write(w, numbers);
        }
        items.clear();
        items.extend((0..self.len()).filter(|i| self.codes[*i] != base.codes[*i]).map(|i| i as u32));
        subset::write(w, self.len(), items);
        w.bits(|bits| items.iter().for_each(|i| bits.put(u64::from(self.codes[*i as usize]), CODE_BITS)));
    }

    fn is_new(&self, base: &Column, item: usize) -> bool {
        self.at[item].0 > 0 && (self.at[item] != base.at[item] || self.values[item] != base.values[item])
    }

    /// For each run of items whose times are near: the age of their middle, and how many; 0 for all the rest.
    fn write_ages(&self, items: &[u32], now: Mono, w: &mut Writer) {
        let mut rest = items;
        while let Some(first) = rest.first() {
            let (mut oldest, mut newest) = (self.at[*first as usize], self.at[*first as usize]);
            let mut len = 0;
            for item in rest {
                let at = self.at[*item as usize];
                let wider = (oldest.min(at), newest.max(at));
                if wider.1.0 - wider.0.0 > AGE_SPREAD_US {
                    break;
                }
                (oldest, newest) = wider;
                len += 1;
            }
            let middle = oldest.0 + (newest.0 - oldest.0) / 2;
            w.varint((now.0.saturating_sub(middle) + AGE_STEP_US / 2) / AGE_STEP_US);
            w.varint(if len == rest.len() { 0 } else { len as u64 });
            rest = &rest[len..];
        }
    }

    /// Reads what [`Column::write_since`] wrote into a column that equals its `base`.
    ///
    /// # Errors
    /// [`WireError`] when the bytes are not sound; the column may then be half changed.
    pub(super) fn read_since(&mut self, now: Mono, r: &mut Reader<'_>, scratch: &mut Scratch) -> Result<(), WireError> {
        let Scratch { items, numbers, .. } = scratch;
        subset::read(r, self.len(), items)?;
        if !items.is_empty() {
            self.read_ages(items, now, r)?;
            let common = r.signed()?;
            rice::read(r, items.len(), numbers)?;
            for (item, rest) in items.iter().zip(numbers) {
                let value = &mut self.values[*item as usize];
                *value = value.wrapping_add(common.wrapping_add(*rest) as i32);
            }
        }
        subset::read(r, self.len(), items)?;
        r.bits(|bits| {
            for item in items.iter() {
                let code = bits.take(CODE_BITS)? as u8;
                if code != 0 && NoData::from_code(code).is_none() {
                    return Err(bits.invalid("a reason for no data"));
                }
                self.codes[*item as usize] = code;
            }
            Ok(())
        })
    }

    fn read_ages(&mut self, items: &[u32], now: Mono, r: &mut Reader<'_>) -> Result<(), WireError> {
        let mut rest = items;
        while !rest.is_empty() {
            let age_us = r.varint()?.saturating_mul(AGE_STEP_US);
            let len = match r.number::<usize>("number of equal ages")? {
                0 => rest.len(),
                len => len,
            };
            let (run, further) = rest.split_at_checked(len).ok_or_else(|| r.invalid("number of equal ages"))?;
            for item in run {
                // Time 0 would mean that it never came.
                self.at[*item as usize] = Mono(now.0.saturating_sub(age_us).max(1));
            }
            rest = further;
        }
        Ok(())
    }
}

/// The median of `numbers`, which is not empty: the change that most of them share. `sorted` is overwritten.
fn median(numbers: &[i64], sorted: &mut Vec<i64>) -> i64 {
    sorted.clear();
    sorted.extend_from_slice(numbers);
    let middle = sorted.len() / 2;
    *sorted.select_nth_unstable(middle).1
}
