//! Kind `victron-vrm`: Victron's cloud.

use super::super::key::Key;
use super::super::kind::{Built, Kind, Rhythm, Surroundings};
use super::super::{ConfigError, INSTALLATION, INSTANCE, LinkConfig, SILENT_PERIODS, TIMEOUT_MS, ms};
use crate::ages::between_polls;
use crate::bus::vrm::{API, Rests, Settings, Vrm};
use crate::secret::SecretSource;
use http::Uri;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

const USUAL_POLL_S: u32 = 120;
const USUAL_REQUESTS_PER_HOUR: u16 = 50;
const USUAL_TIMEOUT_MS: u32 = 20_000;
/// Seconds between two polls of a cloud that make sense.
const POLL_S_RANGE: RangeInclusive<u32> = 20..=3_600;
/// Requests of an hour that make sense.
const REQUESTS_RANGE: RangeInclusive<u16> = 1..=1_000;
/// Values of a cloud are good for at least so long: it does not get them more often.
const CLOUD_MAX_AGE: Duration = Duration::from_secs(300);

const TOKEN_FILE: Key<String> =
    Key::new("token_file", "file with an access token: VRM, Preferences, Integrations, Access tokens");
const TOKEN_ENV: Key<String> =
    Key::new("token_env", "or the variable of the environment that has it; the site file never has the token itself");
const POLL_S: Key<u32> = Key::new("poll_s", "time between two polls, s; 120 if not given");
const REQUESTS_PER_HOUR: Key<u16> = Key::new("requests_per_hour", "the most requests in any hour; 50 if not given");
const API_KEY: Key<String> = Key::new("api", "another address of the API, for tests");

pub(super) const KIND: Kind = Kind {
    key: "victron-vrm",
    label: "Victron VRM (cloud)",
    reaches: "a Victron GX through VRM, Victron's cloud: battery, sun, house and grid, minutes old",
    keys: &[
        INSTALLATION.meaning("its number, from the address of its page in VRM"),
        TOKEN_FILE.info(),
        TOKEN_ENV.info(),
        POLL_S.info(),
        REQUESTS_PER_HOUR.info(),
        INSTANCE.info(),
        TIMEOUT_MS.meaning("longest wait for an answer; 20000 if not given"),
        API_KEY.info(),
    ],
    example: r#"[[link]]
id = "vrm"
system = "home"
kind = "victron-vrm"
installation = 290928
token_file = "vrm.token"
"#,
    advice: "No answer yet. Does this machine reach vrmapi.victronenergy.com, and is `installation` the number in the \
             address of the installation's page in VRM?",
    is_can: false,
    address: |link| link.keys.value(&INSTALLATION).map(|number| format!("installation {number}")),
    rhythm: |link| {
        let period = Duration::from_secs(poll_s(link).into());
        let silent = period * SILENT_PERIODS;
        // They have an age when they come.
        let max_age = between_polls(period, ms(link.timeout_ms(USUAL_TIMEOUT_MS))).max(silent).max(CLOUD_MAX_AGE);
        Rhythm { max_age, silent }
    },
    build,
    more_problems: |_, _| Vec::new(),
};

fn build(link: &LinkConfig, around: &Surroundings<'_>) -> Built {
    let installation = *link.needed(&INSTALLATION)?.get_ref();
    Ok(Box::new(Vrm::new(Settings {
        uri: diagnostics(link, installation)?,
        installation,
        token: token(link, around.base)?,
        battery: link.keys.value(&INSTANCE).copied(),
        poll: Duration::from_secs(poll_s_within_budget(link)?.into()),
        requests_per_hour: requests_per_hour(link),
        max_age: link.max_age(),
        timeout: ms(link.timeout_ms(USUAL_TIMEOUT_MS)),
        rests: Rests::default(),
    })))
}

fn poll_s(link: &LinkConfig) -> u32 {
    link.keys.value(&POLL_S).copied().unwrap_or(USUAL_POLL_S)
}

fn requests_per_hour(link: &LinkConfig) -> u16 {
    link.keys.value(&REQUESTS_PER_HOUR).copied().unwrap_or(USUAL_REQUESTS_PER_HOUR)
}

/// Seconds between two polls, if the budget allows for them.
fn poll_s_within_budget(link: &LinkConfig) -> Result<u32, ConfigError> {
    let poll_s = link.within(&POLL_S, USUAL_POLL_S, POLL_S_RANGE, " s")?;
    let budget = link.within(&REQUESTS_PER_HOUR, USUAL_REQUESTS_PER_HOUR, REQUESTS_RANGE, "")?;
    let needed = 3_600_u32.div_ceil(poll_s);
    if needed > u32::from(budget) {
        let given = link.keys.get(&POLL_S).map(|given| given.span());
        let given = given.or_else(|| link.keys.get(&REQUESTS_PER_HOUR).map(|given| given.span()));
        let message = format!(
            "a poll every {poll_s} s makes {needed} requests an hour, more than `requests_per_hour` ({budget})"
        );
        return Err(ConfigError::new(given.unwrap_or_default(), message));
    }
    Ok(poll_s)
}

/// Where the token is. Whether it is there is found out when it is needed: another user may run the server.
fn token(link: &LinkConfig, base: &Path) -> Result<SecretSource, ConfigError> {
    match (link.keys.get(&TOKEN_FILE), link.keys.get(&TOKEN_ENV)) {
        (Some(file), None) => Ok(SecretSource::File(base.join(file.get_ref()))),
        (None, Some(name)) => {
            let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
            let valid = !name.get_ref().is_empty() && name.get_ref().chars().all(letters);
            // What is no name may be the token itself, so it is not repeated.
            let message = "`token_env` is the name of a variable of the environment, such as VRM_TOKEN";
            if valid {
                Ok(SecretSource::Env(name.get_ref().clone()))
            } else {
                Err(ConfigError::new(name.span(), message))
            }
        }
        (Some(_), Some(name)) => {
            Err(ConfigError::new(name.span(), "`token_file` and `token_env`: only one of them can be right"))
        }
        (None, None) => {
            Err(ConfigError::new(link.kind.span(), "kind \"victron-vrm\" needs `token_file` or `token_env`"))
        }
    }
}

/// The address that is asked. In the clear only on this machine: the token goes along.
fn diagnostics(link: &LinkConfig, installation: u64) -> Result<Uri, ConfigError> {
    let api = link.keys.value(&API_KEY).map_or(API, String::as_str);
    let error =
        |message: String| ConfigError::new(link.keys.get(&API_KEY).map(|api| api.span()).unwrap_or_default(), message);
    let address = format!("{}/installations/{installation}/diagnostics?count=1000", api.trim_end_matches('/'));
    let uri: Uri = address.parse().map_err(|_| error(format!("`{api}` is not an address, such as {API}")))?;
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(uri),
        Some("http") if matches!(host, "127.0.0.1" | "[::1]" | "localhost") => Ok(uri),
        Some("http") => Err(error(format!("`{api}` would send the token unencrypted: use https"))),
        _ => Err(error(format!("`{api}` is not an address, such as {API}"))),
    }
}
