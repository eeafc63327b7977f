//! Alarms and links in a frame: sent whole, but not in every frame. How long ago a link was heard is in all of them.

use crate::alarm::{Alarm, RuleIdx, Standing, Subject};
use crate::link::{LinkFault, LinkIdx, LinkState, LinkStatus};
use crate::point::PointId;
use crate::time::{Mono, Now, Utc};
use crate::wire::{Reader, WireError, Writer};

const SYSTEM: u8 = 0;
const CELL: u8 = 1;
const NODE: u8 = 2;
const LINK: u8 = 3;
const POINT: u8 = 4;
const DEVICE: u8 = 5;

/// Bits of an alarm's flags. In format 2 they were 0 or 1, as the first of them.
const SIGNAL_LOST: u8 = 1;
const CHATTERING: u8 = 2;
/// From format 6 on, as how often it was raised, which follows.
const ACKNOWLEDGED: u8 = 4;
const SHELVED: u8 = 8;
/// The first format that says what people have done about alarms, and which wait for them.
pub(super) const STANDING_SINCE: u8 = 6;

const TENTH_US: u64 = 100_000;

/// Whether both lists hold the same alarms, whatever their values.
pub(super) fn same_alarms(a: &[Alarm], b: &[Alarm]) -> bool {
    let what = |a: &Alarm| (a.rule, a.subject, a.since, a.signal_lost, a.standing);
    a.len() == b.len() && a.iter().map(what).eq(b.iter().map(what))
}

pub(super) fn write_alarms(w: &mut Writer, alarms: &[Alarm], now: Now) {
    w.varint(alarms.len() as u64);
    for alarm in alarms {
        let (kind, place) = match alarm.subject {
            Subject::System => (SYSTEM, 0),
            Subject::Cell(cell) => (CELL, cell),
            Subject::Node(node) => (NODE, node),
            Subject::Link(link) => (LINK, u16::from(link.0)),
            Subject::Point(point) => (POINT, point as u16),
            Subject::Device(number) => (DEVICE, number),
        };
        w.u8(alarm.rule.0);
        w.u8(kind);
        w.varint(u64::from(place));
        w.signed(now.utc.0.wrapping_sub(alarm.since.0));
        w.f32(alarm.value);
        w.f32(alarm.worst);
        let Standing { acknowledged, shelved, times } = alarm.standing;
        let flags = [
            (alarm.signal_lost, SIGNAL_LOST),
            (alarm.chattering, CHATTERING),
            (acknowledged, ACKNOWLEDGED),
            (shelved, SHELVED),
        ];
        w.u8(flags.into_iter().map(|(is, flag)| u8::from(is) * flag).sum());
        w.varint(u64::from(times));
    }
}

pub(super) fn read_alarms(r: &mut Reader<'_>, now: Now, format: u8) -> Result<Vec<Alarm>, WireError> {
    (0..r.count("number of alarms")?)
        .map(|_| {
            let rule = RuleIdx(r.u8()?);
            let kind = r.u8()?;
            let place = r.number::<u16>("subject of an alarm")?;
            let subject = match kind {
                SYSTEM => Subject::System,
                CELL => Subject::Cell(place),
                NODE => Subject::Node(place),
                LINK => Subject::Link(LinkIdx(u8::try_from(place).map_err(|_| r.invalid("a link"))?)),
                POINT => {
                    let point = PointId::ALL.get(usize::from(place)).copied();
                    Subject::Point(point.ok_or_else(|| r.invalid("a point"))?)
                }
                DEVICE => Subject::Device(place),
                _ => return Err(r.invalid("subject of an alarm")),
            };
            let since = Utc(now.utc.0.wrapping_sub(r.signed()?));
            let (value, worst, flags) = (r.f32()?, r.f32()?, r.u8()?);
            let has_standing = format >= STANDING_SINCE;
            let known = SIGNAL_LOST | CHATTERING | if has_standing { ACKNOWLEDGED | SHELVED } else { 0 };
            if flags & !known != 0 {
                return Err(r.invalid("flags of an alarm"));
            }
            let [signal_lost, chattering, acknowledged, shelved] =
                [SIGNAL_LOST, CHATTERING, ACKNOWLEDGED, SHELVED].map(|flag| flags & flag != 0);
            let times = if has_standing { r.number("how often an alarm was raised")? } else { 1 };
            let standing = Standing { acknowledged, shelved, times };
            Ok(Alarm { rule, subject, since, value, worst, signal_lost, chattering, standing })
        })
        .collect()
}

