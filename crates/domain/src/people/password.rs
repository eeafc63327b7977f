//! Which passwords are taken: long ones that are not among the first that somebody would try. No rules about kinds of
//! characters, because they make passwords that people forget and programs guess.

use std::collections::BTreeSet;
use thiserror::Error;

/// Characters at least.
pub const SHORTEST: usize = 12;
/// Bytes at most: a sentence has room, and nobody can let us hash a book.
pub const LONGEST_BYTES: usize = 1_024;

/// The words that people make passwords of most often.
const COMMON: &str = include_str!("common_passwords.txt");
/// Rows and columns of a keyboard, and what people count along.
const LINES: [&str; 6] =
    ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn"];

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadPassword {
    /// It has too few characters.
    #[error("the password has {0} characters: at least {SHORTEST} are needed; some words in a row are good")]
    Short(usize),
    /// It is too long.
    #[error("the password is longer than {LONGEST_BYTES} bytes")]
    Long,
    /// It is one of those that are tried first.
    #[error(
        "this password is one of the first that somebody would try: take some words that have nothing to do with one another"
    )]
    Common,
    /// It is the name of its account, with little else.
    #[error("the password is little more than the name of the account")]
    Name,
}

/// Checks a password for the account of this name.
///
/// # Errors
/// [`BadPassword`] says what is wrong with it.
pub fn check(password: &str, name: &str) -> Result<(), BadPassword> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(BadPassword::Short(length));
    }
    if password.len() > LONGEST_BYTES {
        return Err(BadPassword::Long);
    }
    let plain = plain(password);
    let name = self::plain(name);
    if name.len() >= 3 && plain.contains(&name) && plain.replace(&name, "").len() < SHORTEST - 4 {
        return Err(BadPassword::Name);
    }
    if is_common(&plain) { Err(BadPassword::Common) } else { Ok(()) }
}

/// In small letters, with the letters that figures and signs stand for, and nothing between words.
fn plain(text: &str) -> String {
    let letter = |c: char| match c {
        '@' => 'a',
        '$' => 's',
        '!' => 'i',
        other => other,
    };
    let between = |c: &char| !c.is_whitespace() && !matches!(c, '-' | '_' | '.' | ',');
    text.to_lowercase().chars().filter(between).map(letter).collect()
}

/// Whether it is made of few characters, of a way along the keyboard, or of common words and figures only.
fn is_common(plain: &str) -> bool {
    let characters: Vec<char> = plain.chars().collect();
    let distinct: BTreeSet<char> = characters.iter().copied().collect();
    if distinct.len() < 5 || steps(&characters) * 4 >= characters.len() * 3 {
        return true;
    }
    let left = without_common(plain);
    // Figures at the end, and little else, is what everybody adds.
    let others = left.chars().filter(|c| c.is_alphabetic()).count();
    left.len() < plain.len() && others < 4 && left.chars().count() < 9
}

/// How many characters follow the one before on the keyboard or in counting, in one direction or the other, or repeat it.
fn steps(characters: &[char]) -> usize {
    let next = |a: char, b: char| {
        a == b
            || LINES.iter().any(|line| {
                let mut pairs = line.chars().zip(line.chars().skip(1));
                pairs.any(|(x, y)| (x, y) == (a, b) || (y, x) == (a, b))
            })
    };
    characters.windows(2).filter(|pair| next(pair[0], pair[1])).count() + 1
}

/// What is left when every common word is taken away, the longest first; figures count as the letters they look like.
fn without_common(plain: &str) -> String {
    let mut words: Vec<String> = COMMON.split_whitespace().map(self::plain).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let as_letters: String = plain
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' => 'i',
            '3' => 'e',
            '4' => 'a',
            '5' => 's',
            '7' => 't',
            other => other,
        })
        .collect();
    let strip = |text: &str| words.iter().fold(text.to_owned(), |text, word| text.replace(word.as_str(), ""));
    let (one, other) = (strip(plain), strip(&as_letters));
    if one.len() <= other.len() { one } else { other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_is_enough_and_common_is_not() {
        let book = "x1y2".repeat(257);
        for (password, expected) in [
            ("short", Err(BadPassword::Short(5))),
            ("elevenchars", Err(BadPassword::Short(11))),
            // Characters, not bytes.
            ("größerüber", Err(BadPassword::Short(10))),
            ("größer überall", Ok(())),
            (&book, Err(BadPassword::Long)),
            // No kind of character is asked for.
            ("lamp tractor mild seven", Ok(())),
            ("8302746193655021", Ok(())),
            ("kq7-vR2_xT9+", Ok(())),
            ("пароль для котельной", Ok(())),
            // Words between words make a sentence, also common ones.
            ("my dragon eats seventeen lamps", Ok(())),
            ("password1234", Err(BadPassword::Common)),
            ("P@ssw0rd2026!", Err(BadPassword::Common)),
            ("passwordpassword", Err(BadPassword::Common)),
            ("Letmein-12345", Err(BadPassword::Common)),
            ("welcome2026!!", Err(BadPassword::Common)),
            ("adminadmin123", Err(BadPassword::Common)),
            ("packtwin-battery", Err(BadPassword::Common)),
            ("correct horse battery staple", Err(BadPassword::Common)),
            ("123456789012", Err(BadPassword::Common)),
            ("qwertyuiop[]12", Err(BadPassword::Common)),
            ("1qaz2wsx3edc", Err(BadPassword::Common)),
            ("abcdefghijklmnop", Err(BadPassword::Common)),
            ("aaaaaaaaaaaaaaaa", Err(BadPassword::Common)),
            ("abababababab", Err(BadPassword::Common)),
            ("            ", Err(BadPassword::Common)),
        ] {
            assert_eq!(check(password, "mara"), expected, "{password:.40}");
        }
    }

    #[test]
    fn the_name_of_the_account_is_no_password() {
        for (password, name, expected) in [
            ("mara.krause12", "mara.krause", Err(BadPassword::Name)),
            ("Mara-Mara-Mara", "mara", Err(BadPassword::Name)),
            ("mara looks after nine lamps", "mara", Ok(())),
            ("lamps of the east hall", "al", Ok(())),
        ] {
            assert_eq!(check(password, name), expected, "{password}");
        }
    }

    #[test]
    fn one_of_four_thousand_bytes_is_looked_at_in_no_time() {
        assert_eq!(check(&"ä ß".repeat(1_000), "mara"), Err(BadPassword::Long));
        assert_eq!(check(&"lamp tractor mild seven ".repeat(40), "mara"), Ok(()));
    }
}
