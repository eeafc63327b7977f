//! Setpoints of a CAN bus: from a value to a frame with all its signals, and from the device's frames to the value that
//! it has. Pure.
//!
//! A frame says everything: `with` gives the other signals of the message their values, a counter and a checksum are
//! added to each frame that is sent. Nobody answers a frame; where the device sends what it goes by, that is the
//! `feedback`.

mod together;

pub use together::undone;

use super::can_checksum::ChecksumRule;
use super::dbc::{Database, EncodeError, Encoding, Message, Signal};
use super::setpoint::{Complaint, FLOAT_TELLS_APART, Grid, Held, SetpointEntry, plain_unit};
use crate::can::{CanFrame, CanId, FrameKind, MAX_CLASSIC_DATA, OwnedFrame, fd_length};
use domain::write::Setpoint;
use std::ops::Range;
use std::time::Duration;

/// How often a frame is sent while a lease lasts, ms: what makes sense.
const EVERY_MS: Range<u32> = 10..10_001;

/// A setpoint and the frame that sets it.
#[derive(Clone, Debug)]
pub struct CanSetpoint {
    /// What it is to those who set it.
    pub setpoint: Setpoint,
    message: Message,
    /// The signal that carries the value, in the message.
    signal: usize,
    with: Vec<(String, f64)>,
    /// The signal that counts frames, and how many there are of its numbers; at most 2^32.
    counter: Option<(String, u64)>,
    checksum: Option<(ChecksumRule, usize)>,
    feedback: Option<Feedback>,
    /// Time between two frames while a lease lasts; `None` if it is sent once.
    pub every: Option<Duration>,
}

/// The signal by which the device says which value it has.
#[derive(Clone, Debug)]
struct Feedback {
    message: Message,
    signal: usize,
}

/// `Message.Signal` in a DBC file.
fn find(database: &Database, name: &str, span: Range<usize>) -> Result<(Message, usize), Complaint> {
    let (of, signal) = name.split_once('.').ok_or_else(|| {
        (span.clone(), format!("`{name}` is not a message and its signal, such as \"Limits.DischargeLimit\""))
    })?;
    let message = database.messages.iter().find(|message| message.name == of);
    let message = message.ok_or_else(|| (span.clone(), format!("no message `{of}` in the DBC file")))?;
    let index = message.signals.iter().position(|known| known.name == signal);
    let index = index.ok_or_else(|| (span, format!("message {of} has no signal `{signal}`")))?;
    Ok((message.clone(), index))
}

/// What is known of a signal. Values outside of what its file declares are refused by the encoding; a percentage that is
/// declared with a sign may have one.
fn held(signal: &Signal) -> Held {
    let whole = matches!(signal.encoding, Encoding::Unsigned | Encoding::Signed);
    Held {
        unit: signal.unit.clone(),
        range: signal.range.filter(|(low, high)| plain_unit(&signal.unit) == "%" && *low >= -100.0 && *high <= 100.0),
        float_offset: (signal.encoding == Encoding::Float32).then_some(signal.offset),
        grid: whole.then_some(Grid { resolution: signal.factor.abs(), offset: signal.offset }),
        ..Held::default()
    }
}

/// How far two values of this size are apart at least, if the signal can tell them apart.
fn tells_apart(signal: &Signal, size: f64) -> f64 {
    match signal.encoding {
        Encoding::Unsigned | Encoding::Signed => signal.factor.abs(),
        Encoding::Float32 | Encoding::Float64 => 2.0 * FLOAT_TELLS_APART * size,
    }
}

