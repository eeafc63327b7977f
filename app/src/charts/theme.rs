//! Colours and type of the charts, as plain data.
//!
//! The page's style sheet owns the colours; [`super::canvas`] reads them from its custom properties when the theme
//! changes. The constants here are for drawing without a page and for a property that the style sheet lacks.

use domain::decimal;

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The quantity that a colour stands for. The same quantity has the same colour on every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The AI load.
    Load,
    /// The battery when it discharges; battery power.
    Discharge,
    /// The battery when it charges.
    Charge,
    /// The grid.
    Grid,
    /// Solar power.
    Solar,
    /// A voltage.
    Voltage,
    /// A current.
    Current,
    /// A temperature.
    Temperature,
    /// What Victron says, beside others.
    Victron,
    /// What a Sol-Ark says, beside others.
    SolArk,
    /// A critical alarm.
    Critical,
    /// A warning.
    Warning,
    /// A notice, and what is selected.
    Accent,
}

/// Every ink with its custom property and its colours on light and on dark ground.
const INKS: [(Ink, &str, u32, u32); 13] = [
    (Ink::Load, "--load", 0x475569, 0xaab6c5),
    (Ink::Discharge, "--discharge", 0xef4444, 0xef4444),
    (Ink::Charge, "--charge", 0x16a34a, 0x22c55e),
    (Ink::Grid, "--grid", 0x7c3aed, 0xa78bfa),
    (Ink::Solar, "--solar", 0xa16207, 0xfacc15),
    (Ink::Voltage, "--voltage", 0x3b82f6, 0x3b82f6),
    (Ink::Current, "--current", 0x0d9488, 0x2dd4bf),
    (Ink::Temperature, "--temp", 0xcc7a00, 0xf59e0b),
    (Ink::Victron, "--victron", 0x3b82f6, 0x3b82f6),
    (Ink::SolArk, "--sol-ark", 0x7f8da3, 0x94a3b8),
    (Ink::Critical, "--critical", 0xc81e1e, 0xff5c5c),
    (Ink::Warning, "--warning", 0xb45309, 0xffb020),
    (Ink::Accent, "--accent", 0x0f6fde, 0x6aa9ff),
];

impl Ink {
    /// The custom property that holds the colour.
    pub fn css(self) -> &'static str {
        INKS[self as usize].1
    }
}

/// Colours and type of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartTheme {
    /// Strong text, and the zero line.
    pub text: Rgb,
    /// Axis text.
    pub muted: Rgb,
    /// Grid lines.
    pub line: Rgb,
    /// The ground that the chart lies on.
    pub surface: Rgb,
    /// Font family, as in CSS.
    pub font_family: String,
    /// Size of all text in a chart, CSS px.
    pub font_px: f64,
    inks: [Rgb; INKS.len()],
}

impl ChartTheme {
    /// Colours on light ground.
    pub fn light() -> ChartTheme {
        ChartTheme::built_in(|_, light, _| light, [0x12161c, 0x5b6675, 0xe2e5ea, 0xffffff])
    }

    /// Colours on dark ground.
    pub fn dark() -> ChartTheme {
        ChartTheme::built_in(|_, _, dark| dark, [0xe8ecf2, 0x8a96a6, 0x232b36, 0x141920])
    }

    fn built_in(pick: impl Fn(Ink, u32, u32) -> u32, ground: [u32; 4]) -> ChartTheme {
        let [text, muted, line, surface] = ground.map(Rgb::from_hex);
        ChartTheme {
            text,
            muted,
            line,
            surface,
            font_family: "system-ui, sans-serif".to_owned(),
            font_px: 12.0,
            inks: INKS.map(|(ink, _, light, dark)| Rgb::from_hex(pick(ink, light, dark))),
        }
    }

    /// The colours that `property` gives for custom properties (`--text`: `rgb(1, 2, 3)`); the dark or the light ones where
    /// it gives none.
    pub fn from_properties(dark: bool, property: impl Fn(&str) -> Option<Rgb>) -> ChartTheme {
        let mut theme = if dark { ChartTheme::dark() } else { ChartTheme::light() };
        let grounds = [
            ("--text", &mut theme.text),
            ("--muted", &mut theme.muted),
            ("--line", &mut theme.line),
            ("--surface", &mut theme.surface),
        ];
        let inks = INKS.iter().map(|(_, name, ..)| *name).zip(theme.inks.iter_mut());
        for (name, colour) in grounds.into_iter().chain(inks) {
            *colour = property(name).unwrap_or(*colour);
        }
        theme
    }

    /// The colour of a quantity.
    pub fn ink(&self, ink: Ink) -> Rgb {
        self.inks[ink as usize]
    }
}

impl Rgb {
    /// The colour `0xRRGGBB`.
    pub const fn from_hex(hex: u32) -> Rgb {
        Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
    }

    /// The colour of a computed style: `rgb(1, 2, 3)`, `rgba(1, 2, 3, 0.5)` or `color(srgb 0.1 0.2 0.3)`; its opacity is
    /// dropped.
    pub fn from_computed(css: &str) -> Option<Rgb> {
        let (function, rest) = css.trim().split_once('(')?;
        let (numbers, factor) = match function {
            "rgb" | "rgba" => (rest, 1.0),
            "color" => (rest.strip_prefix("srgb ")?, 255.0),
            _ => return None,
        };
        let mut channels = numbers
            .split([',', ' ', '/', ')'])
            .filter(|part| !part.is_empty())
            .map(|part| decimal::parse(part).map(|value| (value * factor).round().clamp(0.0, 255.0) as u8));
        Some(Rgb(channels.next()??, channels.next()??, channels.next()??))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn computed_colours_are_read_in_every_form_that_browsers_give() {
        for (css, colour) in [
            ("rgb(20, 25, 32)", Some(Rgb(20, 25, 32))),
            ("rgba(20, 25, 32, 0.5)", Some(Rgb(20, 25, 32))),
            ("rgb(20 25 32 / 50%)", Some(Rgb(20, 25, 32))),
            ("color(srgb 1 0.5 0 / 0.2)", Some(Rgb(255, 128, 0))),
            ("color(display-p3 1 0 0)", None),
            ("light-dark(#fff, #000)", None),
            ("", None),
        ] {
            assert_eq!(Rgb::from_computed(css), colour, "{css}");
        }
    }

    #[test]
    fn a_property_of_the_page_wins_over_the_built_in_colour() {
        let theme = ChartTheme::from_properties(true, |name| (name == "--grid").then_some(Rgb(1, 2, 3)));
        assert_eq!(theme.ink(Ink::Grid), Rgb(1, 2, 3));
        assert_eq!(theme.ink(Ink::Load), ChartTheme::dark().ink(Ink::Load));
        assert_eq!(theme.surface, ChartTheme::dark().surface);
    }

    #[test]
    fn every_ink_keeps_its_place_in_the_table() {
        for (place, (ink, name, ..)) in INKS.iter().enumerate() {
            assert_eq!((*ink as usize, ink.css()), (place, *name));
        }
    }
}
