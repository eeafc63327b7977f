//! A small map of all cells: anything odd is seen, everything else is one click away.

use crate::address::{Leave, Navigation};
use crate::charts::heatmap::{HeatCell, Heatmap, HeatmapScale, Scale};
use crate::charts::palette::Palette;
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::pages::cells::choice::Choice;
use crate::pages::cells::model::Cells;
use crate::pages::map_quantity::MapQuantity;
use crate::reading::Shown;
use domain::reading::CellQuantity;
use leptos::prelude::*;

/// The scale is at least this wide, so that noise stays quiet, V.
const LEAST_V: f32 = 0.04;
/// The scale's ends are whole steps of this, so that they do not tremble, V.
const STEP_V: f32 = 0.005;

/// All cells by voltage, on a scale that shows small differences. A click opens the cell on its own page.
#[component]
pub(super) fn CellMap() -> impl IntoView {
    let live = Live::expect();
    let spec = live.system();
    let topology = spec.topology;
    let cells = live.map({
        let spec = spec.clone();
        move |snapshot| Cells::of(snapshot, &spec).map(MapQuantity::Voltage)
    });
    let scale = live.map({
        let fixed = Scale::new(spec.limits.voltage_scale_v.low, spec.limits.voltage_scale_v.high);
        move |snapshot| healthy_scale(&Cells::of(snapshot, &spec).map(MapQuantity::Voltage)).unwrap_or(fixed)
    });
    let unseen = Derived::new(move || cells.with(|cells| cells.iter().all(|cell| *cell == HeatCell::NoValue)));
    let describe = move |cell: usize| {
        let said = |snapshot: &_, quantity| {
            let shown = Shown::cell(snapshot, quantity, cell);
            shown.figure.map_or_else(|| "no value".to_owned(), |figure| figure.to_string())
        };
        live.snapshot.with(|snapshot| {
            let (voltage, temperature) =
                (said(snapshot, CellQuantity::Voltage), said(snapshot, CellQuantity::Temperature));
            format!("Cell {}\n{voltage}\n{temperature}", topology.cell_name(cell))
        })
    };
    let navigation = Navigation::expect();
    let open = move |cell| {
        let choice = Choice { cell: Some(cell), ..Choice::default() };
        navigation.go(&choice.address(&live.href("/cells"), &topology), Leave::Entry);
    };
    let label = format!(
        "Cell voltages, {} of {}",
        format::counted(topology.modules(), "module"),
        format::counted(topology.cells_per_module.into(), "cell")
    );
    view! {
        <section class="card cell-map" aria-label="Cells">
            <header class="card-head">
                <h2>"Cells"</h2>
                <a class="card-link" href=live.href("/cells")>
                    "All cells"
                </a>
            </header>
            <Heatmap
                id="overview-cells"
                topology
                cells
                scale
                palette=Palette::Cividis
                label
                describe
                on_select=open
            />
            // Of cells that never reported there is nothing that a colour could mean.
            <div hidden=move || unseen.get()>
            <HeatmapScale scale palette=Palette::Cividis limits=Vec::new() words=|v: f32| format::millivolts(v).to_string() />
            </div>
        </section>
    }
    .into_any()
}

/// The scale that holds the healthy cells. The others are marked anyway, and would drown the differences of the rest.
fn healthy_scale(cells: &[HeatCell]) -> Option<Scale> {
    let good = || {
        cells
            .iter()
            .filter_map(|cell| if let HeatCell::Good(v) | HeatCell::Elsewhere(v, _) = cell { Some(*v) } else { None })
    };
    // Once none is fresh the picture stays as it was, faded.
    let old = || cells.iter().filter_map(|cell| if let HeatCell::Stale(v) = cell { Some(*v) } else { None });
    let low = good().reduce(f32::min).or_else(|| old().reduce(f32::min))?;
    let high = good().reduce(f32::max).or_else(|| old().reduce(f32::max))?;
    let widen = ((LEAST_V - (high - low)) / 2.0).max(0.0);
    Some(Scale::new(((low - widen) / STEP_V).floor() * STEP_V, ((high + widen) / STEP_V).ceil() * STEP_V))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::heatmap::Beyond;
    use domain::alarm::{Direction, Severity};

    const LOW: Beyond = Beyond { side: Direction::Below, severity: Severity::Critical };

    #[test]
    fn a_marked_cell_does_not_stretch_the_scale() {
        let cells = [HeatCell::Good(3.199), HeatCell::Good(3.207), HeatCell::Out(2.8, LOW), HeatCell::Stale(3.0)];
        let scale = healthy_scale(&cells).unwrap();
        assert!((scale.low - 3.180).abs() < 1e-4 && (scale.high - 3.225).abs() < 1e-4, "{scale:?}");
        assert_eq!(healthy_scale(&cells[2..3]), None);
        let old = healthy_scale(&[HeatCell::StaleOut(LOW), HeatCell::Stale(3.199), HeatCell::Stale(3.207)]).unwrap();
        assert_eq!(old, scale, "what fell silent keeps its colours");
    }
}
