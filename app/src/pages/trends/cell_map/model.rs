//! What the map of cells over time shows: colours, places and words. Pure.

use crate::charts::heatmap::Scale;
use crate::charts::line::ticks::{clock_words, day_words};
#[cfg(any(feature = "hydrate", test))]
use crate::charts::palette::Lut;
use crate::charts::palette::Palette;
use crate::format;
use crate::pages::map_quantity::MapQuantity;
use domain::point::PointId;
use domain::series::CellMap;
use domain::topology::Topology;

/// The colours.
pub fn palette(quantity: MapQuantity) -> Palette {
    if quantity == MapQuantity::Deviation { Palette::Deviation } else { Palette::Cividis }
}

/// A value with its unit.
pub fn words(quantity: MapQuantity, value: f32) -> String {
    match quantity {
        MapQuantity::Deviation => {
            let mv = format::fixed(value * 1e3, 1);
            format::Figure { number: mv, unit: "mV" }.signed().to_string()
        }
        MapQuantity::Voltage => format::point(PointId::CellVoltageMin, value).to_string(),
        MapQuantity::Temperature => format::celsius(value).to_string(),
    }
}

/// Finest step of a scale, and how many steps are counted; what lies beyond counts as the last.
const BINS: usize = 4_000;
/// This share of the values lies within the scale: a single cell shall not take all the colours.
const WITHIN: f64 = 0.99;

/// The values at the ends of the palette: round ones.
pub fn scale(by: MapQuantity, map: &CellMap) -> Scale {
    // Counts in steps of the sensor's kind: 0.1 mV, 0.1 °C.
    let (zero, step, least) = match by {
        MapQuantity::Deviation => (0.0, 0.000_1, 0.002),
        MapQuantity::Voltage => (2.0, 0.000_5, 0.01),
        MapQuantity::Temperature => (-60.0, 0.1, 2.0),
    };
    let mut bins = vec![0_u32; BINS];
    let known = map.values.iter().filter(|value| !value.is_nan());
    for value in known {
        let value = if by == MapQuantity::Deviation { value.abs() } else { *value };
        bins[(((value - zero) / step).max(0.0) as usize).min(BINS - 1)] += 1;
    }
    let all: u64 = bins.iter().map(|n| u64::from(*n)).sum();
    let at = |share: f64| {
        let mut below = 0;
        let place = bins.iter().position(|n| {
            below += u64::from(*n);
            below as f64 >= share * all as f64 && below > 0
        });
        zero + place.unwrap_or(0) as f32 * step
    };
    if by == MapQuantity::Deviation {
        let half = round_up(at(WITHIN).max(least));
        return Scale::new(-half, half);
    }
    let (low, high) = (at(1.0 - WITHIN), at(WITHIN) + step);
    let middle = (low + high) / 2.0;
    let half = ((high - low) / 2.0).max(least / 2.0);
    Scale::new(middle - half, middle + half)
}

/// The next of 1, 2, 3, 5 times a power of ten.
fn round_up(value: f32) -> f32 {
    let power = 10_f32.powf(value.log10().floor());
    let round = [1.0, 2.0, 3.0, 5.0, 10.0].into_iter().map(|m| m * power);
    round.into_iter().find(|round| *round >= value * 0.999).unwrap_or(10.0 * power)
}

/// The picture: a pixel for each step and cell, bytes R, G, B, A, transparent where nothing is known.
#[cfg(any(feature = "hydrate", test))]
pub fn paint(map: &CellMap, scale: Scale, palette: Palette) -> Vec<u8> {
    let lut = Lut::new(palette);
    let pixel = |value: &f32| if value.is_nan() { 0 } else { lut.at(scale.share(*value)) };
    map.values.iter().flat_map(|value| pixel(value).to_le_bytes()).collect()
}

