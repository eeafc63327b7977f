//! Colours and type of the charts, as plain data.
//!
//! They are those of `style/tokens.css`, and a test holds them together: to ask the browser for them would cost every chart
//! a layout of the page.

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

/// The quantity that a colour stands for. The same quantity has the same colour on every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SeriesColor {
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

/// Every one with its custom property and its colours on light and on dark ground.
const COLORS: [(SeriesColor, &str, u32, u32); 13] = [
    (SeriesColor::Load, "--load", 0x475569, 0xaab6c5),
    (SeriesColor::Discharge, "--discharge", 0xef4444, 0xef4444),
    (SeriesColor::Charge, "--charge", 0x16a34a, 0x22c55e),
    (SeriesColor::Grid, "--grid", 0x7c3aed, 0xa78bfa),
    (SeriesColor::Solar, "--solar", 0xa16207, 0xfacc15),
    (SeriesColor::Voltage, "--voltage", 0x3b82f6, 0x3b82f6),
    (SeriesColor::Current, "--current", 0x0d9488, 0x2dd4bf),
    (SeriesColor::Temperature, "--temp", 0xcc7a00, 0xf59e0b),
    (SeriesColor::Victron, "--victron", 0x3b82f6, 0x3b82f6),
    (SeriesColor::SolArk, "--sol-ark", 0x7f8da3, 0x94a3b8),
    (SeriesColor::Critical, "--critical", 0xc81e1e, 0xff6b6b),
    (SeriesColor::Warning, "--warning", 0xa64b06, 0xffb020),
    (SeriesColor::Accent, "--accent", 0x0b62c9, 0x6aa9ff),
];

impl SeriesColor {
    /// The custom property that holds the colour.
    pub fn css(self) -> &'static str {
        COLORS[self as usize].1
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
    pub font_family: &'static str,
    /// Size of all text in a chart, CSS px.
    pub font_px: f64,
    colors: [Rgb; COLORS.len()],
}

/// What is no quantity, in the order of [`ChartTheme`]'s fields.
const GROUNDS: [(&str, u32, u32); 4] = [
    ("--text", 0x12151a, 0xe9ecf1),
    ("--muted", 0x555f6d, 0x98a2b0),
    ("--line", 0xdfe2e7, 0x282d37),
    ("--surface", 0xffffff, 0x15181e),
];

const FONT: &str = "system-ui, -apple-system, \"Segoe UI\", Roboto, \"Noto Sans\", \"Liberation Sans\", sans-serif";

impl ChartTheme {
    /// On light or on dark ground.
    pub fn new(dark: bool) -> ChartTheme {
        let pick = |light, on_dark| Rgb::from_hex(if dark { on_dark } else { light });
        let [text, muted, line, surface] = GROUNDS.map(|(_, light, dark)| pick(light, dark));
        let colors = COLORS.map(|(_, _, light, dark)| pick(light, dark));
        ChartTheme { text, muted, line, surface, font_family: FONT, font_px: 12.0, colors }
    }

    /// Colours on light ground.
    pub fn light() -> ChartTheme {
        ChartTheme::new(false)
    }

    /// Colours on dark ground.
    pub fn dark() -> ChartTheme {
        ChartTheme::new(true)
    }

    /// The colour of a quantity.
    pub fn color(&self, color: SeriesColor) -> Rgb {
        self.colors[color as usize]
    }
}

impl Rgb {
    /// The colour `0xRRGGBB`.
    pub const fn from_hex(hex: u32) -> Rgb {
        Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_and_the_font_are_those_of_the_style_sheet() {
        let css = include_str!("../../../style/tokens.css");
        let token = |name: &str| css.split_once(&format!("{name}: ")).unwrap().1.split_once(';').unwrap().0;
        let colors = COLORS.map(|(_, name, light, dark)| (name, light, dark));
        for (name, light, dark) in GROUNDS.into_iter().chain(colors) {
            let words =
                if light == dark { format!("#{light:06x}") } else { format!("light-dark(#{light:06x}, #{dark:06x})") };
            assert_eq!(token(name), words, "{name}");
        }
        assert_eq!(token("--font"), FONT);
    }

    #[test]
    fn every_series_color_keeps_its_place_in_the_table() {
        for (place, (color, name, ..)) in COLORS.iter().enumerate() {
            assert_eq!((*color as usize, color.css()), (place, *name));
        }
    }
}
