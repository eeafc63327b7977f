//! What a device's own numbers for events, modes and contactors mean: from its numbers to our codes.
//!
//! Every device has numbers of its own. They are never taken for ours unless the site says so (`codes = "packtwin"`): their
//! meaning comes from the words of the DBC file, or from `words` and `flags` in a map or a register table. What has no
//! meaning becomes "another event" or "another mode", never a certain one. Pure.

mod synonyms;

use domain::bms::{ANOTHER, EVENTS};
use domain::derived::{ANOTHER_MODE, MODES};
use domain::point::PointId;
use serde::Deserialize;
use std::collections::BTreeMap;
use synonyms::Meaning;

/// `codes = "packtwin"`: the device's numbers are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OurCodes {
    /// Events as bits of [`EVENTS`], modes as places in [`MODES`], contactors as main plus, main minus, precharge.
    Packtwin,
}

/// What the codes of a point are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coded {
    /// A set of events.
    Events,
    /// A mode of the controller.
    Mode,
    /// A set of contactors.
    Contactors,
}

/// What the numbers of one value mean.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Codes {
    of: Coded,
    meanings: Meanings,
}

#[derive(Clone, Debug, PartialEq)]
enum Meanings {
    /// Ours.
    Same,
    /// Each number has one.
    Words(Vec<(i64, Meaning)>),
    /// Each bit of the number has one: the bit, and ours.
    Flags(Vec<(u32, u32)>),
}

/// What a number says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Said {
    /// Our code.
    Code(f32),
    /// Nothing that has a meaning: our code for that, if there is one.
    Unnamed(Option<f32>),
    /// That there is no value.
    NoValue,
    /// It is no number.
    Impossible,
}

/// Bits that a set may have.
const BITS: u32 = 64;

impl Coded {
    /// What the codes of `point` are; `None` if its numbers are quantities.
    pub(crate) fn of(point: PointId) -> Option<Coded> {
        match point {
            PointId::BmsAlarms | PointId::BmsWarnings => Some(Coded::Events),
            PointId::ControllerMode => Some(Coded::Mode),
            PointId::Contactors | PointId::ContactorsCommand => Some(Coded::Contactors),
            _ => None,
        }
    }

    /// What is to be said where nothing says what the numbers of `name` mean.
    pub(crate) fn undeclared(self, name: &str) -> String {
        let (word, flags) = match self {
            Coded::Events => ("voltage too high", ", bit by bit with `flags = { 0 = \"voltage too high\" }`"),
            Coded::Mode => ("standby", ""),
            Coded::Contactors => ("closed", ", bit by bit with `flags = { 0 = \"main plus\" }`"),
        };
        format!(
            "nobody knows what the numbers of `{name}` mean: say it with `words = {{ 1 = \"{word}\" }}`{flags}, or with \
             `codes = \"packtwin\"` if they are the codes of Packtwin"
        )
    }

    /// What `words` mean, if they are known.
    fn meaning(self, words: &str) -> Option<Meaning> {
        match self {
            Coded::Events => synonyms::event(words),
            Coded::Mode => synonyms::mode(words),
            Coded::Contactors => synonyms::contactors(words),
        }
    }

    /// The bit of ours that a flag called `words` is.
    fn flag(self, words: &str) -> Option<u32> {
        match (self, self.meaning(words)) {
            (Coded::Events, Some(Meaning::Code(bits))) if bits > 0.0 => Some((bits as u32).trailing_zeros()),
            (Coded::Contactors, _) => synonyms::contactor(words),
            _ => None,
        }
    }

    /// Our code for what has no meaning.
    fn another(self) -> Option<f32> {
        match self {
            Coded::Events => Some((1_u32 << ANOTHER) as f32),
            Coded::Mode => Some(ANOTHER_MODE.into()),
            Coded::Contactors => None,
        }
    }

    /// The words that are always understood.
    fn known(self) -> String {
        match self {
            Coded::Events => format!("none, {}", EVENTS.join(", ")),
            Coded::Mode => format!("{}, another mode", MODES.join(", ")),
            Coded::Contactors => "open, closed, precharge; as flags main plus, main minus, precharge".to_owned(),
        }
    }
}

