//! What the parts of the page share: the live system, the choice in the address, and how a cell's value reads.

use super::choice::Choice;
use super::digest::Digest;
use super::model::Cells;
use crate::address::{Leave, Navigation};
use crate::derived::Derived;
use crate::format::{self, Figure};
use crate::live::Live;
use crate::pages::map_quantity::MapQuantity;
use domain::lab::parse_cell;
use domain::spec::SystemSpec;
use domain::topology::Topology;
use leptos::prelude::*;

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct CellsView {
    /// The live system.
    pub(super) live: Live,
    /// How its cells are arranged.
    pub(super) topology: Topology,
    /// What the address says.
    pub(super) choice: Derived<Choice>,
    /// What is said about all cells together.
    pub(super) digest: Derived<Digest>,
    navigation: Navigation,
}

impl CellsView {
    /// The view of the system on this page.
    pub(super) fn new() -> CellsView {
        let live = Live::expect();
        let topology = live.system().topology;
        let navigation = Navigation::expect();
        CellsView {
            live,
            topology,
            choice: Derived::new(move || {
                let address = navigation.at();
                Choice::from_query(|name| address.field(name), &topology)
            }),
            digest: {
                let system = live.system();
                live.map(move |snapshot| Cells::of(snapshot, &system).digest())
            },
            navigation,
        }
    }

    /// What is said of a cell in the address that the system does not have.
    pub(super) fn unknown(&self) -> Derived<Option<String>> {
        let (navigation, system) = (self.navigation, self.live.system());
        Derived::new(move || unknown(&navigation.at().field("cell")?, &system))
    }

    /// Something that follows from the cells of the snapshot.
    pub(super) fn map<T>(&self, read: impl Fn(&Cells) -> T + Send + Sync + 'static) -> Derived<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let system = self.live.system();
        self.live.map(move |snapshot| read(&Cells::of(snapshot, &system)))
    }

    /// The address of this page after `change`.
    pub(super) fn address(&self, change: impl FnOnce(&mut Choice)) -> String {
        let mut choice = self.choice.get();
        change(&mut choice);
        choice.address(&self.live.href("/cells"), &self.topology)
    }

    /// Goes to this page after `change`, in place of the present entry of the history.
    pub(super) fn choose(&self, change: impl FnOnce(&mut Choice)) {
        self.navigation.go(&untrack(|| self.address(change)), Leave::Nothing);
    }

    /// The name of a cell: `7.12`.
    pub(super) fn name(&self, cell: usize) -> String {
        self.topology.cell_name(cell)
    }
}

/// What is said of a name that no cell of the system has.
fn unknown(name: &str, system: &SystemSpec) -> Option<String> {
    let missing = parse_cell(name, &system.topology).is_none();
    let last = || system.topology.cell_name(system.topology.cells().saturating_sub(1));
    missing.then(|| format!("{} has no cell \u{201c}{name}\u{201d}: its last one is {}.", system.name, last()))
}

/// A cell's value as people read it.
pub(super) fn figure(by: MapQuantity, value: f32) -> Figure {
    match by {
        MapQuantity::Voltage => format::millivolts(value),
        MapQuantity::Temperature => format::celsius(value),
        MapQuantity::Deviation => format::millivolts(value).signed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_is_not_there_is_named() {
        let system = crate::sample::spec();
        assert_eq!(unknown("7.12", &system), None);
        let words = unknown("99.99", &system).unwrap();
        assert!(words.contains("832 V pack has no cell \u{201c}99.99\u{201d}") && words.contains("13.20"), "{words}");
    }
}
