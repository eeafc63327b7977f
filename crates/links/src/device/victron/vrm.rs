//! VRM's answer to `/installations/{id}/diagnostics`: the last value of everything, each with the time when the GX
//! measured it.
//!
//! A record is told by its D-Bus path; records without one by VRM's code or attribute number. Values come as numbers or
//! as text. A value without a time is not taken: nobody could say how old it is.

use super::gx::Gx;
use super::rows::{ROWS, Service};
use super::{ACTIVE_BATTERY, ACTIVE_BATTERY_CODE, number};
use domain::reading::NoData;
use domain::time::Mono;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;

/// The longest complaint of VRM that is repeated, characters.
const LONGEST_COMPLAINT: usize = 160;

/// An answer that brings no values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VrmError {
    /// Not the JSON of such an answer.
    #[error("VRM's answer is not understood: {0}")]
    Malformed(String),
    /// VRM says that it has no success, and why.
    #[error("VRM answers: {0}")]
    Failed(String),
}

/// What VRM knows of an installation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Values of the table.
    pub values: Vec<VrmValue>,
    /// The battery service that the GX goes by, as it writes it.
    pub active: Option<String>,
    /// How many records of the table have no number or no time.
    pub malformed: u32,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub struct VrmValue {
    /// The row of the table.
    pub row: usize,
    /// The instance of its service.
    pub instance: u32,
    /// The value in Victron's sign, or why there is none.
    pub sample: Result<f64, NoData>,
    /// When the GX measured it: seconds since 1970, or before the answer.
    pub measured: Measured,
    /// The value as VRM wrote it.
    pub raw: Vec<u8>,
}

/// When a value was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// Seconds since 1970-01-01 UTC.
    At(i64),
    /// Seconds before the answer.
    Ago(u32),
}

impl Measured {
    /// The age of the value at `unix_s`, the time of the answer. A time that lies ahead is now: clocks differ.
    pub fn age(self, unix_s: i64) -> Duration {
        match self {
            Measured::At(at) => Duration::from_secs(unix_s.saturating_sub(at).max(0).unsigned_abs()),
            Measured::Ago(seconds) => Duration::from_secs(seconds.into()),
        }
    }
}

#[derive(Deserialize)]
struct Body {
    success: Option<bool>,
    records: Option<Value>,
    errors: Option<Value>,
}

/// Reads an answer.
///
/// # Errors
/// It is not such an answer, or VRM says in it that something is wrong.
pub fn parse(body: &[u8]) -> Result<Answer, VrmError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(VrmError::Malformed("it is empty".to_owned()));
    }
    let body: Body = serde_json::from_slice(body).map_err(|e| VrmError::Malformed(e.to_string()))?;
    if body.success != Some(true) {
        return Err(match body.errors {
            Some(errors) => VrmError::Failed(complaint(&errors)),
            None => VrmError::Malformed("it does not say whether it is a success".to_owned()),
        });
    }
    let Some(Value::Array(records)) = body.records else {
        return Err(VrmError::Malformed("it has no list of records".to_owned()));
    };
    let mut answer = Answer::default();
    for record in &records {
        answer.take(record);
    }
    Ok(answer)
}

/// What VRM complains of, as one short line.
fn complaint(errors: &Value) -> String {
    let text = errors.as_str().map_or_else(|| errors.to_string(), str::to_owned);
    let clean = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    clean.take(LONGEST_COMPLAINT).collect()
}

impl Answer {
    fn take(&mut self, record: &Value) {
        let text = |key: &str| record.get(key).and_then(Value::as_str);
        if text("dbusPath").is_some_and(|path| path.trim_start_matches('/') == ACTIVE_BATTERY)
            || text("code") == Some(ACTIVE_BATTERY_CODE)
        {
            self.active = text("rawValue").map(str::to_owned);
        }
        let Some(row) = row(record) else { return };
        let invalid = record.get("isValid").is_some_and(|valid| matches!(number(valid), Ok(Some(0.0))));
        let raw = record.get("rawValue").unwrap_or(&Value::Null);
        let (Ok(value), Some(measured)) = (number(raw), measured(record)) else {
            self.malformed = self.malformed.saturating_add(1);
            return;
        };
        let sample = value.filter(|_| !invalid).ok_or(NoData::Error);
        let instance = whole(record, "instance").and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        self.values.push(VrmValue { row, instance, sample, measured, raw: raw.to_string().into_bytes() });
    }

