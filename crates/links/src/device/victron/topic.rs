//! What a GX publishes: `N/<portal>/<service>/<instance>/<path>` with `{"value": x}`.
//!
//! `null` says that there is no value, an empty payload that the whole service is gone.

use super::gx::Gx;
use super::rows::{Row, Service};
use super::{ACTIVE_BATTERY, number};
use domain::reading::NoData;
use domain::time::Mono;
use serde_json::Value;

/// The end of a publication of everything.
const COMPLETE: &str = "full_publish_completed";

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Of a service that we read.
    Of(Service, u32, News),
    /// Everything has been published.
    Complete,
    /// Of no interest.
    Other,
}

/// What a service says.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// The value of a row in Victron's sign, or why there is none.
    Value(usize, Result<f64, NoData>),
    /// Which battery service the GX goes by, as it writes it.
    Active(String),
    /// A value that we do not read.
    Spoke,
    /// It is gone.
    Gone,
}

/// A payload that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// The portal id of a topic.
pub fn portal(topic: &str) -> Option<&str> {
    topic.strip_prefix("N/")?.split('/').next().filter(|portal| !portal.is_empty())
}

/// Reads a message.
///
/// # Errors
/// The payload is not `{"value": ...}`, or a quantity's value is no number.
pub fn parse(topic: &str, payload: &[u8]) -> Result<Message, Malformed> {
    let mut levels = topic.splitn(5, '/').skip(2);
    let parts = (levels.next(), levels.next(), levels.next());
    let (service, instance, path) = match parts {
        (Some(COMPLETE), None, _) => return Ok(Message::Complete),
        (Some(service), Some(instance), Some(path)) => (service, instance, path),
        _ => return Ok(Message::Other),
    };
    let (Some(service), Ok(instance)) = (Service::from_name(service), instance.parse()) else {
        return Ok(Message::Other);
    };
    let news = if payload.is_empty() { News::Gone } else { news(service, path, payload)? };
    Ok(Message::Of(service, instance, news))
}

fn news(service: Service, path: &str, payload: &[u8]) -> Result<News, Malformed> {
    let row = Row::find(service, path);
    let active = service == Service::System && path == ACTIVE_BATTERY;
    if row.is_none() && !active {
        return Ok(News::Spoke);
    }
    let payload: Value = serde_json::from_slice(payload).map_err(|_| Malformed)?;
    let value = payload.get("value").ok_or(Malformed)?;
    match row {
        Some(row) => Ok(News::Value(row, number(value).map_err(|_| Malformed)?.ok_or(NoData::Error))),
        None => Ok(News::Active(value.as_str().unwrap_or_default().to_owned())),
    }
}

