//! How long the heatmap's frames take on the browser's main thread.
//!
//! The last 64 frames that drew new values are kept. The first one, and those after a change of size or theme, draw every
//! layer and are left out. With `?measure` in the page's address every frame is also an entry of the browser's performance
//! timeline (`heatmap-frame`, or `heatmap-restyle` for those that are left out); without it nothing piles up there.

use std::cell::RefCell;

/// Frames that are kept.
const KEPT: usize = 64;

/// The last durations, oldest overwritten first.
#[derive(Debug)]
struct Ring {
    durations_ms: [f64; KEPT],
    frames: usize,
}

/// What the last frames took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// Frames drawn since the page was opened.
    pub frames: usize,
    /// The newest, ms.
    pub last_ms: f64,
    /// Median of the last 64, ms.
    pub median_ms: f64,
    /// 95th percentile of the last 64, ms.
    pub p95_ms: f64,
    /// The longest of the last 64, ms.
    pub max_ms: f64,
}

impl Ring {
    const fn new() -> Ring {
        Ring { durations_ms: [0.0; KEPT], frames: 0 }
    }

    #[cfg(any(feature = "hydrate", test))]
    fn record(&mut self, duration_ms: f64) {
        self.durations_ms[self.frames % KEPT] = duration_ms;
        self.frames += 1;
    }

    fn summary(&self) -> Summary {
        let kept = self.frames.min(KEPT);
        if kept == 0 {
            return Summary::default();
        }
        let mut sorted = self.durations_ms[..kept].to_vec();
        sorted.sort_by(f64::total_cmp);
        Summary {
            frames: self.frames,
            last_ms: self.durations_ms[(self.frames - 1) % KEPT],
            median_ms: sorted[kept / 2],
            p95_ms: sorted[(kept * 95 / 100).min(kept - 1)],
            max_ms: sorted[kept - 1],
        }
    }
}

thread_local! {
    static HEATMAP: RefCell<Ring> = const { RefCell::new(Ring::new()) };
}

/// What the last heatmap frames took. All zero on the server and before the first frame.
pub fn heatmap_ms() -> Summary {
    HEATMAP.with_borrow(Ring::summary)
}

/// Takes the duration of a heatmap frame.
#[cfg(any(feature = "hydrate", test))]
pub(super) fn record_heatmap(duration_ms: f64) {
    HEATMAP.with_borrow_mut(|ring| ring.record(duration_ms));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_of_the_last_64_frames() {
        let mut ring = Ring::new();
        assert_eq!(ring.summary(), Summary::default());
        ring.record(900.0);
        (1..=64).for_each(|i| ring.record(f64::from(i)));
        let summary = ring.summary();
        assert_eq!((summary.frames, summary.last_ms, summary.max_ms), (65, 64.0, 64.0));
        assert_eq!((summary.median_ms, summary.p95_ms), (33.0, 61.0));
    }

    #[test]
    fn recorded_frames_are_reported() {
        record_heatmap(0.25);
        assert_eq!(heatmap_ms().last_ms, 0.25);
    }
}
