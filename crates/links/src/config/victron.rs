//! The keys of Victron's own protocols.

use super::{ConfigError, LinkConfig, REQUESTS_PER_HOUR};
use crate::bus::victron_mqtt;
use crate::bus::vrm::{API, Rests, Settings};
use crate::secret::SecretSource;
use http::Uri;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

/// Seconds between two polls of a cloud that make sense.
const POLL_S_RANGE: RangeInclusive<u32> = 20..=3_600;
/// Requests of an hour that make sense.
const REQUESTS_RANGE: RangeInclusive<u16> = 1..=1_000;

impl LinkConfig {
    /// Which GX is listened to.
    pub(super) fn victron_mqtt(&self) -> Result<victron_mqtt::Settings, ConfigError> {
        let letters = |id: &str| !id.is_empty() && id.chars().all(|letter| letter.is_ascii_alphanumeric());
        if let Some(portal) = self.portal.as_ref().filter(|portal| !letters(portal.get_ref())) {
            let words = format!("`{}` is not a portal id, such as c0619ab1cdef", portal.get_ref());
            return Err(ConfigError::new(portal.span(), words));
        }
        Ok(victron_mqtt::Settings {
            address: self.host_and_port()?,
            portal: self.portal.as_ref().map(|portal| portal.get_ref().clone()),
            battery: self.instance.as_ref().map(|instance| *instance.get_ref()),
            timeout: Duration::from_millis(self.timeout_ms().into()),
        })
    }

    /// What is asked of VRM.
    pub(super) fn vrm(&self, base: &Path) -> Result<Settings, ConfigError> {
        let installation = *self.needed("installation", self.installation.as_ref())?.get_ref();
        let seconds = |s: u32| Duration::from_secs(s.into());
        Ok(Settings {
            uri: self.diagnostics(installation)?,
            installation,
            token: self.token(base)?,
            battery: self.instance.as_ref().map(|instance| *instance.get_ref()),
            poll: seconds(self.cloud_poll_s()?),
            requests_per_hour: self.requests_per_hour(),
            max_age: self.max_age(),
            timeout: Duration::from_millis(self.timeout_ms().into()),
            rests: Rests::default(),
        })
    }

    fn requests_per_hour(&self) -> u16 {
        self.requests_per_hour.as_ref().map_or(REQUESTS_PER_HOUR, |requests| *requests.get_ref())
    }

    /// Seconds between two polls, if the budget allows for them.
    fn cloud_poll_s(&self) -> Result<u32, ConfigError> {
        let (poll_s, budget) = (self.poll_s(), self.requests_per_hour());
        if let Some(given) = self.poll_s.as_ref().filter(|_| !POLL_S_RANGE.contains(&poll_s)) {
            let words = format!("`poll_s` is {poll_s}, not {} to {} s", POLL_S_RANGE.start(), POLL_S_RANGE.end());
            return Err(ConfigError::new(given.span(), words));
        }
        if let Some(given) = self.requests_per_hour.as_ref().filter(|_| !REQUESTS_RANGE.contains(&budget)) {
            let (low, high) = (REQUESTS_RANGE.start(), REQUESTS_RANGE.end());
            return Err(ConfigError::new(
                given.span(),
                format!("`requests_per_hour` is {budget}, not {low} to {high}"),
            ));
        }
        let needed = 3_600_u32.div_ceil(poll_s);
        if needed > u32::from(budget) {
            let given = self.poll_s.as_ref().map(|given| given.span());
            let given = given.or_else(|| self.requests_per_hour.as_ref().map(|given| given.span()));
            let words = format!(
                "a poll every {poll_s} s makes {needed} requests an hour, more than `requests_per_hour` ({budget})"
            );
            return Err(ConfigError::new(given.unwrap_or_default(), words));
        }
        Ok(poll_s)
    }

    /// Where the token is. Whether it is there is found out when it is needed: another user may run the server.
    fn token(&self, base: &Path) -> Result<SecretSource, ConfigError> {
        match (&self.token_file, &self.token_env) {
            (Some(file), None) => Ok(SecretSource::File(base.join(file.get_ref()))),
            (None, Some(name)) => {
                let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
                let valid = !name.get_ref().is_empty() && name.get_ref().chars().all(letters);
                // What is no name may be the token itself, so it is not repeated.
                let words = "`token_env` is the name of a variable of the environment, such as VRM_TOKEN";
                if valid {
                    Ok(SecretSource::Env(name.get_ref().clone()))
                } else {
                    Err(ConfigError::new(name.span(), words))
                }
            }
            (Some(_), Some(name)) => {
                Err(ConfigError::new(name.span(), "`token_file` and `token_env`: only one of them can be right"))
            }
            (None, None) => {
                Err(ConfigError::new(self.kind.span(), "kind \"victron-vrm\" needs `token_file` or `token_env`"))
            }
        }
    }

    /// The address that is asked. In the clear only on this machine: the token goes along.
    fn diagnostics(&self, installation: u64) -> Result<Uri, ConfigError> {
        let api = self.api.as_ref().map_or(API, |api| api.get_ref().as_str());
        let error =
            |words: String| ConfigError::new(self.api.as_ref().map(|api| api.span()).unwrap_or_default(), words);
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
}
