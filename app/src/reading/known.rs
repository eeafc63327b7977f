//! What can be known at a snapshot: of links, of cells, and of a value that never came. Pure.
//!
//! A snapshot of the past that is made of rows, because its tape is gone, knows nothing of the links, and its cells are means
//! of their minute.

use domain::reading::NoData;
use domain::spec::SiteSpec;
use domain::twin::Snapshot;

/// Whether it is known what the links of the site do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinksKnown {
    /// The snapshot says it.
    Yes,
    /// The server cannot be reached: what was last heard of them is old.
    NoServer,
    /// The snapshot is one of the past, of which that was not kept.
    NotKept,
}

/// Whether it is known what the links do: `lost` is whether the server is away, `past` whether the snapshot is one of the
/// past, which does not grow old.
pub fn links_known(snapshot: &Snapshot, site: &SiteSpec, lost: bool, past: bool) -> LinksKnown {
    match () {
        () if lost && !past => LinksKnown::NoServer,
        () if made_of_rows(snapshot) && !site.links.is_empty() => LinksKnown::NotKept,
        () => LinksKnown::Yes,
    }
}

/// Whether the snapshot is made of rows: its cells are means of their minute, and of its links nothing is known.
pub fn made_of_rows(snapshot: &Snapshot) -> bool {
    snapshot.links.is_empty()
}

/// What it means that a value did not come since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// A link that may bring it was never heard.
    NotYet,
    /// All links of the system deliver, and none brings it.
    NotMeasured,
    /// The snapshot is one of the past that does not have it.
    NotRecorded,
}

/// What it means at `snapshot` that a value of the system at `place` never came.
pub fn never(snapshot: &Snapshot, site: &SiteSpec, place: usize) -> Never {
    if made_of_rows(snapshot) {
        return if site.links.is_empty() { Never::NotYet } else { Never::NotRecorded };
    }
    let links = || site.links.iter().zip(&snapshot.links).filter(|(link, _)| usize::from(link.system.0) == place);
    let heard = links().next().is_some() && links().all(|(_, status)| status.last_at.is_some());
    if heard { Never::NotMeasured } else { Never::NotYet }
}

/// Why there is no value, in words.
pub fn why(why: NoData, never: Never) -> &'static str {
    match (why, never) {
        // What came before the start of the server, history knows.
        (NoData::NotPresent, Never::NotYet) => "not received since the start",
        (NoData::NotPresent, Never::NotMeasured) => "not measured",
        (NoData::NotPresent, Never::NotRecorded) => "not recorded",
        _ => why.words(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{site, snapshot};

    #[test]
    fn what_links_do_is_not_known_without_the_server_and_where_it_was_not_kept() {
        let (live, rows) = (snapshot(), Snapshot { links: Vec::new(), ..snapshot() });
        for (snapshot, lost, past, known) in [
            (&live, false, false, LinksKnown::Yes),
            (&live, true, false, LinksKnown::NoServer),
            // What was so then does not grow old.
            (&live, true, true, LinksKnown::Yes),
            (&rows, false, true, LinksKnown::NotKept),
            (&rows, true, true, LinksKnown::NotKept),
        ] {
            assert_eq!(links_known(snapshot, &site(), lost, past), known, "lost {lost}, past {past}");
        }
        assert_eq!(links_known(&rows, &SiteSpec::default(), false, false), LinksKnown::Yes, "a site without links");
    }

    #[test]
    fn a_value_that_never_came_is_not_measured_only_where_every_link_was_heard() {
        let (site, mut snapshot) = (site(), snapshot());
        let words = |snapshot: &Snapshot, place| why(NoData::NotPresent, never(snapshot, &site, place));
        assert_eq!(words(&snapshot, 0), "not measured");
        assert_eq!(words(&snapshot, 1), "not received since the start", "no link is of this system");
        snapshot.links[1].last_at = None;
        assert_eq!(words(&snapshot, 0), "not received since the start", "the link that was not heard may bring it");
        snapshot.links.clear();
        assert_eq!(words(&snapshot, 0), "not recorded");
        assert_eq!(why(NoData::Stale, Never::NotMeasured), "stale");
    }
}