/// How long ago each link was heard, in tenths of a second, one more; 0 for never.
pub(super) fn write_heard(w: &mut Writer, links: &[LinkStatus], now: Now) {
    for link in links {
        w.varint(link.last_at.map_or(0, |at| now.mono.0.saturating_sub(at.0) / TENTH_US + 1));
    }
}

pub(super) fn read_heard(r: &mut Reader<'_>, links: &mut [LinkStatus], now: Now) -> Result<(), WireError> {
    for link in links {
        let tenths = r.varint()?.checked_sub(1);
        link.last_at = tenths.map(|tenths| Mono(now.mono.0.saturating_sub(tenths.saturating_mul(TENTH_US))));
    }
    Ok(())
}

pub(super) fn write_links(w: &mut Writer, links: &[LinkStatus], now: Now) {
    w.varint(links.len() as u64);
    for link in links {
        w.u8(link.state as u8);
        w.option(link.last_at, |w, at| w.signed(now.mono.0.wrapping_sub(at.0) as i64));
        w.varint(link.frames);
        w.f32(link.frames_per_s);
        w.f32(link.bytes_per_s);
        w.varint(link.faults.len() as u64);
        link.faults.iter().for_each(|n| w.varint(u64::from(*n)));
        w.option(link.latency_ms, Writer::f32);
        w.varint(u64::from(link.reconnects));
        w.str(&link.reason);
    }
}

pub(super) fn read_links(r: &mut Reader<'_>, now: Now) -> Result<Vec<LinkStatus>, WireError> {
    (0..r.count("number of links")?)
        .map(|_| {
            let state = LinkState::ALL.get(r.u8()? as usize).copied().ok_or_else(|| r.invalid("state of a link"))?;
            let last_at = r.option(|r| Ok(Mono(now.mono.0.wrapping_sub(r.signed()? as u64))))?;
            let frames = r.varint()?;
            let (frames_per_s, bytes_per_s) = (r.f32()?, r.f32()?);
            let mut faults = [0; LinkFault::ALL.len()];
            // The other side may know more kinds of faults, or fewer.
            for kind in 0..r.count("kinds of faults")? {
                let number = r.number("number of faults")?;
                if let Some(slot) = faults.get_mut(kind) {
                    *slot = number;
                }
            }
            let latency_ms = r.option(Reader::f32)?;
            let reconnects = r.number("number of reconnects")?;
            let reason = r.str()?.to_owned();
            Ok(LinkStatus { state, last_at, frames, frames_per_s, bytes_per_s, faults, latency_ms, reconnects, reason })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_faults_that_only_the_other_side_knows_are_left_out() {
        let known = LinkFault::ALL.len();
        for kinds in [0, 3, known, known + 5] {
            let mut w = Writer::default();
            w.varint(1);
            w.u8(LinkState::Up as u8);
            w.option(None::<()>, |_, ()| {});
            w.varint(9);
            w.f32(0.5);
            w.f32(0.25);
            w.varint(kinds as u64);
            (1..=kinds as u64).for_each(|n| w.varint(n));
            w.option(None::<()>, |_, ()| {});
            w.varint(2);
            w.str("why");
            let bytes = w.finish();
            let mut r = Reader::new(&bytes);
            let links = read_links(&mut r, Now::default()).unwrap();
            let expected: Vec<u32> = (1..=known as u32).map(|n| if n as usize <= kinds { n } else { 0 }).collect();
            assert_eq!(links[0].faults.as_slice(), expected, "{kinds}");
            assert_eq!((links[0].reconnects, links[0].reason.as_str(), r.remaining()), (2, "why", 0));
        }
    }
}
