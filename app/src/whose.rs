//! Which system a page is about. Pure: server and browser agree, so an address means the same by a link and by a reload.

use crate::address::{Address, base};
use domain::spec::{SiteSpec, SystemKind, SystemSpec};

/// The field of an address that names a system.
pub const SYSTEM: &str = "system";

/// Whether the page at `path` has anything to show of a system. The pages that are not named here have of every one.
pub fn has(path: &str, system: &SystemSpec) -> bool {
    match path {
        "/cells" => system.topology.cells() > 0,
        "/home" => system.kind == SystemKind::Home,
        "/lab" => system.simulated,
        _ => true,
    }
}

/// The place of the system that the page at `path` shows if none is named: the first that the page has something of.
pub fn default(path: &str, site: &SiteSpec) -> usize {
    site.systems.iter().position(|system| has(path, system)).unwrap_or(0)
}

/// The place of the system that an address is about; `None` if it names one that the site does not have.
pub fn system(address: &Address, site: &SiteSpec) -> Option<usize> {
    match address.field(SYSTEM) {
        Some(id) => site.systems.iter().position(|system| system.id == id),
        None => Some(default(address.path(), site)),
    }
}

/// The address of a page for the system at `place`: `/cells`, or `/cells?system=racks` where the plain address would
/// be another system's.
pub fn href(path: &str, place: usize, site: &SiteSpec) -> String {
    let base = base();
    match site.systems.get(place) {
        Some(system) if default(path, site) != place => format!("{base}{path}?{SYSTEM}={}", system.id),
        _ => format!("{base}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::spec;
    use domain::topology::Topology;

    /// A house first, then two packs.
    fn site() -> SiteSpec {
        let house = SystemSpec { id: "home".into(), kind: SystemKind::Home, topology: Topology::NONE, ..spec() };
        let real = SystemSpec { id: "real".into(), simulated: false, ..spec() };
        SiteSpec { systems: vec![SystemSpec { simulated: false, ..house }, real, spec()], ..SiteSpec::default() }
    }

    #[test]
    fn a_page_chooses_the_system_that_has_it() {
        for (address, place) in [
            ("/", Some(0)),
            ("/home", Some(0)),
            ("/cells", Some(1)),
            ("/lab", Some(2)),
            ("/cells?system=hv", Some(2)),
            ("/cells?system=home", Some(0)),
            ("/nowhere", Some(0)),
            ("/cells?system=nobody", None),
        ] {
            assert_eq!(system(&Address::parse(address), &site()), place, "{address}");
        }
    }

    #[test]
    fn every_address_of_a_system_leads_back_to_it() {
        let site = site();
        for (place, path) in (0..3).flat_map(|place| ["/", "/cells", "/home", "/lab", "/trends"].map(|p| (place, p))) {
            let href = href(path, place, &site);
            assert_eq!(system(&Address::parse(&href), &site), Some(place), "{href}");
        }
        assert_eq!(href("/cells", 1, &site), "/cells");
        assert_eq!(href("/", 1, &site), "/?system=real");
    }
}
