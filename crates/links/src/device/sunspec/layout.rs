//! A device's map: which models it has, and where.

use super::models::{BATTERY, CELLS, COMMON, STORAGE, table};
use domain::topology::Topology;

/// Ends the chain of models.
pub const END: u16 = 0xFFFF;
/// No device has more; a chain that goes on is garbage.
const MODELS_MAX: usize = 1_000;
/// Registers of id and length.
const HEADER: u32 = 2;

/// A model on a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Its id.
    pub id: u16,
    /// Address of its id register.
    pub address: u16,
    /// Registers after id and length.
    pub length: u16,
}

impl Model {
    /// Registers with id and length.
    pub fn registers(&self) -> u32 {
        HEADER + u32::from(self.length)
    }

    /// How many of its groups there are, by its length; 0 without groups.
    pub fn groups(&self) -> u32 {
        let Some(table) = table(self.id) else { return 0 };
        (self.registers().saturating_sub(table.fixed.into())).checked_div(table.group.into()).unwrap_or(0)
    }
}

/// The models of a device that we read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// Model 1: who it is.
    pub common: Option<Model>,
    /// The others, in the order of the device. Their place is their slot.
    pub models: Vec<Model>,
    /// Models whose length cannot be: they are not read, the others are.
    pub odd: Vec<Model>,
    /// Models that are not read because another says the same. They may be written to.
    pub doubled: Vec<Model>,
}

/// Walks a chain of models: give it each header, read the next where it says.
#[derive(Debug)]
pub struct Walk {
    /// Where the next header is.
    pub next: u16,
    seen: usize,
    layout: Layout,
}

impl Walk {
    /// A walk that begins with the header at `first`, right after the marker.
    pub fn new(first: u16) -> Walk {
        Walk { next: first, seen: 0, layout: Layout::default() }
    }

    /// What has been found.
    pub fn end(self) -> Layout {
        self.layout
    }

    /// Takes the header at [`Walk::next`]. Returns whether the chain goes on: not after its end mark, after zeros, or
    /// where the next header would be beyond the last register.
    pub fn take(&mut self, id: u16, length: u16) -> bool {
        if id == END || id == 0 {
            return false;
        }
        let model = Model { id, address: self.next, length };
        self.seen += 1;
        let next = u32::from(self.next) + model.registers();
        if next > u32::from(u16::MAX) + 1 {
            // It would end beyond the last register.
            return false;
        }
        if let Some(table) = table(id) {
            let rest = model.registers().checked_sub(table.fixed.into());
            let whole = rest.is_some_and(|rest| table.group == 0 || rest % u32::from(table.group) == 0);
            match id {
                _ if !whole => self.layout.odd.push(model),
                COMMON => self.layout.common = self.layout.common.or(Some(model)),
                _ => self.layout.models.push(model),
            }
        }
        // The next header must fit, too.
        match u16::try_from(next).ok().filter(|at| *at < u16::MAX && self.seen < MODELS_MAX) {
            Some(next) => {
                self.next = next;
                true
            }
            None => false,
        }
    }
}

impl Layout {
    /// Leaves out what says the same again, or is about cells that the system does not show.
    ///
    /// # Errors
    /// In words: there is nothing that we know, or the device's cells are not those of the system.
    pub fn fit(mut self, topology: &Topology) -> Result<Layout, String> {
        let has = |id| self.models.iter().any(|model| model.id == id);
        // The storage model says less of the same battery.
        if has(BATTERY) {
            self.doubled = self.models.extract_if(.., |model| model.id == STORAGE).collect();
        }
        let modules: Vec<u32> = self.models.iter().filter(|m| m.id == CELLS).map(Model::groups).collect();
        let found = modules.len() + self.odd.iter().filter(|model| model.id == CELLS).count();
        let wanted = u32::from(topology.cells_per_module);
        if topology.cells() == 0 {
            self.models.retain(|model| model.id != CELLS);
        } else if !modules.is_empty() && (found != topology.modules() || modules.iter().any(|n| *n != wanted)) {
            let cells: u32 = modules.iter().sum();
            let found = format!("{found} modules with {cells} cells");
            return Err(format!("the device has {found}, the system {topology} = {}", topology.cells()));
        }
        match self.models.is_empty() {
            true => Err(format!("the device has no battery model (124, 802 to 805){}", self.odd_message())),
            false => Ok(self),
        }
    }