impl CanSetpoint {
    /// The setpoint of an entry, with the messages of a DBC file.
    ///
    /// # Errors
    /// The message cannot be made of what the entry says, for its lowest and highest value.
    pub fn new(entry: &SetpointEntry, database: &Database) -> Result<CanSetpoint, Complaint> {
        let span = entry.sets.span();
        let (message, signal) = find(database, entry.sets.get_ref(), span.clone())?;
        let bits = |name: &str, at: Range<usize>| {
            let signal = message.signals.iter().find(|known| known.name == name);
            let signal =
                signal.ok_or_else(|| (at.clone(), format!("message {} has no signal `{name}`", message.name)))?;
            Ok::<_, Complaint>((signal, signal.field.bits()))
        };
        let counter = match &entry.counter {
            Some(name) => match bits(name.get_ref(), name.span())? {
                (signal, bits @ 1..=32) if (signal.factor, signal.offset) == (1.0, 0.0) => {
                    Some((name.get_ref().clone(), 1_u64 << bits))
                }
                _ => {
                    return Err((
                        name.span(),
                        format!("`{}` cannot count: it is a plain number of at most 32 bits", name.get_ref()),
                    ));
                }
            },
            None => None,
        };
        let checksum = match &entry.checksum {
            Some(rule) => {
                let name = &rule.get_ref().signal;
                let (signal, bits) = bits(name, rule.span())?;
                // Where its byte is, told by the bits that it fills.
                let mut frame = vec![0; message.size];
                signal.field.write(&mut frame, u64::MAX);
                let byte = frame.iter().position(|byte| *byte == 0xFF);
                match byte.filter(|_| bits == 8 && (signal.factor, signal.offset) == (1.0, 0.0)) {
                    Some(byte) => Some((rule.get_ref().clone(), byte)),
                    None => return Err((rule.span(), format!("`{name}` is no checksum: it is not one whole byte"))),
                }
            }
            None => None,
        };
        let feedback = entry.feedback.as_ref().map(|name| find(database, name.get_ref(), name.span()));
        let feedback = feedback.transpose()?.map(|(message, signal)| Feedback { message, signal });
        if let (Some(of), Some(name)) = (&feedback, &entry.feedback) {
            let (own, said) = (&message.signals[signal], &of.message.signals[of.signal]);
            let words = match () {
                () if of.message.id == message.id => {
                    format!("`{}` is in the message that is sent: it does not say what the device has", name.get_ref())
                }
                () if plain_unit(&own.unit) != plain_unit(&said.unit) && !said.unit.is_empty() => {
                    let unit = if own.unit.is_empty() { "a bare number" } else { own.unit.as_str() };
                    format!(
                        "`{}` is in {}, but what is set is {unit}: they cannot be compared",
                        name.get_ref(),
                        said.unit
                    )
                }
                () => String::new(),
            };
            if !words.is_empty() {
                return Err((name.span(), words));
            }
        }
        let every = entry.every_ms.as_ref().map(|every| match EVERY_MS.contains(every.get_ref()) {
            true => Ok(Duration::from_millis((*every.get_ref()).into())),
            false => Err((
                every.span(),
                format!("`every_ms` is {}, not {} to {} ms", every.get_ref(), EVERY_MS.start, EVERY_MS.end - 1),
            )),
        });
        let every = every.transpose()?;
        if every.is_some() != entry.lease_s.is_some() {
            return Err((
                span,
                "`every_ms` and `lease_s` go together: a frame is sent again while its lease lasts".to_owned(),
            ));
        }
        let with = entry.with.as_ref().map(|with| with.get_ref().clone()).unwrap_or_default().into_iter().collect();
        let of = &message.signals[signal];
        // The words of a signal stand for its bits.
        let words = if (of.factor, of.offset) == (1.0, 0.0) { of.words.clone() } else { Vec::new() };
        let setpoint = Setpoint { words, ..entry.setpoint(&held(of))? };
        let coarse = feedback.as_ref().map(|of| tells_apart(&of.message.signals[of.signal], 0.0));
        if let (Some(name), Some(coarse)) = (&entry.feedback, coarse.filter(|of| *of > setpoint.step * (1.0 + 1e-6))) {
            let (name, at, step) = (name.get_ref(), name.span(), setpoint.step);
            return Err((
                at,
                format!("`{name}` has steps of {coarse}: it cannot tell two values apart that are {step} apart"),
            ));
        }
        let made = CanSetpoint { setpoint, message, signal, with, counter, checksum, feedback, every };
        for value in [made.setpoint.min, made.setpoint.max] {
            made.frame(value, 0, &[])
                .map_err(|error| (span.clone(), format!("{} cannot be sent: {error}", entry.sets.get_ref())))?;
        }
        Ok(made)
    }

