//! What is expected of each command when it is taken, and afterwards how right that was.
//!
//! ```text
//! a command is journalled --> flight check from the live cells --> control.db, audit
//!   ... ten minutes, or until its time is over --> what history has of them --> score in control.db, audit
//! ```
//!
//! Nothing waits for it: a prediction that fails stops no command. What is due is in `control.db`, so that a restart
//! loses nothing of it.

use super::Commands;
use crate::flight::{Question, forecast};
use crate::gate::Gate;
use crate::hub::Hub;
use crate::past::Past;
use crate::people::{People, Refused};
use anyhow::{Context as _, Result, anyhow};
use api::flight::{Forecast, LoadRequest, ScoreResponse, Settings};
use domain::audit::Entry;
use domain::control::{CommandReceipt, CommandState, ControlKind, StateKind};
use domain::flight::{Course, Dispatch, HORIZON_MAX_S};
use domain::people::Requester;
use domain::point::PointId;
use domain::series::Trace;
use domain::time::Utc;
use domain::words::Words as _;
use std::sync::Arc;
use std::time::Duration;
use store::CommandRow;
use tokio::sync::{broadcast, watch};

/// A prediction is held against so much of what follows.
const WINDOW: Duration = Duration::from_secs(600);
/// A prediction that is made later than this after its command would already see what follows.
const IN_TIME: Duration = Duration::from_secs(2);
/// The history has the last seconds after this.
const WRITTEN_AFTER: Duration = Duration::from_secs(5);
/// What is due is looked for so often, if nothing else is known of it.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// A shorter time tells nothing.
const SHORTEST: Duration = Duration::from_secs(60);
/// Makes predictions, and scores them.
pub(crate) struct Predictor {
    pub(crate) hub: Arc<Hub>,
    pub(crate) commands: Arc<Commands>,
    pub(crate) people: Arc<People>,
    pub(crate) gate: Arc<Gate>,
}