    /// The first model with this id.
    pub fn model(&self, id: u16) -> Option<Model> {
        self.models.iter().chain(&self.doubled).find(|model| model.id == id).copied()
    }

    /// Whether it has a model with cells.
    pub fn has_cells(&self) -> bool {
        self.models.iter().any(|model| model.id == CELLS)
    }

    /// What there is to say about models whose length cannot be; empty if there are none.
    pub fn odd_message(&self) -> String {
        let odd = |model: &Model| {
            format!("; model {} at {} cannot have length {}, and is left out", model.id, model.address, model.length)
        };
        self.odd.iter().map(odd).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walk(headers: &[(u16, u16)]) -> Layout {
        let mut walk = Walk::new(40_002);
        for (id, length) in headers {
            if !walk.take(*id, *length) {
                return walk.end();
            }
        }
        panic!("no end: {walk:?}")
    }

    #[test]
    fn the_chain_is_walked_to_its_end() {
        let layout = walk(&[(1, 66), (103, 50), (124, 24), (802, 62), (803, 58), (805, 122), (END, 0)]);
        assert_eq!(layout.common, Some(Model { id: 1, address: 40_002, length: 66 }));
        let models: Vec<_> = layout.models.iter().map(|m| (m.id, m.address, m.groups())).collect();
        assert_eq!(models, [(124, 40_122, 0), (802, 40_148, 0), (803, 40_212, 1), (805, 40_272, 20)]);
        let fitted = layout.clone().fit(&Topology::new(1, 1, 20)).unwrap();
        assert_eq!(fitted.models.iter().map(|m| m.id).collect::<Vec<_>>(), [802, 803, 805]);
        assert_eq!(layout.clone().fit(&Topology::NONE).unwrap().models.len(), 2);
        let other = layout.fit(&Topology::new(1, 13, 20)).unwrap_err();
        assert_eq!(other, "the device has 1 modules with 20 cells, the system 1 x 13 x 20 = 260");
    }

    #[test]
    fn an_odd_length_costs_that_model_only() {
        let layout = walk(&[(1, 66), (802, 61), (803, 58), (805, 122), (805, 43), (END, 0)]);
        assert_eq!(layout.odd.iter().map(|m| (m.id, m.address)).collect::<Vec<_>>(), [(802, 40_070), (805, 40_317)]);
        let fitted = layout.fit(&Topology::new(1, 2, 20)).unwrap();
        assert_eq!(fitted.models.iter().map(|m| m.id).collect::<Vec<_>>(), [803, 805]);
        assert!(fitted.odd_message().contains("model 802 at 40070 cannot have length 61"), "{}", fitted.odd_message());
        let none = walk(&[(1, 66), (802, 61), (END, 0)]).fit(&Topology::NONE).unwrap_err();
        assert!(none.contains("no battery model") && none.contains("length 61"), "{none}");
    }

    #[test]
    fn a_chain_ends_with_its_mark_with_zeros_and_where_there_are_no_registers() {
        for end in [(END, 0), (END, 7), (0, 0), (0, 5), (7, 65_000)] {
            assert_eq!(walk(&[(1, 66), (802, 62), end]).models.len(), 1, "{end:?}");
        }
        assert!(walk(&[(7, 0); 1_000]).models.is_empty(), "no device has so many");
        assert!(walk(&[(1, 65), (103, 50), (END, 0)]).fit(&Topology::NONE).unwrap_err().contains("no battery model"));
    }

    proptest! {
        #[test]
        fn every_model_of_any_chain_is_within_the_registers(headers in proptest::collection::vec((0_u16..900, any::<u16>()), 0..200)) {
            let mut walk = Walk::new(2);
            for (id, length) in headers {
                if !walk.take(id, length) {
                    break;
                }
            }
            let layout = walk.end();
            for model in layout.models.iter().chain(&layout.odd) {
                prop_assert!(u32::from(model.address) + model.registers() <= 65_536);
            }
        }
    }
}
