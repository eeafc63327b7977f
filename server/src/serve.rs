//! Wiring: from a site file to a running site, and back down in order.

use crate::alarms::{self, AlarmOrders};
use crate::analysis::Analysis;
use crate::cli::{Common, Serve};
use crate::clock::{Clock, system_clock};
use crate::control::{self, Commands, Journal, Predictor, Ran};
use crate::engine::{self, Outlets};
use crate::gate::Gate;
use crate::http::{self, AppState, Files, Manifest, Names};
use crate::hub::{Hub, Published};
use crate::link_thread::LinkThread;
use crate::listener::{self, Connections, Entrance};
use crate::page_folder;
use crate::people::{People, SETUP_VALID};
use crate::reach::{self, Reach};
use crate::site_file::{self, SiteFile};
use crate::tls::Tls;
use crate::writes::Writes;
use anyhow::{Context as _, Result, anyhow, bail};
use domain::control::CommandReceipt;
use domain::device_minute::{DeviceMinute, DeviceMinutes};
use domain::engine::{Engine, Publication};
use domain::link::LinkIdx;
use domain::live::{Encoder, log};
use domain::minute::{CellMinute, Minutes};
use domain::recent::{RECENT_S, Recent};
use domain::spec::{SiteSpec, SystemIdx, SystemSpec};
use domain::time::Now;
use domain::twin::Site;
use links::LinkConfig;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::{Notice, Second, Store};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

/// What to serve, and where.
#[derive(Debug)]
pub(crate) struct Options {
    site: PathBuf,
    replay: Option<(PathBuf, f64)>,
    common: Common,
}

impl From<Serve> for Options {
    fn from(options: Serve) -> Options {
        let speed = options.speed;
        Options { site: options.site, replay: options.replay.map(|file| (file, speed)), common: options.common }
    }
}

impl Options {
    /// Serves the demo's site file.
    pub(crate) fn demo(site: PathBuf, common: Common) -> Options {
        Options { site, replay: None, common }
    }
}