impl Codes {
    /// What a site says of the numbers; `None` if it says nothing.
    ///
    /// # Errors
    /// In words: a meaning that is not known, a key that is no number, or more than one of the three.
    pub(crate) fn declared(
        of: Coded,
        words: Option<&BTreeMap<String, String>>,
        flags: Option<&BTreeMap<String, String>>,
        ours: Option<OurCodes>,
    ) -> Result<Option<Codes>, String> {
        let unknown = |words: &str| format!("`{words}` is not known here; known are: {}", of.known());
        let meanings = match (words, flags, ours) {
            (None, None, None) => return Ok(None),
            (None, None, Some(OurCodes::Packtwin)) => Meanings::Same,
            (Some(words), None, None) => {
                let meaning = |(number, words): (&String, &String)| {
                    let number = number.trim().parse().map_err(|_| format!("`{number}` is not a whole number"))?;
                    Ok::<_, String>((number, of.meaning(words).ok_or_else(|| unknown(words))?))
                };
                Meanings::Words(words.iter().map(meaning).collect::<Result<_, _>>()?)
            }
            (None, Some(_), None) if of == Coded::Mode => {
                return Err("a mode is a number and no set: use `words`, not `flags`".to_owned());
            }
            (None, Some(flags), None) => {
                let flag = |(bit, words): (&String, &String)| {
                    let bit = bit.trim().parse().ok().filter(|bit: &u32| *bit < BITS);
                    let bit = bit.ok_or_else(|| "the keys of `flags` are bits, from 0 for the lowest".to_owned())?;
                    Ok::<_, String>((bit, of.flag(words).ok_or_else(|| unknown(words))?))
                };
                Meanings::Flags(flags.iter().map(flag).collect::<Result<_, _>>()?)
            }
            _ => return Err("`words`, `flags` and `codes` say the same in three ways: use one".to_owned()),
        };
        Ok(Some(Codes { of, meanings }))
    }

    /// What a DBC file says: the words for the numbers of the signal `name`, which has so many bits. Words that are not
    /// known have no meaning. `None` if the file says nothing of it.
    pub(crate) fn of_signal(of: Coded, name: &str, bits: u32, words: &[(i64, String)]) -> Option<Codes> {
        if words.is_empty() {
            return (of == Coded::Events && bits == 1).then(|| Codes::of_flags(of, &[name]));
        }
        // "active" and "alarm" say only that it is what the signal's name says.
        let meaning = |words: &str| match of.meaning(words) {
            None if of == Coded::Events && synonyms::says_only_yes(words) => of.meaning(name),
            known => known,
        };
        let known = words.iter().filter_map(|(number, words)| Some((*number, meaning(words)?)));
        Some(Codes { of, meanings: Meanings::Words(known.collect()) })
    }

    /// What flags say whose signals have these names, lowest bit first.
    pub(crate) fn of_flags(of: Coded, names: &[&str]) -> Codes {
        let meanings = match of {
            // A map lists them in our order.
            Coded::Contactors => Meanings::Same,
            _ => {
                let flags = names.iter().zip(0..).filter_map(|(name, bit)| Some((bit, of.flag(name)?)));
                Meanings::Flags(flags.collect())
            }
        };
        Codes { of, meanings }
    }

    /// Whether the numbers are ours, so that factor and offset may be applied to them.
    pub(crate) fn are_ours(&self) -> bool {
        self.meanings == Meanings::Same
    }

