//! VRM, Victron's cloud: asked every few minutes for what a GX has uploaded, within a budget of requests.
//!
//! Each poll is one request, which brings the last value of everything with the time of its measurement. Ages are
//! counted by VRM's own clock, so that ours need not be right. A refusal that needs a person (token, installation) is
//! tried again seldom; one that asks for patience (429) gets it.

mod budget;
#[cfg(test)]
mod tests;

use super::backoff::{self, Backoff};
use super::https::{FetchError, Fetcher, public_roots};
use super::{Bus, Waits};
use crate::describe::Describe;
use crate::device::victron::vrm::{self, VrmError};
use crate::device::victron::{Gx, GxTable, REQUESTS, requests_raw};
use crate::secret::{Secret, SecretSource};
use crate::session::{Polling, Reporter};
use budget::Budget;
use domain::link::LinkFault;
use domain::time::{Mono, Now};
use http::header::{HeaderName, HeaderValue};
use http::{StatusCode, Uri};
use std::sync::Arc;
use std::time::Duration;

/// Where the API is.
pub(crate) const API: &str = "https://vrmapi.victronenergy.com/v2";
/// The header in which the API wants its token.
const AUTHORIZATION: HeaderName = HeaderName::from_static("x-authorization");
/// The most of a value's text that is remembered, bytes.
const RAW_BYTES: usize = 64;
/// The longest rest that VRM can ask for.
const LONGEST_REST: Duration = Duration::from_secs(3_600);

/// What is asked, and how often.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The address of the installation's diagnostics.
    pub(crate) uri: Uri,
    /// The installation's number.
    pub(crate) installation: u64,
    pub(crate) token: SecretSource,
    /// The instance of the battery whose values count, if one is configured.
    pub(crate) battery: Option<u32>,
    pub(crate) poll: Duration,
    pub(crate) requests_per_hour: u16,
    /// A newest value that is older than this is remarked on.
    pub(crate) max_age: Duration,
    /// Longest time for a request and its answer.
    pub(crate) timeout: Duration,
    pub(crate) rests: Rests,
}

/// How long it waits after a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rests {
    /// After the first of several failures; each further one doubles it.
    pub(crate) first: Duration,
    /// At most.
    pub(crate) longest: Duration,
    /// After a 429 that does not say how long.
    pub(crate) too_many: Duration,
}

impl Default for Rests {
    fn default() -> Rests {
        let seconds = Duration::from_secs;
        Rests { first: seconds(15), longest: seconds(600), too_many: seconds(120) }
    }
}

/// Why a poll brings nothing.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error("there is no token: {0}")]
    Token(String),
    #[error("VRM: {0}")]
    Fetch(#[from] FetchError),
    #[error(
        "VRM refuses the token (401): make a new one in VRM under Preferences, Integrations, Access tokens, and put it \
         where the link looks for it"
    )]
    TokenRefused,
    #[error("the token may not read installation {0} (403): is it the token of a user of this installation?")]
    Forbidden(u64),
    #[error("VRM knows no installation {0} (404): its number is in the address of its page in VRM")]
    NoInstallation(u64),
    #[error("VRM wants fewer requests (429); the next comes in {} s", .0.as_secs())]
    TooMany(Duration),
    #[error("VRM itself has a problem ({0})")]
    Server(u16),
    #[error("VRM answers {0}, which is neither a success nor an error that is known")]
    Strange(u16),
    #[error("{0}")]
    Answer(#[from] VrmError),
}

impl PollError {
    fn fault(&self) -> LinkFault {
        match self {
            PollError::Fetch(FetchError::Timeout(_)) => LinkFault::Timeout,
            PollError::Fetch(FetchError::CutOff | FetchError::TooLong | FetchError::NotHttp(_))
            | PollError::Answer(VrmError::Malformed(_)) => LinkFault::Malformed,
            PollError::Fetch(FetchError::Unknown(_) | FetchError::Connect(..)) => LinkFault::NoConnection,
            _ => LinkFault::Refused,
        }
    }

    /// Whether trying again soon cannot help.
    fn needs_a_person(&self) -> bool {
        use PollError::{Forbidden, NoInstallation, Token, TokenRefused};
        matches!(self, Token(_) | TokenRefused | Forbidden(_) | NoInstallation(_))
    }
}

/// Polls one installation.
#[derive(Debug)]
pub(crate) struct Vrm {
    settings: Settings,
    fetcher: Fetcher,
    budget: Budget,
}