    /// Puts the values into a GX. The answer came at `now`, which its sender calls `unix_s`.
    pub fn fill(&self, gx: &mut Gx, now: Mono, unix_s: i64) {
        if let Some(active) = &self.active {
            gx.set_active(active);
        }
        for value in &self.values {
            gx.put(value.row, value.instance, value.sample, now - value.measured.age(unix_s));
        }
    }

    /// The age of the newest value at the time of the answer, `unix_s`; `None` if there is none.
    pub fn newest(&self, unix_s: i64) -> Option<Duration> {
        let good = self.values.iter().filter(|value| value.sample.is_ok());
        good.map(|value| value.measured.age(unix_s)).min()
    }
}

/// The row that a record is about.
fn row(record: &Value) -> Option<usize> {
    let text = |key: &str| record.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let service = text("dbusServiceType").map(Service::from_name);
    let row_where = |fits: &dyn Fn(&super::Row) -> bool| ROWS.iter().position(fits);
    if let (Some(service), Some(path)) = (service, text("dbusPath")) {
        let path = path.trim_start_matches('/');
        return row_where(&|row| Some(row.service) == service && row.path == path);
    }
    let (code, attribute) = (text("code"), whole(record, "idDataAttribute"));
    row_where(&|row| {
        // Without a service, only the codes of the GX itself are unmistakable.
        let ours = service.map_or(row.service == Service::System, |service| service == Some(row.service));
        let known = !row.code.is_empty() && code == Some(row.code)
            || row.attribute > 0 && attribute == Some(i64::from(row.attribute));
        ours && known
    })
}

fn measured(record: &Value) -> Option<Measured> {
    let at = whole(record, "timestamp").filter(|at| *at > 0).map(Measured::At);
    let seconds = || match record.get("secondsAgo") {
        Some(ago @ Value::Object(_)) => whole(ago, "value"),
        _ => whole(record, "secondsAgo"),
    };
    let ago = || seconds().and_then(|seconds| u32::try_from(seconds).ok()).map(Measured::Ago);
    at.or_else(ago)
}

