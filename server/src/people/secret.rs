//! Secrets: made of the system's random numbers, kept as their SHA-256 only. They have 256 bits, so nobody finds one by
//! trying, and a plain hash is enough.

use sha2::{Digest as _, Sha256};
use store::Secret;

/// How every token of a program begins, for those who look for lost ones.
pub(crate) const TOKEN: &str = "pt_";
/// How much of a token is kept, to tell it from others.
const PREFIX: usize = TOKEN.len() + 8;
/// Letters that are read and typed without a mistake.
const PLAIN: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The system gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub(crate) struct NoRandom(getrandom::Error);

fn random<const N: usize>() -> Result<[u8; N], NoRandom> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandom)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is kept of a secret.
pub(crate) fn hashed(text: &str) -> Secret {
    Sha256::digest(text.as_bytes()).into()
}

/// For the cookie of a session.
pub(crate) fn session() -> Result<String, NoRandom> {
    random::<32>().map(|bytes| hex(&bytes))
}

/// A token for a program, and how it begins.
pub(crate) fn token() -> Result<(String, String), NoRandom> {
    let token = format!("{TOKEN}{}", hex(&random::<32>()?));
    let prefix = token[..PREFIX].to_owned();
    Ok((token, prefix))
}

/// For a person to type once: 100 bits, which are valid for minutes and tried a few times a minute.
pub(crate) fn for_typing() -> Result<String, NoRandom> {
    let letters: Vec<u8> = random::<20>()?.iter().map(|byte| PLAIN[usize::from(byte % 32)]).collect();
    let groups: Vec<String> = letters.chunks(5).map(|five| String::from_utf8_lossy(five).into_owned()).collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn secrets_have_their_length_and_are_never_twice() {
        let mut seen = HashSet::new();
        for _ in 0..200 {
            let (token, prefix) = token().unwrap();
            assert!(token.len() == 67 && token.starts_with(&prefix) && prefix.len() == 11, "{token}");
            let (session, typed) = (session().unwrap(), for_typing().unwrap());
            assert!(session.len() == 64 && typed.len() == 23 && typed.split('-').count() == 4, "{typed}");
            assert!(seen.insert(token) && seen.insert(session) && seen.insert(typed));
        }
        assert_eq!(hex(&hashed("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
