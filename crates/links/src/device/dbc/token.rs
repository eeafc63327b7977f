//! The words, texts and signs of a DBC file. Pure.
//!
//! Lines mean nothing to the format: a statement may go on in the next one. They are kept for messages to people.

/// One piece of the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    /// Its line, from 1.
    pub(super) line: usize,
    /// Whether it is the first of its line.
    pub(super) leads: bool,
    pub(super) kind: Kind<'a>,
}

/// What a piece is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind<'a> {
    /// A name, keyword or number. `+` and `-` that belong to no number are words.
    Word(&'a str),
    /// What stands between quotation marks, without escapes.
    Text(String),
    /// One of `: ; , | @ ( ) [ ]`.
    Sign(char),
}

/// Cuts a file into its pieces. What follows `//` in a line is left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let (mut tokens, mut line, mut token_line, mut rest) = (Vec::new(), 1, 0, text);
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() || first == '\0' {
            line += usize::from(first == '\n');
            rest = &rest[first.len_utf8()..];
            continue;
        }
        if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        }
        let (kind, length) = match first {
            '"' => quoted(rest),
            sign if is_sign(sign) => (Kind::Sign(sign), sign.len_utf8()),
            _ => {
                let length = word(rest);
                (Kind::Word(&rest[..length]), length)
            }
        };
        let leads = std::mem::replace(&mut token_line, line) != line;
        tokens.push(Token { line, leads, kind });
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

fn is_sign(letter: char) -> bool {
    matches!(letter, ':' | ';' | ',' | '|' | '@' | '(' | ')' | '[' | ']')
}

/// A text in quotation marks, and its length in the file. One that never ends, ends with its line.
fn quoted(rest: &str) -> (Kind<'_>, usize) {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (Kind::Text(text), at + 1),
            '\\' if letters.next_if(|next| next.1 == '"').is_some() => text.push('"'),
            _ => text.push(letter),
        }
    }
    let line = rest.find('\n').unwrap_or(rest.len());
    (Kind::Text(rest[1..line].trim_end().to_owned()), line)
}

/// The length of the word at the beginning of `rest`, at least one letter: a number goes as far as a number can, so that
/// `8@1+` and `5-9` come apart; other words go on to the next space, sign or text.
fn word(rest: &str) -> usize {
    let name = rest.find(|c: char| c.is_whitespace() || c == '"' || is_sign(c)).unwrap_or(rest.len());
    match number(rest) {
        Some(length) if !rest[length..].starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.')) => length,
        _ => name,
    }
}

/// The length of the decimal number at the beginning of `rest`.
fn number(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let whole = digits(sign);
    let mut end = sign + whole;
    if bytes.get(end) == Some(&b'.') {
        let fraction = digits(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let power = digits((end + 1 + sign).min(bytes.len()));
        if power > 0 {
            end += 1 + sign + power;
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_texts_and_signs_come_apart() {
        let words = |text: &str| -> Vec<String> {
            let word = |token: Token<'_>| match token.kind {
                Kind::Word(word) => word.to_owned(),
                Kind::Text(text) => format!("\"{text}\""),
                Kind::Sign(sign) => sign.to_string(),
            };
            tokens(text).into_iter().map(word).collect()
        };
        for (text, expected) in [
            ("0|8@1+ (1,0)", &["0", "|", "8", "@", "1", "+", "(", "1", ",", "0", ")"][..]),
            ("16|16@0-(-.25,1.5E-05)", &["16", "|", "16", "@", "0", "-", "(", "-.25", ",", "1.5E-05", ")"]),
            ("S 5-5000, 7-7;", &["S", "5", "-5000", ",", "7", "-7", ";"]),
            ("2017_5: 0_COUNTER 3D x", &["2017_5", ":", "0_COUNTER", "3D", "x"]),
            (r#""a \"b\" c" Größe // rest"#, &[r#""a "b" c""#, "Größe"]),
            ("\"never ends\nBO_", &["\"never ends\"", "BO_"]),
            ("1. 1e 0x12", &["1.", "1e", "0x12"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        let lines: Vec<_> = tokens("A \"x\ny\" B\n\n C").iter().map(|t| (t.line, t.leads)).collect();
        assert_eq!(lines, [(1, true), (1, false), (2, true), (4, true)]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}", dense in "[-+.eE0-9\"\\\\/ \n;A]{0,60}") {
            let _ = (tokens(&text), tokens(&dense));
        }
    }
}