/// A whole number under `key`, also as text.
fn whole(record: &Value, key: &str) -> Option<i64> {
    let number = number(record.get(key)?).ok()??;
    // Every whole number that means anything here is exact as a float.
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::reading::{Reading, Sample, Target};

    const ANSWER: &[u8] = include_bytes!("../../../tests/fixtures/vrm_diagnostics.json");
    /// The time at which the fixture was answered.
    const ANSWERED: i64 = 1_760_309_310;

    fn told(body: &[u8], battery: Option<u32>) -> Vec<(u64, &'static str, Sample)> {
        let (mut gx, now) = (Gx::new(battery), Mono::START);
        parse(body).unwrap().fill(&mut gx, now, ANSWERED);
        let age = |at: &Mono| now.since(*at).as_secs();
        let path = |r: &Reading| match r.target {
            Target::Point(point) => point.spec().path,
            other => panic!("{other:?}"),
        };
        let readings = gx.readings(Mono(0)).readings;
        readings.iter().flat_map(|(at, all)| all.iter().map(|r| (age(at), path(r), r.sample))).collect()
    }

    #[test]
    fn values_keep_their_ages_and_take_our_sign() {
        assert_eq!(
            told(ANSWER, None),
            [
                (905, "battery/cell_voltage_min", Ok(3.25)),
                (905, "battery/cell_voltage_max", Ok(3.27)),
                (11, "battery/soh", Ok(99.0)),
                (11, "battery/voltage", Ok(54.09)),
                (11, "battery/current", Ok(1.1)),
                (11, "battery/power", Ok(59.5)),
                (11, "grid/power", Ok(-60.0)),
                (11, "load/power", Ok(1_500.0)),
                (11, "solar/power", Ok(2_121.5)),
                (11, "battery/temperature", Err(NoData::Error)),
                (1, "battery/soc", Ok(99.3)),
            ]
        );
        assert_eq!(parse(ANSWER).unwrap().newest(ANSWERED), Some(Duration::from_secs(1)));
        // The battery that is asked for gives what it has; another one's values do not pass for it.
        let of_279 = told(ANSWER, Some(279));
        assert!(of_279.contains(&(905, "battery/soc", Ok(98.0))), "{of_279:?}");
        assert!(!of_279.iter().any(|(_, path, _)| *path == "battery/soh"), "{of_279:?}");
    }

    #[test]
    fn records_without_a_path_are_told_by_code_or_number() {
        let body = br#"{"success": true, "records": [
            {"code": "bs", "Device": "System overview", "rawValue": "81.5", "timestamp": "1760309300"},
            {"code": "V", "rawValue": 1, "timestamp": 1760309300},
            {"idDataAttribute": 173, "dbusServiceType": "battery", "instance": "512", "rawValue": 3.3, "secondsAgo": {"value": 35}},
            {"code": "bp", "dbusServiceType": "battery", "rawValue": 7, "timestamp": 1760309300},
            {"dbusServiceType": "solarcharger", "dbusPath": "/Dc/0/Voltage", "code": "V", "rawValue": 7, "timestamp": 1760309300}
        ]}"#;
        assert_eq!(told(body, None), [(35, "battery/cell_voltage_min", Ok(3.3)), (10, "battery/soc", Ok(81.5))]);
    }

    #[test]
    fn what_is_no_number_or_has_no_time_is_counted() {
        let record = |rest: &str| {
            format!(
                r#"{{"success":true,"records":[{{"dbusServiceType":"system","dbusPath":"/Dc/Battery/Soc"{rest}}}]}}"#
            )
        };
        for (rest, malformed, sample) in [
            (r#","rawValue":50,"timestamp":1760309310"#, 0, Some(Ok(50.0))),
            (r#","rawValue":50,"timestamp":1760309999"#, 0, Some(Ok(50.0))),
            (r#","rawValue":null,"timestamp":1760309310"#, 0, Some(Err(NoData::Error))),
            (r#","rawValue":"","timestamp":1760309310"#, 0, Some(Err(NoData::Error))),
            (r#","timestamp":1760309310"#, 0, Some(Err(NoData::Error))),
            (r#","rawValue":50,"isValid":0,"timestamp":1760309310"#, 0, Some(Err(NoData::Error))),
            (r#","rawValue":"full","timestamp":1760309310"#, 1, None),
            (r#","rawValue":{},"timestamp":1760309310"#, 0, Some(Err(NoData::Error))),
            (r#","rawValue":true,"timestamp":1760309310"#, 1, None),
            (r#","rawValue":50"#, 1, None),
            (r#","rawValue":50,"timestamp":"yesterday","secondsAgo":"a while""#, 1, None),
            (r#","rawValue":50,"timestamp":1e300"#, 1, None),
        ] {
            let answer = parse(record(rest).as_bytes()).unwrap();
            assert_eq!((answer.malformed, answer.values.first().map(|v| v.sample)), (malformed, sample), "{rest}");
        }
    }

    #[test]
    fn answers_without_values_say_why() {
        for (body, words) in [
            ("", "it is empty"),
            ("<html>bad gateway</html>", "not understood: expected value at line 1"),
            ("{\"success\":true,\"records\":[", "EOF"),
            ("[]", "not understood"),
            ("{}", "does not say whether"),
            (r#"{"success":true}"#, "no list of records"),
            (r#"{"success":true,"records":false}"#, "no list of records"),
            (r#"{"success":false,"errors":"Token is invalid\n"}"#, "VRM answers: Token is invalid "),
            (r#"{"success":false,"errors":{"idSite":["no"]}}"#, r#"VRM answers: {"idSite":["no"]}"#),
        ] {
            let error = parse(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(words), "{body}: {error}");
        }
        assert_eq!(parse(br#"{"success":true,"records":[3,null,{}]}"#), Ok(Answer::default()));
    }
}
