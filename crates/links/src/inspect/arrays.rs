//! Numbered signals: `CellVoltage_000` to `CellVoltage_259` are one array, `M1_C1` to `M13_C20` another.

use crate::device::dbc::Message;
use std::collections::BTreeMap;

/// Signals whose names differ only in numbers.
#[derive(Debug)]
pub(super) struct Array {
    /// The name in pieces: text, and the places of the numbers that differ, one or two. A number that is the same in
    /// all names is text.
    pub(super) pieces: Vec<Piece>,
    /// In the order of the files' messages.
    pub(super) members: Vec<Member>,
}

/// A part of an array's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    Number,
}

/// One signal of an array.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The message, by its place among those given.
    pub(super) message: usize,
    /// The signal, by its place in the message.
    pub(super) signal: usize,
    /// The numbers that differ, in the order of the name.
    pub(super) numbers: Vec<u32>,
}

impl Array {
    /// The name with `first` in the place of the first number, and so on.
    pub(super) fn pattern(&self, placeholders: &[&str]) -> String {
        let mut placeholders = placeholders.iter();
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Number => placeholders.next().copied().unwrap_or_default().to_owned(),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// The text of the name alone, in small letters.
    pub(super) fn text(&self) -> String {
        self.pattern(&[]).to_lowercase()
    }

    /// The lowest and the highest of the numbers at `place`.
    pub(super) fn span(&self, place: usize) -> (u32, u32) {
        let numbers = || self.members.iter().map(|member| member.numbers[place]);
        (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0))
    }
}

/// A name cut into text and numbers, in turn, beginning with text.
fn cut(name: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    let mut rest = name;
    loop {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        texts.push(&rest[..text]);
        rest = &rest[text..];
        if rest.is_empty() {
            return (texts, numbers);
        }
        let number = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        numbers.push(&rest[..number]);
        rest = &rest[number..];
    }
}

/// All arrays in these messages: at least two signals with one or two numbers that differ, each combination once.
pub(super) fn arrays<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<Array> {
    type Named<'a> = (usize, usize, Vec<&'a str>);
    let mut shapes: BTreeMap<Vec<&str>, Vec<Named<'_>>> = BTreeMap::new();
    for (m, message) in messages.into_iter().enumerate() {
        for (s, signal) in message.signals.iter().enumerate() {
            let (texts, numbers) = cut(&signal.name);
            if !numbers.is_empty() {
                shapes.entry(texts).or_default().push((m, s, numbers));
            }
        }
    }
    let arrays = shapes.iter().filter(|(_, named)| named.len() > 1).filter_map(|(texts, named)| array(texts, named));
    arrays.collect()
}

fn array(texts: &[&str], named: &[(usize, usize, Vec<&str>)]) -> Option<Array> {
    let first = &named[0].2;
    let differs: Vec<bool> =
        (0..first.len()).map(|place| named.iter().any(|(_, _, numbers)| numbers[place] != first[place])).collect();
    let mut pieces = vec![Piece::Text(texts[0].to_owned())];
    for (place, differs) in differs.iter().enumerate() {
        if *differs {
            pieces.extend([Piece::Number, Piece::Text(texts[place + 1].to_owned())]);
        } else if let Some(Piece::Text(text)) = pieces.last_mut() {
            *text += first[place];
            *text += texts[place + 1];
        }
    }
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    let mut members = Vec::with_capacity(named.len());
    for (message, signal, numbers) in named {
        let numbers = numbers.iter().zip(&differs).filter(|(_, differs)| **differs);
        let numbers: Option<Vec<u32>> = numbers.map(|(number, _)| number.parse().ok()).collect();
        members.push(Member { message: *message, signal: *signal, numbers: numbers? });
    }
    let mut seen: Vec<&[u32]> = members.iter().map(|member| member.numbers.as_slice()).collect();
    seen.sort_unstable();
    let unique = seen.windows(2).all(|pair| pair[0] != pair[1]);
    (unique && (1..=2).contains(&members[0].numbers.len())).then_some(Array { pieces, members })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::dbc::Database;

    #[test]
    fn numbers_that_differ_are_found_and_others_are_text() {
        let names = ["Bms1_V01", "Bms1_V02", "M1_C1", "M1_C2", "M2_C1", "Alone7", "Temp1x", "Temp01x"];
        let signals: String =
            names.map(|name| format!(" SG_ {name} : 0|8@1+ (1,0) [0|0] \"V\" A\n")).into_iter().collect();
        let dbc = format!("VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 16 M: 8 A\n{signals}\n");
        let database = Database::parse(dbc.as_bytes()).unwrap();
        let found = arrays(&database.messages);
        let patterns: Vec<_> = found.iter().map(|a| (a.pattern(&["{a}", "{b}"]), a.members.len())).collect();
        assert_eq!(patterns, [("Bms1_V{a}".to_owned(), 2), ("M{a}_C{b}".to_owned(), 3)]);
        assert_eq!((found[1].span(0), found[1].span(1)), ((1, 2), (1, 2)));
    }
}
