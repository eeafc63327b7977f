//! How this site is protected, as the server says it.

use crate::components::{Card, Chip, Tone};
use crate::derived::Derived;
use crate::pages::asked::{Asked, date_time};
use api::server::{CertificateEntry, SecurityState, ServerResponse};
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn Security() -> impl IntoView {
    let asked = Asked::<ServerResponse>::at(Derived::new(|| Some("/api/v1/server".to_owned())));
    view! {
        <Card title="Security" class="span-12 security" id="security">
            {move || asked.shown(|server| match server.security {
                None => view! { <p class="note">"How the server is protected is told to who is signed in."</p> }.into_any(),
                Some(security) => state(security),
            })}
        </Card>
    }
    .into_any()
}

fn state(security: SecurityState) -> AnyView {
    let facts = facts(&security).into_iter();
    let facts = facts.map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view();
    view! {
        <dl class="facts">{facts}</dl>
        {security.certificate.map(certificate)}
    }
    .into_any()
}

/// What is said of it, by name.
fn facts(security: &SecurityState) -> Vec<(&'static str, String)> {
    let list = |all: &[String], none: &str| if all.is_empty() { none.to_owned() } else { all.join(", ") };
    let reading = if security.reading_open {
        "open: whoever reaches this server can look"
    } else {
        "closed: only who is signed in can look"
    };
    let tls = match (security.tls, security.proxies.is_empty()) {
        (true, _) => "by this server (TLS)",
        (false, false) => "by the proxy in front of it, if at all",
        (false, true) => "no: it is for this machine alone",
    };
    let connection = if security.connection.secure { "nobody else can read it" } else { "not encrypted" };
    vec![
        ("Reading", reading.to_owned()),
        ("Listens on", security.listens.clone()),
        ("Encrypted", tls.to_owned()),
        ("Proxies that are believed", list(&security.proxies, "none")),
        ("Names that it answers to", list(&security.names, "those of this machine")),
        ("Your connection", format!("from {}; {connection}", security.connection.address)),
    ]
}

fn certificate(certificate: CertificateEntry) -> AnyView {
    let CertificateEntry { names, begins, ends, sha256, made_by_packtwin } = certificate;
    let left_s = (ends.0 as f64 / 1e3 - js_sys::Date::now()) / 1e3;
    let (tone, validity) = validity(left_s);
    view! {
        <section class="security-certificate" aria-label="Certificate">
            <h3>"Certificate" " " <Chip tone dot=true>{validity}</Chip></h3>
            <dl class="facts">
                <div><dt>"For"</dt><dd>{names.join(", ")}</dd></div>
                <div><dt>"Good"</dt><dd>{format!("from {} until {}", date_time(begins), date_time(ends))}</dd></div>
                <div><dt>"Made by"</dt><dd>{if made_by_packtwin { "Packtwin: compare the fingerprint when a browser meets it first" } else { "somebody else" }}</dd></div>
                <div><dt>"SHA-256 fingerprint"</dt><dd><code>{sha256}</code></dd></div>
            </dl>
        </section>
    }
    .into_any()
}

/// How long the certificate is good yet.
fn validity(left_s: f64) -> (Tone, String) {
    match (left_s / 86_400.0) as i64 {
        _ if left_s <= 0.0 => (Tone::Critical, "is over".to_owned()),
        days if days < 14 => (Tone::Warning, format!("ends in {days} days")),
        days => (Tone::Good, format!("good for {days} days")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::server::ConnectionState;

    #[test]
    fn what_protects_the_site_is_told_in_words() {
        let security = SecurityState {
            listens: "0.0.0.0:3000".into(),
            tls: true,
            certificate: None,
            proxies: Vec::new(),
            names: vec!["hall2.example.com".into()],
            reading_open: false,
            connection: ConnectionState { secure: true, address: "192.0.2.40".into() },
        };
        let said = |security: &SecurityState, name: &str| {
            facts(security).into_iter().find(|(of, _)| *of == name).map(|(_, words)| words).unwrap()
        };
        assert_eq!(said(&security, "Encrypted"), "by this server (TLS)");
        assert_eq!(said(&security, "Reading"), "closed: only who is signed in can look");
        assert_eq!(said(&security, "Names that it answers to"), "hall2.example.com");
        let proxied = SecurityState { tls: false, proxies: vec!["10.0.3.7".into()], ..security };
        assert_eq!(said(&proxied, "Encrypted"), "by the proxy in front of it, if at all");
        assert_eq!(said(&proxied, "Proxies that are believed"), "10.0.3.7");
        for (left_s, tone, words) in [
            (-1.0, Tone::Critical, "is over"),
            (86_400.0 * 3.5, Tone::Warning, "ends in 3 days"),
            (86_400.0 * 90.0, Tone::Good, "good for 90 days"),
        ] {
            assert_eq!(validity(left_s), (tone, words.to_owned()));
        }
    }
}
