//! From values to a frame: the other way of a DBC file. Pure.
//!
//! Whoever commands says everything: a signal that is left out would be sent as 0, and that may be a command too. So every
//! signal of the frame is named, and a value that does not fit, or is outside of its declared range, is refused and
//! never cut.

use super::{Encoding, Message, Presence, Signal};

/// Why there is no frame.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// The message has no such signal, or a frame with these switches has not.
    #[error("a frame of {0} with these values has no signal `{1}`")]
    NoSignal(String, String),
    /// A signal of the frame has no value.
    #[error("`{0}` has no value: what is not said would be sent as 0")]
    Missing(String),
    /// Two values for one signal.
    #[error("`{0}` has two values")]
    Twice(String),
    /// The value cannot be sent.
    #[error("{1} cannot be sent as `{0}`")]
    Value(String, f64),
    /// Two signals of the frame share bits: one would change the other.
    #[error("`{0}` and `{1}` share bits of the frame: one would change the other")]
    Overlap(String, String),
    /// The file declares other values.
    #[error("{1} is not a value of `{0}`: the file declares {2} to {3}")]
    Range(String, f64, f64, f64),
}

impl Message {
    /// The bytes of a frame in which each signal has its value, in the file's unit. Bits of no signal are 0.
    ///
    /// # Errors
    /// A value is missing, is of another frame, does not fit, or is outside of its declared range.
    pub fn encode(&self, values: &[(&str, f64)]) -> Result<Vec<u8>, EncodeError> {
        let mut raws: Vec<Option<u64>> = vec![None; self.signals.len()];
        for (name, value) in values {
            let index = self.signals.iter().position(|signal| signal.name == *name);
            let index = index.ok_or_else(|| EncodeError::NoSignal(self.name.clone(), (*name).to_owned()))?;
            if raws[index].replace(self.signals[index].raw(*value)?).is_some() {
                return Err(EncodeError::Twice((*name).to_owned()));
            }
        }
        let mut frame = vec![0; self.size];
        let mut written: Vec<&Signal> = Vec::new();
        for (index, signal) in self.signals.iter().enumerate() {
            match (raws[index], self.is_present(index, &raws, self.signals.len())) {
                (Some(raw), true) => {
                    if let Some(other) = written.iter().find(|other| self.share_bits(other, signal)) {
                        return Err(EncodeError::Overlap(other.name.clone(), signal.name.clone()));
                    }
                    signal.field.write(&mut frame, raw);
                    written.push(signal);
                }
                (None, false) => {}
                (None, true) => return Err(EncodeError::Missing(signal.name.clone())),
                (Some(_), false) => return Err(EncodeError::NoSignal(self.name.clone(), signal.name.clone())),
            }
        }
        Ok(frame)
    }

    fn share_bits(&self, one: &Signal, other: &Signal) -> bool {
        let mut frame = vec![0; self.size];
        one.field.write(&mut frame, u64::MAX);
        other.field.read(&frame) != 0
    }

    /// Whether a frame with these raw values carries a signal. A chain of switches is no longer than there are signals.
    fn is_present(&self, index: usize, raws: &[Option<u64>], depth: usize) -> bool {
        let Some(signal) = self.signals.get(index).filter(|_| depth > 0) else { return false };
        match &signal.present {
            Presence::Always => true,
            Presence::When { switch, values } => {
                let raw = raws.get(*switch).copied().flatten();
                raw.is_some_and(|raw| values.iter().any(|range| range.contains(&raw)))
                    && self.is_present(*switch, raws, depth - 1)
            }
        }
    }
}

impl Signal {
    /// The bits that stand for a value.
    fn raw(&self, value: f64) -> Result<u64, EncodeError> {
        let cannot = || EncodeError::Value(self.name.clone(), value);
        if let Some((low, high)) = self.range.filter(|(low, high)| !(low..=high).contains(&&value)) {
            return Err(EncodeError::Range(self.name.clone(), value, low, high));
        }
        let number = (value - self.offset) / self.factor;
        if !number.is_finite() {
            return Err(cannot());
        }
        let (bits, whole) = (self.field.bits(), number.round());
        let raw = match self.encoding {
            Encoding::Float32 => {
                u64::from(Some(number as f32).filter(|number| number.is_finite()).ok_or_else(cannot)?.to_bits())
            }
            Encoding::Float64 => number.to_bits(),
            // Above 2^53 not every whole number is a float; the bounds are exact.
            Encoding::Unsigned if (0.0..2_f64.powi(bits as i32)).contains(&whole) => whole as u64,
            Encoding::Signed if (-(2_f64.powi(bits as i32 - 1))..2_f64.powi(bits as i32 - 1)).contains(&whole) => {
                whole as i64 as u64
            }
            Encoding::Unsigned | Encoding::Signed => return Err(cannot()),
        };
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BitField, ByteOrder, Database};
    use proptest::prelude::*;

