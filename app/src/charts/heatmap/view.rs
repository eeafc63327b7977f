//! The heatmap as a component: numbers around it, layers, what is under the pointer, the keyboard.
//!
//! Hover, focus and selection are elements over the canvas, so that they cost no drawing. A screen reader gets a sentence
//! for the whole and, while the keys walk over the cells, the words of each.

use super::grid::{Grid, Share, Step};
use super::{HeatCell, Raster, Scale, png};
use crate::charts::palette::{Lut, Palette};
use crate::derived::Derived;
use domain::decimal::fixed;
use domain::topology::Topology;
use leptos::ev::{KeyboardEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

/// A heatmap of all cells of a system.
#[component]
pub fn Heatmap(
    /// An id that no other element of the page has.
    id: &'static str,
    /// How the cells are arranged.
    topology: Topology,
    /// What is shown of each cell.
    #[prop(into)]
    cells: Derived<Vec<HeatCell>>,
    /// The values at the ends of the palette.
    #[prop(into)]
    scale: Derived<Scale>,
    /// The palette.
    #[prop(into)]
    palette: Derived<Palette>,
    /// What it shows, in a sentence: `Cell voltages, 13 modules of 20 cells`.
    #[prop(into)]
    label: Derived<String>,
    /// A cell in words, one line a fact, its name first. Read again whenever what it reads changes.
    #[prop(into)]
    describe: Callback<usize, String>,
    /// The cell that is selected on the page.
    #[prop(optional, into)]
    selected: Derived<Option<usize>>,
    /// Called with a cell that is clicked, or at which Enter or the space bar is pressed.
    #[prop(optional, into)]
    on_select: Option<Callback<usize>>,
    /// Called with the cell under the pointer or the keyboard's focus, and with none when they leave.
    #[prop(optional, into)]
    on_hover: Option<Callback<Option<usize>>>,
) -> impl IntoView {
    let grid = Grid::new(topology);
    let (plot, colours, gaps, marks) = (NodeRef::<html::Div>::new(), NodeRef::new(), NodeRef::new(), NodeRef::new());
    let drawn = RwSignal::new(false);
    let mut raster = Raster::new(grid);
    cells.with_untracked(|cells| raster.paint(cells, scale.get_untracked(), &Lut::new(palette.get_untracked())));
    let first_paint = png::data_url(&raster);
    #[cfg(feature = "hydrate")]
    super::layer::attach(
        Raster::new(grid),
        super::layer::Layers { cells, scale, palette, plot, colours, gaps, marks, drawn },
    );

    let pointed = RwSignal::new(None::<usize>);
    let focused = RwSignal::new(None::<usize>);
    let shown = Derived::new(move || pointed.get().or(focused.get()));
    if let Some(on_hover) = on_hover {
        Effect::new(move |before: Option<Option<usize>>| {
            let now = shown.get();
            if before.is_some_and(|before| before != now) {
                on_hover.run(now);
            }
            now
        });
    }
    let select = move |cell: usize| {
        if let Some(on_select) = on_select {
            on_select.run(cell);
        }
    };
    let cell_under = move |event: &PointerEvent| {
        let bounds = plot.get_untracked()?.get_bounding_client_rect();
        let x = (f64::from(event.client_x()) - bounds.left()) / bounds.width();
        let y = (f64::from(event.client_y()) - bounds.top()) / bounds.height();
        grid.hit(x, y)
    };
    let on_pointer = move |event: PointerEvent| {
        let cell = cell_under(&event);
        if pointed.get_untracked() != cell {
            pointed.set(cell);
        }
    };
    let on_press = move |event: PointerEvent| {
        if let Some(cell) = cell_under(&event) {
            focused.set(Some(cell));
            select(cell);
        }
    };
    let start = move || focused.get_untracked().or(selected.get_untracked()).unwrap_or(0);
    // The last cell that had the focus is where the keys go on.
    let resume = StoredValue::new(None::<usize>);
    let on_focus = move |_| {
        if focused.get_untracked().is_none() && topology.cells() > 0 {
            focused.set(Some(resume.get_value().unwrap_or_else(start)));
        }
    };
    let on_blur = move |_| {
        resume.set_value(focused.get_untracked());
        focused.set(None);
    };
    let on_key = move |event: KeyboardEvent| {
        if event.alt_key() || event.ctrl_key() || event.meta_key() || topology.cells() == 0 {
            return;
        }
        match event.key().as_str() {
            "Enter" | " " => select(start()),
            "Escape" => pointed.set(None),
            key => match Step::from_key(key) {
                Some(step) => {
                    pointed.set(None);
                    focused.set(Some(grid.walk(start(), step)));
                }
                None => return,
            },
        }
        event.prevent_default();
    };

    let hint = format!("{id}-hint");
    let frame = format!("--columns:{};--rows:{}", grid.columns(), grid.rows());
    // The words follow the cell's values while it is shown; what is read out loud is said once, when the focus moves.
    let tip = move || shown.get().map(|cell| tip(&grid, cell, describe.run(cell)));
    let said = Derived::new(move || focused.get().map(|cell| untrack(|| describe.run(cell)).replace('\n', ", ")));
    view! {
        <div class="heatmap" class:heatmap-tiled=grid.is_tiled() style=frame>
            {(!grid.is_tiled()).then(|| numbers("heatmap-columns", grid.columns(), "heatmap-minor-column"))}
            {(!grid.is_tiled()).then(|| numbers("heatmap-modules", grid.rows(), if grid.rows() > 16 { "heatmap-minor" } else { "" }))}
            <div
                node_ref=plot
                id=id
                class="heatmap-plot"
                tabindex="0"
                role="application"
                aria-roledescription="heatmap"
                aria-label=label
                aria-describedby=hint.clone()
                on:pointermove=on_pointer
                on:pointerleave=move |_| pointed.set(None)
                on:pointerup=on_press
                on:focus=on_focus
                on:blur=on_blur
                on:keydown=on_key
            >
                <img class="heatmap-first" alt="" src=first_paint hidden=move || drawn.get() />
                <canvas node_ref=colours class="heatmap-colours" width=grid.columns() height=grid.rows()></canvas>
                <canvas node_ref=gaps class="heatmap-layer"></canvas>
                <canvas node_ref=marks class="heatmap-layer"></canvas>
                {rack_names(&grid)}
                {move || selected.get().map(|cell| ring("heatmap-ring heatmap-selected", grid.cell_share(cell)))}
                {move || shown.get().map(|cell| ring("heatmap-ring heatmap-shown", grid.cell_share(cell)))}
                {tip}
            </div>
            <p class="hidden" id=hint>"Arrow keys walk over the cells, Enter selects one."</p>
            <p class="hidden" aria-live="polite">{said}</p>
        </div>
    }
}

/// The numbers of rows or columns, from 1. Where they would not fit (long columns; rows of a narrow heatmap, which the
/// style sheet knows) only every fifth is shown.
fn numbers(class: &'static str, count: usize, minor: &'static str) -> impl IntoView {
    let number = |n: usize| {
        let class = if n != 1 && !n.is_multiple_of(5) { minor } else { "" };
        view! { <span class=class>{n}</span> }
    };
    view! { <div class=class aria-hidden="true">{(1..=count).map(number).collect_view()}</div> }
}

fn rack_names(grid: &Grid) -> impl IntoView + use<> {
    let racks = if grid.is_tiled() { grid.topology().racks as usize } else { 0 };
    let name = |rack: usize| {
        view! { <span class="heatmap-rack" style=place(grid.name_share(rack)) aria-hidden="true">{format!("Rack {}", rack + 1)}</span> }
    };
    (0..racks).map(name).collect_view()
}

fn ring(class: &'static str, share: Share) -> impl IntoView {
    view! { <i class=class style=place(share)></i> }
}

/// The words of a cell beside it: below in the upper half, above in the lower, and never over the sides.
fn tip(grid: &Grid, cell: usize, words: String) -> impl IntoView + use<> {
    let share = grid.cell_share(cell);
    let above = share.y > 0.5;
    let top = 100.0 * if above { share.y } else { share.y + share.height };
    let middle = 100.0 * (share.x + share.width / 2.0);
    let style = format!("left:{}%;top:{}%;--along:{}%", fixed(middle, 3), fixed(top, 3), fixed(-middle, 3));
    let (name, facts) = match words.split_once('\n') {
        Some((name, facts)) => (name.to_owned(), facts.to_owned()),
        None => (words, String::new()),
    };
    view! {
        <div class="heatmap-tip" class:heatmap-tip-above=above style=style aria-hidden="true">
            <b>{name}</b>
            {facts}
        </div>
    }
}

fn place(Share { x, y, width, height }: Share) -> String {
    let [x, y, width, height] = [x, y, width, height].map(|share| fixed(100.0 * share, 4));
    format!("left:{x}%;top:{y}%;width:{width}%;height:{height}%")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    fn html(topology: Topology) -> String {
        Owner::new().with(|| {
            let cells = vec![HeatCell::Good(3.2); topology.cells()];
            view! {
                <Heatmap
                    id="map"
                    topology=topology
                    cells=Derived::fixed(cells)
                    scale=Derived::fixed(Scale { low: 2.8, high: 3.4 })
                    palette=Derived::fixed(Palette::Cividis)
                    label="Cell voltages"
                    describe=|cell: usize| format!("Cell {cell}")
                    selected=Derived::fixed(Some(1))
                />
            }
            .to_html()
        })
    }

    #[test]
    fn the_server_sends_real_colours_a_name_and_a_way_in_for_the_keyboard() {
        let html = html(Topology::new(1, 2, 3));
        for part in [
            r#"src="data:image/png;base64,"#,
            r#"role="application""#,
            r#"tabindex="0""#,
            r#"aria-label="Cell voltages""#,
            r#"aria-describedby="map-hint""#,
            r#"aria-live="polite""#,
            r#"<i class="heatmap-ring heatmap-selected" style="left:33.3333%;top:0.0000%;width:33.3333%;height:50.0000%;">"#,
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("heatmap-tip"), "nothing is pointed at");
    }

    #[test]
    fn racks_have_names_in_the_picture_instead_of_numbers_around_it() {
        let html = html(Topology::new(20, 10, 32));
        assert!(html.contains(">Rack 20<") && !html.contains("heatmap-columns"));
    }
}