impl Predictor {
    /// Follows the commands until `stop`.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        if self.people.control().is_err() {
            // Nothing can be commanded.
            return;
        }
        let mut told = self.commands.follow();
        loop {
            let wait = self.score_due().await.unwrap_or_else(|why| {
                tracing::warn!("predictions of commands are not scored: {why:#}");
                LOOK_EVERY
            });
            let pause = tokio::time::sleep(wait);
            tokio::pin!(pause);
            loop {
                let receipt = tokio::select! {
                    _ = stop.changed() => return,
                    () = &mut pause => break,
                    receipt = told.recv() => receipt,
                };
                match receipt {
                    Ok(receipt) if receipt.state == CommandState::Journalled => {
                        if let Err(why) = self.predict(&receipt).await {
                            tracing::warn!("nothing is predicted of the command {}: {why:#}", receipt.command.id.0);
                        }
                        break;
                    }
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(steps)) => {
                        tracing::warn!("nothing is predicted of some commands: {steps} steps came at once");
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                }
            }
        }
    }

    /// Predicts what becomes of a command that has just been taken.
    async fn predict(&self, receipt: &CommandReceipt) -> Result<()> {
        let CommandReceipt { command, at, before, .. } = receipt;
        if self.commands.now().mono.since(at.mono) > IN_TIME {
            return Err(anyhow!("it was not looked at in time"));
        }
        let index = usize::from(command.system.0);
        let spec = self.hub.site.system(command.system).context("its system is not in the site")?;
        let state = self.commands.state(index).context("its system is not in the site")?;
        let mut present = Settings::of(&state, spec);
        // What is on its way to the device counts as if it were there.
        let on_their_way = state.controls.iter().filter_map(|control| {
            let command = control.command.as_ref().filter(|command| command.under_way)?;
            Some((ControlKind::from_key(&control.control)?, command.value))
        });
        on_their_way.filter(|(kind, _)| *kind != command.control).for_each(|(kind, value)| present.set(kind, value));
        if let Some(before) = before {
            present.set(command.control, *before);
        }
        let mut wanted = present.clone();
        wanted.set(command.control, command.value);
        let window = command.hold.map_or(WINDOW, |hold| hold.min(WINDOW));
        let question = Question {
            present,
            wanted,
            load: LoadRequest::Repeated,
            backup: false,
            horizon_s: HORIZON_MAX_S,
            curve_min: window.as_secs_f32() / 60.0,
        };
        let hub = self.hub.clone();
        let run = self.gate.run(move || forecast(&hub, index, question));
        let (made, forecast) = run.await.context("run the flight check")?.context("its system is not in the site")?;
        if made > at.utc + IN_TIME {
            return Err(anyhow!("the server was too busy to look at it in time"));
        }
        let entry = Entry {
            system: Some(spec.id.clone()),
            subject: Some(command.control.spec().key.to_owned()),
            old: before.map(|value| command.control.words(value)),
            new: Some(command.control.words(command.value)),
            prediction: Some(forecast.wanted.words(spec.kind)),
            detail: Some(format!("command {}", command.id.0)),
            ..Entry::of(&command.by, at.utc, "command-predicted")
        };
        let (id, json) = (command.id.0.clone(), serde_json::to_string(&forecast).context("write the prediction")?);
        self.keep(move |tables| {
            tables.add_prediction(&id, made, made + window, &json)?;
            tables.audit(entry).map(drop)
        })
        .await
    }

    /// Scores every prediction that is due; returns after which time the next one is.
    async fn score_due(&self) -> Result<Duration> {
        loop {
            let next = self.ask(|tables| tables.next_prediction()).await?;
            let Some((id, due)) = next else { return Ok(LOOK_EVERY) };
            let now = self.commands.now().utc;
            let from = due + WRITTEN_AFTER;
            if now < from {
                let wait_us = u64::try_from(from.0 - now.0).unwrap_or_default();
                return Ok(Duration::from_micros(wait_us).min(LOOK_EVERY));
            }
            self.score(id, now).await?;
        }
    }

    /// Holds the prediction of a command against what was measured.
    async fn score(&self, id: String, now: Utc) -> Result<()> {
        let kept = self.ask({
            let id = id.clone();
            move |tables| Ok((tables.command(&id)?, tables.prediction(&id)?, tables.command_steps(&id)?))
        });
        let (Some(row), Some(kept), steps) = kept.await? else {
            return Err(anyhow!("the command {id} is gone"));
        };
        let read_back = steps.iter().rev().find_map(|step| step.read_back);
        let forecast: Forecast = serde_json::from_str(&kept.prediction).context("read what was predicted")?;
        let (system, made) = (row.system.clone(), kept.made);
        let besides = id.clone();
        let next = self.ask(move |tables| tables.next_command(&system, &besides, made)).await?;
        // What the device let go of, or was changed there, stands no longer either.
        // The state of a newer version says nothing here.
        let state = StateKind::from_word(&row.last.state).ok();
        let let_go = matches!(state, Some(StateKind::LeaseEnded | StateKind::ChangedAtDevice)).then_some(row.last.at);
        let ends = [next.map(|at| (at, "another command followed")), let_go.map(|at| (at, "the device let go of it"))];
        let end = ends.into_iter().flatten().filter(|(at, _)| *at < kept.due).min_by_key(|(at, _)| *at);
        let (until, why) = end.unwrap_or((kept.due, "its time was over"));
        let lasted = Duration::from_micros(u64::try_from(until.0 - made.0).unwrap_or_default());
        let score = match self.hub.system(&row.system) {
            _ if state.is_some_and(StateKind::is_not_followed) => ScoreResponse::nothing(&row.last.words),
            None => ScoreResponse::nothing("the site file has no such system any more"),
            _ if lasted < SHORTEST => {
                ScoreResponse::nothing(&format!("{why} after {} s, which is too short to tell", lasted.as_secs()))
            }
            Some((index, _)) => match self.course(index, made, until, lasted, &forecast).await {
                Ok(course) if course.measured.is_empty() => ScoreResponse::nothing("nothing was recorded meanwhile"),
                Ok(course) => ScoreResponse::of(&forecast.wanted, &course),
                Err(why) => ScoreResponse::nothing(&format!("{why:#}")),
            },
        };
        let json = serde_json::to_string(&score).context("write the score")?;
        let kind = self.hub.site.kind_of(&row.system);
        let entry = Entry {
            prediction: Some(forecast.wanted.words(kind)),
            result: Some(score.words.clone()),
            ..entry(&row, read_back, now)
        };
        self.keep(move |tables| {
            tables.add_score(&id, now, &json)?;
            tables.audit(entry).map(drop)
        })
        .await
    }

    /// What the history has of the time after a prediction.
    async fn course(&self, index: usize, made: Utc, until: Utc, lasted: Duration, of: &Forecast) -> Result<Course> {
        let dispatch = of.wanted.grid_cap_w.map(|cap_w| Dispatch::PeakShaving { grid_cap_w: cap_w as f32 });
        let dispatch = dispatch.context("it is not said what the building may draw from the grid")?;
        let (hub, permit) = (self.hub.clone(), self.gate.question().await.map_err(anyhow::Error::msg)?);
        let run = self.gate.run(move || {
            let _permit = permit;
            let traces = [PointId::Soc, PointId::Power, PointId::CellVoltageMin, PointId::GridPower].map(Trace::Point);
            let past = Past::new(hub.store.history(), &hub.site, index).context("there is no such system")?;
            let seconds = u32::try_from(lasted.as_secs()).unwrap_or_default();
            let table =
                past.table(until.0.div_euclid(1_000), seconds, &traces).context("the history cannot be read")?;
            Ok(Course::of(&table, made, dispatch))
        });
        run.await.context("read the history")?
    }

    async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut store::Tables<'_>) -> Result<T, store::Failed> + Send + 'static,
    ) -> Result<T> {
        let asked = self.people.ask(move |people| Ok::<_, Refused>(people.control()?.read(ask)?));
        Ok(asked.await??)
    }

    async fn keep(
        &self,
        keep: impl FnOnce(&mut store::Tables<'_>) -> Result<(), store::Failed> + Send + 'static,
    ) -> Result<()> {
        let kept = self.people.ask(move |people| Ok::<_, Refused>(people.control()?.write(keep)?));
        Ok(kept.await??)
    }
}

