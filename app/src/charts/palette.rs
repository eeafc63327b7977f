//! Palettes of the heatmaps: value to colour by table, so that a frame is one look-up a cell.
//!
//! Colours are `0xRRGGBB`; a [`Lut`] holds them as `ImageData` wants them (bytes R, G, B, A).
//! No palette contains the meaning of [`CRITICAL`] and [`WARNING`]: a cell out of its limits gets one of them, an outline
//! and a sign.

mod cividis;

use cividis::CIVIDIS;

/// Fill of a cell that is beyond a critical limit, whatever the palette and the theme.
pub const CRITICAL: u32 = 0xe5322d;
/// The same for a cell that is beyond a warning limit.
pub const WARNING: u32 = 0xffa800;

/// How a value becomes a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Palette {
    /// Dark blue to yellow, even steps of lightness, safe for colour-blind eyes.
    #[default]
    Cividis,
    /// Red (low) over yellow to green (high), for those who are used to it.
    RedYellowGreen,
    /// Green (low) over yellow to red (high): the same habit for temperatures.
    GreenYellowRed,
    /// Blue (below) over grey to orange (above): deviations from a mean.
    Deviation,
}

impl Palette {
    /// Every palette, in the order of a menu.
    pub const ALL: [Palette; 4] =
        [Palette::Cividis, Palette::RedYellowGreen, Palette::GreenYellowRed, Palette::Deviation];

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Palette::Cividis => "Cividis",
            Palette::RedYellowGreen => "Red, yellow, green",
            Palette::GreenYellowRed => "Green, yellow, red",
            Palette::Deviation => "Blue and orange",
        }
    }

    /// Its colours at equal distances from the low to the high end, `0xRRGGBB`.
    fn stops(self) -> &'static [u32] {
        match self {
            Palette::Cividis => &CIVIDIS,
            Palette::RedYellowGreen => &[0xb93a32, 0xe07b3e, 0xe9c94d, 0x93bd55, 0x2b8a57],
            Palette::GreenYellowRed => &[0x2b8a57, 0x93bd55, 0xe9c94d, 0xe07b3e, 0xb93a32],
            Palette::Deviation => &[0x2b7fe0, 0x648fc4, 0x8b919a, 0xc4905c, 0xf08c1e],
        }
    }

    /// The colour at `share` of the way from low (0) to high (1), `0xRRGGBB`; clamped outside.
    pub fn at(self, share: f32) -> u32 {
        let stops = self.stops();
        let place = share.clamp(0.0, 1.0) * (stops.len() - 1) as f32;
        let below = (place as usize).min(stops.len() - 2);
        mix(stops[below], stops[below + 1], place - below as f32)
    }

    /// A CSS gradient from low (left) to high (right), for scale bars.
    pub fn css_gradient(self) -> String {
        const STEPS: usize = 16;
        let colours: Vec<String> = (0..=STEPS).map(|i| format!("#{:06x}", self.at(i as f32 / STEPS as f32))).collect();
        format!("linear-gradient(to right,{})", colours.join(","))
    }
}

/// The colour `share` of the way from `a` to `b`, channel by channel.
fn mix(a: u32, b: u32, share: f32) -> u32 {
    [16, 8, 0].into_iter().fold(0, |colour, shift| {
        let (from, to) = ((a >> shift & 0xff) as f32, (b >> shift & 0xff) as f32);
        colour | ((from + (to - from) * share).round() as u32) << shift
    })
}

/// A palette as a table of 256 pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Lut([u32; 256]);

impl Lut {
    /// The table of `palette`, opaque.
    pub fn new(palette: Palette) -> Lut {
        Lut(std::array::from_fn(|i| pixel(palette.at(i as f32 / 255.0), 0xff)))
    }

    /// The pixel at `share` of the way from low (0) to high (1); clamped outside.
    #[inline]
    pub fn at(&self, share: f32) -> u32 {
        // A float to integer cast saturates, so shares outside 0..=1 end on the table's ends.
        self.0[(share * 255.0 + 0.5) as u8 as usize]
    }
}

/// A pixel of `colour` (`0xRRGGBB`) as `ImageData` keeps it: bytes R, G, B, A, read as little-endian.
pub const fn pixel(colour: u32, alpha: u8) -> u32 {
    u32::from_le_bytes([(colour >> 16) as u8, (colour >> 8) as u8, colour as u8, alpha])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of sRGB, 0 to 1.
    fn luminance(colour: u32) -> f64 {
        let channel = |shift: u32| {
            let c = f64::from(colour >> shift & 0xff) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn distance(a: u32, b: u32) -> u32 {
        [16, 8, 0].into_iter().map(|s| (a >> s & 0xff).abs_diff(b >> s & 0xff)).sum()
    }

    #[test]
    fn cividis_has_its_published_ends_and_gets_lighter_with_every_step() {
        assert_eq!((Palette::Cividis.at(0.0), Palette::Cividis.at(1.0)), (0x00224e, 0xfee838));
        let lightness: Vec<f64> = CIVIDIS.iter().map(|c| luminance(*c)).collect();
        // Neighbours may differ by less than the rounding to 8 bits; eight steps apart the order is strict.
        for (i, pair) in lightness.windows(2).enumerate() {
            assert!(pair[1] > pair[0] - 2e-4, "step {i}: {} to {}", pair[0], pair[1]);
        }
        for (i, far) in lightness.windows(9).enumerate() {
            assert!(far[8] > far[0] + 1e-3, "from step {i}: {} to {}", far[0], far[8]);
        }
    }

    #[test]
    fn deviations_stand_out_more_the_further_they_are_from_the_mean() {
        let grey = Palette::Deviation.at(0.5);
        for side in [-1.0_f32, 1.0] {
            let away: Vec<u32> = (0..=10).map(|i| Palette::Deviation.at(0.5 + side * i as f32 / 20.0)).collect();
            assert!(away.windows(2).all(|p| distance(p[1], grey) > distance(p[0], grey)), "{away:06x?}");
        }
    }

    #[test]
    fn no_palette_comes_near_the_critical_colour_except_the_red_that_people_ask_for() {
        for palette in [Palette::Cividis, Palette::Deviation] {
            let nearest = (0..=255).map(|i| distance(palette.at(i as f32 / 255.0), CRITICAL)).min();
            assert!(nearest > Some(90), "{palette:?}: {nearest:?}");
        }
    }

    #[test]
    fn a_table_keeps_to_its_palette_and_clamps() {
        for palette in Palette::ALL {
            let lut = Lut::new(palette);
            for share in [0.0, 0.25, 0.5, 1.0] {
                assert!(distance(lut.at(share).swap_bytes() >> 8, palette.at(share)) <= 6, "{palette:?} {share}");
            }
            assert_eq!((lut.at(-3.0), lut.at(9.0)), (lut.at(0.0), lut.at(1.0)));
        }
    }

    #[test]
    fn a_pixel_is_red_green_blue_alpha_in_memory() {
        assert_eq!(pixel(0x123456, 0x80).to_le_bytes(), [0x12, 0x34, 0x56, 0x80]);
    }

    #[test]
    fn the_gradient_names_both_ends() {
        let css = Palette::Cividis.css_gradient();
        assert!(css.starts_with("linear-gradient(to right,#00224e,") && css.ends_with(",#fee838)"), "{css}");
    }
}
