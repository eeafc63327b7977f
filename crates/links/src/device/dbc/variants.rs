//! Which signals a frame carries: multiplexer switches, side by side or one inside the other, as one decision tree.
//!
//! The values of a switch are cut into ranges within which the same signals are present, so that a signal for
//! thousands of values is one branch. A path from the root to a leaf is a [`Variant`] of the message.

use super::{BitField, Presence, Signal};
use std::ops::RangeInclusive;

/// More variants of one message than any device has; each costs memory.
const MAX_VARIANTS: usize = 4_096;
/// Switches inside switches inside switches.
const MAX_DEPTH: usize = 16;

/// One way to fill a message: its switches have these values, so these signals are present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Signals that are switches, with the values that lead here; the outermost first.
    pub switches: Vec<(usize, RangeInclusive<u64>)>,
    /// The signals present, by their place in the message, sorted.
    pub signals: Vec<usize>,
}

/// All variants of a message and the way to find that of a frame.
#[derive(Clone, Debug)]
pub(super) struct Variants {
    root: Node,
    all: Vec<Variant>,
}

#[derive(Clone, Debug)]
enum Node {
    /// Place in `all`.
    Leaf(usize),
    Switch {
        field: BitField,
        /// Sorted, without overlap.
        branches: Vec<(RangeInclusive<u64>, Node)>,
    },
}

impl Variants {
    /// The variants of a message with these signals.
    ///
    /// # Errors
    /// In words, with the signal they are about: too many variants, too deep, or a signal that no frame can carry.
    pub(super) fn of(signals: &[Signal]) -> Result<Variants, (usize, String)> {
        let always: Vec<usize> = (0..signals.len()).filter(|s| signals[*s].present == Presence::Always).collect();
        let mut grower = Grower { signals, all: Vec::new() };
        let pending = grower.switches_among(&always);
        let root = grower.grow(Variant { switches: Vec::new(), signals: always }, &pending)?;
        let mut carried = vec![false; signals.len()];
        grower.all.iter().flat_map(|variant| &variant.signals).for_each(|signal| carried[*signal] = true);
        match carried.iter().position(|carried| !carried) {
            Some(lost) => Err((lost, "is in no frame: its switch is in a circle, or has no value for it".into())),
            None => Ok(Variants { root, all: grower.all }),
        }
    }

    pub(super) fn all(&self) -> &[Variant] {
        &self.all
    }

    /// The variant that `frame` is, by its place; `None` if a switch has a value that no signal wants, or is not in it.
    pub(super) fn find(&self, frame: &[u8]) -> Option<usize> {
        let mut node = &self.root;
        loop {
            match node {
                Node::Leaf(variant) => return Some(*variant),
                Node::Switch { field, branches } => {
                    let value = field.is_in(frame.len()).then(|| field.read(frame))?;
                    let index = branches.partition_point(|(range, _)| *range.end() < value);
                    node = branches.get(index).filter(|(range, _)| range.contains(&value)).map(|(_, node)| node)?;
                }
            }
        }
    }
}

struct Grower<'a> {
    signals: &'a [Signal],
    all: Vec<Variant>,
}