    /// The frame that sets it to `value`, or to its nearest step; `count` is how many were sent before, `others` are the
    /// message's signals that have other values than the entry gives them. What its bits mean is never outside of the
    /// setpoint's range.
    ///
    /// # Errors
    /// The value is outside of the range, or no bits stand for it.
    pub fn frame(&self, value: f64, count: u64, others: &[(&str, f64)]) -> Result<OwnedFrame, EncodeError> {
        let signal = &self.message.signals[self.signal];
        let cannot = || EncodeError::Value(signal.name.clone(), value);
        let admitted = self.setpoint.admit(value).map_err(|_| cannot())?;
        // Rounding may end just outside of the range: then the number beside it.
        let step = signal.factor.abs() / 2.0;
        let mut frames = [0.0, -step, step].into_iter().map(|aside| self.bytes(admitted + aside, count, others));
        let data =
            match frames.find(|data| data.as_ref().map_or(true, |data| self.setpoint.contains(signal.value(data)))) {
                Some(data) => data?,
                None => return Err(cannot()),
            };
        let mut data = data;
        let kind = if data.len() > MAX_CLASSIC_DATA { FrameKind::Fd } else { FrameKind::Classic };
        data.resize(fd_length(data.len()), 0);
        Ok(OwnedFrame::new(&CanFrame { id: self.message.id, kind, data: &data }))
    }

    fn bytes(&self, value: f64, count: u64, others: &[(&str, f64)]) -> Result<Vec<u8>, EncodeError> {
        let instead = |name: &str| others.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
        let with = self.with.iter().map(|(name, value)| (name.as_str(), instead(name).unwrap_or(*value)));
        let mut values: Vec<(&str, f64)> = with.collect();
        values.push((&self.message.signals[self.signal].name, value));
        values.extend(self.counter.as_ref().map(|(name, numbers)| (name.as_str(), (count % numbers) as f64)));
        values.extend(self.checksum.as_ref().map(|(rule, _)| (rule.signal.as_str(), 0.0)));
        let mut data = self.message.encode(&values)?;
        if let Some((rule, at)) = &self.checksum {
            let others = data.iter().enumerate().filter(|(index, _)| index != at).map(|(_, byte)| *byte);
            data[*at] = rule.kind.of(others);
        }
        Ok(data)
    }

    /// The value that a frame of `value` carries.
    pub fn carried(&self, frame: &OwnedFrame) -> f64 {
        self.message.signals[self.signal].value(frame.frame().data)
    }

    /// Whether the device says which value it has.
    pub fn has_feedback(&self) -> bool {
        self.feedback.is_some()
    }

    /// The value that a frame of the device says it has, if it is that frame.
    pub fn fed_back(&self, frame: &CanFrame<'_>) -> Option<f64> {
        let Feedback { message, signal } = self.feedback.as_ref()?;
        let whole =
            frame.kind != FrameKind::Error && frame.kind != FrameKind::Remote && frame.data.len() >= message.size;
        let carries = || message.variant(frame.data).is_some_and(|v| message.variants()[v].signals.contains(signal));
        let is_it = frame.id == message.id && whole && carries();
        is_it.then(|| message.signals[*signal].value(frame.data)).filter(|value| value.is_finite())
    }

    /// The value that its frames give another signal of the message, if they give it one.
    pub fn given(&self, signal: &str) -> Option<f64> {
        self.with.iter().find(|(name, _)| name == signal).map(|(_, value)| *value)
    }

    /// The signal that carries its value.
    pub fn signal(&self) -> &str {
        &self.message.signals[self.signal].name
    }

    /// The identifier of the frame that it sends.
    pub fn id(&self) -> CanId {
        self.message.id
    }

    /// Whether two values are the same to the device: closer than half of what its signals tell apart.
    pub fn is_same(&self, one: f64, other: f64) -> bool {
        let size = one.abs().max(other.abs());
        let step = |message: &Message, signal: usize| tells_apart(&message.signals[signal], size);
        let back = self.feedback.as_ref().map_or(0.0, |feedback| step(&feedback.message, feedback.signal));
        (one - other).abs() <= step(&self.message, self.signal).max(back) / 2.0 + 1e-9
    }
}

#[cfg(test)]
mod tests;
