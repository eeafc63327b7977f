//! What the parts of the page share: the live system, the choice in the address, and how a cell's value reads.

use super::choice::{By, Choice};
use super::digest::Digest;
use super::model::Cells;
use crate::format::{self, Figure};
use crate::live::Live;
use domain::topology::Topology;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub(super) struct CellsView {
    /// The live system.
    pub(super) live: Live,
    /// How its cells are arranged.
    pub(super) topology: Topology,
    /// What the address says.
    pub(super) choice: Memo<Choice>,
    /// What is said about all cells together.
    pub(super) digest: Memo<Digest>,
    navigate: Callback<String>,
}

impl CellsView {
    /// The view of the system on this page.
    pub(super) fn new() -> CellsView {
        let live = Live::expect();
        let topology = live.system().topology;
        let query = use_query_map();
        let navigate = use_navigate();
        let stay = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
        CellsView {
            live,
            topology,
            choice: Memo::new(move |_| query.with(|q| Choice::from_query(|name| q.get(name), &topology))),
            digest: {
                let system = live.system();
                live.map(move |moment| Cells::of(moment, &system).digest())
            },
            navigate: Callback::new(move |address: String| navigate(&address, stay.clone())),
        }
    }

    /// Something that follows from the cells of the moment.
    pub(super) fn map<T>(&self, read: impl Fn(&Cells) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let system = self.live.system();
        self.live.map(move |moment| read(&Cells::of(moment, &system)))
    }

    /// The address of this page after `change`.
    pub(super) fn address(&self, change: impl FnOnce(&mut Choice)) -> String {
        let mut choice = self.choice.get();
        change(&mut choice);
        choice.address(&self.live.href("/cells"), &self.topology)
    }

    /// Goes to this page after `change`, in place of the present entry of the history.
    pub(super) fn choose(&self, change: impl FnOnce(&mut Choice)) {
        self.navigate.run(untrack(|| self.address(change)));
    }

    /// The name of a cell: `7.12`.
    pub(super) fn name(&self, cell: usize) -> String {
        self.topology.cell_name(cell)
    }
}

/// A cell's value as people read it.
pub(super) fn figure(by: By, value: f32) -> Figure {
    match by {
        By::Voltage => format::millivolts(value),
        By::Temperature => format::celsius(value),
        By::Deviation => format::millivolts(value).signed(),
    }
}
