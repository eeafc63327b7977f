//! Which stretch of time the track shows. Pure.

use crate::charts::line::ticks::day_words;
use crate::format::local_offset_s;
use domain::time::civil;

/// Lengths to choose from, s, with their words.
pub const SPANS: [(u32, &str); 4] = [(3_600, "1 h"), (86_400, "24 h"), (604_800, "7 d"), (2_592_000, "30 d")];

/// The shortest stretch, s.
const LEAST_S: f64 = 60.0;

/// A stretch of time, UTC in s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Its beginning.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
}

impl Span {
    /// A stretch of this length that has `head_s` in it and ends with the present if it can; else the head is around its
    /// middle. It moves in steps, so that the picture under the head stays where it is.
    pub fn around(head_s: f64, now_s: f64, length_s: f64) -> Span {
        let step_s = length_s / 400.0;
        let end_s = (now_s / step_s).ceil() * step_s;
        let lengths = (end_s - head_s) / length_s;
        let back = if lengths <= 0.98 { 0.0 } else { (2.0 * lengths - 0.5).floor() / 2.0 };
        let to_s = end_s - back * length_s;
        Span { from_s: to_s - length_s, to_s }
    }

    /// The same without what lies before the first reading, of which there is nothing to show, at least a minute long. One
    /// that reaches the present moves on in steps of its own length. A stretch before the first reading stays as it is.
    pub fn since(self, first_s: Option<f64>, now_s: f64) -> Span {
        let Some(first_s) = first_s.filter(|first_s| self.from_s < *first_s && *first_s < self.to_s) else {
            return self;
        };
        let to_s = if self.to_s < now_s {
            self.to_s
        } else {
            let step_s = ((now_s - first_s) / 50.0).max(1.0);
            ((now_s / step_s).ceil() * step_s).min(self.to_s)
        };
        Span { from_s: first_s.min(to_s - LEAST_S), to_s }
    }

    /// Why less of it is shown, in words: the record is younger. `None` if all of it is shown.
    pub fn shorter(self, first_s: Option<f64>, now_s: f64) -> Option<String> {
        let begins_s = first_s.filter(|first_s| self.from_s + 1.0 < *first_s && *first_s < self.to_s)?;
        Some(format!("the record begins {} ago", crate::format::age((now_s - begins_s).max(0.0) as f32)))
    }

    /// Where an instant lies: 0 at the beginning, 1 at the end, not beyond.
    pub fn share(self, at_s: f64) -> f64 {
        ((at_s - self.from_s) / (self.to_s - self.from_s).max(1e-3)).clamp(0.0, 1.0)
    }

    /// The instant at a share of the stretch.
    pub fn at(self, share: f64) -> f64 {
        self.from_s + share.clamp(0.0, 1.0) * (self.to_s - self.from_s)
    }

    /// Its length, s.
    pub fn length_s(self) -> f64 {
        self.to_s - self.from_s
    }
}

/// The reader's day at an instant: `21 Nov`, with its year unless that is the present one. Browser only.
pub fn local_day(at_ms: f64) -> String {
    let local_s = |at_ms: f64| at_ms / 1e3 + f64::from(local_offset_s(at_ms / 1e3));
    day_of(local_s(at_ms), local_s(js_sys::Date::now()))
}

/// As [`local_day`]; nothing if that is the present day.
pub fn day_unless_today(at_ms: f64) -> String {
    let day = local_day(at_ms);
    if day == local_day(js_sys::Date::now()) { String::new() } else { day }
}

/// The day of an instant, both by the reader's clock, s.
fn day_of(local_s: f64, now_s: f64) -> String {
    let year = |at_s: f64| civil((at_s / 86_400.0).floor() as i64).0;
    let day = day_words(local_s);
    if year(local_s) == year(now_s) { day } else { format!("{day} {}", year(local_s)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_always_in_the_stretch_which_ends_with_the_present_if_it_can() {
        let (now_s, length_s) = (1_000_000.0, 3_600.0);
        for back_s in 0..40_000 {
            let head_s = now_s - f64::from(back_s);
            let span = Span::around(head_s, now_s, length_s);
            assert!(span.from_s <= head_s && head_s <= span.to_s, "{back_s}: {span:?}");
            // The end is the next step of the picture.
            if !(0.9..1.0).contains(&(f64::from(back_s) / length_s)) {
                assert_eq!(f64::from(back_s) < length_s, span.to_s >= now_s, "{back_s}: {span:?}");
            }
            assert!((span.length_s() - length_s).abs() < 1e-6);
        }
    }

    #[test]
    fn it_does_not_move_with_every_step_of_the_head() {
        let spans: Vec<Span> = (0..3_000).map(|s| Span::around(900_000.0 + f64::from(s), 1e6, 3_600.0)).collect();
        let moves = spans.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(moves <= 2, "{moves}");
    }

    #[test]
    fn the_track_begins_with_the_first_reading() {
        let day = Span { from_s: 0.0, to_s: 86_400.0 };
        for (first_s, now_s, expected) in [
            (None, 86_000.0, (0.0, 86_400.0)),
            (Some(-5.0), 86_000.0, (0.0, 86_400.0)),
            // Nothing was recorded in it.
            (Some(90_000.0), 86_000.0, (0.0, 86_400.0)),
            // In the past its end stays, in the present it is near.
            (Some(80_000.0), 100_000.0, (80_000.0, 86_400.0)),
            (Some(80_000.0), 86_000.0, (80_000.0, 86_040.0)),
            (Some(86_390.0), 86_395.0, (86_335.0, 86_395.0)),
        ] {
            let span = day.since(first_s, now_s);
            assert_eq!((span.from_s, span.to_s), expected, "{first_s:?} {now_s}");
            assert!(span.to_s >= now_s.min(day.to_s), "the present is in it");
        }
    }

    #[test]
    fn a_track_that_is_shorter_than_what_was_chosen_says_why() {
        let chosen = Span { from_s: 0.0, to_s: 86_400.0 };
        let words = |first_s| chosen.shorter(first_s, 86_000.0);
        assert_eq!(words(None), None);
        assert_eq!(words(Some(-5.0)), None);
        for (first_s, said) in [(86_000.0 - 720.0, "12 min"), (86_000.0 - 12.0, "12 s")] {
            let words = words(Some(first_s)).unwrap().replace(crate::format::THIN, " ");
            assert_eq!(words, format!("the record begins {said} ago"));
        }
    }

    #[test]
    fn a_day_of_another_year_has_its_year() {
        let now_s = 1_795_900_000.0;
        for (at_s, day) in
            [(now_s - 86_400.0, "27 Nov"), (1_546_304_400.0, "1 Jan 2019"), (1_767_225_599.0, "31 Dec 2025")]
        {
            assert_eq!(day_of(at_s, now_s).replace('\u{a0}', " "), day);
        }
    }

    #[test]
    fn shares_are_instants() {
        let span = Span { from_s: 100.0, to_s: 200.0 };
        for (at_s, share) in [(100.0, 0.0), (150.0, 0.5), (200.0, 1.0), (0.0, 0.0), (999.0, 1.0)] {
            assert_eq!(span.share(at_s), share);
        }
        assert_eq!((span.at(0.25), span.at(2.0)), (125.0, 200.0));
    }
}