impl Grower<'_> {
    /// Those of `present` that some signal is behind.
    fn switches_among(&self, present: &[usize]) -> Vec<usize> {
        let is_switch = |s: &&usize| self.signals.iter().any(|signal| signal.present.switch() == Some(**s));
        present.iter().filter(is_switch).copied().collect()
    }

    /// The tree below a variant that is known so far, with the switches that are still to be asked.
    fn grow(&mut self, known: Variant, pending: &[usize]) -> Result<Node, (usize, String)> {
        let Some((&switch, others)) = pending.split_first() else {
            let mut variant = known;
            variant.signals.sort_unstable();
            self.all.push(variant);
            return Ok(Node::Leaf(self.all.len() - 1));
        };
        if known.switches.len() >= MAX_DEPTH {
            return Err((switch, format!("is a switch behind {MAX_DEPTH} others")));
        }
        let mut branches = Vec::new();
        for (range, members) in self.branches(switch) {
            if self.all.len() >= MAX_VARIANTS {
                return Err((switch, format!("is a switch of a message with more than {MAX_VARIANTS} variants")));
            }
            let pending = [others, &self.switches_among(&members)].concat();
            let mut child = known.clone();
            child.switches.push((switch, range.clone()));
            child.signals.extend(members);
            branches.push((range, self.grow(child, &pending)?));
        }
        Ok(Node::Switch { field: self.signals[switch].field, branches })
    }

    /// The ranges of a switch's values within which the same signals are present, and those signals.
    fn branches(&self, switch: usize) -> Vec<(RangeInclusive<u64>, Vec<usize>)> {
        let behind: Vec<(usize, &[RangeInclusive<u64>])> = (self.signals.iter().enumerate())
            .filter_map(|(s, signal)| match &signal.present {
                Presence::When { switch: own, values } if *own == switch => Some((s, values.as_slice())),
                _ => None,
            })
            .collect();
        let wanted = |value: u64| behind.iter().any(|(_, ranges)| ranges.iter().any(|range| range.contains(&value)));
        // A value that has a name is meant to be sent, even if no signal belongs to it.
        let words = self.signals[switch].words.iter().filter_map(|(value, _)| u64::try_from(*value).ok());
        let named: Vec<RangeInclusive<u64>> = words.filter(|value| !wanted(*value)).map(|v| v..=v).collect();
        let ranges = behind.iter().flat_map(|(_, ranges)| *ranges).filter(|range| !range.is_empty());
        // One past the highest value needs a bit more than 64.
        let mut cuts: Vec<u128> = (ranges.chain(&named))
            .flat_map(|range| [u128::from(*range.start()), u128::from(*range.end()) + 1])
            .collect();
        cuts.sort_unstable();
        cuts.dedup();
        let between = cuts.windows(2).map(|pair| pair[0] as u64..=(pair[1] - 1) as u64);
        let members = |range: &RangeInclusive<u64>| -> Vec<usize> {
            let here = behind.iter().filter(|(_, ranges)| ranges.iter().any(|r| r.contains(range.start())));
            here.map(|(signal, _)| *signal).collect()
        };
        between
            .map(|range| (range.clone(), members(&range)))
            .filter(|(range, members)| !members.is_empty() || named.contains(range))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::device::dbc::Database;

    const HEAD: &str = "VERSION \"\"\n\nNS_ :\n\nBS_:\n\nBU_: A\n\nBO_ 16 M: 8 A\n";

    fn message(signals: &[(&str, &str, u64)], extended: &str) -> Result<Database, String> {
        let signals: String = signals
            .iter()
            .map(|(name, mux, byte)| format!(" SG_ {name} {mux} : {}|8@1+ (1,0) [0|0] \"\" A\n", byte * 8))
            .collect();
        let database = Database::parse(format!("{HEAD}{signals}\n{extended}").as_bytes()).unwrap();
        database.left_out.first().map_or(Ok(()), |left| Err(left.to_string()))?;
        Ok(database)
    }

    /// The names of the signals in a frame, or nothing.
    fn carried(database: &Database, frame: [u8; 8]) -> String {
        let message = &database.messages[0];
        let Some(variant) = message.variant(&frame) else { return "-".into() };
        let names = message.variants()[variant].signals.iter().map(|s| message.signals[*s].name.as_str());
        names.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn ranges_nesting_and_neighbours_lead_to_the_right_signals() {
        let nested = message(
            &[("S", "M", 0), ("R", "m1", 1), ("T", "m3M", 2), ("D", "m0", 3), ("E", "m7", 3), ("P", "", 7)],
            "SG_MUL_VAL_ 16 R S 1-2, 5-5000;\nSG_MUL_VAL_ 16 T S 2-3;\nSG_MUL_VAL_ 16 D T 0-0;\nSG_MUL_VAL_ 16 E T 7-8;\n",
        )
        .unwrap();
        for (frame, names) in [
            ([1, 0, 9, 0, 0, 0, 0, 0], "S R P"),
            ([2, 0, 0, 0, 0, 0, 0, 0], "S R T D P"),
            ([2, 0, 7, 0, 0, 0, 0, 0], "S R T E P"),
            ([3, 0, 8, 0, 0, 0, 0, 0], "S T E P"),
            ([3, 0, 1, 0, 0, 0, 0, 0], "-"),
            ([200, 0, 0, 0, 0, 0, 0, 0], "S R P"),
            ([4, 0, 0, 0, 0, 0, 0, 0], "-"),
            ([0, 0, 0, 0, 0, 0, 0, 0], "-"),
        ] {
            assert_eq!(carried(&nested, frame), names, "{frame:?}");
        }
        assert_eq!(nested.messages[0].variants().len(), 6);
        let side_by_side = message(
            &[("A", "M", 0), ("B", "M", 1), ("X", "m1", 2), ("Y", "m2", 3)],
            "SG_MUL_VAL_ 16 X A 1-1;\nSG_MUL_VAL_ 16 Y B 2-2;\n",
        )
        .unwrap();
        assert_eq!(carried(&side_by_side, [1, 2, 0, 0, 0, 0, 0, 0]), "A B X Y");
        assert_eq!(carried(&side_by_side, [1, 1, 0, 0, 0, 0, 0, 0]), "-");
        let named = message(&[("S", "M", 0), ("R", "m1", 1)], "VAL_ 16 S 1 \"one\" 2 \"two\" ;\n").unwrap();
        assert_eq!([1, 2, 3].map(|s| carried(&named, [s, 0, 0, 0, 0, 0, 0, 0])), ["S R", "S", "-"]);
        let nothing_behind = message(&[("S", "M", 0), ("P", "", 1)], "").unwrap();
        assert_eq!(carried(&nothing_behind, [9; 8]), "S P");
    }

    #[test]
    fn what_no_frame_can_carry_is_an_error() {
        let circle = message(
            &[("S", "M", 0), ("A", "m1M", 1), ("B", "m1M", 2)],
            "SG_MUL_VAL_ 16 A B 1-1;\nSG_MUL_VAL_ 16 B A 1-1;\n",
        );
        assert!(circle.unwrap_err().contains("A of M is in no frame"));
        let unclear = message(&[("S", "M", 0), ("T", "M", 1), ("A", "m1", 2)], "");
        assert!(unclear.unwrap_err().contains("which of its 2 switches"));
        let other = message(&[("S", "M", 0), ("P", "", 1), ("A", "m1", 2)], "SG_MUL_VAL_ 16 A P 1-1;\n");
        assert!(other.unwrap_err().contains("`P`, which is no switch"));
    }
}
