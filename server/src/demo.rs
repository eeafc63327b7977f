//! The demo site: its files are part of the program and are laid out in the data folder.

use crate::archive::begin_with_history;
use crate::cli::Demo;
use anyhow::{Context as _, Result};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;

const SITE: &str = include_str!("../../sites/demo.toml");

/// Every file of the demo, by its path below `demo-site` in the data folder.
const FILES: [(&str, &str); 7] = [
    ("sites/demo.toml", SITE),
    ("dbc/packtwin_hv.dbc", include_str!("../../dbc/packtwin_hv.dbc")),
    ("registers/grid_meter.toml", include_str!("../../registers/grid_meter.toml")),
    ("registers/load_meter.toml", include_str!("../../registers/load_meter.toml")),
    ("registers/packtwin_controller.toml", include_str!("../../registers/packtwin_controller.toml")),
    ("registers/victron_battery.toml", include_str!("../../registers/victron_battery.toml")),
    ("registers/solark_beside_victron.toml", include_str!("../../registers/solark_beside_victron.toml")),
];

/// Addresses of the simulated devices in the site file.
const UDP_PORT: &str = "127.0.0.1:20000";
const TCP_PORTS: [&str; 5] =
    ["127.0.0.1:15020", "127.0.0.1:15021", "127.0.0.1:15022", "127.0.0.1:15030", "127.0.0.1:15031"];

/// Makes the history that is asked for, writes the demo's files and returns its site file.
///
/// # Errors
/// When the data folder cannot be written.
pub(crate) async fn prepare(options: &Demo) -> Result<PathBuf> {
    if options.history_days > 0 {
        let (data, days) = (options.common.data.clone(), options.history_days);
        // Takes some seconds, in which Ctrl-C shall work.
        tokio::task::spawn_blocking(move || begin_with_history(&data, days)).await.context("make a history")?;
    }
    let root = options.common.data.join("demo-site");
    for (name, text) in FILES {
        let path = root.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        let text = if options.sim_ports == "free" { with_free_ports(text)? } else { text.to_owned() };
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(root.join("sites/demo.toml"))
}

/// The text with the devices' addresses replaced by free ones of this machine.
fn with_free_ports(text: &str) -> Result<String> {
    if !text.contains(UDP_PORT) {
        return Ok(text.to_owned());
    }
    let udp = UdpSocket::bind("127.0.0.1:0").context("find a free UDP port")?;
    let mut text = text.replace(UDP_PORT, &udp.local_addr()?.to_string());
    // All are held until all are found, so that none is found twice.
    let listeners = TCP_PORTS.map(|_| TcpListener::bind("127.0.0.1:0"));
    for (port, listener) in TCP_PORTS.iter().zip(listeners) {
        text = text.replace(port, &listener.context("find a free TCP port")?.local_addr()?.to_string());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site_file;
    use std::path::Path;

    /// The demo in the browser reads this file by itself (`crates/demo/src/site.rs`).
    #[test]
    fn the_site_is_the_one_that_the_demo_in_the_browser_has() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let site = site_file::read(&root.join("sites/demo.toml"), |_, _| Ok(())).unwrap();
        let kept = fs::read_to_string(root.join("crates/demo/tests/golden/site.txt")).unwrap();
        assert!(kept == format!("{:#?}\n", site.spec), "the site is another one than crates/demo has");
    }
}
