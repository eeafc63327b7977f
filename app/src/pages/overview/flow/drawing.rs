//! The drawing: three or four boxes around a bus, each in one geometry for wide places and one for phones.

use super::Flows;
use super::line::{Direction, Flow, Side};
use crate::derived::Derived;
use crate::icons::Glyph;
use crate::reading::Shown;
use domain::decimal::fixed;
use leptos::prelude::*;

/// The geometries for so many sides: for wide places, and for phones.
pub(super) fn geometries(sides: usize) -> [&'static Geometry; 2] {
    if sides > 3 { [&WIDE_FOUR, &NARROW_FOUR] } else { [&WIDE, &NARROW] }
}

/// Where things are, in units of the drawing.
pub(super) struct Geometry {
    class: &'static str,
    view_box: &'static str,
    /// Centre of the bus.
    bus: (u32, u32),
    /// Each side's box (x, y) and line, drawn towards the bus, in the order of [`Side::of`].
    sides: &'static [(u32, u32, &'static str)],
    /// Width and height of a box.
    size: (u32, u32),
    /// Left edge of the text in a box.
    inset: u32,
}

/// For a card of 500 px and more.
static WIDE: Geometry = Geometry {
    class: "flow-drawing flow-wide",
    view_box: "0 0 520 184",
    bus: (260, 40),
    sides: &[(1, 4, "M169 40H260"), (176, 111, "M260 111V40"), (351, 4, "M351 40H260")],
    size: (168, 72),
    inset: 14,
};

/// For a phone.
static NARROW: Geometry = Geometry {
    class: "flow-drawing flow-narrow",
    view_box: "0 0 340 196",
    bus: (170, 40),
    sides: &[(1, 4, "M137 40H170"), (102, 123, "M170 123V40"), (203, 4, "M203 40H170")],
    size: (136, 72),
    inset: 10,
};

/// Four sides, for a card of 500 px and more.
static WIDE_FOUR: Geometry = Geometry {
    class: "flow-drawing flow-wide",
    view_box: "0 0 520 184",
    bus: (260, 92),
    sides: &[
        (1, 4, "M169 40L260 92"),
        (351, 108, "M351 144L260 92"),
        (351, 4, "M351 40L260 92"),
        (1, 108, "M169 144L260 92"),
    ],
    size: (168, 72),
    inset: 14,
};

/// Four sides, for a phone.
static NARROW_FOUR: Geometry = Geometry {
    class: "flow-drawing flow-narrow",
    view_box: "0 0 340 196",
    bus: (170, 98),
    sides: &[
        (1, 4, "M137 40L170 98"),
        (203, 120, "M203 156L170 98"),
        (203, 4, "M203 40L170 98"),
        (1, 120, "M137 156L170 98"),
    ],
    size: (136, 72),
    inset: 10,
};

/// The drawing in one geometry. Screen readers get the sentence beside it.
#[component]
pub(super) fn Drawing(flows: Derived<Flows>, geometry: &'static Geometry) -> impl IntoView {
    let places = || geometry.sides.iter().enumerate();
    let lines = places().map(|(i, (_, _, path))| view! { <Line flows i path=path /> }).collect_view();
    let boxes = places().map(|(i, (x, y, _))| view! { <SideBox flows i x=*x y=*y geometry /> }).collect_view();
    view! {
        <svg class=geometry.class viewBox=geometry.view_box aria-hidden="true">
            {lines}
            <circle class="flow-bus" cx=geometry.bus.0 cy=geometry.bus.1 r="9" />
            {boxes}
        </svg>
    }
}

#[component]
fn Line(flows: Derived<Flows>, i: usize, path: &'static str) -> impl IntoView {
    let color = Derived::new(move || flows.with(|flows| flows[i].color()));
    let width = Derived::new(move || flows.with(|flows| fixed(flows[i].thickness().into(), 1).to_string()));
    let direction = Derived::new(move || match flows.with(|flows| flows[i].direction) {
        Direction::In => "in",
        Direction::Out => "out",
        Direction::Still => "still",
    });
    view! {
        <path class="flow-line" d=path data-color=color stroke-width=width />
        <path class="flow-motion" d=path data-direction=direction />
    }
}

#[component]
fn SideBox(flows: Derived<Flows>, i: usize, x: u32, y: u32, geometry: &'static Geometry) -> impl IntoView {
    let Geometry { size, inset, .. } = geometry;
    let text = move |what: fn(&Flow) -> String| Derived::new(move || flows.with(|flows| what(&flows[i])));
    let glyph = match flows.with_untracked(|flows| flows[i].side) {
        Side::Grid => Glyph::Grid,
        Side::Battery => Glyph::Battery,
        Side::Load => Glyph::Load,
        Side::Solar => Glyph::Sun,
    };
    view! {
        <g transform=format!("translate({x} {y})") data-fresh=text(|flow| flow.shown.is_fresh().to_string())>
            <rect class="flow-box" width=size.0 height=size.1 rx="12" />
            <svg class="icon" x=size.0 - 32 y="39" width="20" height="20" viewBox="0 0 24 24">
                <path d=glyph.path() />
            </svg>
            <text class="flow-label" x=*inset y="27">
                {text(Flow::label)}
            </text>
            <text class="flow-value" x=*inset y="57">
                {text(|flow| flow.shown.number())}
                <tspan class="flow-unit" dx="5">
                    {text(|flow| Shown::unit(&flow.shown).to_owned())}
                </tspan>
            </text>
        </g>
    }
}
