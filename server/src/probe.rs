//! `packtwin probe`: what answers on one link, for as long as a person waits.

use crate::cli::Probe;
use crate::clock::system_clock;
use crate::site_file;
use anyhow::{Result, anyhow};
use domain::engine::Input;
use domain::link::{LinkIdx, LinkState};
use domain::plain::quoted;
use links::probe::Heard;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Longer than anybody waits.
const SECONDS_MAX: f64 = 86_400.0;

/// Runs the link for some seconds and prints what came. Returns whether a value came.
///
/// # Errors
/// When the site file is wrong, has no such link, or the link's address cannot be had.
pub(crate) async fn probe(options: &Probe) -> Result<bool> {
    let mut kinds = Vec::new();
    let site = site_file::read(&options.site, |links, _| {
        kinds = links.iter().map(|link| *link.kind.get_ref()).collect();
        Ok(())
    })?;
    for warning in &site.warnings {
        eprintln!("warning: {warning}");
    }
    let index = site.spec.links.iter().position(|link| link.id == options.link).ok_or_else(|| {
        let known: Vec<&str> = site.spec.links.iter().map(|link| link.id.as_str()).collect();
        anyhow!("{} has no link {}; it has {}", options.site.display(), quoted(&options.link), known.join(", "))
    })?;
    let spec = &site.spec.links[index];
    let system = site.spec.system(spec.system).cloned().ok_or_else(|| anyhow!("the link {} has no system", spec.id))?;
    let mut tasks = site.links;
    let mut task = tasks.swap_remove(index);
    task.bind().await?;
    let handle = task.handle();
    println!("{}: {}, {}, for {} s", spec.id, spec.protocol, spec.address, options.seconds);

    let clock = system_clock();
    let (sink, mut inputs) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(task.run(LinkIdx(0), clock.clone(), sink, stopped));
    let mut heard = Heard::default();
    let listen = async {
        while let Some(input) = inputs.recv().await {
            heard.take(input);
            if heard.state() == LinkState::Ended {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(Duration::from_secs_f64(options.seconds.min(SECONDS_MAX)), listen).await;
    let frames = handle.frames(clock());
    heard.take(Input::Link(LinkIdx(0), handle.status()));
    let _ = stop.send(true);
    running.await?;
    print!("{}", heard.report(kinds[index], &system, &frames));
    Ok(heard.anything())
}
