//! The statements of a DBC file, as they are written. Pure; what they mean is for `load`.
//!
//! Files are often not quite right, and most of what is wrong in one concerns nobody. So a statement that is not
//! understood never hides the others: it is remembered, and reading goes on at the next keyword.

use super::token::{Kind, Token, tokens};
use std::collections::HashMap;
use std::ops::RangeInclusive;

/// What may begin a statement.
const KEYWORDS: &[&str] = &[
    "BA_",
    "BA_DEF_",
    "BA_DEF_DEF_",
    "BA_DEF_DEF_REL_",
    "BA_DEF_REL_",
    "BA_DEF_SGTYPE_",
    "BA_REL_",
    "BA_SGTYPE_",
    "BO_",
    "BO_TX_BU_",
    "BS_",
    "BU_",
    "BU_BO_REL_",
    "BU_EV_REL_",
    "BU_SG_REL_",
    "CAT_",
    "CAT_DEF_",
    "CM_",
    "ENVVAR_DATA_",
    "EV_",
    "EV_DATA_",
    "FILTER",
    "NS_",
    "NS_DESC_",
    "SG_",
    "SG_MUL_VAL_",
    "SGTYPE_",
    "SGTYPE_VAL_",
    "SIG_GROUP_",
    "SIG_TYPE_REF_",
    "SIG_VALTYPE_",
    "SIGTYPE_VALTYPE_",
    "VAL_",
    "VAL_TABLE_",
    "VERSION",
];
const LONG_MESSAGE: &str = "SystemMessageLongSymbol";
const LONG_SIGNAL: &str = "SystemSignalLongSymbol";
/// How often a message is sent, ms; 0 for one that has no period.
const CYCLE: &str = "GenMsgCycleTime";

/// A signal by its message's number and its own name, both as written.
pub(super) type Key = (u64, String);

/// A switch, and the values of it with which a signal is there.
pub(super) type Behind = (String, Vec<RangeInclusive<u64>>);

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Statements {
    pub(super) messages: Vec<RawMessage>,
    /// Words for raw values.
    pub(super) words: HashMap<Key, Vec<(i64, String)>>,
    /// 0 whole number, 1 float, 2 double.
    pub(super) types: HashMap<Key, u64>,
    /// The switch that a signal is behind, and its values.
    pub(super) behind: HashMap<Key, Vec<Behind>>,
    /// Names too long for the statements themselves.
    pub(super) long_messages: HashMap<u64, String>,
    pub(super) long_signals: HashMap<Key, String>,
    /// How often messages are sent, ms.
    pub(super) cycles: HashMap<u64, f64>,
    /// How often the others are sent, ms; 0 if the file does not say it.
    pub(super) usual_cycle: f64,
    /// What was not understood outside of messages.
    pub(super) wrong: Vec<Wrong>,
    /// Whether there was any statement at all.
    pub(super) any: bool,
}

/// A `BO_` with its `SG_`.
#[derive(Debug)]
pub(super) struct RawMessage {
    pub(super) line: usize,
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) signals: Vec<RawSignal>,
    /// The first thing that was not understood.
    pub(super) wrong: Option<Wrong>,
}

/// A `SG_`.
#[derive(Debug)]
pub(super) struct RawSignal {
    pub(super) line: usize,
    pub(super) name: String,
    /// Whether others may be behind it.
    pub(super) switch: bool,
    /// The value of the message's only switch with which it is there.
    pub(super) value: Option<u64>,
    pub(super) start: u64,
    pub(super) bits: u64,
    pub(super) big_endian: bool,
    pub(super) signed: bool,
    pub(super) factor: f64,
    pub(super) offset: f64,
    pub(super) range: (f64, f64),
    pub(super) unit: String,
}

/// Something that is not understood, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) line: usize,
    pub(super) what: String,
}

/// Reads all statements.
pub(super) fn read(text: &str) -> Statements {
    let mut reader = Reader { tokens: tokens(text), at: 0 };
    let mut found = Statements::default();
    while let Some(Token { line, kind, .. }) = reader.tokens.get(reader.at).cloned() {
        let keyword = match kind {
            Kind::Word(word) if KEYWORDS.contains(&word) => word,
            _ => {
                let what = format!("not understood: {}", reader.here());
                found.wrong.push(Wrong { line, what });
                reader.end(true);
                continue;
            }
        };
        found.any = true;
        reader.at += 1;
        let outcome = reader.statement(keyword, line, &mut found);
        match (outcome, found.messages.last_mut()) {
            (Ok(()), _) => {}
            (Err(wrong), Some(message)) if matches!(keyword, "BO_" | "SG_") => {
                message.wrong.get_or_insert(wrong);
            }
            (Err(wrong), _) => found.wrong.push(wrong),
        }
        reader.end(!matches!(keyword, "BO_" | "SG_" | "BS_" | "BU_" | "NS_" | "VERSION"));
    }
    found
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
}

