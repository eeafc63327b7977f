//! A CAN interface that is not there: on every Linux, with or without CAN. Real frames are the business of
//! `cargo xtask can-vm`.

use crate::support::{PATIENCE, Running};
use domain::link::LinkState;

fn keys(interface: &str) -> String {
    format!(
        "kind = \"socketcan\"\ninterface = \"{interface}\"\ndbc = \"dbc/packtwin_hv.dbc\"\n\
         map = [{{ point = \"battery/soc\", signal = \"Soc\" }}]"
    )
}

#[tokio::test]
async fn an_interface_that_is_not_there_is_down_and_says_what_to_do() {
    for (interface, words) in [("can-nowhere", "there is no CAN interface can-nowhere"), ("lo", "")] {
        let mut link = Running::start(&keys(interface)).await;
        let down = tokio::time::timeout(PATIENCE, link.until(LinkState::Down)).await.unwrap();
        assert_eq!((down.frames, down.faults_total(), down.reconnects), (0, 0, 0));
        let reason = link.handle.status().reason;
        // "lo" is refused as no CAN interface, or by a kernel without CAN.
        assert!(reason.contains(words) && reason.contains("CAN"), "{reason}");
    }
}
