//! Where the live state of a system begins: with what the document brought, or, when the reader goes to another system,
//! with what is asked for it.

use super::ageing::DEAD;
use crate::boot::{Boot, BootError};
use crate::fetch::{self, FetchError};
use crate::source::{self, Event};
use ::api::playback::PlaybackSegment;
use domain::lab::LabState;
use domain::live::Decoder;
use domain::spec::{SiteSpec, SystemSpec};
use domain::time::Utc;
use domain::twin::Snapshot;
use leptos::prelude::set_timeout;
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// The first snapshot of a system, and what belongs to it.
#[derive(Clone)]
pub struct Start {
    /// The system's place in the site.
    pub place: usize,
    /// The system, as it is configured.
    pub system: Arc<SystemSpec>,
    /// The first snapshot.
    pub snapshot: Arc<Snapshot>,
    /// Whether it is one of the past.
    pub past: bool,
    /// What the simulation does, as far as it is known.
    pub lab: Option<LabState>,
    /// How old the snapshot is, if it is one that the browser kept.
    pub kept: Option<Duration>,
}

impl Start {
    /// What the document brought.
    ///
    /// # Errors
    /// [`BootError`] when the site has no such system or the snapshot does not fit it.
    pub fn of_document(boot: &Boot) -> Result<Start, BootError> {
        let (system, snapshot) = (Arc::new(boot.system()?.clone()), Arc::new(boot.snapshot()?));
        Ok(Start { place: boot.system, system, snapshot, past: boot.at.is_some(), lab: boot.lab.clone(), kept: None })
    }

    /// Asks for the system at a place in the site: its newest snapshot, or that of the instant `at`.
    ///
    /// # Errors
    /// The server cannot be reached, or what it answers cannot be read.
    pub async fn ask(site: &SiteSpec, place: usize, at: Option<Utc>) -> Result<Start, FetchError> {
        let system = Arc::new(site.systems.get(place).cloned().ok_or(FetchError::NoServer)?);
        let snapshot = match at {
            Some(at) => recorded(&system, at).await?,
            None => newest(&system).await?,
        };
        Ok(Start { place, system, snapshot: Arc::new(snapshot), past: at.is_some(), lab: None, kept: None })
    }
}

/// The snapshot of an instant of the past; one without values if nothing was recorded then.
async fn recorded(spec: &SystemSpec, at: Utc) -> Result<Snapshot, FetchError> {
    let from = at.0.div_euclid(1_000);
    let segment: PlaybackSegment =
        fetch::get(format!("/api/v1/playback/frames?system={}&from={from}&step_ms=50&count=1", spec.id)).await?;
    match segment.frames.first() {
        Some(frame) => decoded(spec, &frame.bytes),
        None => Ok(Snapshot::unknown(spec, at)),
    }
}

/// The newest snapshot: the first frame of the system's live stream.
async fn newest(spec: &SystemSpec) -> Result<Snapshot, FetchError> {
    let first_event = Rc::new(RefCell::new((None::<Event>, None::<Waker>)));
    let report = |first_event: &RefCell<(Option<Event>, Option<Waker>)>, event| {
        let (first, waker) = &mut *first_event.borrow_mut();
        if !matches!(event, Event::Text(_)) {
            first.get_or_insert(event);
        }
        if let Some(waker) = waker.take() {
            waker.wake();
        }
    };
    let (heard, late) = (Rc::clone(&first_event), Rc::clone(&first_event));
    let listener = Box::new(move |event| report(&heard, event));
    let source = source::chosen().ok_or(FetchError::NoServer)?;
    let _open = (source.subscribe)(&spec.id, listener).ok_or(FetchError::NoServer)?;
    set_timeout(move || report(&late, Event::Closed), DEAD);
    let first = poll_fn(|context| {
        let (first, waker) = &mut *first_event.borrow_mut();
        *waker = Some(context.waker().clone());
        first.take().map_or(Poll::Pending, Poll::Ready)
    });
    match first.await {
        Event::Frame(frame) => decoded(spec, &frame),
        Event::Closed | Event::Text(_) => Err(FetchError::NoServer),
    }
}

fn decoded(spec: &SystemSpec, frame: &[u8]) -> Result<Snapshot, FetchError> {
    let mut decoder = Decoder::of(spec);
    decoder.decode(frame).map_err(|error| FetchError::Unreadable(error.to_string()))?;
    Ok(decoder.snapshot().clone())
}
