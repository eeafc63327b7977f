//! The routes of the API, each with its method, and a list of them: the description at `/api/openapi.json` has the same.

use super::{
    AppState, alarms, analysis, cells, control, describe, flight, history, home, lab, links, people, playback, problem,
    recording,
};
use super::{series, state, status, version, victron};
use api::operations::Method;
use axum::Router;
use axum::handler::Handler;
use axum::response::Redirect;
use axum::routing::{MethodFilter, any, get, on};

/// Routes, and which they are.
#[derive(Default)]
pub(super) struct Routes {
    /// The routes.
    pub(super) router: Router<AppState>,
    /// The method and address of each.
    pub(super) list: Vec<(Method, &'static str)>,
}

impl Routes {
    fn at<H: Handler<T, AppState>, T: 'static>(self, method: Method, path: &'static str, handler: H) -> Routes {
        let Routes { router, mut list } = self;
        let filter = match method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
            Method::Delete => MethodFilter::DELETE,
        };
        list.push((method, path));
        Routes { router: router.route(path, on(filter, handler)), list }
    }

    fn get<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Routes {
        self.at(Method::Get, path, handler)
    }

    fn post<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Routes {
        self.at(Method::Post, path, handler)
    }

    fn delete<H: Handler<T, AppState>, T: 'static>(self, path: &'static str, handler: H) -> Routes {
        self.at(Method::Delete, path, handler)
    }
}

/// Every address of the API.
pub(super) fn api() -> Routes {
    let routes = Routes::default()
        .get("/api/v1/state", state::state)
        .get("/api/v1/alarms", alarms::alarms)
        .get("/api/v1/alarms/history", alarms::history)
        .get("/api/v1/alarms/figures", alarms::of_period)
        .post("/api/v1/alarms/acknowledge", alarms::acknowledge)
        .post("/api/v1/alarms/acknowledge-all", alarms::acknowledge_all)
        .post("/api/v1/alarms/reset", alarms::reset)
        .post("/api/v1/alarms/shelve", alarms::shelve)
        .post("/api/v1/alarms/unshelve", alarms::unshelve)
        .get("/api/v1/cells", state::cells)
        .get("/api/v1/devices", state::devices)
        .get("/api/v1/devices/history", history::kept_devices)
        .get("/api/v1/series", series::series)
        .get("/api/v1/history", history::history)
        .get("/api/v1/history.csv", history::csv)
        .get("/api/v1/history.parquet", history::parquet)
        .get("/api/v1/cells/history", cells::history)
        .get("/api/v1/home", home::home)
        .get("/api/v1/playback/frames", playback::segment)
        .get("/api/v1/playback/film", playback::segment)
        .get("/api/v1/playback/jump", playback::seek)
        .get("/api/v1/analysis/questions", analysis::questions)
        .get("/api/v1/analysis/questions/{id}", analysis::question)
        .post("/api/v1/analysis/sql", analysis::sql)
        .get("/api/v1/links", links::links)
        .get("/api/v1/links/{id}/frames", links::frames)
        .get("/api/v1/links/{id}/recording", recording::state)
        .post("/api/v1/links/{id}/recording", recording::start)
        .delete("/api/v1/links/{id}/recording", recording::stop)
        .get("/api/v1/recordings", recording::list)
        .get("/api/v1/recordings/{name}", recording::download)
        .delete("/api/v1/recordings/{name}", recording::remove)
        .get("/api/v1/lab", lab::read)
        .post("/api/v1/lab", lab::command)
        .get("/api/v1/server", status::server)
        .get("/api/v1/version", version::version)
        .get("/api/openapi.json", describe::document)
        .get("/api/v1/session", people::session)
        .post("/api/v1/session", people::sign_in)
        .delete("/api/v1/session", people::sign_out)
        .post("/api/v1/session/step-up", people::step_up)
        .post("/api/v1/setup", people::set_up)
        .post("/api/v1/password", people::password)
        .get("/api/v1/sessions", people::sessions)
        .delete("/api/v1/sessions/{id}", people::end_session)
        .get("/api/v1/users", people::users)
        .post("/api/v1/users", people::add_user)
        .post("/api/v1/users/{name}", people::change_user)
        .delete("/api/v1/users/{name}", people::remove_user)
        .get("/api/v1/tokens", people::tokens)
        .post("/api/v1/tokens", people::add_token)
        .delete("/api/v1/tokens/{id}", people::end_token)
        .get("/api/v1/arming", people::arming)
        .post("/api/v1/arming", people::arm)
        .get("/api/v1/control", control::control)
        .post("/api/v1/flight", flight::flight)
        .post("/api/v1/commands", control::command)
        .post("/api/v1/commands/safe-values", control::safe_values)
        .get("/api/v1/commands", control::commands)
        .get("/api/v1/commands/{id}", control::history)
        .get("/api/v1/audit", people::audit)
        .get("/api/v1/audit.jsonl", people::audit_lines)
        .get("/api/v1/audit/chain", people::audit_chain)
        .get("/victron/battery/current", victron::current)
        .get("/victron/battery/history", victron::history)
        .get("/victron/health", victron::health)
        .get("/healthz", || async { "ok\n" })
        .get("/readyz", links::ready);
    let Routes { router, list } = routes;
    let router = router
        .route("/api", get(describe::page))
        .route("/api/", get(|| async { Redirect::permanent("/api") }))
        .route("/api/{*rest}", any(problem::no_such_path));
    Routes { router, list }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::operations::OPERATIONS;
    use std::collections::BTreeSet;

    #[test]
    fn every_route_is_described_and_every_description_has_a_route() {
        let routes: BTreeSet<(Method, &str)> = api().list.into_iter().collect();
        let described: BTreeSet<(Method, &str)> = OPERATIONS.iter().map(|of| (of.method, of.path)).collect();
        assert_eq!(routes, described);
    }
}
