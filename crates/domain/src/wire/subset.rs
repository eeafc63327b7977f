//! Which of n things are meant: none, all, a few runs or a bitmap, whichever is smallest.

use super::{Reader, WireError, Writer};

const NONE: u8 = 0;
const ALL: u8 = 1;
const RUNS: u8 = 2;
const BITMAP: u8 = 3;

/// Appends which of `n` things are `members`, given in rising order.
pub(crate) fn write(w: &mut Writer, n: usize, members: &[u32]) {
    if members.is_empty() {
        return w.u8(NONE);
    }
    if members.len() == n {
        return w.u8(ALL);
    }
    let runs = runs(members);
    if runs.len() < n.div_ceil(8) {
        w.u8(RUNS);
        w.raw(&runs);
    } else {
        w.u8(BITMAP);
        w.raw(&bitmap(n, members));
    }
}

/// The number of runs, then for each how many are passed over and how many taken.
fn runs(members: &[u32]) -> Vec<u8> {
    let runs = members.chunk_by(|a, b| a + 1 == *b);
    let mut w = Writer::default();
    w.varint(runs.clone().count() as u64);
    let mut next = 0;
    for run in runs {
        w.varint(u64::from(run[0] - next));
        w.varint(run.len() as u64);
        next = run[0] + run.len() as u32;
    }
    w.finish()
}

fn bitmap(n: usize, members: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0; n.div_ceil(8)];
    for member in members {
        bytes[*member as usize / 8] |= 1 << (member % 8);
    }
    bytes
}

/// Reads which of `n` things are meant into `members`, in rising order, after clearing it.
///
/// # Errors
/// [`WireError`] when the bytes end too early or name a thing beyond `n`.
pub(crate) fn read(r: &mut Reader<'_>, n: usize, members: &mut Vec<u32>) -> Result<(), WireError> {
    members.clear();
    match r.u8()? {
        NONE => {}
        ALL => members.extend(0..n as u32),
        RUNS => {
            let mut next = 0;
            for _ in 0..r.count("number of runs")? {
                let run = r.number::<usize>("start of a run")?.checked_add(next).ok_or_else(|| r.invalid("a run"))?;
                let end = r.number::<usize>("length of a run")?.checked_add(run).ok_or_else(|| r.invalid("a run"))?;
                if end > n {
                    return Err(r.invalid("a run"));
                }
                members.extend(run as u32..end as u32);
                next = end;
            }
        }
        BITMAP => {
            let bytes = r.raw(n.div_ceil(8))?;
            members.extend((0..n as u32).filter(|i| bytes[*i as usize / 8] >> (i % 8) & 1 == 1));
        }
        _ => return Err(r.invalid("a kind of subset")),
    }
    Ok(())
}
