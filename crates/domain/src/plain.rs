//! What libraries say, in plain words: of a text that they cannot read, and of what the system refuses.
//!
//! serde names types of Rust ("expected f32"); people write site files, maps, register tables and requests. Errors of the
//! system carry their number ("os error 111"), which helps nobody. What somebody sent is shown by [`quoted`].

mod nearest;

pub use nearest::nearest;

/// So many keys are listed; of more, only the nearest is named.
const LISTED: usize = 12;
/// So many letters of a text that somebody sent are shown.
const SHOWN: usize = 80;

/// Messages that have no parts, and what they mean.
const WHOLE: [(&str, &str); 12] = [
    ("integer number overflowed", "is too large"),
    ("number out of range", "is too large"),
    ("invalid digit found in string", "is no whole number"),
    ("invalid float literal", "is no number"),
    ("cannot parse integer from empty string", "is empty: write a whole number"),
    ("cannot parse float from empty string", "is empty: write a number"),
    ("number too large to fit in target type", "is too large"),
    ("number too small to fit in target type", "is too small"),
    ("provided string was not `true` or `false`", "is neither true nor false"),
    ("wanted string or table", "write a text here, in quotes"),
    ("string values must be quoted, expected literal string", "a text must stand in quotes"),
    ("duplicate key", "this key is there twice"),
];

/// What is needed, by the names that serde has for it.
const NEEDED: [(&[&str], &str); 10] = [
    (&["f32", "f64"], "a number, without quotes"),
    (&["u8"], "a whole number from 0 to 255"),
    (&["u16"], "a whole number from 0 to 65535"),
    (&["u32", "u64", "u128", "usize"], "a whole number of 0 or more"),
    (&["i8", "i16", "i32", "i64", "i128", "isize"], "a whole number"),
    (&["a boolean", "bool"], "true or false"),
    (&["a string", "a borrowed string", "path string", "string or map"], "a text, in quotes"),
    (&["a character"], "a single letter, in quotes"),
    (&["a sequence"], "a list, in [ ]"),
    (&["a map"], "a table of keys"),
];

/// What stands there, by the words that serde has for it before a value in backquotes.
const GIVEN: [(&str, &str); 4] =
    [("integer `", ""), ("floating point `", ""), ("boolean `", ""), ("character `", "the letter ")];

/// A message of serde, TOML or JSON in plain words; one that is plain already stays as it is.
pub fn words(message: &str) -> String {
    let message = without_place(message);
    if let Some((_, plain)) = WHOLE.iter().find(|(known, _)| *known == message) {
        return (*plain).to_owned();
    }
    for start in ["invalid type: ", "invalid value: "] {
        if let Some((is, needs)) = message.strip_prefix(start).and_then(|rest| rest.rsplit_once(", expected ")) {
            return format!("{} cannot stand here: write {}", given(is), needed(needs));
        }
    }
    if let Some((is, needs)) = message.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected ")) {
        return format!("there are {is} values here: write {}", needed(needs));
    }
    if message.starts_with("data did not match any variant") {
        return "what is written here cannot be read: it has none of the forms that are known".to_owned();
    }
    if let Some((wrong, known)) = named(message, "unknown field `") {
        let more = if known.is_empty() { String::new() } else { choice(wrong, &known) };
        return format!("`{}` is not known here{more}", shown(wrong));
    }
    if let Some((wrong, known)) = named(message, "unknown variant `") {
        return format!("{} is not known here; there is {}", quoted(wrong), known.join(", "));
    }
    for (start, plain) in [("missing field `", "is missing"), ("duplicate field `", "is there twice")] {
        if let Some(key) = message.strip_prefix(start).and_then(|rest| rest.strip_suffix('`')) {
            return format!("`{}` {plain}", shown(key));
        }
    }
    message.to_owned()
}

/// Words without the numbers of the system's errors in them, ` (os error 111)`.
pub fn without_numbers(words: &str) -> String {
    const START: &str = " (os error ";
    let mut parts = words.split(START);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |said, part| match part.split_once(')') {
        Some((number, rest)) if number.parse::<i32>().is_ok() => said + rest,
        _ => said + START + part,
    })
}

/// A text that somebody sent, within quotes and in one line: what is not seen in it is shown as `U+FFFD`, and of a long
/// text only its begin stands there.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text))
}

/// As [`quoted`], without quotes: for names of fields, methods and addresses.
pub fn shown(text: &str) -> String {
    let mut letters = text.chars();
    let shown: String = (letters.by_ref().take(SHOWN)).map(|c| if is_unseen(c) { '\u{fffd}' } else { c }).collect();
    if letters.next().is_some() { shown + "\u{2026}" } else { shown }
}