impl<'a> Reader<'a> {
    /// Takes what follows a keyword.
    fn statement(&mut self, keyword: &str, line: usize, found: &mut Statements) -> Result<(), Wrong> {
        match keyword {
            "BO_" => self.message(line, found),
            "SG_" => {
                let signal = self.signal(line)?;
                let message = found.messages.last_mut();
                let message =
                    message.ok_or_else(|| Wrong { line, what: "a signal before the first message".into() })?;
                message.signals.push(signal);
                Ok(())
            }
            "VAL_" => {
                // Without a number it is about a variable of a simulation.
                if let Ok(id) = self.whole() {
                    let key = (id, self.word()?);
                    let mut words = Vec::new();
                    while let Some(value) = self.value() {
                        words.push((value, self.text()?));
                    }
                    found.words.entry(key).or_insert(words);
                }
                Ok(())
            }
            "SIG_VALTYPE_" => {
                let key = (self.whole()?, self.word()?);
                let _ = self.sign(':');
                found.types.insert(key, self.whole()?);
                Ok(())
            }
            "SG_MUL_VAL_" => {
                let key = (self.whole()?, self.word()?);
                let switch = self.word()?;
                let ranges = self.ranges()?;
                found.behind.entry(key).or_default().push((switch, ranges));
                Ok(())
            }
            "BA_" => self.attribute(found),
            "BA_DEF_DEF_" => {
                if self.text()? == CYCLE {
                    found.usual_cycle = self.number()?;
                }
                Ok(())
            }
            "NS_" => {
                self.names();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn message(&mut self, line: usize, found: &mut Statements) -> Result<(), Wrong> {
        let id = self.whole();
        let name = self.word();
        let named = name.clone().unwrap_or_else(|_| format!("the message of line {line}"));
        found.messages.push(RawMessage { line, id: 0, name: named, size: 0, signals: Vec::new(), wrong: None });
        name?;
        let id = id?;
        self.sign(':')?;
        let size = self.whole()?;
        if let Some(message) = found.messages.last_mut() {
            (message.id, message.size) = (id, size);
        }
        Ok(())
    }

    /// `Name m3M : 0|16@1+ (0.1,0) [0|100] "V" Receiver`.
    fn signal(&mut self, line: usize) -> Result<RawSignal, Wrong> {
        let name = self.word()?;
        let (mut switch, mut value) = (false, None);
        if self.sign(':').is_err() {
            let mark = self.word()?;
            // Some files write a switch as `m`.
            let rest = mark.strip_suffix('M').or((mark == "m").then_some(""));
            switch = rest.is_some();
            value = match rest.unwrap_or(&mark).strip_prefix('m').map(str::parse) {
                None if rest == Some("") => None,
                Some(Ok(value)) => Some(value),
                _ => return Err(self.wrong(line, &format!("{name}: `{mark}` is neither M nor m with a number"))),
            };
            self.sign(':')?;
        }
        let start = self.whole()?;
        self.sign('|')?;
        let bits = self.whole()?;
        self.sign('@')?;
        let big_endian = self.whole()? == 0;
        let signed = match self.word()?.as_str() {
            "+" => false,
            "-" => true,
            other => return Err(self.wrong(line, &format!("{name}: `{other}` is neither + nor -"))),
        };
        self.sign('(')?;
        let factor = self.number()?;
        self.sign(',')?;
        let offset = self.number()?;
        self.sign(')')?;
        let range = self.range()?;
        let unit = self.text()?;
        Ok(RawSignal { line, name, switch, value, start, bits, big_endian, signed, factor, offset, range, unit })
    }

    /// `"Name" BO_ 256 "value"`; only long names and periods matter.
    fn attribute(&mut self, found: &mut Statements) -> Result<(), Wrong> {
        match (self.text()?.as_str(), self.peek()) {
            (LONG_MESSAGE, Some(Kind::Word("BO_"))) => {
                self.at += 1;
                found.long_messages.insert(self.whole()?, self.text()?);
            }
            (CYCLE, Some(Kind::Word("BO_"))) => {
                self.at += 1;
                found.cycles.insert(self.whole()?, self.number()?);
            }
            (LONG_SIGNAL, Some(Kind::Word("SG_"))) => {
                self.at += 1;
                found.long_signals.insert((self.whole()?, self.word()?), self.text()?);
            }
            _ => {}
        }
        Ok(())
    }

    /// `1-1, 3-5`.
    fn ranges(&mut self) -> Result<Vec<RangeInclusive<u64>>, Wrong> {
        let mut ranges = Vec::new();
        loop {
            let first = self.whole()?;
            if self.peek() == Some(&Kind::Word("-")) {
                self.at += 1;
            }
            let last = self.take(|kind| match kind {
                Kind::Word(word) => word.trim_start_matches('-').parse().ok(),
                _ => None,
            });
            ranges.push(first..=last.ok_or_else(|| self.expected("the end of a range"))?);
            if self.sign(',').is_err() {
                return Ok(ranges);
            }
        }
    }

    /// The list of keywords after `NS_`: each stands alone in its line.
    fn names(&mut self) {
        let _ = self.sign(':');
        while let Some(token) = self.tokens.get(self.at) {
            let alone = self.tokens.get(self.at + 1).is_none_or(|next| next.leads);
            if !matches!(token.kind, Kind::Word(_)) || !alone {
                return;
            }
            self.at += 1;
        }
    }

    /// Goes to the next statement. One that has to end with a semicolon may have others' keywords in it, even at the
    /// beginning of a line: `CM_ SG_ 256 Name "text";`.
    fn end(&mut self, semicolon: bool) {
        while let Some(token) = self.tokens.get(self.at) {
            let after_semicolon = self.tokens.get(self.at.wrapping_sub(1)).is_some_and(|t| t.kind == Kind::Sign(';'));
            match token.kind {
                Kind::Sign(';') if semicolon => {
                    self.at += 1;
                    return;
                }
                Kind::Word(word)
                    if KEYWORDS.contains(&word)
                        && (self.begins(word) || !semicolon && (token.leads || after_semicolon)) =>
                {
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Whether a statement surely begins here, at `keyword`.
    fn begins(&self, keyword: &str) -> bool {
        let after = |n: usize| self.tokens.get(self.at + n).map(|token| &token.kind);
        let colon = |n: usize| after(n) == Some(&Kind::Sign(':'));
        let leads = self.tokens[self.at].leads;
        match keyword {
            "BO_" => colon(3),
            "SG_" => colon(2) || colon(3),
            "BU_" | "BS_" | "NS_" => colon(1),
            "EV_" => colon(2),
            "BU_BO_REL_" | "BU_EV_REL_" | "BU_SG_REL_" => false,
            _ => leads,
        }
    }

    fn peek(&self) -> Option<&Kind<'a>> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// Takes the next piece if it is wanted.
    fn take<T>(&mut self, wanted: impl Fn(&Kind<'a>) -> Option<T>) -> Option<T> {
        let found = self.peek().and_then(wanted);
        self.at += usize::from(found.is_some());
        found
    }

    fn word(&mut self) -> Result<String, Wrong> {
        let word = self.take(|kind| if let Kind::Word(word) = kind { Some((*word).to_owned()) } else { None });
        word.ok_or_else(|| self.expected("a name"))
    }

    fn text(&mut self) -> Result<String, Wrong> {
        let text = self.take(|kind| if let Kind::Text(text) = kind { Some(text.clone()) } else { None });
        text.ok_or_else(|| self.expected("a text in quotation marks"))
    }

    fn sign(&mut self, sign: char) -> Result<(), Wrong> {
        let found = self.take(|kind| (*kind == Kind::Sign(sign)).then_some(()));
        found.ok_or_else(|| self.expected(&format!("`{sign}`")))
    }

    fn whole(&mut self) -> Result<u64, Wrong> {
        let whole = self.take(|kind| match kind {
            Kind::Word(word) => {
                word.strip_prefix("0x").map_or_else(|| word.parse(), |hex| u64::from_str_radix(hex, 16)).ok()
            }
            _ => None,
        });
        whole.ok_or_else(|| self.expected("a whole number"))
    }

    fn number(&mut self) -> Result<f64, Wrong> {
        let number = self.take(|kind| if let Kind::Word(word) = kind { word.parse::<f64>().ok() } else { None });
        number.filter(|number| number.is_finite()).ok_or_else(|| self.expected("a number"))
    }

    /// The next number, if there is one: of a value with a word. What has no place in 64 bits is 0 to nobody.
    fn value(&mut self) -> Option<i64> {
        self.take(|kind| match kind {
            Kind::Word(word) => word.parse().ok().or_else(|| word.parse::<f64>().ok().map(|number| number as i64)),
            _ => None,
        })
    }

    /// `[0|100]`. A limit that is missing, or beyond all numbers, is none.
    fn range(&mut self) -> Result<(f64, f64), Wrong> {
        let limit =
            |reader: &mut Self| reader.take(|kind| if let Kind::Word(word) = kind { word.parse().ok() } else { None });
        self.sign('[')?;
        let low = limit(self);
        self.sign('|')?;
        let high = limit(self);
        self.sign(']')?;
        let range = low.zip(high).filter(|(low, high): &(f64, f64)| low.is_finite() && high.is_finite());
        Ok(range.unwrap_or_default())
    }

    fn expected(&self, what: &str) -> Wrong {
        let line = self.tokens.get(self.at).or(self.tokens.last()).map_or(1, |token| token.line);
        self.wrong(line, &format!("not understood: {what} should stand where {} is", self.here()))
    }

    fn wrong(&self, line: usize, what: &str) -> Wrong {
        Wrong { line, what: what.to_owned() }
    }

    /// What stands here, for people.
    fn here(&self) -> String {
        match self.peek() {
            Some(Kind::Word(word)) => format!("`{}`", word.chars().take(40).collect::<String>()),
            Some(Kind::Text(text)) => format!("\"{}\"", text.chars().take(40).collect::<String>()),
            Some(Kind::Sign(sign)) => format!("`{sign}`"),
            None => "the end of the file".into(),
        }
    }
}
