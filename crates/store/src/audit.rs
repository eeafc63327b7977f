//! The audit's chain: each entry with the hash of all before it.
//!
//! ```text
//! hash 0 = 32 zero bytes;  hash n = SHA-256(hash n-1 || canonical bytes of entry n)
//! ```
//!
//! The canonical bytes are JSON as RFC 8785 has it (keys in order, no spaces, UTF-8), with the entry's number in it; what
//! an entry has nothing of is left out. They are stored and exported as they are hashed, so any program can check them.
//! A chain shows whatever was changed, and that something before its end is gone. That its end is cut off, only a hash
//! shows that was noted elsewhere: hence [`Head`].

use domain::audit::Entry;
use domain::people::Role;
use domain::time::{from_rfc3339, rfc3339};
use domain::words::Words as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What comes before the first entry.
pub(crate) const BEFORE_ALL: Hash = [0; 32];

/// An entry as it is stored. The fields stand in the order of their names.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    action: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Cow<'a, str>>,
    at: String,
    came: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prediction: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_back: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Cow<'a, str>>,
    seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Cow<'a, str>>,
    who: Cow<'a, str>,
}

/// The bytes of an entry that are hashed, stored and exported.
pub(crate) fn canonical(seq: i64, entry: &Entry) -> Result<String, serde_json::Error> {
    fn text(of: &Option<String>) -> Option<Cow<'_, str>> {
        of.as_deref().map(Cow::Borrowed)
    }
    serde_json::to_string(&Line {
        action: Cow::Borrowed(&entry.action),
        address: text(&entry.address),
        at: rfc3339(entry.at),
        came: Cow::Borrowed(&entry.came),
        detail: text(&entry.detail),
        new: text(&entry.new),
        old: text(&entry.old),
        prediction: text(&entry.prediction),
        read_back: text(&entry.read_back),
        result: text(&entry.result),
        role: entry.role.map(|role| Cow::Borrowed(role.as_word())),
        seq,
        subject: text(&entry.subject),
        system: text(&entry.system),
        who: Cow::Borrowed(&entry.who),
    })
}

/// What stands in canonical bytes, with its number; `None` if that is no entry.
pub(crate) fn read(canonical: &str) -> Option<(i64, Entry)> {
    let line: Line<'_> = serde_json::from_str(canonical).ok()?;
    let own = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let role = line.role.map(|word| Role::from_word(&word).ok());
    let entry = Entry {
        at: from_rfc3339(&line.at)?,
        who: line.who.into_owned(),
        role: role.flatten(),
        came: line.came.into_owned(),
        address: own(line.address),
        action: line.action.into_owned(),
        system: own(line.system),
        subject: own(line.subject),
        old: own(line.old),
        new: own(line.new),
        prediction: own(line.prediction),
        result: own(line.result),
        read_back: own(line.read_back),
        detail: own(line.detail),
    };
    Some((line.seq, entry))
}

/// The hash of an entry with these canonical bytes after one with the hash `before`.
pub(crate) fn hash(before: &Hash, canonical: &str) -> Hash {
    Sha256::new().chain_update(before).chain_update(canonical.as_bytes()).finalize().into()
}

/// A hash as it is written for people: 64 hexadecimal digits.
pub fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The end of the chain: who notes it elsewhere, sees later whether the chain still has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry; 0 if there is none.
    pub seq: i64,
    /// Its hash.
    pub hash: Hash,
}

impl Head {
    /// Before the first entry.
    pub const NONE: Head = Head { seq: 0, hash: BEFORE_ALL };
}

impl fmt::Display for Head {
    /// `12:9f86...`, in one piece.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, hex(&self.hash))
    }
}

impl std::str::FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Head, &'static str> {
        const WRONG: &str = "write a number, a colon and 64 hexadecimal digits, as `packtwin audit verify` prints them";
        let (seq, digits) = text.split_once(':').ok_or(WRONG)?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or(WRONG)?;
        let mut hash = BEFORE_ALL;
        let pairs = digits.as_bytes().chunks(2);
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(WRONG);
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            let pair = std::str::from_utf8(pair).map_err(|_| WRONG)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| WRONG)?;
        }
        Ok(Head { seq, hash })
    }
}

