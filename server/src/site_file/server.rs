//! `[server]`: under which names browsers reach this server, and how much it gives at most. All of it may be left out.

use super::Complaint;
use crate::limits::Limits;
use crate::proxies::network;
use domain::plain::quoted;
use ipnet::IpNet;
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::time::Duration;
use toml::Spanned;

/// The table as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerTable {
    /// Names and addresses by which this server is reached besides its own: of a tunnel, a proxy, the local network.
    #[serde(default)]
    names: Vec<Spanned<String>>,
    /// Proxies that speak TLS for this server, and are believed what they say of who asks: addresses or networks.
    #[serde(default)]
    behind_proxy: Vec<Spanned<String>>,
    /// Connections at the same time.
    connections: Option<Spanned<i64>>,
    /// Connections at the same time from one address that is not this machine.
    connections_per_address: Option<Spanned<i64>>,
    /// Live streams at the same time.
    viewers: Option<Spanned<i64>>,
    /// Who takes nothing of what was sent for so long is cut off, s.
    patience_s: Option<Spanned<i64>>,
    /// Whether SQL may run where the kernel cannot confine it.
    unconfined_sql: Option<bool>,
}

impl ServerTable {
    /// The proxies that are believed.
    pub(super) fn proxies(&self, complaints: &mut Vec<Complaint>) -> Vec<IpNet> {
        let read = |text: &Spanned<String>| {
            network(text.get_ref())
                .map_err(|words| complaints.push((text.span(), format!("{}: {words}", quoted(text.get_ref())))))
                .ok()
        };
        self.behind_proxy.iter().filter_map(read).collect()
    }

    /// What the server gives at most; what is not said is as [`Limits::default`] has it.
    pub(super) fn check(self, complaints: &mut Vec<Complaint>) -> Limits {
        let mut limits = Limits::default();
        for name in &self.names {
            match crate::http::host_name(name.get_ref()) {
                Some(plain) => limits.names.push(plain),
                None => {
                    let words =
                        format!("{} is no host name: write it without http:// and port", quoted(name.get_ref()));
                    complaints.push((name.span(), words));
                }
            }
        }
        let mut within = |value: Option<Spanned<i64>>, range: RangeInclusive<i64>| -> Option<usize> {
            let value = value?;
            let given = *value.get_ref();
            if !range.contains(&given) {
                complaints.push((value.span(), format!("{given} is not from {} to {}", range.start(), range.end())));
            }
            usize::try_from(given).ok()
        };
        let mut set = |place: &mut usize, value, range| *place = within(value, range).unwrap_or(*place);
        set(&mut limits.connections, self.connections, 16..=100_000);
        set(&mut limits.connections_per_address, self.connections_per_address, 8..=100_000);
        set(&mut limits.viewers, self.viewers, 1..=100_000);
        if let Some(seconds) = within(self.patience_s, 1..=600) {
            limits.patience = Duration::from_secs(seconds as u64);
        }
        limits.unconfined_sql = self.unconfined_sql.unwrap_or_default();
        limits
    }
}
