//! Who is signed in: asked of the server by the pages that need it, which are lazy. Nothing of it is in the first load.

use crate::fetch::{self, FetchError};
use ::api::people::SessionResponse;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Where it is asked, and where somebody signs in and out.
pub const PATH: &str = "/api/v1/session";

/// Who is signed in, and what is possible.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn ask() -> Result<SessionResponse, FetchError> {
    fetch::get(PATH.to_owned()).await
}

/// Gives the password once more, for what needs it.
///
/// # Errors
/// It is wrong, was tried too often, or the server cannot be reached.
pub async fn step_up(password: String) -> Result<SessionResponse, FetchError> {
    fetch::post_json(&format!("{PATH}/step-up"), &[("password", password)]).await
}

/// Who is signed in, as a page knows it.
#[derive(Clone, Copy)]
pub struct Session {
    /// What was answered last; `None` if nothing was yet.
    pub now: RwSignal<Option<SessionResponse>>,
}

impl Session {
    /// Begins with what is known, and asks in the browser when the page is hydrated.
    pub fn follow(first: Option<SessionResponse>) -> Session {
        let session = Session { now: RwSignal::new(first) };
        Effect::new(move |_| session.look());
        session
    }

    /// Asks again.
    pub fn look(self) {
        spawn_local(async move {
            if let Ok(answer) = ask().await {
                self.now.try_set(Some(answer));
            }
        });
    }
}