/// An entry of the audit with its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// Its number.
    pub seq: i64,
    /// Its canonical bytes: what the hash is of.
    pub canonical: String,
    /// The hash of it and all before it.
    pub hash: Hash,
}

impl Audited {
    /// What it says; `None` if it is no entry, because somebody has changed it.
    pub fn entry(&self) -> Option<Entry> {
        read(&self.canonical).map(|(_, entry)| entry)
    }
}

/// The first place where the chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Entries are missing.
    #[error("entry {expected} is missing: the one after {} is {found}", .expected - 1)]
    Gap {
        /// The number that should come.
        expected: i64,
        /// The one that comes.
        found: i64,
    },
    /// An entry, or one before it, is not what was written.
    #[error("entry {0} was changed: its hash does not fit it and what is before it")]
    Changed(i64),
    /// The bytes of an entry are none.
    #[error("entry {0} cannot be read, or says another number of itself")]
    Unreadable(i64),
    /// The chain does not have what was noted.
    #[error("entry {0} has another hash than was noted: the audit was written anew")]
    NotAsNoted(i64),
    /// The chain ends before what was noted.
    #[error("the audit ends at entry {last}, but entry {noted} was noted: its end was cut off")]
    Cut {
        /// The last entry.
        last: i64,
        /// The one that was noted.
        noted: i64,
    },
}

/// Goes along the chain, entry by entry, and needs no more than one of them.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) head: Head,
    noted: Option<Head>,
}

impl Walk {
    /// Before the first entry.
    pub(crate) fn new(noted: Option<Head>) -> Walk {
        Walk { head: Head::NONE, noted }
    }

    /// Takes the next entry.
    pub(crate) fn step(&mut self, next: &Audited) -> Result<(), Broken> {
        let expected = self.head.seq + 1;
        if next.seq != expected {
            return Err(Broken::Gap { expected, found: next.seq });
        }
        if hash(&self.head.hash, &next.canonical) != next.hash {
            return Err(Broken::Changed(next.seq));
        }
        if read(&next.canonical).is_none_or(|(seq, _)| seq != next.seq) {
            return Err(Broken::Unreadable(next.seq));
        }
        self.head = Head { seq: next.seq, hash: next.hash };
        match self.noted {
            Some(noted) if noted.seq == next.seq && noted.hash != next.hash => Err(Broken::NotAsNoted(next.seq)),
            _ => Ok(()),
        }
    }

