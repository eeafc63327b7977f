//! What is asked of the server from this page, and the id by which it is one thing however often it is asked. Pure.

/// What somebody wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// A control is to get another value.
    Command {
        /// The control.
        control: String,
        /// The value, in its unit.
        value: f64,
        /// The revision that was seen.
        revision: u64,
        /// For how long, s.
        hold_s: Option<u64>,
    },
    /// Every control is to return to its safe value.
    SafeValues,
}

impl Wish {
    /// Whether it is the same as another one. What was asked and not answered may have changed the revision by itself.
    pub(super) fn is_same(&self, other: &Wish) -> bool {
        match (self, other) {
            (Wish::SafeValues, Wish::SafeValues) => true,
            (
                Wish::Command { control, value, hold_s, .. },
                Wish::Command { control: of, value: to, hold_s: for_s, .. },
            ) => control == of && value == to && hold_s == for_s,
            _ => false,
        }
    }
}

/// A wish with its id.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    /// What tells it from all others.
    pub(super) id: String,
    /// What is wanted.
    pub(super) wish: Wish,
}

/// A UUID of version 4 made of these random bytes (RFC 9562).
pub(super) fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_answered_is_asked_again_as_the_same_though_its_revision_has_changed() {
        let command = |value, revision| Wish::Command { control: "reserve".into(), value, revision, hold_s: None };
        for (a, b, same) in [
            (command(20.0, 7), command(20.0, 8), true),
            (command(20.0, 7), command(21.0, 7), false),
            (Wish::SafeValues, Wish::SafeValues, true),
            (Wish::SafeValues, command(20.0, 7), false),
        ] {
            assert_eq!(a.is_same(&b), same);
        }
    }

    #[test]
    fn an_id_is_a_uuid() {
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }
}