/// Serves a site until Ctrl-C or SIGTERM.
///
/// # Errors
/// When the site file is wrong, an address is in use, or a folder cannot be used; then nothing has been started.
pub(crate) async fn serve(options: Options) -> Result<()> {
    let assets = page_folder::find(options.common.assets.as_deref());
    let mut manifest = Manifest::read(&assets)?;
    let files = Files::read(&assets)?;
    let SiteFile { spec, links: tasks, simulators, history, mut limits, reach: asked, reading_open, warnings } =
        site_file::read(&options.site, |links, simulators| match &options.replay {
            Some((file, speed)) => {
                simulators.clear();
                replay_instead(links, file, *speed)
            }
            None => Ok(()),
        })?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let listen = options.common.listen;
    let asked = asked.with(&options.common);
    asked.may_listen(listen)?;
    let listener = TcpListener::bind(listen).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            anyhow!("{listen} is in use by another program; stop it, or choose another address with --listen")
        }
        _ => anyhow!("{listen}: {error}"),
    })?;
    for name in &options.common.names {
        let words = || anyhow!("--name {name}: it is no host name: write it without http:// and port");
        limits.names.push(http::host_name(name).ok_or_else(words)?);
    }
    limits.fit_descriptors();
    let clock = system_clock();
    let disk_free_min = history.disk_free_min_bytes;
    let (store, notices) = Store::open_with(&options.common.data, clock().utc, history)?;
    for notice in notices {
        if let Notice::NotStoring { why } = &notice {
            bail!("the data folder cannot be used: {why}. Put it right, or name another folder with --data");
        }
        tracing::warn!("{notice}");
    }

    let tls = asked.tls.map(|source| {
        let tls = Tls::open(source, &options.common.data, reach::wanted(listen, &limits.names), clock().utc);
        tls.map(Arc::new).context("https")
    });
    let tls = tls.transpose()?;
    let people = People::open(&options.common.data, reading_open, clock.clone());
    manifest.assets.site = http::site_number(&spec);
    let (stop, stopped) = watch::channel(false);
    let (sink, inputs) = mpsc::channel(engine::INPUTS);
    let mut handles = Vec::with_capacity(tasks.len());
    let mut running = Vec::with_capacity(tasks.len());
    tokio::spawn(people.clone().back_up_daily(stopped.clone()));
    tokio::spawn(people.clone().write_pending_later(stopped.clone()));
    let link_thread = LinkThread::start()?;
    for (task, idx) in tasks.into_iter().zip(0..) {
        let task = link_thread.bind(task).await?;
        handles.push(task.handle());
        running.push((LinkIdx(idx), task));
    }
    let mut rigs = Vec::with_capacity(simulators.len());
    let mut labs = vec![None; spec.systems.len()];
    for (system, config) in simulators {
        let rig = config.start(spec.systems[system.0 as usize].topology).await?;
        labs[system.0 as usize] = Some(rig.lab());
        rigs.push(rig);
    }

    let mut site = Site::new(spec.clone());
    for (idx, task) in &running {
        site.cell_links[usize::from(idx.0)] = task.brings_cells();
    }
    alarms::restore(&mut site, &store, people.control().ok(), clock());
    let systems = (spec.systems.iter().zip(0..))
        .map(|(system, i)| first_snapshot(&site, SystemIdx(i), system, &store, clock()))
        .collect::<Result<Vec<_>>>()?;
    let hub = Arc::new(Hub::new(Arc::new(spec), handles, labs, store.clone(), clock.clone(), systems));
    let links: Vec<_> = (running.into_iter())
        .map(|(idx, task)| link_thread.handle().spawn(task.run(idx, clock.clone(), sink.clone(), stopped.clone())))
        .collect();
    let writes = Writes::new(hub.links.clone(), sink.downgrade(), link_thread.handle().clone(), clock.clone());
    drop(sink);
    let commands = Arc::new(Commands::new(writes.inputs(), hub.site.systems.len(), clock.clone()));
    let orders = Arc::new(AlarmOrders::new(writes.inputs(), hub.site.systems.len(), clock.clone()));
    let mut twin = Engine::new(site, clock().mono);
    let (journal, unknown) = open_journal(&mut twin, &hub.site, &people, &writes, &clock)?;
    for receipt in unknown {
        let system = hub.site.system(receipt.command.system).map(|system| system.id.clone()).unwrap_or_default();
        journal.note(receipt, system);
    }
    let outlets = Outlets {
        hub: hub.clone(),
        store: store.clone(),
        writes,
        commands: commands.clone(),
        journal,
        alarms: orders.clone(),
    };
    let refresh_clock = clock.clone();
    // Whoever asks before the first cycle finds the controls and the alarms already.
    outlets.publish_controls(&twin, clock());
    outlets.alarms.publish(&twin);
    let engine = tokio::spawn(engine::run(twin, inputs, outlets, clock, stopped.clone()));

    if let Some(tls) = &tls {
        tokio::spawn(tls.clone().keep_fresh(refresh_clock, stopped.clone()));
    }
    let data = options.common.data.as_path();
    let unconfined_sql = limits.unconfined_sql || options.common.allow_unconfined_sql;
    let analysis = Arc::new(Analysis::new(data, options.common.duckdb.clone(), disk_free_min, unconfined_sql));
    let address = listener.local_addr().context("read the bound address")?;
    let (gate, connections) = (Gate::new(&limits).context("start the threads for answers")?, Connections::new(&limits));
    let reach = Arc::new(Reach { listens: address, tls, proxies: Arc::new(asked.proxies.into()) });
    let names = Names::new(address.ip(), limits.names);
    let (hub_of, commands_of) = (hub.clone(), commands.clone());
    let predictor = Predictor { hub: hub_of, commands: commands_of, people: people.clone(), gate: gate.clone() };
    tokio::spawn(predictor.run(stopped.clone()));
    let state = AppState {
        hub,
        manifest: Arc::new(manifest),
        files,
        gate,
        connections: connections.clone(),
        patience: limits.patience,
        starts: Arc::default(),
        data: data.into(),
        people: people.clone(),
        reach: reach.clone(),
        names,
        commands,
        arming: Arc::default(),
        alarms: orders,
        analysis,
    };
    let app = http::router(state);
    println!("Packtwin is at {}", reach.url());
    if let Some(tls) = reach.tls.as_ref().filter(|tls| tls.is_made()) {
        println!(
            "Its certificate is its own: a browser warns of it the first time. Go on only if it shows this SHA-256 \
             fingerprint:\n{}",
            tls.facts().fingerprint
        );
    }
    if !address.ip().is_loopback() && reading_open {
        tracing::warn!(
            "{address} can be reached from other machines, and everybody may look: [access] reading = \"closed\""
        );
    }
    if let Some(token) = people.open_setup().context("make the token for the first admin")? {
        println!(
            "Nobody has an account yet. To make the first admin in the next {} minutes, the page asks for this token:\n\
             {token}\nOr, at any time, on this machine: packtwin user add NAME --role admin --data {}",
            SETUP_VALID.as_secs() / 60,
            data.display()
        );
    }
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping");
        let _ = stop.send(true);
    });
    let entrance = Entrance { connections, tls: reach.tls.clone(), proxies: reach.proxies.clone() };
    listener::serve(listener, app, entrance, stopped).await;
    for link in links {
        let _ = link.await;
    }
    drop(link_thread);
    engine.await.context("engine")?;
    store.close().context("close the history")?;
    drop(rigs);
    Ok(())
}