impl Bus for Vrm {
    fn table(&self) -> Arc<dyn Describe> {
        Arc::new(GxTable)
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Vrm {
    pub(crate) fn new(settings: Settings) -> Vrm {
        let fetcher = Fetcher::new(public_roots(), settings.timeout);
        let budget = Budget::new(settings.requests_per_hour);
        Vrm { settings, fetcher, budget }
    }

    async fn run(&mut self, reporter: &Reporter) {
        let Rests { first, longest, .. } = self.settings.rests;
        let mut backoff = Backoff::between(first, longest);
        let (mut open, mut polling) = (false, Polling::new(self.settings.requests_per_hour));
        loop {
            let asked = reporter.now();
            let outcome = match self.settings.token.read_within(self.settings.timeout).await {
                Err(words) => Err((PollError::Token(words.clone()), format!("there is no token: {words}"))),
                Ok(token) => {
                    if let Err(wait) = self.budget.take(asked.mono) {
                        let (limit, seconds) = (self.budget.limit(), wait.as_secs() + 1);
                        reporter
                            .remark(format!("all {limit} requests of an hour are used; the next comes in {seconds} s"));
                        tokio::time::sleep(wait).await;
                        continue;
                    }
                    polling.attempt(asked.utc, self.budget.used(asked.mono));
                    self.count(asked.mono, polling, reporter);
                    let answer = self.ask(&token, asked, &mut open, reporter).await;
                    // A server may repeat in its complaint what it was sent.
                    answer.map_err(|error| {
                        let words = token.hide_in(&error.to_string());
                        (error, words)
                    })
                }
            };
            let rest = match outcome {
                Ok(()) => {
                    backoff = Backoff::between(first, longest);
                    polling.success(reporter.now().utc);
                    self.settings.poll
                }
                Err((error, words)) => {
                    open = false;
                    polling.failure();
                    reporter.record(|r| r.monitor.fault(error.fault(), 1));
                    reporter.closed(words).await;
                    let wait = backoff.next(backoff::random());
                    match error {
                        PollError::TooMany(rest) => rest.max(wait),
                        error if error.needs_a_person() => longest,
                        _ => wait,
                    }
                }
            };
            reporter.record(|r| r.polling = Some(polling));
            tokio::time::sleep(rest).await;
        }
    }

    /// Shows how much of the budget is used.
    fn count(&self, now: Mono, polling: Polling, reporter: &Reporter) {
        reporter.record(|r| {
            r.frames.see(REQUESTS, &requests_raw(polling.requests_last_hour, polling.requests_per_hour), now);
            r.polling = Some(polling);
        });
    }

    async fn ask(&self, token: &Secret, asked: Now, open: &mut bool, reporter: &Reporter) -> Result<(), PollError> {
        let mut value = HeaderValue::try_from(format!("Token {}", token.expose()))
            .map_err(|_| PollError::Token("it has letters that no token has".to_owned()))?;
        value.set_sensitive(true);
        let answer = self.fetcher.get(&self.settings.uri, (AUTHORIZATION, value)).await?;
        let heard = reporter.now();
        self.check(answer.status, answer.retry_after)?;
        let values = vrm::parse(&answer.body)?;
        if !std::mem::replace(open, true) {
            reporter.opened().await;
        }
        let unix_s = answer.date.unwrap_or(heard.utc.0 / 1_000_000);
        let mut gx = Gx::new(self.settings.battery);
        values.fill(&mut gx, heard.mono, unix_s);
        let found = gx.readings(Mono(0));
        let remark = match values.newest(unix_s) {
            None => "VRM has no value of this installation that we know".to_owned(),
            Some(age) if age > self.settings.max_age => {
                let minutes = self.settings.max_age.as_secs() / 60;
                format!("the newest value is more than {minutes} min old: does the GX reach VRM, and how often?")
            }
            Some(_) => String::new(),
        };
        reporter.record(|r| {
            r.monitor.received(1, answer.body.len(), heard.mono);
            r.monitor.latency(heard.mono.since(asked.mono));
            r.monitor.fault(LinkFault::Impossible, found.impossible);
            r.monitor.fault(LinkFault::Malformed, values.malformed);
            for value in values.values.iter().filter(|value| gx.counts(value.row, value.instance)) {
                r.frames.see(value.row, &value.raw[..value.raw.len().min(RAW_BYTES)], heard.mono);
            }
            r.why = remark;
        });
        reporter.deliver_measured(heard, found.readings).await;
        Ok(())
    }

    fn check(&self, status: StatusCode, retry_after: Option<Duration>) -> Result<(), PollError> {
        let installation = self.settings.installation;
        Err(match status.as_u16() {
            200..=299 => return Ok(()),
            401 => PollError::TokenRefused,
            403 => PollError::Forbidden(installation),
            404 => PollError::NoInstallation(installation),
            429 => PollError::TooMany(retry_after.unwrap_or(self.settings.rests.too_many).min(LONGEST_REST)),
            code @ 500..=599 => PollError::Server(code),
            code => PollError::Strange(code),
        })
    }
}
