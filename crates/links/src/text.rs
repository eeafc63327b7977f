//! Help for messages to people: what the system says of a connection, and where something is in a file.

use domain::plain::without_numbers;
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
            let words = without_numbers(&error.to_string());
            return match words.strip_prefix("failed to lookup address information: ") {
                Some(why) => format!("the name of the host is not known ({why})"),
                None => words,
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

/// `; nearest is `x`` or nothing.
pub(crate) fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or(String::new(), |name| format!("; the nearest is `{name}`"))
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