    const FILE: &str = "\
BO_ 256 Command: 8 A
 SG_ Limit : 7|16@0+ (0.1,0) [0|250] \"kW\" A
 SG_ Offset : 16|8@1- (1,-10) [0|0] \"K\" A
 SG_ Mode M : 24|4@1+ (1,0) [0|0] \"\" A
 SG_ Charge m1 : 32|16@1+ (1,0) [0|0] \"A\" A
 SG_ Discharge m2 : 32|16@1- (1,0) [0|0] \"A\" A
";

    #[test]
    fn a_frame_has_what_was_said_and_nothing_else() {
        let database = Database::parse(FILE.as_bytes()).unwrap();
        let command = &database.messages[0];
        let base = [("Limit", 150.0), ("Offset", -12.0), ("Mode", 1.0)];
        let with = |more: &[(&'static str, f64)]| command.encode(&[base.as_slice(), more].concat());
        assert_eq!(with(&[("Charge", 300.0)]), Ok(vec![0x05, 0xDC, 0xFE, 1, 0x2C, 1, 0, 0]));
        let says = |values: &[(&str, f64)]| command.encode(values).unwrap_err().to_string();
        assert_eq!(says(&base), "`Charge` has no value: what is not said would be sent as 0");
        assert_eq!(says(&[("Limit", 250.1)]), "250.1 is not a value of `Limit`: the file declares 0 to 250");
        assert_eq!(says(&[("Offset", 200.0)]), "200 cannot be sent as `Offset`");
        assert_eq!(says(&[("Offset", f64::NAN)]), "NaN cannot be sent as `Offset`");
        assert_eq!(says(&[("Speed", 1.0)]), "a frame of Command with these values has no signal `Speed`");
        assert_eq!(says(&[("Mode", 1.0), ("Mode", 2.0)]), "`Mode` has two values");
        let of_two = with(&[("Charge", 1.0), ("Discharge", 1.0)]).unwrap_err();
        assert!(of_two.to_string().ends_with("no signal `Discharge`"), "{of_two}");
        let shared = FILE.replace("Offset : 16|8@1-", "Offset : 12|8@1-");
        let error =
            Database::parse(shared.as_bytes()).unwrap().messages[0].encode(&[&base[..], &[("Charge", 1.0)]].concat());
        let says = error.unwrap_err().to_string();
        assert_eq!(says, "`Limit` and `Offset` share bits of the frame: one would change the other");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_and_other_bits_stay(
            start in 0_u64..512, bits in 1_u64..=64, big in any::<bool>(), size in 1_usize..=64, raw in any::<u64>(), fill in any::<u8>(),
        ) {
            let order = if big { ByteOrder::BigEndian } else { ByteOrder::LittleEndian };
            let Some(field) = BitField::new(start, bits, order, size) else { return Ok(()) };
            let mut frame = vec![fill; size];
            field.write(&mut frame, raw);
            prop_assert_eq!(field.read(&frame), raw & (u64::MAX >> (64 - bits)));
            // Written back as it was: no other bit has changed.
            let was = field.read(&vec![fill; size]);
            field.write(&mut frame, was);
            prop_assert_eq!(frame, vec![fill; size]);
        }

        #[test]
        fn a_value_that_is_sent_is_the_one_that_is_read(
            value in prop_oneof![-1e3_f64..1e3, any::<f64>()], bits in 1_u64..=32, signed in any::<bool>(),
            factor in prop::sample::select(vec![0.001_f64, 0.1, 1.0, -0.5, 20.0]), offset in prop::sample::select(vec![0.0_f64, -40.0, 1e3]),
        ) {
            let sign = if signed { '-' } else { '+' };
            let text = format!("BO_ 1 M: 8 A\n SG_ S : 3|{bits}@1{sign} ({factor},{offset}) [0|0] \"\" A\n");
            let database = Database::parse(text.as_bytes()).unwrap();
            let message = &database.messages[0];
            if let Ok(frame) = message.encode(&[("S", value)]) {
                let read = message.signals[0].value(&frame);
                prop_assert!((read - value).abs() <= factor.abs() * 0.501 + 1e-9 * value.abs(), "{} became {}", value, read);
            }
        }
    }
}