/// Where the picture lies in the window (UTC in s): its left edge and width in shares of it.
pub fn span(map: &CellMap, (from_s, to_s): (f64, f64)) -> (f64, f64) {
    let length_s = (to_s - from_s).max(1e-9);
    let start_s = map.from.0 as f64 / 1e6;
    let width_s = map.step_ms as f64 / 1e3 * map.steps as f64;
    ((start_s - from_s) / length_s, width_s / length_s)
}

/// What stands beside the rows: name, and where it begins and ends, in shares of the height. Modules, or racks where
/// there are several.
pub fn groups(topology: &Topology) -> Vec<(String, f64, f64)> {
    let (count, prefix) = match topology.racks {
        0 | 1 => (topology.modules(), ""),
        racks => (racks as usize, "R"),
    };
    let name = |k: usize| (format!("{prefix}{}", k + 1), k as f64 / count as f64, (k + 1) as f64 / count as f64);
    (0..count).map(name).collect()
}

/// A step in words: `21 Nov 13:20 – 13:50`, by a clock `offset_s` ahead of UTC.
pub fn step_words(map: &CellMap, step: usize, offset_s: i32) -> String {
    let length_s = map.step_ms as f64 / 1e3;
    let from_s = map.from.0 as f64 / 1e6 + step as f64 * length_s + f64::from(offset_s);
    let clock = |local_s: f64| clock_words(local_s, 60.0);
    let to_s = from_s + length_s;
    // To the last minute of a day is to midnight of the same day.
    let other_day = ((to_s - 1.0) / 86_400.0).floor() > (from_s / 86_400.0).floor();
    let end = if other_day { format!("{} {}", day_words(to_s), clock(to_s)) } else { clock(to_s) };
    format!("{} {} \u{2013} {end}", day_words(from_s), clock(from_s))
}

/// A place in words, one line a fact, the cell first.
pub fn describe(
    map: &CellMap,
    by: MapQuantity,
    (cell, step): (usize, usize),
    topology: &Topology,
    offset_s: i32,
) -> String {
    let value = map.get(cell, step).map_or_else(|| "nothing known".to_owned(), |value| words(by, value));
    let beside = match (by, map.get(cell, step)) {
        (MapQuantity::Deviation, Some(_)) => " from the mean",
        _ => "",
    };
    format!("Cell {}\n{value}{beside}\n{}", topology.cell_name(cell), step_words(map, step, offset_s))
}

