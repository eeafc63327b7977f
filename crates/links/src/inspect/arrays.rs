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
///
/// Where every module has a message of its own with the same names in it, the messages' numbers count too:
/// `Module1.Cell1` to `Module13.Cell20`.
pub(super) fn arrays<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<Array> {
    let messages: Vec<&Message> = messages.into_iter().collect();
    let places = (messages.iter().enumerate()).flat_map(|(m, message)| (0..message.signals.len()).map(move |s| (m, s)));
    let short = |(m, s): (usize, usize)| messages[m].signals[s].name.clone();
    let long = |(m, s): (usize, usize)| format!("{}.{}", messages[m].name, messages[m].signals[s].name);
    let mut found = Vec::new();
    for (texts, named) in shapes(places.map(|place| (place, short(place)))) {
        match array(&texts, &named) {
            Ok(array) => found.push(array),
            Err(NoArray::Repeated) => {
                let again = shapes(named.iter().map(|named| (named.place, long(named.place))));
                found.extend(again.iter().filter_map(|(texts, named)| array(texts, named).ok()));
            }
            Err(NoArray::Other) => {}
        }
    }
    found
}

/// A signal, and the numbers in its name.
struct Named {
    place: (usize, usize),
    numbers: Vec<String>,
}

/// Signals by the text of their names, if it has numbers in it and several share it.
fn shapes(names: impl Iterator<Item = ((usize, usize), String)>) -> BTreeMap<Vec<String>, Vec<Named>> {
    let owned = |pieces: Vec<&str>| pieces.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut shapes: BTreeMap<Vec<String>, Vec<Named>> = BTreeMap::new();
    for (place, name) in names {
        let (texts, numbers) = cut(&name);
        if !numbers.is_empty() {
            shapes.entry(owned(texts)).or_default().push(Named { place, numbers: owned(numbers) });
        }
    }
    shapes.retain(|_, named| named.len() > 1);
    shapes
}

/// Why signals of one shape are no array.
enum NoArray {
    /// A combination of numbers comes twice.
    Repeated,
    /// Too many numbers differ, or one is too large.
    Other,
}

fn array(texts: &[String], named: &[Named]) -> Result<Array, NoArray> {
    let first = &named[0].numbers;
    let differs: Vec<bool> =
        (0..first.len()).map(|place| named.iter().any(|other| other.numbers[place] != first[place])).collect();
    let mut pieces = vec![Piece::Text(texts[0].clone())];
    for (place, differs) in differs.iter().enumerate() {
        if *differs {
            pieces.extend([Piece::Number, Piece::Text(texts[place + 1].clone())]);
        } else if let Some(Piece::Text(text)) = pieces.last_mut() {
            *text += &first[place];
            *text += &texts[place + 1];
        }
    }
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    let mut members = Vec::with_capacity(named.len());
    for Named { place, numbers } in named {
        let numbers = numbers.iter().zip(&differs).filter(|(_, differs)| **differs);
        let numbers: Option<Vec<u32>> = numbers.map(|(number, _)| number.parse().ok()).collect();
        members.push(Member { message: place.0, signal: place.1, numbers: numbers.ok_or(NoArray::Other)? });
    }
    let mut seen: Vec<&[u32]> = members.iter().map(|member| member.numbers.as_slice()).collect();
    seen.sort_unstable();
    if seen.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(NoArray::Repeated);
    }
    match members[0].numbers.len() {
        1..=2 => Ok(Array { pieces, members }),
        _ => Err(NoArray::Other),
    }
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

    #[test]
    fn messages_of_modules_with_the_same_names_are_one_array() {
        let module = |n: u32| {
            format!(
                "BO_ {n} Mod{n}_Cells: 8 A\n SG_ Cell1 : 0|8@1+ (1,0) [0|0] \"V\" A\n SG_ Cell2 : 8|8@1+ (1,0) [0|0] \"V\" A\n"
            )
        };
        let database = Database::parse(format!("{}{}", module(1), module(2)).as_bytes()).unwrap();
        let found = arrays(&database.messages);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].pattern(&["{m}", "{c}"]), found[0].members.len()), ("Mod{m}_Cells.Cell{c}".into(), 4));
    }
}