/// What the audit says of a score: the server says it, about the command of somebody.
fn entry(row: &CommandRow, read_back: Option<f64>, now: Utc) -> Entry {
    let words = |value: f64| match ControlKind::from_key(&row.control) {
        Some(kind) => kind.words(value),
        None => value.to_string(),
    };
    Entry {
        system: Some(row.system.clone()),
        subject: Some(row.control.clone()),
        old: row.before.map(words),
        new: Some(words(row.value)),
        read_back: read_back.map(words),
        detail: Some(format!("command {} of {}", row.id, row.who)),
        ..Entry::of(&Requester::server(), now, "command-scored")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::tests::{hub, spec};
    use crate::limits::Limits;
    use api::flight::{OutlookPoint, OutlookResponse};
    use domain::telemetry::Row;
    use store::{CommandStep, Control, Second};
    use tokio::sync::mpsc;

    /// Ten minutes at 60 kW from 70 % on, a point a minute; the load is covered for an hour.
    fn forecast() -> Forecast {
        let point = |minute: u32| OutlookPoint {
            at_min: f64::from(minute),
            soc_pct: 70.0 - 0.4 * f64::from(minute),
            battery_w: 60e3,
            lowest_v: 3.25,
            hottest_c: 30.0,
        };
        let wanted = OutlookResponse {
            grid_cap_w: Some(66e3),
            training_min: Some(60.0),
            training_ends_by: "reserve".into(),
            training_words: "60 min: the reserve is reached".into(),
            curve: (0..=10).map(point).collect(),
            ..OutlookResponse::default()
        };
        Forecast { wanted, ..Forecast::default() }
    }

    fn command(id: &str, asked: Utc, state: &str, at: Utc) -> CommandRow {
        CommandRow {
            id: id.into(),
            system: "hv".into(),
            control: "reserve".into(),
            value: 30.0,
            before: Some(20.0),
            hold_s: None,
            revision: 1,
            who: "mara".into(),
            asked,
            last: CommandStep { at, state: state.into(), words: format!("{state}, as it was."), read_back: None },
        }
    }

    #[tokio::test]
    async fn what_is_due_is_held_against_the_history_once_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut spec = spec();
        spec.grid_cap_w = Some(66e3);
        let hub = Arc::new(hub(&spec, folder.path()));
        let now = (hub.clock)().utc;
        // Of the ten minutes before the last ten seconds: a tenth of a point a minute faster than predicted.
        let (due, minute) = (now - Duration::from_secs(10), Duration::from_secs(60));
        let made = due - WINDOW;
        for second in 0..=600_u16 {
            let at = made + Duration::from_secs(u64::from(second));
            let mut row = Row::empty(at.0.div_euclid(1_000));
            for (point, value) in [
                (PointId::Soc, 70.0 - 0.5 * f32::from(second) / 60.0),
                (PointId::Power, 61e3),
                (PointId::CellVoltageMin, 3.24),
                (PointId::GridPower, 65e3),
            ] {
                row.set(point, value);
            }
            let utc_s = at.0.div_euclid(1_000_000);
            hub.store.append(Second { system: "hv".into(), utc_s, rows: vec![row], ..Second::default() });
        }
        let people = People::open(folder.path(), true, hub.clock.clone());
        let control: Control = people.control().unwrap().clone();
        let json = serde_json::to_string(&forecast()).unwrap();
        let mut later = forecast();
        later.wanted.grid_cap_w = None;
        let unknown_cap = serde_json::to_string(&later).unwrap();
        let predict = |row: CommandRow, made: Utc, json: &str| {
            control
                .write(|t| {
                    t.add_command_step(&row, Duration::ZERO)?;
                    t.add_prediction(&row.id, made, made + WINDOW, json)
                })
                .unwrap();
        };
        // Each of another system or time, so that none ends another.
        predict(command("good", made, "effective", made + minute), made, &json);
        predict(command("refused", made, "rejected", made), made, &json);
        predict(command("no-cap", made, "effective", made), made, &unknown_cap);
        predict(CommandRow { system: "gone".into(), ..command("gone", made, "effective", made) }, made, &json);
        let early = made - 30 * minute;
        predict(command("nothing", early, "effective", early), early, &json);
        let let_go = early - 30 * minute;
        predict(command("let-go", let_go, "lease-ended", let_go + minute / 2), let_go, &json);
        let short = let_go - 30 * minute;
        predict(command("short", short, "effective", short), short, &json);
        let next = short + Duration::from_secs(20);
        control.write(|t| t.add_command_step(&command("next", next, "confirmed", next), Duration::ZERO)).unwrap();
        predict(command("not-yet", now, "effective", now), now, &json);

        let (sink, _inputs) = mpsc::channel(1);
        let commands = Arc::new(Commands::new(sink.downgrade(), 1, hub.clock.clone()));
        let gate = Gate::new(&Limits::default()).unwrap();
        let predictor = Predictor { hub: hub.clone(), commands, people, gate };
        let scored = |id: &str| -> Option<ScoreResponse> {
            let kept = control.read(|t| t.prediction(id)).unwrap().unwrap();
            kept.scored.map(|(_, json)| serde_json::from_str(&json).unwrap())
        };
        // The history writes each second when it comes to it.
        let wait = loop {
            let wait = predictor.score_due().await.unwrap();
            if scored("good").is_some() {
                break wait;
            }
        };
        assert!(wait <= LOOK_EVERY, "{wait:?}");
        let good = scored("good").unwrap();
        assert_eq!(
            (good.verdict.as_str(), good.soc_pct.predicted.unwrap().round()),
            ("as-predicted", 66.0),
            "{good:?}"
        );
        assert!((good.soc_pct.actual.unwrap() - 65.25).abs() < 0.1, "{good:?}");
        assert_eq!((good.lowest_cell_v.actual, good.battery_w.actual), (Some(3.24), Some(61e3)), "{good:?}");
        for (id, says) in [
            ("refused", "not known: rejected, as it was."),
            ("no-cap", "not known: it is not said what the building may draw from the grid"),
            ("gone", "not known: the site file has no such system any more"),
            ("nothing", "not known: nothing was recorded meanwhile"),
            ("let-go", "not known: the device let go of it after 30 s, which is too short to tell"),
            ("short", "not known: another command followed after 20 s, which is too short to tell"),
        ] {
            let score = scored(id).unwrap();
            assert_eq!((score.verdict.as_str(), score.words.as_str()), ("not-comparable", says), "{id}");
        }
        assert_eq!(scored("not-yet"), None);
        let audit = control.read(|t| t.audit_after(0, 100)).unwrap();
        let entries: Vec<_> = audit.iter().map(|entry| String::from_utf8_lossy(entry.canonical.as_ref())).collect();
        assert_eq!(entries.len(), 7, "each is scored once: {entries:#?}");
        let good = entries.iter().find(|entry| entry.contains("command good of mara")).unwrap();
        for part in ["command-scored", "as predicted", "training 60 min (the reserve is reached)", "30 %", "20 %"] {
            assert!(good.contains(part), "{part}: {good}");
        }
    }
}
