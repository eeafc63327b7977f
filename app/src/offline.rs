//! A page without a server, made of the last values that this browser kept ([`kept`](crate::kept)).

use crate::address::Address;
use crate::boot::Boot;
use crate::kept::{self, Kept, KeptAt};
use crate::{App, whose};
use leptos::prelude::*;

/// Starts the app from what is kept of the system that the address is about. If nothing is, the document stays as it is.
pub async fn resume() {
    let here = Address::current();
    let Some(kept) = chosen(&here, kept::all()) else { return };
    // An instant of the past is not kept. The address keeps it: the page says so, and goes there with the server.
    draw(kept.boot, Some(KeptAt(kept.at_ms))).await;
}

/// Draws the app in the place of what the document has, when the code of its page is there.
pub async fn draw(boot: Boot, kept: Option<KeptAt>) {
    if let Some(chunk) = crate::pages::chunk(&Address::current()) {
        // Without its code the page says that it cannot be opened.
        let _ = chunk.load().await;
    }
    if let Some(body) = document().body() {
        body.set_inner_html("");
    }
    leptos::mount::mount_to_body(move || {
        provide_context(boot);
        if let Some(kept) = kept {
            provide_context(kept);
        }
        view! { <App /> }
    });
}

/// Of what is kept, that of the system which an address is about in the site as it was last seen.
fn chosen(address: &Address, mut all: Vec<Kept>) -> Option<Kept> {
    let newest = all.iter().max_by_key(|kept| kept.at_ms)?;
    let site = &newest.boot.site;
    let place = whose::system(address, site).unwrap_or_else(|| whose::default(address.path(), site));
    let id = site.systems.get(place)?.id.clone();
    let found = all.iter().position(|kept| kept.boot.system().is_ok_and(|system| system.id == id))?;
    Some(all.swap_remove(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kept::tests::kept;
    use crate::sample::{site, spec};
    use domain::spec::{SiteSpec, SystemKind, SystemSpec};
    use domain::topology::Topology;

    #[test]
    fn the_address_chooses_the_system() {
        let house = SystemSpec { id: "home".into(), kind: SystemKind::Home, topology: Topology::NONE, ..spec() };
        let site = SiteSpec { systems: vec![spec(), house], ..site() };
        let both = || vec![kept(&site, 0, 1), kept(&site, 1, 2)];
        for (address, at_ms) in [("/", 1), ("/cells", 1), ("/home", 2), ("/?system=home", 2), ("/?system=gone", 1)] {
            assert_eq!(chosen(&Address::parse(address), both()).map(|kept| kept.at_ms), Some(at_ms), "{address}");
        }
        assert_eq!(chosen(&Address::parse("/cells"), vec![kept(&site, 1, 2)]), None, "nothing is kept of that system");
        assert_eq!(chosen(&Address::parse("/"), Vec::new()), None);
    }
}
