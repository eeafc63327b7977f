//! What every handler asks of the server: a system, its history, a thread that may take its time.

use super::AppState;
use super::problem::Problem;
use crate::hub::Published;
use crate::people::{People, Refused};
use axum::response::Response;
use domain::plain::quoted;
use domain::spec::SystemSpec;
use std::sync::Arc;
use store::{History, StoreError};

impl AppState {
    /// The named system, or the first.
    pub(super) fn find(&self, which: Option<&str>) -> Result<(usize, &SystemSpec, Arc<Published>), Problem> {
        let found = match which {
            Some(id) => self.hub.system(id),
            None => self.hub.site.systems.first().map(|spec| (0, spec)),
        };
        let missing = || Problem::not_found(format!("there is no system {}", quoted(which.unwrap_or_default())));
        let (index, spec) = found.ok_or_else(missing)?;
        let newest = self.hub.newest(index).ok_or_else(missing)?;
        Ok((index, spec, newest))
    }

    /// Asks the history of a system, on a thread that may wait for the disk.
    pub(super) async fn ask_history<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&History) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, String> {
        let permit = self.gate.question().await?;
        let store = self.hub.store.clone();
        let asked = self.gate.run(move || {
            // Until the answer is there, even if nobody waits for it any more.
            let _permit = permit;
            ask(store.history())
        });
        match asked.await {
            Ok(answer) => answer.map_err(|error| format!("the history cannot be read: {error}")),
            Err(_) => Err("the history cannot be read: the server made a mistake; its log says more".to_owned()),
        }
    }

    /// Asks `control.db` for a list, or for whatever else may take long, on a thread that may wait for the disk. Who signs in
    /// or commands does not wait for it.
    pub(super) async fn list<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&People) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Problem> {
        let permit = self.gate.list().await.map_err(Problem::busy)?;
        let people = self.people.clone();
        let asked = self.gate.run(move || {
            let _permit = permit;
            ask(&people)
        });
        Ok(asked.await.map_err(|_| Problem::broken())??)
    }

    /// Writes a large answer, on a thread that may take its time: others wait on those of the network meanwhile.
    pub(super) async fn write(&self, write: impl FnOnce() -> Response + Send + 'static) -> Result<Response, Problem> {
        let permit = self.gate.question().await.map_err(Problem::busy)?;
        let written = self.gate.run(move || {
            let _permit = permit;
            write()
        });
        written.await.map_err(|_| Problem::broken())
    }
}
