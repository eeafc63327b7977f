//! What is drawn over the cells: kept as a list, so that the layer is drawn again only when the list changes.

use super::{Beyond, HeatCell};
use domain::alarm::Severity;

/// Why a cell is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Beyond a limit: outline and sign.
    Out(Beyond),
    /// Too old, and its alarm stands: as [`Mark::Out`], faded.
    StaleOut(Beyond),
    /// Beyond a limit of another quantity than the one that is shown: outline, and the sign in its colour.
    Elsewhere(Severity),
    /// No value: hatching.
    NoValue,
}

/// The marked cells in order, kept from frame to frame.
#[derive(Debug, Default)]
pub struct Marks {
    marks: Vec<(usize, Mark)>,
    next: Vec<(usize, Mark)>,
}

impl Marks {
    /// Takes the cells of a frame and says whether the marks changed. Of `count` cells, those that `cells` lacks have no
    /// value.
    pub fn update(&mut self, cells: &[HeatCell], count: usize) -> bool {
        self.next.clear();
        for cell in 0..count {
            let mark = match cells.get(cell).copied().unwrap_or_default() {
                HeatCell::Good(_) | HeatCell::Stale(_) => continue,
                HeatCell::Out(_, beyond) => Mark::Out(beyond),
                HeatCell::StaleOut(beyond) => Mark::StaleOut(beyond),
                HeatCell::Elsewhere(_, severity) => Mark::Elsewhere(severity),
                HeatCell::NoValue => Mark::NoValue,
            };
            self.next.push((cell, mark));
        }
        std::mem::swap(&mut self.marks, &mut self.next);
        self.marks != self.next
    }

    /// The marked cells.
    pub fn all(&self) -> &[(usize, Mark)] {
        &self.marks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::alarm::Direction;

    const LOW: Beyond = Beyond { side: Direction::Below, severity: Severity::Critical };
    const HIGH: Beyond = Beyond { side: Direction::Above, severity: Severity::Warning };

    #[test]
    fn marks_change_only_when_a_cell_changes_its_state() {
        let elsewhere = HeatCell::Elsewhere(3.4, Severity::Warning);
        let mut marks = Marks::default();
        assert!(!marks.update(&[HeatCell::Good(3.2), HeatCell::Stale(3.2)], 2));
        assert!(marks.update(&[HeatCell::Out(2.8, LOW), HeatCell::Good(3.3)], 3));
        assert_eq!(marks.all(), [(0, Mark::Out(LOW)), (2, Mark::NoValue)]);
        assert!(!marks.update(&[HeatCell::Out(2.7, LOW), HeatCell::Good(3.4)], 3), "another value, the same marks");
        assert!(marks.update(&[HeatCell::Out(3.7, HIGH), elsewhere, HeatCell::Good(3.4)], 3));
        assert_eq!(marks.all(), [(0, Mark::Out(HIGH)), (1, Mark::Elsewhere(Severity::Warning))]);
        assert!(
            marks.update(&[HeatCell::StaleOut(HIGH), HeatCell::StaleOut(LOW)], 2),
            "a cell in alarm that goes stale stays marked"
        );
        assert_eq!(marks.all(), [(0, Mark::StaleOut(HIGH)), (1, Mark::StaleOut(LOW))]);
    }
}
