//! What is drawn over the cells: kept as a list, so that the layer is drawn again only when the list changes.

use super::HeatCell;

/// Why a cell is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Below its lower limit: outline and a sign that points down.
    Low,
    /// Above its upper limit: outline and a sign that points up.
    High,
    /// No value: hatching.
    NoValue,
    /// Too old, and its alarm for too low a value stands: as [`Mark::Low`], faded.
    StaleLow,
    /// The same for too high a value.
    StaleHigh,
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
                HeatCell::Low(_) => Mark::Low,
                HeatCell::High(_) => Mark::High,
                HeatCell::StaleLow => Mark::StaleLow,
                HeatCell::StaleHigh => Mark::StaleHigh,
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

    #[test]
    fn marks_change_only_when_a_cell_changes_its_state() {
        let mut marks = Marks::default();
        assert!(!marks.update(&[HeatCell::Good(3.2), HeatCell::Stale(3.2)], 2));
        assert!(marks.update(&[HeatCell::Low(2.8), HeatCell::Good(3.3)], 3));
        assert_eq!(marks.all(), [(0, Mark::Low), (2, Mark::NoValue)]);
        assert!(!marks.update(&[HeatCell::Low(2.7), HeatCell::Good(3.4)], 3), "another value, the same marks");
        assert!(marks.update(&[HeatCell::High(3.7), HeatCell::Good(3.4), HeatCell::Good(3.4)], 3));
        assert_eq!(marks.all(), [(0, Mark::High)]);
        assert!(
            marks.update(&[HeatCell::StaleHigh, HeatCell::StaleLow], 2),
            "a cell in alarm that goes stale stays marked"
        );
        assert_eq!(marks.all(), [(0, Mark::StaleHigh), (1, Mark::StaleLow)]);
    }
}