impl Gx {
    /// Takes what a service said at `at`.
    pub fn take(&mut self, service: Service, instance: u32, news: &News, at: Mono) {
        match news {
            News::Value(row, sample) => self.put(*row, instance, *sample, at),
            News::Active(battery) => self.set_active(battery),
            News::Spoke => {}
            News::Gone => return self.gone(service, instance, at),
        }
        self.spoke(service, instance, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reading::{Reading, Sample, Target};

    fn row(service: Service, path: &str) -> usize {
        Row::find(service, path).unwrap()
    }

    #[test]
    fn topics_and_payloads() {
        use Message::{Complete, Of, Other};
        use Service::{Battery, System};
        let soc = row(System, "Dc/Battery/Soc");
        for (topic, payload, expected) in [
            ("N/c0/system/0/Dc/Battery/Soc", r#"{"value": 97.5}"#, Ok(Of(System, 0, News::Value(soc, Ok(97.5))))),
            ("N/c0/system/0/Dc/Battery/Soc", r#"{"max":1,"value":"9"}"#, Ok(Of(System, 0, News::Value(soc, Ok(9.0))))),
            (
                "N/c0/system/0/Dc/Battery/Soc",
                r#"{"value": null}"#,
                Ok(Of(System, 0, News::Value(soc, Err(NoData::Error)))),
            ),
            (
                "N/c0/system/0/Dc/Battery/Soc",
                r#"{"value": []}"#,
                Ok(Of(System, 0, News::Value(soc, Err(NoData::Error)))),
            ),
            (
                "N/c0/system/0/Dc/Battery/Soc",
                r#"{"value": ""}"#,
                Ok(Of(System, 0, News::Value(soc, Err(NoData::Error)))),
            ),
            (
                "N/c0/system/0/Dc/Battery/Soc",
                r#"{"value": {}}"#,
                Ok(Of(System, 0, News::Value(soc, Err(NoData::Error)))),
            ),
            (
                "N/c0/system/0/Dc/Battery/Soc",
                r#"{"value": [0, 1]}"#,
                Ok(Of(System, 0, News::Value(soc, Err(NoData::Error)))),
            ),
            ("N/c0/battery/512/Soc", "", Ok(Of(Battery, 512, News::Gone))),
            ("N/c0/battery/512/ProductId", "", Ok(Of(Battery, 512, News::Gone))),
            ("N/c0/battery/512/ProductId", "any", Ok(Of(Battery, 512, News::Spoke))),
            ("N/c0/full_publish_completed", r#"{"value":1702459522}"#, Ok(Complete)),
            ("N/c0/vebus/257/Dc/0/Voltage", r#"{"value":1}"#, Ok(Other)),
            ("N/c0/system/x/Dc/Battery/Soc", r#"{"value":1}"#, Ok(Other)),
            ("N/c0/heartbeat", "", Ok(Other)),
            ("N", "", Ok(Other)),
            ("", "", Ok(Other)),
            ("N/c0/system/0/Dc/Battery/Soc", "97.5", Err(Malformed)),
            ("N/c0/system/0/Dc/Battery/Soc", r#"{"valu": 1}"#, Err(Malformed)),
            ("N/c0/system/0/Dc/Battery/Soc", r#"{"value": "full"}"#, Err(Malformed)),
            ("N/c0/system/0/Dc/Battery/Soc", r#"{"value": 1e999}"#, Err(Malformed)),
            ("N/c0/system/0/Dc/Battery/Soc", r#"{"value": 1"#, Err(Malformed)),
        ] {
            assert_eq!(parse(topic, payload.as_bytes()), expected, "{topic} {payload}");
        }
        assert_eq!([portal("N/c0/x"), portal("R/c0/x"), portal("N/"), portal("")], [Some("c0"), None, None, None]);
    }

    #[test]
    fn a_service_that_is_gone_takes_its_values_along_and_brings_them_back() {
        let mut gx = Gx::default();
        let mut say = |topic: &str, payload: &str, at: u64| {
            let Ok(Message::Of(service, instance, news)) = parse(topic, payload.as_bytes()) else { panic!("{topic}") };
            gx.take(service, instance, &news, Mono(at));
            let told = gx.readings(Mono(at - 1)).readings;
            let sample = |r: &Reading| (r.target == Target::Point(domain::point::PointId::Soh)).then_some(r.sample);
            told.values().flatten().find_map(sample)
        };
        let gone: Sample = Err(NoData::Timeout);
        assert_eq!(say("N/c/battery/512/Soh", r#"{"value":98}"#, 10), Some(Ok(98.0)));
        assert_eq!(say("N/c/battery/512/Dc/0/Voltage", r#"{"value":52}"#, 20), Some(Ok(98.0)), "confirmed");
        assert_eq!(say("N/c/battery/279/Dc/0/Voltage", "", 30), None, "another one is gone");
        assert_eq!(say("N/c/battery/512/ProductName", "", 40), Some(gone));
        assert_eq!(say("N/c/battery/512/Soh", r#"{"value":97}"#, 50), Some(Ok(97.0)));
    }
}
