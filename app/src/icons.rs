//! One family of icons: 24 x 24, drawn with a line of 1.75, in the colour of the text around them.

use crate::derived::Derived;
use leptos::prelude::*;

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    /// The overview page.
    Overview,
    /// The cells page.
    Cells,
    /// The trends page.
    Trends,
    /// The links page.
    Links,
    /// The control page.
    Control,
    /// The analysis page.
    Analysis,
    /// The alarms page.
    Bell,
    /// The lab page.
    Lab,
    /// Theme: as the system says.
    Auto,
    /// Theme: light.
    Sun,
    /// Theme: dark.
    Moon,
    /// All is well.
    Check,
    /// It is not known.
    Question,
    /// It opens below.
    Down,
    /// There is more than has room here.
    More,
    /// To be closed.
    Close,
    /// The public grid.
    Grid,
    /// A battery.
    Battery,
    /// A computer that takes power.
    Load,
    /// A house.
    House,
    /// To be put on this device.
    Install,
    /// Somebody, and their account.
    Person,
}

impl Glyph {
    /// Its outline, for drawings that place it themselves.
    pub fn path(self) -> &'static str {
        match self {
            Glyph::Overview => "M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z",
            Glyph::Cells => {
                "M4 4h4v4H4zM10 4h4v4h-4zM16 4h4v4h-4zM4 10h4v4H4zM10 10h4v4h-4zM16 10h4v4h-4zM4 16h4v4H4zM10 16h4v4h-4zM16 16h4v4h-4z"
            }
            Glyph::Trends => "M4 4v16h16M7 15l4-5 3 3 5-7",
            Glyph::Links => "M9 12h6M10 7H8a5 5 0 0 0 0 10h2M14 7h2a5 5 0 0 1 0 10h-2",
            Glyph::Control => "M4 7h7M15 7h5M13 5v4M4 17h3M11 17h9M9 15v4M4 12h11M19 12h1M17 10v4",
            Glyph::Analysis => "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
            Glyph::Bell => "M6 17v-6a6 6 0 0 1 12 0v6l1.5 2h-15zM10 21.5h4M12 3v2",
            Glyph::Lab => "M9 3h6M10 3v6l-5.5 9.5A1.7 1.7 0 0 0 7 21h10a1.7 1.7 0 0 0 1.5-2.5L14 9V3M7.5 15h9",
            Glyph::Auto => "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
            Glyph::Sun => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"
            }
            Glyph::Moon => "M20 14.5A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.5z",
            Glyph::Check => "M5 12.5 10 17.5 19.5 7",
            Glyph::Down => "M6 9l6 6 6-6",
            Glyph::More => "M5 12h.01M12 12h.01M19 12h.01",
            Glyph::Close => "M6 6l12 12M18 6 6 18",
            Glyph::Question => "M9 9a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 2.2M12 17.5v.01",
            Glyph::Grid => "M8.5 21 12 3l3.5 18M5 8h14M6.5 12.5h11M9.7 15l5 3.5M14.3 15l-5 3.5",
            Glyph::Battery => "M3 8h15v8H3zM21 11v2M6.5 11v2M10 11v2M13.5 11v2",
            Glyph::Install => "M12 4v11M7.5 10.5 12 15l4.5-4.5M5 19.5h14",
            Glyph::Person => "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
            Glyph::House => "M4 11.5 12 4l8 7.5M6 10v10h12V10M12.5 11 10 15h4l-2.5 4",
            Glyph::Load => "M5 4h14v6H5zM5 14h14v6H5zM8.5 7h.01M8.5 17h.01M12 7h4M12 17h4",
        }
    }
}

/// An icon beside text that says the same: hidden from screen readers.
#[component]
pub fn Icon(
    /// What it shows.
    #[prop(into)]
    glyph: Derived<Glyph>,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path d=move || glyph.get().path() />
        </svg>
    }
}