/// Whether a letter moves or hides others: ends of lines, escapes of terminals, marks of a text's direction.
pub fn is_unseen(c: char) -> bool {
    let marks = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{206f}', '\u{feff}'..='\u{feff}'];
    c.is_control() || marks.iter().any(|marks| marks.contains(&c))
}

/// What is wrong with a name for people or another short text; nothing if it is one line of at most `longest` characters.
pub fn one_line(text: &str, longest: usize) -> Option<String> {
    let fits = text.chars().count() <= longest && !text.chars().any(char::is_control);
    (!fits).then(|| format!("a text of one line, at most {longest} characters, stands here"))
}

/// The key that a message says is missing.
pub fn missing_key(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

/// Whether a message is about a key that nobody knows: all else is as good without it.
pub fn is_unknown_key(message: &str) -> bool {
    message.starts_with("unknown field `")
}

/// Without the place in a JSON text, which is one line mostly.
fn without_place(message: &str) -> &str {
    let Some((words, place)) = message.rsplit_once(" at line ") else { return message };
    let is_place = place.chars().all(|c| c.is_ascii_digit() || " column".contains(c));
    if is_place { words } else { message }
}

/// What stands there.
fn given(is: &str) -> String {
    if let Some(text) = is.strip_prefix("string ") {
        // serde quotes it already.
        let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        return format!("the text {}", quoted(text));
    }
    for (start, plain) in GIVEN {
        // Of a number that fits into no usual one serde names another behind it: "integer `1...` as i128".
        if let Some((value, _)) = is.strip_prefix(start).and_then(|rest| rest.split_once('`')) {
            return format!("{plain}{}", shown(value));
        }
    }
    match is {
        "sequence" => "a list".to_owned(),
        "map" => "a table of keys".to_owned(),
        "null" | "unit value" | "Option value" => "nothing".to_owned(),
        other => other.to_owned(),
    }
}

/// What is needed there.
fn needed(by_serde: &str) -> String {
    match NEEDED.iter().find(|(names, _)| names.contains(&by_serde)) {
        Some((_, plain)) => (*plain).to_owned(),
        None if by_serde.starts_with("struct ") => "a table of keys".to_owned(),
        None => match ["an array of length ", "a tuple of size "].iter().find_map(|start| by_serde.strip_prefix(start))
        {
            Some(count) => format!("a list of {count} values, in [ ]"),
            None => by_serde.to_owned(),
        },
    }
}

/// The name after `start`, and those that are known.
fn named<'a>(message: &'a str, start: &str) -> Option<(&'a str, Vec<&'a str>)> {
    let (wrong, rest) = message.strip_prefix(start)?.split_once('`')?;
    // Every second part stands in backquotes.
    Some((wrong, rest.split('`').skip(1).step_by(2).collect()))
}

