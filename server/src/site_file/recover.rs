//! Reading a table that is wrong in several places: each is told, and then read on without it.

use super::Complaint;
use domain::plain;
use serde::de::DeserializeOwned;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeValue, ValueDeserializer};

/// So many mistakes of one table are told.
const MOST: usize = 50;

/// A table as far as it can be read.
pub(super) struct Read<T> {
    /// The table; `None` if nothing of use is left.
    pub(super) table: Option<T>,
    /// Whether all of its keys that we know could be read. If not, others may be wrong only for want of one.
    pub(super) whole: bool,
    /// What is wrong.
    pub(super) wrong: Vec<Complaint>,
}

/// Reads a table, and what is wrong with it, key by key.
pub(super) fn read<T: DeserializeOwned>(mut value: Spanned<DeValue<'_>>) -> Read<T> {
    let (mut wrong, mut whole, mut gone) = (Vec::new(), true, Vec::new());
    loop {
        let error = match T::deserialize(ValueDeserializer::from(value.clone())) {
            Ok(table) => return Read { table: Some(table), whole, wrong },
            Err(error) => error,
        };
        let (span, message) = (error.span().unwrap_or_else(|| value.span()), error.message());
        whole &= plain::is_unknown_key(message);
        if !plain::missing_key(message).is_some_and(|key| is_reported(key, &gone, &wrong)) {
            wrong.push((span.clone(), plain::words(message)));
        }
        match take_out(&mut value, &span) {
            Some(key) if wrong.len() < MOST => gone.push(key),
            _ => return Read { table: None, whole: false, wrong },
        }
    }
}

/// Whether a key is missing only because it was taken out, or because it is written wrong.
fn is_reported(key: &str, gone: &[String], wrong: &[Complaint]) -> bool {
    let meant = format!("the nearest is `{key}`");
    gone.iter().any(|gone| gone == key) || wrong.iter().any(|(_, words)| words.ends_with(&meant))
}

/// Takes out what stands at a place, as little as possible. The key under which it stood; empty for one of a list.
fn take_out(value: &mut Spanned<DeValue<'_>>, at: &Range<usize>) -> Option<String> {
    match value.get_mut() {
        DeValue::Table(table) => {
            for (_, inner) in table.iter_mut() {
                if let Some(key) = take_out(inner, at) {
                    return Some(key);
                }
            }
            let holds = |span: Range<usize>| span.start <= at.start && at.end <= span.end;
            let found = table.iter().find(|(key, inner)| holds(key.span()) || holds(inner.span()));
            let key = found.map(|(key, _)| key.clone())?;
            table.remove(&key);
            Some(key.get_ref().to_string())
        }
        DeValue::Array(list) => {
            for inner in list.iter_mut() {
                if let Some(key) = take_out(inner, at) {
                    return Some(key);
                }
            }
            let place = list.iter().position(|inner| {
                let span = inner.span();
                span.start <= at.start && at.end <= span.end
            })?;
            let whole = std::mem::replace(list, DeArray::new());
            *list = whole.into_iter().enumerate().filter(|(at, _)| *at != place).map(|(_, inner)| inner).collect();
            Some(String::new())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;
    use toml::de::DeTable;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Battery {
        id: String,
        volts: Option<f32>,
        cells: Option<u16>,
        #[serde(default)]
        limits: BTreeMap<Spanned<String>, Spanned<f32>>,
        #[serde(default)]
        map: Vec<Entry>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        point: String,
        signal: String,
    }

    fn read_text(text: &str) -> (Option<Battery>, bool, Vec<String>) {
        let table = DeTable::parse(text).unwrap();
        let span = table.span();
        let read = read::<Battery>(Spanned::new(span, DeValue::Table(table.into_inner())));
        (
            read.table,
            read.whole,
            read.wrong.into_iter().map(|(span, words)| format!("{}: {words}", &text[span])).collect(),
        )
    }

    #[test]
    fn every_wrong_key_of_a_table_is_told() {
        let (table, whole, wrong) = read_text(
            "id = \"a\"\nvots = 3\ncells = \"many\"\nmap = [\n { point = \"x\", signal = \"S\" },\n \
             { point = 3, signal = \"T\" },\n { point = \"y\", signl = \"U\", signal = \"U\" },\n]\n[limits]\nlow = \"3\"\nhigh = 4\n",
        );
        let table = table.unwrap();
        assert_eq!((table.volts, table.cells, table.map.len(), table.limits.len(), whole), (None, None, 2, 1, false));
        for expected in [
            "vots: `vots` is not known here; the nearest is `volts`",
            "\"many\": the text",
            "3: 3 cannot",
            "signl: ",
            "\"3\": the",
        ] {
            assert!(wrong.iter().any(|words| words.starts_with(expected)), "{expected}: {wrong:?}");
        }
        assert_eq!(wrong.len(), 5, "{wrong:?}");
    }

    #[test]
    fn a_key_that_is_wrong_is_not_missing_too_and_unknown_keys_leave_the_table_whole() {
        let (table, whole, wrong) = read_text("id = 3\nvots = 3\n");
        assert!(table.is_none() && !whole);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        let (table, whole, wrong) = read_text("id = \"a\"\nvots = 3\n");
        assert!(table.is_some() && whole && wrong.len() == 1, "{wrong:?}");
        let (table, _, wrong) = read_text("idd = \"a\"\n");
        assert!(table.is_none() && wrong.len() == 1 && wrong[0].ends_with("the nearest is `id`"), "{wrong:?}");
        let (table, _, wrong) = read_text("volts = 3\n");
        assert!(table.is_none() && wrong[0].ends_with("`id` is missing"), "{wrong:?}");
    }
}