/// The whole in a sentence or two.
pub fn sentence(map: &CellMap, by: MapQuantity, topology: &Topology, offset_s: i32) -> String {
    let known = map.values.iter().enumerate().filter(|(_, value)| !value.is_nan());
    let mut ends: Option<((usize, f32), (usize, f32))> = None;
    let mut count = 0;
    for (place, value) in known {
        count += 1;
        let (low, high) = ends.get_or_insert(((place, *value), (place, *value)));
        if *value < low.1 {
            *low = (place, *value);
        }
        if *value > high.1 {
            *high = (place, *value);
        }
    }
    let Some((low, high)) = ends else { return "Nothing is known of the cells in this time.".to_owned() };
    let place_words = |(place, value): (usize, f32)| {
        let (cell, step) = (place / map.steps, place % map.steps);
        format!("cell {} with {}, {}", topology.cell_name(cell), words(by, value), step_words(map, step, offset_s))
    };
    let unknown_pct = 100.0 * (1.0 - count as f32 / map.values.len().max(1) as f32);
    let missing = if unknown_pct >= 0.05 {
        format!(" {} of the map has no data.", format::percent(unknown_pct))
    } else {
        String::new()
    };
    format!("Lowest: {}. Highest: {}.{missing}", place_words(low), place_words(high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::point::Unit;
    use domain::time::Utc;

    const PACK: Topology = Topology::new(1, 2, 2);

    fn map(values: &[f32]) -> CellMap {
        let (from, unit) = (Utc(1_795_228_200_000_000), Unit::Volt);
        let steps = values.len() / 4;
        CellMap { from, step_ms: 1_800_000, steps, cells: 4, unit, resolution: 0.000_1, values: values.to_vec() }
    }

    #[test]
    fn a_pixel_has_the_colour_of_its_value_and_what_is_not_known_is_clear() {
        let map = map(&[-0.01, f32::NAN, 0.0, 0.01]);
        let bytes = paint(&map, Scale::new(-0.01, 0.01), Palette::Deviation);
        let lut = Lut::new(Palette::Deviation);
        let expected: Vec<u8> =
            [lut.at(0.0), 0, lut.at(0.5), lut.at(1.0)].iter().flat_map(|p| p.to_le_bytes()).collect();
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_scale_is_round_and_one_cell_does_not_take_all_of_it() {
        let mut values = vec![0.001_5; 2_000];
        assert_eq!(scale(MapQuantity::Deviation, &map(&values)), Scale::new(-0.002, 0.002));
        values[7] = -0.3;
        assert_eq!(scale(MapQuantity::Deviation, &map(&values)), Scale::new(-0.002, 0.002));
        values.iter_mut().step_by(3).for_each(|v| *v = -0.013_2);
        assert_eq!(scale(MapQuantity::Deviation, &map(&values)), Scale::new(-0.02, 0.02));
        let temperatures = scale(MapQuantity::Temperature, &map(&[24.0, 25.0, 26.0, f32::NAN]));
        assert!((temperatures.low - 24.0).abs() < 0.2 && (temperatures.high - 26.0).abs() < 0.3, "{temperatures:?}");
        assert!(scale(MapQuantity::Voltage, &map(&[])).high > scale(MapQuantity::Voltage, &map(&[])).low);
    }

    #[test]
    fn places_and_the_whole_are_told_in_words() {
        let map = map(&[0.001, 0.002, -0.014_1, f32::NAN, 0.003, 0.0, 0.0, 0.0]);
        assert_eq!(
            describe(&map, MapQuantity::Deviation, (1, 0), &PACK, 3_600),
            "Cell 1.2\n\u{2212}14.1\u{202f}mV from the mean\n21\u{a0}Nov 03:30 \u{2013} 04:00"
        );
        assert_eq!(
            describe(&map, MapQuantity::Voltage, (1, 1), &PACK, 0),
            "Cell 1.2\nnothing known\n21\u{a0}Nov 03:00 \u{2013} 03:30"
        );
        let words = sentence(&map, MapQuantity::Deviation, &PACK, 0);
        assert!(words.starts_with("Lowest: cell 1.2 with \u{2212}14.1\u{202f}mV, 21\u{a0}Nov 02:30"), "{words}");
        assert!(words.contains("Highest: cell 2.1 with +3.0\u{202f}mV") && words.contains("12.5\u{202f}%"), "{words}");
        assert!(sentence(&super::tests::map(&[]), MapQuantity::Voltage, &PACK, 0).starts_with("Nothing is known"));
        // Over midnight, and up to it.
        assert_eq!(step_words(&map, 0, 21 * 3_600), "21\u{a0}Nov 23:30 \u{2013} 00:00");
        assert_eq!(step_words(&map, 0, 21 * 3_600 + 900), "21\u{a0}Nov 23:45 \u{2013} 22\u{a0}Nov 00:15");
    }

    #[test]
    fn rows_have_their_modules_and_the_picture_its_place() {
        assert_eq!(groups(&PACK), [("1".to_owned(), 0.0, 0.5), ("2".to_owned(), 0.5, 1.0)]);
        assert_eq!(groups(&Topology::new(20, 10, 32)).last(), Some(&("R20".to_owned(), 0.95, 1.0)));
        let map = map(&[0.0; 8]);
        let start_s = 1_795_228_200.0;
        assert_eq!(span(&map, (start_s - 3_600.0, start_s + 3_600.0)), (0.5, 0.5));
    }
}