    /// What the number says that was sent as `raw`; `scaled` is the same after factor and offset.
    pub(crate) fn read(&self, raw: f64, scaled: f64) -> Said {
        if !raw.is_finite() || raw.fract() != 0.0 {
            return Said::Impossible;
        }
        match &self.meanings {
            Meanings::Same => Said::Code(scaled as f32),
            Meanings::Words(words) => match words.iter().find(|(number, _)| *number as f64 == raw) {
                Some((_, Meaning::Code(code))) => Said::Code(*code),
                Some((_, Meaning::NoValue)) => Said::NoValue,
                None if self.of == Coded::Events && raw == 0.0 => Said::Code(0.0),
                None => Said::Unnamed(self.of.another()),
            },
            Meanings::Flags(flags) => {
                let bits = raw as i64 as u64;
                let set = |bit: u32| bits >> bit & 1 == 1;
                let ours = flags.iter().filter(|(bit, _)| set(*bit)).fold(0_u32, |ours, (_, flag)| ours | 1 << flag);
                let named = flags.iter().fold(0_u64, |named, (bit, _)| named | 1 << bit);
                match self.of {
                    Coded::Events if bits & !named != 0 => Said::Unnamed(Some((ours | 1 << ANOTHER) as f32)),
                    _ => Said::Code(ours as f32),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(entries: &[(&str, &str)]) -> BTreeMap<String, String> {
        entries.iter().map(|(key, words)| ((*key).to_owned(), (*words).to_owned())).collect()
    }

    fn bit(event: &str) -> f32 {
        (1_u32 << EVENTS.iter().position(|known| *known == event).unwrap()) as f32
    }

    #[test]
    fn the_words_of_a_dbc_file_give_the_meaning_and_what_has_none_is_another_event() {
        let words = [(1, "overvoltage".to_owned()), (2, "Zellenunwucht".to_owned()), (3, "SNA".to_owned())];
        let alarms = Codes::of_signal(Coded::Events, "Alarms", 8, &words).unwrap();
        let another = Said::Unnamed(Some(bit("another event")));
        for (raw, said) in [
            (0.0, Said::Code(0.0)),
            (1.0, Said::Code(bit("voltage too high"))),
            (2.0, another),
            (3.0, Said::NoValue),
            // Which of these it is, the file does not say: no set of bits is guessed.
            (6.0, another),
            (0.5, Said::Impossible),
            (f64::NAN, Said::Impossible),
        ] {
            assert_eq!(alarms.read(raw, raw), said, "{raw}");
        }
        assert_eq!(Codes::of_signal(Coded::Events, "Alarms", 8, &[]), None);
        // A flag has the meaning of its name.
        let on = [(0, "off".to_owned()), (1, "active".to_owned())];
        for words in [&on[..], &[]] {
            let flag = Codes::of_signal(Coded::Events, "CellUnderVoltage", 1, words).unwrap();
            assert_eq!(
                (flag.read(0.0, 0.0), flag.read(1.0, 1.0)),
                (Said::Code(0.0), Said::Code(bit("voltage too low")))
            );
        }
        let flags = Codes::of_flags(Coded::Events, &["Pack_OT", "Frobnicated", "InsulationFault"]);
        let hot_and_leaking = bit("temperature too high") + bit("insulation fault");
        assert_eq!(flags.read(5.0, 5.0), Said::Code(hot_and_leaking));
        assert_eq!(flags.read(7.0, 7.0), Said::Unnamed(Some(hot_and_leaking + bit("another event"))));
    }

    #[test]
    fn a_mode_is_what_its_word_says_and_ten_is_no_error_by_itself() {
        let words = [(1, "overvoltage".to_owned()), (2, "Run".to_owned()), (10, "balancing".to_owned())];
        let mode = Codes::of_signal(Coded::Mode, "State", 8, &words).unwrap();
        let another = Said::Unnamed(Some(15.0));
        assert_eq!([1.0, 2.0, 10.0, 0.0].map(|raw| mode.read(raw, raw)), [another, Said::Code(7.0), another, another]);
        // Those of foxBMS are ours, by their words.
        let fox: Vec<_> = MODES.iter().zip(0_i64..).map(|(words, code)| (code, (*words).to_owned())).collect();
        let fox = Codes::of_signal(Coded::Mode, "BmsState", 4, &fox).unwrap();
        for code in 0..11 {
            assert_eq!(fox.read(code.into(), 0.0), Said::Code(code as f32));
        }
    }

    #[test]
    fn what_a_site_declares_is_understood_or_refused() {
        let declared = |of, words: Option<&[(&str, &str)]>, flags: Option<&[(&str, &str)]>, ours| {
            Codes::declared(of, words.map(table).as_ref(), flags.map(table).as_ref(), ours)
        };
        let flags = declared(Coded::Events, None, Some(&[("0", "cell over-voltage"), ("5", "door open")]), None);
        let flags = flags.unwrap().unwrap();
        assert_eq!(flags.read(33.0, 33.0), Said::Code(bit("voltage too high") + bit("door open")));
        let words = declared(Coded::Contactors, Some(&[("0", "open"), ("1", "closed")]), None, None).unwrap().unwrap();
        assert_eq!(
            [0.0, 1.0, 2.0].map(|raw| words.read(raw, raw)),
            [Said::Code(0.0), Said::Code(3.0), Said::Unnamed(None)]
        );
        let contactors = declared(Coded::Contactors, None, Some(&[("4", "main plus"), ("1", "main minus")]), None);
        assert_eq!(contactors.unwrap().unwrap().read(19.0, 19.0), Said::Code(3.0));
        let ours = declared(Coded::Events, None, None, Some(OurCodes::Packtwin)).unwrap().unwrap();
        assert_eq!((ours.read(2.0, 4.0), ours.are_ours()), (Said::Code(4.0), true));
        assert_eq!(declared(Coded::Mode, None, None, None), Ok(None));
        for (of, words, flags, ours, expected) in [
            (Coded::Events, Some(&[("1", "gremlins")][..]), None, None, "`gremlins` is not known here"),
            (Coded::Mode, Some(&[("one", "idle")]), None, None, "`one` is not a whole number"),
            (Coded::Mode, None, Some(&[("0", "idle")][..]), None, "no set"),
            (Coded::Events, None, Some(&[("64", "door open")]), None, "bits, from 0"),
            (Coded::Mode, Some(&[("0", "idle")]), None, Some(OurCodes::Packtwin), "use one"),
        ] {
            let error = declared(of, words, flags, ours).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