    /// After the last.
    pub(crate) fn end(self) -> Result<Head, Broken> {
        match self.noted {
            Some(noted) if noted.seq > self.head.seq => Err(Broken::Cut { last: self.head.seq, noted: noted.seq }),
            _ => Ok(self.head),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Utc;

    fn full() -> Entry {
        let text = |text: &str| Some(text.to_owned());
        Entry {
            at: Utc(1_795_000_000_123_000),
            who: "mara".into(),
            role: Some(Role::Operator),
            came: "page".into(),
            address: text("192.0.2.7"),
            action: "command".into(),
            system: text("hv"),
            subject: text("reserve"),
            old: text("20 %"),
            new: text("15 %"),
            prediction: text("7 min more"),
            result: text("confirmed"),
            read_back: text("15 %"),
            detail: text("tab\t quote\" back\\ \u{1f} \u{7f} ü \u{2028} 電 </script>"),
        }
    }

    /// These bytes and hashes never change: every audit that was ever written is checked by them. They were made by another
    /// program: Python's `json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)` and `hashlib`.
    #[test]
    fn the_canonical_bytes_and_the_hash_are_what_they_were() {
        let least = Entry { at: Utc(0), action: "server-started".into(), came: "server".into(), ..Entry::default() };
        let golden = [
            (
                least,
                "{\"action\":\"server-started\",\"at\":\"1970-01-01T00:00:00.000Z\",\"came\":\"server\",\"seq\":1,\
                 \"who\":\"\"}",
                "b5607afb05c55c545fd91d07a5dc20dd20c242aaabe7ed27e46adb74dfbc89ba",
            ),
            (
                full(),
                "{\"action\":\"command\",\"address\":\"192.0.2.7\",\"at\":\"2026-11-18T11:06:40.123Z\",\"came\":\"page\",\
                 \"detail\":\"tab\\t quote\\\" back\\\\ \\u001f \u{7f} ü \u{2028} 電 </script>\",\"new\":\"15 %\",\
                 \"old\":\"20 %\",\"prediction\":\"7 min more\",\"read_back\":\"15 %\",\"result\":\"confirmed\",\
                 \"role\":\"operator\",\"seq\":2,\"subject\":\"reserve\",\"system\":\"hv\",\"who\":\"mara\"}",
                "fb251a45efa745ecedf8dba986823e5b40469a7c7d4f9b6d0f345b83073caae2",
            ),
        ];
        let mut before = BEFORE_ALL;
        for ((entry, bytes, digits), seq) in golden.into_iter().zip(1..) {
            let canonical = canonical(seq, &entry).unwrap();
            assert_eq!(canonical, bytes);
            assert_eq!(read(&canonical), Some((seq, entry)));
            before = hash(&before, &canonical);
            assert_eq!(hex(&before), digits);
        }
    }

    fn chain(length: i64) -> Vec<Audited> {
        let mut before = BEFORE_ALL;
        let one = |seq| {
            let canonical = canonical(seq, &Entry { at: Utc(seq), ..full() }).unwrap();
            before = hash(&before, &canonical);
            Audited { seq, canonical, hash: before }
        };
        (1..=length).map(one).collect()
    }

    fn walk(chain: &[Audited], noted: Option<Head>) -> Result<Head, Broken> {
        let mut walk = Walk::new(noted);
        chain.iter().try_for_each(|next| walk.step(next))?;
        walk.end()
    }

    #[test]
    fn whatever_is_done_to_the_chain_is_told_with_its_first_place() {
        let whole = chain(9);
        let head = |seq: usize| Head { seq: seq as i64, hash: whole[seq - 1].hash };
        assert_eq!(walk(&whole, None), Ok(head(9)));
        assert_eq!(walk(&[], None), Ok(Head::NONE));
        for noted in [head(1), head(9)] {
            assert_eq!(walk(&whole, Some(noted)), Ok(head(9)));
        }
        type Act = fn(&mut Vec<Audited>);
        let acts: [(Act, Broken); 7] = [
            (|all| drop(all.remove(4)), Broken::Gap { expected: 5, found: 6 }),
            (|all| drop(all.remove(0)), Broken::Gap { expected: 1, found: 2 }),
            (|all| all.swap(3, 4), Broken::Gap { expected: 4, found: 5 }),
            (|all| all[4].canonical = all[4].canonical.replace("15 %", "10 %"), Broken::Changed(5)),
            (|all| all[4].hash[31] ^= 1, Broken::Changed(5)),
            (
                // With a new hash for itself, it does not fit the next.
                |all| {
                    all[4].canonical = all[4].canonical.replace("15 %", "10 %");
                    all[4].hash = hash(&all[3].hash, &all[4].canonical);
                },
                Broken::Changed(6),
            ),
            (
                |all| {
                    all[8].canonical = "{}".into();
                    all[8].hash = hash(&all[7].hash, "{}");
                },
                Broken::Unreadable(9),
            ),
        ];
        for (act, expected) in acts {
            let mut bent = whole.clone();
            act(&mut bent);
            assert_eq!(walk(&bent, None), Err(expected));
        }
        // The end alone can be cut off, and the whole be written anew: only what was noted shows it.
        assert_eq!(walk(&whole[..5], None), Ok(head(5)));
        assert_eq!(walk(&whole[..5], Some(head(9))), Err(Broken::Cut { last: 5, noted: 9 }));
        let other = Head { hash: [7; 32], ..head(3) };
        assert_eq!(walk(&whole, Some(other)), Err(Broken::NotAsNoted(3)));
    }

    #[test]
    fn a_head_is_read_as_it_is_written() {
        let head = Head { seq: 12, hash: std::array::from_fn(|k| k as u8 * 7) };
        assert_eq!(head.to_string().parse(), Ok(head));
        for wrong in ["", "12", "12:", "12:zz", "-1:00", &head.to_string()[..60], &format!("{head}0"), "1:é"] {
            assert!(wrong.parse::<Head>().is_err(), "{wrong}");
        }
    }
}
