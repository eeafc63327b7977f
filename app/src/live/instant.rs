//! The instant of the past in an address: `/cells?at=2026-11-20T14:03:07.400Z`.

use crate::address::Address;
use domain::time::{Utc, from_rfc3339, rfc3339};

/// The field of an address that holds the instant.
pub const AT: &str = "at";

/// The instant of the past that the page at an address shows; `None` for the present.
pub fn instant(address: &Address) -> Option<Utc> {
    from_rfc3339(&address.field(AT)?)
}

/// Why the instant of an address cannot be shown, in words; `None` if it can, or if there is none.
pub fn wrong_instant(address: &Address) -> Option<String> {
    let text = address.field(AT)?;
    from_rfc3339(&text).is_none().then(|| {
        format!(
            "\u{201c}{text}\u{201d} in the address is no instant, so the present is shown. Write it as 2026-11-20T14:03:07Z"
        )
    })
}

/// The same page, but of the instant `at`, or of the present.
pub fn address_of(address: &Address, at: Option<Utc>) -> String {
    address.with(AT, at.map(rfc3339).as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_its_instant() {
        let at = Utc(1_760_000_000_400_000);
        for (from, to) in [
            ("/", "/?at=2025-10-09T08:53:20.400Z"),
            ("/cells?system=racks", "/cells?system=racks&at=2025-10-09T08:53:20.400Z"),
            ("/cells?at=2020-01-01T00:00:00Z&system=racks", "/cells?system=racks&at=2025-10-09T08:53:20.400Z"),
        ] {
            let there = address_of(&Address::parse(from), Some(at));
            assert_eq!(there, to);
            assert_eq!(instant(&Address::parse(&there)), Some(at));
            let back = Address::parse(&address_of(&Address::parse(&there), None));
            assert_eq!((instant(&back), back.path()), (None, Address::parse(from).path()));
        }
        assert_eq!(instant(&Address::parse("/?at=yesterday")), None);
    }

    #[test]
    fn an_instant_that_is_none_is_told_in_words() {
        for (address, wrong) in [
            ("/", false),
            ("/?at=2026-11-20T14:03:07Z", false),
            ("/?at=yesterday", true),
            ("/cells?at=2026-13-40T99:00:00Z&by=temperature", true),
            ("/?at=", true),
        ] {
            assert_eq!(wrong_instant(&Address::parse(address)).is_some(), wrong, "{address}");
        }
        let words = wrong_instant(&Address::parse("/?at=yesterday")).unwrap();
        assert!(words.contains("\u{201c}yesterday\u{201d}") && words.contains("the present is shown"), "{words}");
    }
}