fn choice(wrong: &str, known: &[&str]) -> String {
    match nearest(wrong, known.iter().copied()) {
        Some(near) => format!("; the nearest is `{near}`"),
        None if known.len() > LISTED => String::new(),
        None => format!("; there is {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its reading is looked at")]
    struct Kept {
        name: Option<String>,
        volts: Option<f32>,
        cells: Option<u16>,
        count: Option<u32>,
        on: Option<bool>,
        kind: Option<Kind>,
        map: Option<Vec<u8>>,
        pair: Option<(f32, f32)>,
        either: Option<Either>,
        more: Option<BTreeMap<String, f32>>,
        needed: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "only its reading is looked at")]
    enum Either {
        Number(f32),
        Text(String),
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Csv,
        Parquet,
    }

    const SERDE: [&str; 14] = [
        "expected", "invalid", "f32", "u8", "u16", "u32", "i64", "i128", "u128", "variant", "field", "struct",
        "sequence", "enum",
    ];

    #[test]
    fn a_wrong_toml_text_is_told_without_words_of_rust() {
        for (text, says) in [
            ("volts = \"100\"", "the text \"100\" cannot stand here: write a number, without quotes"),
            ("name = 3", "3 cannot stand here: write a text, in quotes"),
            ("cells = 3.5", "3.5 cannot stand here: write a whole number from 0 to 65535"),
            ("cells = 70000", "70000 cannot stand here: write a whole number from 0 to 65535"),
            ("cells = 99999999999999999999", "99999999999999999999 cannot stand here: write a whole number from 0 to"),
            ("volts = 99999999999999999999", "99999999999999999999 cannot stand here: write a number"),
            ("count = 999999999999999999999999999999999999999999", "is too large"),
            ("pair = [1]", "there are 1 values here: write a list of 2 values"),
            ("pair = 1", "1 cannot stand here: write a list of 2 values"),
            ("either = true", "it has none of the forms that are known"),
            ("count = -1", "-1 cannot stand here: write a whole number of 0 or more"),
            ("on = \"yes\"", "the text \"yes\" cannot stand here: write true or false"),
            ("map = 3", "3 cannot stand here: write a list, in [ ]"),
            ("more = [1]", "a list cannot stand here: write a table of keys"),
            ("kind = \"sql\"", "\"sql\" is not known here; there is csv, parquet"),
            ("kind = 3", "write a text here, in quotes"),
            ("vots = 3\nneeded = 1", "`vots` is not known here; the nearest is `volts`"),
            ("colour = 3\nneeded = 1", "`colour` is not known here; there is name, volts, cells"),
            ("volts = 3", "`needed` is missing"),
            ("volts = hello", "a text must stand in quotes"),
            ("volts = 3\nvolts = 4", "this key is there twice"),
        ] {
            let said = words(toml::from_str::<Kept>(text).unwrap_err().message());
            assert!(said.contains(says), "{text}: {said}");
            assert!(!SERDE.iter().any(|word| said.contains(word)), "{text}: {said}");
        }
    }

    #[test]
    fn a_wrong_json_text_is_told_without_words_of_rust() {
        for (text, says) in [
            ("{\"name\": 3}", "3 cannot stand here: write a text, in quotes"),
            ("{\"volts\": \"x\"}", "the text \"x\" cannot stand here: write a number"),
            ("{\"colour\": 3}", "`colour` is not known here"),
            ("{\"kind\": \"sql\"}", "\"sql\" is not known here; there is csv, parquet"),
            ("{}", "`needed` is missing"),
            ("{\"needed\": 1, \"needed\": 2}", "`needed` is there twice"),
            ("3", "3 cannot stand here: write a table of keys"),
            ("{\"cells\": 99999999999999999999}", "cannot stand here: write a whole number from 0 to 65535"),
            ("{\"cells\": 1e999}", "is too large"),
            ("{\"pair\": [1]}", "there are 1 values here: write a list of 2 values"),
        ] {
            let said = words(&serde_json::from_str::<Kept>(text).unwrap_err().to_string());
            assert!(said.contains(says), "{text}: {said}");
            assert!(!SERDE.iter().any(|word| said.contains(word)), "{text}: {said}");
        }
    }

    #[test]
    fn what_was_sent_is_quoted_as_it_reads_and_in_one_line() {
        for (text, shown) in [
            ("h\u{e4}ll-\u{7535}\u{6c60}", "\"h\u{e4}ll-\u{7535}\u{6c60}\""),
            ("it's \"x\" \\ y", "\"it's \"x\" \\ y\""),
            ("a\nb\u{1b}[31m\u{202e}\0", "\"a\u{fffd}b\u{fffd}[31m\u{fffd}\u{fffd}\""),
            ("", "\"\""),
        ] {
            assert_eq!(quoted(text), shown);
        }
        let long = "x".repeat(1_000);
        assert_eq!(quoted(&long).chars().count(), SHOWN + 3);
        for message in [
            format!("unknown field `{long}`, expected `a`"),
            format!("unknown variant `{long}`, expected `a`"),
            format!("duplicate field `{long}`"),
            format!("invalid type: string \"{long}\", expected f32"),
            format!("invalid type: integer `{}`, expected a string", "1".repeat(1_000)),
        ] {
            assert!(words(&message).chars().count() < SHOWN + 80, "{}", words(&message));
        }
    }

    #[test]
    fn errors_of_the_system_have_no_numbers() {
        for number in 1..134 {
            let said = std::io::Error::from_raw_os_error(number).to_string();
            let words = without_numbers(&format!("a: {said}: b"));
            assert!(said.contains("os error") && !words.contains("os error"), "{words}");
            assert!(words.starts_with("a: ") && words.ends_with(": b"), "{words}");
        }
        for text in ["", "no error", "a (os error x) b", "a (os error 3"] {
            assert_eq!(without_numbers(text), text);
        }
    }

    #[test]
    fn plain_words_stay_as_they_are() {
        for text in ["there is no system \"hv\"", "a cell at line 7 of the list", ""] {
            assert_eq!(words(text), text);
        }
        assert_eq!((missing_key("missing field `id`"), missing_key("`id`")), (Some("id"), None));
    }
}