/// The journal of commands, and what it says of the time before. Without `control.db` nothing can be commanded.
fn open_journal(
    engine: &mut Engine,
    site: &SiteSpec,
    people: &People,
    writes: &Writes,
    clock: &Clock,
) -> Result<(Journal, Vec<CommandReceipt>)> {
    let Ok(journal) = people.control() else { return Ok((Journal::none(), Vec::new())) };
    let ran = Ran::go_on(journal)?;
    let unknown = control::restore(engine.desk_mut(), site, journal, ran.so_far(), clock())?;
    let journal = Journal::start(journal.clone(), writes.inputs(), (ran, clock.clone()));
    let journal = journal.context("start the thread of the journal")?;
    Ok((journal, unknown))
}

/// Puts a candump log in the place of the site's CAN link.
fn replay_instead(links: &mut [LinkConfig], file: &std::path::Path, speed: f64) -> Result<(), String> {
    let mut can = links.iter_mut().filter(|link| link.is_can());
    match (can.next(), can.next()) {
        (Some(link), None) => {
            link.replay(file, speed);
            Ok(())
        }
        (None, _) => Err("--replay: the site has no CAN link whose mapping the log could use".to_owned()),
        (Some(_), Some(_)) => Err("--replay: the site has more than one CAN link; keep one".to_owned()),
    }
}

/// What a system publishes before its first cycle, and its recent past out of the history.
fn first_snapshot(
    site: &Site,
    idx: SystemIdx,
    spec: &SystemSpec,
    store: &Store,
    now: Now,
) -> Result<(Published, Recent)> {
    let kept = Duration::from_secs(u64::from(RECENT_S));
    let mut recent = Recent::new(spec);
    let mut unreadable = 0;
    // A kill loses the minutes of cells and of device points that were running; the tape still has them.
    let (cells_ms, devices_ms) =
        (store.history().cell_coverage(&spec.id).end_ms, store.history().device_coverage(&spec.id).end_ms);
    let (mut cells, mut devices, mut lost) = (Minutes::default(), DeviceMinutes::default(), Vec::new());
    let of_cells = |cells: CellMinute| Second { utc_s: cells.minute * 60, cells: Some(cells), ..Second::default() };
    let of_devices =
        |devices: DeviceMinute| Second { utc_s: devices.minute * 60, devices: Some(devices), ..Second::default() };
    match store.tail(&spec.id, now.utc - kept, now.utc) {
        Ok(rows) => {
            for row in rows {
                unreadable += log::play(&row.tape, spec, |snapshot| {
                    recent.push(snapshot);
                    let is_lost =
                        |known_ms: Option<i64>| known_ms.is_none_or(|ms| snapshot.now.utc.0.div_euclid(1_000) >= ms);
                    if is_lost(cells_ms) {
                        lost.extend(cells.push(snapshot).map(of_cells));
                    }
                    if is_lost(devices_ms) {
                        lost.extend(devices.push(&spec.device_points, snapshot).map(of_devices));
                    }
                });
            }
        }
        Err(error) => tracing::warn!(system = spec.id, "the recent past cannot be read: {error}"),
    }
    lost.extend(cells.finish().map(of_cells));
    lost.extend(devices.finish().map(of_devices));
    lost.into_iter().for_each(|second| store.append(Second { system: spec.id.clone(), ..second }));
    if unreadable > 0 {
        tracing::warn!(system = spec.id, "{unreadable} frames of the history cannot be read and are left out");
    }
    let snapshot = site.snapshot(idx, now).ok_or_else(|| anyhow!("system {} is not in its site", spec.id))?;
    let (encoded, spec) = (Encoder::new(spec).encode(&snapshot), Arc::new(spec.clone()));
    Ok((Published::new(Publication { system: idx, spec, encoded, snapshot }), recent))
}

/// Waits for Ctrl-C or SIGTERM.
async fn stop_signal() {
    let ctrl_c = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = ctrl_c => {}
            _ = terminate.recv() => {}
        },
        Err(_) => {
            let _ = ctrl_c.await;
        }
    }
}
