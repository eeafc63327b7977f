//! The parts that pages are made of. They take values and signals; none of them fetches or knows a page.

mod address_note;
mod age;
mod card;
mod chip;
mod defer_chunk;
pub mod local_time;
mod meter;
mod page_style;
mod reading;
mod segmented;
mod severity;
mod theme_switch;

pub use address_note::AddressNote;
pub use age::AgeNote;
pub use card::{Card, EmptyState};
pub use chip::{Chip, Tone};
pub use defer_chunk::DeferChunk;
pub use local_time::LocalTime;
pub use meter::SocBar;
pub use page_style::PageStyle;
pub use reading::Reading;
pub use segmented::Segmented;
pub use severity::{SeverityMark, SeverityWord};
pub use theme_switch::ThemeSwitch;
