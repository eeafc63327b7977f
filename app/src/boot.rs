//! What the document carries so that the browser can take over without asking: site, system and first snapshot.
//!
//! The server renders from a [`Boot`] and writes the same bytes, in base64, into a script element that no browser runs.
//! The snapshot travels as the key frame of the live stream, and both sides render what they decode from it: the same
//! rounding, so the same text, so nothing changes when the page comes to life.

mod base64;

use domain::lab::LabState;
use domain::live::{Decoder, LiveError};
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::twin::Snapshot;
use domain::wire::{Reader, Wire, WireError, Writer};
use leptos::prelude::{StoredValue, UpdateValue as _, use_context};
use thiserror::Error;

/// The id of the script element.
pub(crate) const ELEMENT: &str = "boot";

/// Where a page starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Boot {
    /// The site as it is configured.
    pub site: SiteSpec,
    /// The place in the site of the system on this page.
    pub system: usize,
    /// The key frame of the system's snapshot: the newest, or that of the instant `at`.
    pub key: Vec<u8>,
    /// The instant of the past that the page shows; `None` for the present.
    pub at: Option<Utc>,
    /// What the simulation does, for a simulated system.
    pub lab: Option<LabState>,
    /// What the page at this address begins with, in a form of its own; empty for most.
    pub page: Vec<u8>,
}

/// What the first page of a document begins with. A context; it is had once, as it is of the instant of the document.
#[derive(Clone, Copy)]
pub struct PageStart(StoredValue<Vec<u8>>);

impl PageStart {
    /// With these bytes.
    pub fn new(bytes: Vec<u8>) -> PageStart {
        PageStart(StoredValue::new(bytes))
    }

    /// What it begins with, if this is the first page of the document and it reads this form.
    pub fn take<T: Wire>() -> Option<T> {
        let bytes = use_context::<PageStart>()?.0.try_update_value(std::mem::take)?;
        T::from_bytes(&bytes).ok()
    }
}

/// Why a page cannot start.
#[derive(Debug, Error, PartialEq)]
pub enum BootError {
    /// The document does not carry the start.
    #[error("The document is not complete. Load the page again")]
    Missing,
    /// The start cannot be read: damaged, or of another version.
    #[error("The start of the page cannot be read: {0}. Load the page again")]
    Wire(#[from] WireError),
    /// The first snapshot cannot be read.
    #[error("The first values cannot be read: {0}. Load the page again")]
    Live(#[from] LiveError),
    /// The site has no such system.
    #[error("The site has no system number {0}. Choose another one")]
    NoSystem(usize),
}

impl Boot {
    /// The start in the document of this browser.
    ///
    /// # Errors
    /// [`BootError`] when the document does not carry one, or it cannot be read.
    pub fn from_document() -> Result<Boot, BootError> {
        let text = leptos::prelude::document().get_element_by_id(ELEMENT).and_then(|element| element.text_content());
        Boot::decode(&text.ok_or(BootError::Missing)?)
    }

    /// As text for the document.
    pub fn encode(&self) -> String {
        base64::encode(&self.to_bytes())
    }

    /// Reads what [`Boot::encode`] wrote.
    ///
    /// # Errors
    /// [`BootError`] when the text is damaged or of another version.
    pub fn decode(text: &str) -> Result<Boot, BootError> {
        let bytes = base64::decode(text.trim()).ok_or(BootError::Missing)?;
        Ok(Boot::from_bytes(&bytes)?)
    }

    /// The system on this page.
    ///
    /// # Errors
    /// [`BootError::NoSystem`] when the site has no such system.
    pub fn system(&self) -> Result<&SystemSpec, BootError> {
        self.site.systems.get(self.system).ok_or(BootError::NoSystem(self.system))
    }

    /// The snapshot in the key frame.
    ///
    /// # Errors
    /// [`BootError::Live`] when the frame is not sound.
    pub fn snapshot(&self) -> Result<Snapshot, BootError> {
        let mut decoder = Decoder::of(self.system()?);
        decoder.decode(&self.key)?;
        Ok(decoder.snapshot().clone())
    }
}

impl Wire for Boot {
    fn write(&self, w: &mut Writer) {
        self.site.write(w);
        w.varint(self.system as u64);
        w.bytes(&self.key);
        w.option(self.at, |w, at| w.signed(at.0));
        w.option(self.lab.as_ref(), |w, lab| lab.write(w));
        w.bytes(&self.page);
    }

    fn read(r: &mut Reader<'_>) -> Result<Boot, WireError> {
        Ok(Boot {
            site: SiteSpec::read(r)?,
            system: r.number("a system")?,
            key: r.bytes()?.to_vec(),
            at: r.option(|r| Ok(Utc(r.signed()?)))?,
            lab: r.option(LabState::read)?,
            page: r.bytes()?.to_vec(),
        })
    }
}
/// The build that made this document.
pub(crate) fn own_build() -> Option<String> {
    own("data-build")
}

/// The number of the site that this document carries; `None` of one that was made without a server.
pub(crate) fn own_site() -> Option<String> {
    own("data-site")
}

/// Whether this document was opened without a server.
pub(crate) fn is_offline() -> bool {
    own("data-offline").is_some()
}

/// Who was signed in when the document was made. A context on the server; a browser reads it from the document.
#[derive(Clone, Debug)]
pub struct Person(pub Option<String>);

/// The name of who was signed in then.
pub(crate) fn own_person() -> Option<String> {
    leptos::prelude::use_context::<Person>().map_or_else(|| own("data-person"), |Person(name)| name)
}

fn own(name: &str) -> Option<String> {
    leptos::prelude::document().document_element()?.get_attribute(name)
}
