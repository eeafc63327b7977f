//! What somebody may have meant who wrote a name that is not known.

/// The candidate that needs the fewest edits to become `wrong`, if at most a third of its letters differ.
pub fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = wrong.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .map(|candidate| (edits(wrong, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove or replace to get from one text to the other (Levenshtein), ignoring case.
fn edits(from: &str, to: &str) -> usize {
    let (from, to) = (from.to_lowercase(), to.to_lowercase());
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_far_one_is_not_offered() {
        let names = ["battery/voltage", "battery/current", "cells/voltage"];
        for (wrong, expected) in [
            ("batery/voltage", Some("battery/voltage")),
            ("Battery/Current", Some("battery/current")),
            ("cell/voltage", Some("cells/voltage")),
            ("colour", None),
        ] {
            assert_eq!(nearest(wrong, names), expected);
        }
        assert_eq!([edits("kitten", "sitting"), edits("", "abc"), edits("abc", "")], [3, 3, 3]);
    }
}
