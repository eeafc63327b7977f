//! The map: every cell in its place, coloured by the chosen quantity.

use super::choice::Choice;
use super::model::Cells;
use super::view::{CellsView, figure};
use crate::charts::heatmap::{Heatmap, HeatmapScale};
use crate::components::Card;
use crate::derived::Derived;
use crate::format;
use crate::pages::map_quantity::MapQuantity;
use domain::reading::Sample;
use leptos::prelude::*;

/// The map with its scale.
#[component]
pub(super) fn CellMap(
    /// What the page shows.
    view: CellsView,
) -> impl IntoView {
    let topology = view.topology;
    let by = Derived::new(move || view.choice.get().by);
    let cells = view.with_choice(|cells, choice| cells.map(choice.by));
    let scale = view.with_choice(|cells, choice| cells.scale(choice.by, choice.span));
    let limits = view.with_choice(|cells, choice| {
        let words = |limit| format!("warning {}", figure(choice.by, limit));
        cells.limits_of(choice.by).into_iter().map(|limit| (limit, words(limit))).collect::<Vec<_>>()
    });
    let palette = Derived::new(move || {
        let choice = view.choice.get();
        choice.colours.palette(choice.by)
    });
    let describe = {
        let system = view.live.system();
        move |cell: usize| view.live.snapshot.with(|snapshot| describe(&Cells::of(snapshot, &system), cell))
    };
    let modules = format!(
        "{} of {}",
        format::counted(topology.modules_per_rack.into(), "module"),
        format::counted(topology.cells_per_module.into(), "cell")
    );
    let arrangement = match topology.racks {
        1 => modules,
        racks => format!("{} of {modules}", format::counted(racks.into(), "rack")),
    };
    let label = {
        let arrangement = arrangement.clone();
        Derived::new(move || format!("Cell {}, {arrangement}", quantity(by.get())))
    };
    view! {
        <Card title=arrangement class="cells-map">
            // Of cells that never reported there is nothing that a colour could mean.
            <div hidden=move || view.digest.with(|digest| !digest.heard)>
                <HeatmapScale scale palette limits words=move |value| figure(by.get(), value).to_string() />
            </div>
            <Heatmap
                id="cells"
                topology
                cells
                scale
                palette
                label
                describe
                selected=Derived::new(move || view.choice.get().cell)
                on_select=move |cell| view.choose(|choice| choice.cell = Some(cell))
            />
        </Card>
    }
}

impl CellsView {
    /// Something that follows from the cells of the snapshot and from what is chosen.
    fn with_choice<T>(&self, read: impl Fn(&Cells, Choice) -> T + Send + Sync + 'static) -> Derived<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        let (snapshot, choice, system) = (self.live.snapshot, self.choice, self.live.system());
        Derived::new(move || {
            let choice = choice.get();
            snapshot.with(|snapshot| read(&Cells::of(snapshot, &system), choice))
        })
    }
}

fn quantity(by: MapQuantity) -> &'static str {
    match by {
        MapQuantity::Voltage => "voltages",
        MapQuantity::Temperature => "temperatures",
        MapQuantity::Deviation => "voltages as deviation from their mean",
    }
}

/// A cell in words, one line a fact, its name first.
fn describe(cells: &Cells, cell: usize) -> String {
    let Some(facts) = cells.facts(cell) else { return String::new() };
    let value = |by, sample: Sample| sample.map_or_else(|why| why.words().to_owned(), |v| figure(by, v).to_string());
    let mut lines = vec![
        format!("Cell {}", cells.topology.cell_name(cell)),
        value(MapQuantity::Voltage, facts.voltage),
        value(MapQuantity::Temperature, facts.temperature),
    ];
    if facts.deviation.is_ok() {
        lines.insert(2, format!("{} from the mean", value(MapQuantity::Deviation, facts.deviation)));
    }
    lines.extend(facts.passed.iter().map(|passed| passed.words().to_owned()));
    lines.extend(facts.voltage_age_s.map(|age_s| format!("{} old", format::calm_age(age_s))));
    lines.join("\n")
}
