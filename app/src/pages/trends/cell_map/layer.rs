//! The map's canvas: one pixel a step and cell.

use super::model::paint;
use crate::charts::canvas;
use crate::charts::heatmap::Scale;
use crate::charts::palette::Palette;
use crate::derived::Derived;
use domain::series::CellMap;
use leptos::html;
use leptos::prelude::*;
use std::sync::Arc;
use wasm_bindgen::Clamped;
use web_sys::ImageData;

/// Draws from now on, until the component goes.
pub(super) fn attach(
    plot: NodeRef<html::Div>,
    colours: NodeRef<html::Canvas>,
    map: RwSignal<Arc<CellMap>>,
    scale: Derived<Scale>,
    palette: Derived<Palette>,
) {
    let track = move || {
        map.track();
        scale.track();
        palette.track();
    };
    canvas::drive(plot, track, move |_, _| {
        let Some(layer) = colours.get_untracked() else { return };
        let start_ms = canvas::now_ms();
        map.with_untracked(|map| {
            let (width, height) = (map.steps.max(1) as u32, map.cells.max(1) as u32);
            layer.set_width(width);
            layer.set_height(height);
            let bytes = paint(map, scale.get_untracked(), palette.get_untracked());
            let image = ImageData::new_with_u8_clamped_array_and_sh(Clamped(&bytes), width, height);
            if let (Ok(image), Some(context)) = (image, canvas::context_2d(&layer)) {
                // Refused only for a picture without pixels, on which there is nothing to see.
                let _ = context.put_image_data(&image, 0.0, 0.0);
            }
        });
        canvas::measure("cell-map", start_ms, canvas::now_ms() - start_ms);
    });
}
