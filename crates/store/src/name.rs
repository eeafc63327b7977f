//! Names of systems and links: they become folders, files and parts of addresses, so they hold nothing that means
//! something there.

/// The longest name, bytes: what is made of it still fits into the name of a file.
const LONGEST: usize = 64;

/// A name that cannot be that of a system or a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no short name: use 1 to {LONGEST} of a-z, 0-9 and -")]
pub struct BadName(String);

/// Checks the name of a system or a link: 1 to 64 of `a-z`, `0-9` and `-`.
///
/// # Errors
/// Anything else is in it: an upper-case letter, a dot, a slash; or it is empty or too long.
pub fn plain_name(text: &str) -> Result<(), BadName> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (1..=LONGEST).contains(&text.len()) && text.chars().all(plain);
    fits.then_some(()).ok_or_else(|| BadName(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere() {
        for good in ["hv", "hall-2", "7", "-", &"a".repeat(64)] {
            assert_eq!(plain_name(good), Ok(()), "{good}");
        }
        for bad in
            ["", ".", "..", "../../esc", "/etc", "a/b", "a\\b", "HV", "h v", "hv.", "h\0", "\u{e4}", &"a".repeat(65)]
        {
            let words = plain_name(bad).unwrap_err().to_string();
            assert!(words.contains("use 1 to 64 of a-z, 0-9 and -"), "{words}");
        }
    }
}
