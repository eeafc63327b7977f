//! Help for messages to people: where something is in a file, and what they may have meant.

use domain::reading::DEVICE_VALUE_MAX;
use std::io;
use std::time::Duration;

/// What the system says of a connection, for people: no numbers of the system, no names of a program.
pub(crate) fn network_error(error: &io::Error) -> String {
    use io::ErrorKind::*;
    let words = match error.kind() {
        ConnectionRefused => "refused: nothing listens there",
        ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof => "closed by the other side",
        HostUnreachable => "the host cannot be reached: is it on, and on this network?",
        NetworkUnreachable => "the network cannot be reached: is the cable plugged in?",
        TimedOut => "no answer",
        AddrNotAvailable => "the address is not available",
        PermissionDenied => "this machine does not allow it",
        _ => {
            // The library adds the number of the error, which helps nobody.
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or_default();
            return match words.strip_prefix("failed to lookup address information: ") {
                Some(why) => format!("the name of the host is not known ({why})"),
                None => words.to_owned(),
            };
        }
    };
    words.to_owned()
}

/// A time for people: `300 ms`, `1.5 s`, `2 min`.
pub(crate) fn time(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", (ms as f64 / 100.0).round() / 10.0),
        _ => format!("{} min", (ms as f64 / 6_000.0).round() / 10.0),
    }
}

/// The first few of many names: `a, b and 3 more`.
pub(crate) fn named(names: &[String]) -> String {
    const NAMED: usize = 6;
    let first = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// The line, from 1, of the byte at `offset`.
pub(crate) fn line_of(source: &str, offset: usize) -> usize {
    source.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

/// The candidate that needs the fewest edits to become `wrong`, if at most a third of its letters differ.
pub(crate) fn nearest<'a>(wrong: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = wrong.chars().count().max(3) / 3;
    candidates
        .into_iter()
        .map(|candidate| (edits(wrong, candidate), candidate))
        .filter(|(edits, _)| *edits <= most)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// `; nearest is `x`` or nothing.
pub(crate) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; the nearest is `{name}`"))
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

/// A number with so many digits after the point; one beyond any possible value in few: `3.4e38`.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    match value.abs() > f64::from(DEVICE_VALUE_MAX) {
        true => format!("{value:.1e}"),
        false => format!("{value:.decimals$}"),
    }
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

    #[test]
    fn errors_of_the_system_and_times_are_words() {
        for (kind, words) in
            [(io::ErrorKind::ConnectionRefused, "refused"), (io::ErrorKind::HostUnreachable, "cannot be reached")]
        {
            assert!(network_error(&kind.into()).contains(words));
        }
        for number in 1..134 {
            let words = network_error(&io::Error::from_raw_os_error(number));
            assert!(!words.is_empty() && !words.contains("os error") && !words.contains("Os {"), "{words}");
        }
        let ms = Duration::from_millis;
        assert_eq!(
            [time(ms(300)), time(ms(1_500)), time(ms(25_000)), time(ms(300_000))],
            ["300 ms", "1.5 s", "25 s", "5 min"]
        );
    }

    #[test]
    fn lines_count_from_one() {
        assert_eq!([line_of("a\nb\n", 0), line_of("a\nb\n", 2), line_of("a\nb\n", 9)], [1, 2, 3]);
    }
}
