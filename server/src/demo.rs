//! The demo site: its files are part of the program and are laid out in the data folder.

use crate::archive::begin_with_history;
use crate::cli::Demo;
use anyhow::{Context as _, Result};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::Range;
use std::path::PathBuf;

const SITE: &str = include_str!("../../sites/demo.toml");

/// Every file of the demo, by its path below `demo-site` in the data folder.
const FILES: [(&str, &str); 8] = [
    ("sites/demo.toml", SITE),
    ("dbc/packtwin_hv.dbc", include_str!("../../dbc/packtwin_hv.dbc")),
    ("registers/grid_meter.toml", include_str!("../../registers/grid_meter.toml")),
    ("registers/load_meter.toml", include_str!("../../registers/load_meter.toml")),
    ("registers/packtwin_controller.toml", include_str!("../../registers/packtwin_controller.toml")),
    ("registers/victron_battery.toml", include_str!("../../registers/victron_battery.toml")),
    ("registers/victron_settings.toml", include_str!("../../registers/victron_settings.toml")),
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
            store::owner::folder(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        let text = if options.sim_ports == "free" { with_free_ports(text)? } else { text.to_owned() };
        fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(root.join("sites/demo.toml"))
}

/// Where free ports are looked for: below those that a system gives to outgoing connections, which would take one between
/// the look and the listening.
const FREE_PORTS: Range<u16> = 20_100..32_700;

/// The text with the devices' addresses replaced by free ones of this machine.
fn with_free_ports(text: &str) -> Result<String> {
    if !text.contains(UDP_PORT) {
        return Ok(text.to_owned());
    }
    // Each process begins somewhere else, so that two that start together do not find the same.
    let first = std::process::id() as usize * 97 % FREE_PORTS.len();
    let mut ports = FREE_PORTS.cycle().skip(first).take(FREE_PORTS.len());
    let here = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut text = text.to_owned();
    let udp = ports.find(|port| UdpSocket::bind(here(*port)).is_ok()).context("no free UDP port")?;
    text = text.replace(UDP_PORT, &here(udp).to_string());
    // A port that was found is not looked at again.
    for given in TCP_PORTS {
        let tcp = ports.find(|port| TcpListener::bind(here(*port)).is_ok()).context("no free TCP port")?;
        text = text.replace(given, &here(tcp).to_string());
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site_file;
    use std::path::Path;

    #[test]
    fn free_ports_differ_and_none_is_one_of_outgoing_connections() {
        let text = with_free_ports(SITE).unwrap();
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
        let ports = text.split("127.0.0.1:").skip(1).map(|rest| digits(rest).parse::<u16>().unwrap());
        // Each stands at its link and at its simulator.
        let ports: std::collections::BTreeSet<u16> = ports.collect();
        assert_eq!(ports.len(), 6, "{ports:?}");
        assert!(ports.iter().all(|port| FREE_PORTS.contains(port)), "{ports:?}");
    }

    /// The demo in the browser reads this file by itself (`crates/demo/src/site.rs`).
    #[test]
    fn the_site_is_the_one_that_the_demo_in_the_browser_has() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mut site = site_file::read(&root.join("sites/demo.toml"), |_, _| Ok(())).unwrap();
        // That one commands nothing.
        site.spec.systems.iter_mut().for_each(|system| system.controls = Default::default());
        let kept = fs::read_to_string(root.join("crates/demo/tests/golden/site.txt")).unwrap();
        assert!(kept == format!("{:#?}\n", site.spec), "the site is another one than crates/demo has");
    }
}
