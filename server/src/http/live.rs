//! The live stream: binary frames of one system over a WebSocket.
//!
//! The first message is a text, `build NUMBER site NUMBER`: a page of another build or site knows by it that it is out of
//! date.
//!
//! A frame is encoded once per cycle and shared by all viewers. A viewer that is slow skips to the newest cycle: it gets
//! a key frame then, never a queue of old deltas; and one every few seconds, which a page keeps for when the server is
//! away. One that takes nothing, or does not answer a ping, is dropped: what the system keeps for it may hide for long that nobody reads.

use super::AppState;
use super::asked::Path;
use super::leave::{Connected, Who};
use super::problem::Problem;
use super::{cookie, leave};
use crate::gate::{Gate, count};
use crate::hub::Published;
use crate::people::{Asker, Presented};
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use domain::plain::quoted;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// A viewer gets a key frame so often.
const KEY_EVERY: Duration = Duration::from_secs(5);
/// A viewer that does not take a frame for this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// The page sends nothing; what comes is read only to notice the end.
const MAX_INBOUND: usize = 1_024;
/// What is read at once: pongs, and the end.
const READ_BUFFER: usize = 256;
/// Messages of one viewer in a second at most: a page sends none but pongs.
const INBOUND_PER_S: u32 = 20;
/// A key frame of the largest system, and more, bytes.
const WRITE_MAX: usize = 4 << 20;
/// Whether a viewer is still who they were is asked so often: their session may have ended by the command line.
const LEAVE_EVERY: Duration = Duration::from_secs(5);

/// Said to whoever asks otherwise.
const NO_SOCKET: &str = "this is the live stream, a WebSocket (RFC 6455, version 13): ask with Connection: Upgrade, Upgrade: \
    websocket, Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key. /api/v1/state has the same values as JSON";

/// `GET /live/{system}`
pub(super) async fn live(
    State(state): State<AppState>,
    Path(system): Path,
    Who(asker): Who,
    connected: Connected,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = upgrade.map_err(|wrong| Problem::new(wrong.status(), NO_SOCKET))?;
    let feed = state.hub.system(&system).and_then(|(index, _)| state.hub.follow(index));
    let feed = feed.ok_or_else(|| Problem::not_found(format!("there is no system {}", quoted(&system))))?;
    let permit = state.gate.viewer().map_err(Problem::busy)?;
    let upgrade = upgrade.max_message_size(MAX_INBOUND).max_frame_size(MAX_INBOUND).read_buffer_size(READ_BUFFER);
    // A frame goes out when it is there.
    let upgrade = upgrade.write_buffer_size(0).max_write_buffer_size(WRITE_MAX);
    let (gate, patience) = (state.gate.clone(), state.patience);
    let assets = &state.manifest.assets;
    let first = format!("build {} site {}", assets.build, assets.site);
    let shown = cookie::presented(&headers, connected.secure, connected.port);
    Ok(upgrade.on_upgrade(move |mut socket| async move {
        if let Ok(Ok(())) = timeout(SEND_TIMEOUT, socket.send(Message::Text(first.into()))).await {
            let served = serve(&mut socket, feed, gate, permit, patience);
            tokio::select! {
                () = served => return,
                () = ended(&state, &asker, &shown, connected) => {}
            }
            let words = "the session has ended: sign in again";
            let bye = CloseFrame { code: close_code::POLICY, reason: words.into() };
            let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(bye)))).await;
        }
    }))
}

/// Waits until this viewer is not who they were: their session has ended, or they may not read any more. Who showed
/// nothing where reading is open stays.
async fn ended(state: &AppState, asker: &Asker, shown: &Presented, connected: Connected) {
    let open = state.people.reading_open();
    let Some((session, _)) = &asker.session else {
        loop {
            tokio::time::sleep(LEAVE_EVERY).await;
            if !open && !leave::still(state, shown, connected).await {
                return;
            }
        }
    };
    let mut told = state.people.follow_ended();
    let id = session.id;
    loop {
        let stands = state.people.ask(move |people| people.stands(id)).await;
        if !stands.and_then(|stands| stands).unwrap_or(open) {
            return;
        }
        let others = async { while told.recv().await.is_ok_and(|name| name != session.name) {} };
        // What the command line ends is told by nobody.
        let _ = timeout(LEAVE_EVERY, others).await;
    }
}

async fn serve(
    socket: &mut WebSocket,
    mut feed: watch::Receiver<Arc<Published>>,
    gate: Arc<Gate>,
    _permit: OwnedSemaphorePermit,
    patience: Duration,
) {
    feed.mark_changed();
    let (mut sent, mut heard) = (None, Instant::now());
    let mut inbound_rate = Rate { since: heard, count: 0 };
    let mut pings = interval_at(heard + patience / 2, patience / 2);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            changed = feed.changed() => match changed {
                Ok(()) => Message::Binary(next_frame(&feed.borrow_and_update().clone(), &mut sent, Instant::now())),
                Err(_) => {
                    let bye = CloseFrame { code: close_code::AWAY, reason: "the server stops".into() };
                    let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(bye)))).await;
                    return;
                }
            },
            inbound = socket.recv() => match inbound {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {
                    heard = Instant::now();
                    if inbound_rate.one_more(heard) {
                        continue;
                    }
                    count(&gate.counters.viewers_dropped);
                    let words = format!("more than {INBOUND_PER_S} messages in a second");
                    let bye = CloseFrame { code: close_code::POLICY, reason: words.into() };
                    let _ = timeout(SEND_TIMEOUT, socket.send(Message::Close(Some(bye)))).await;
                    return;
                }
            },
            now = pings.tick() => {
                if now - heard > patience {
                    count(&gate.counters.viewers_dropped);
                    return;
                }
                Message::Ping(Bytes::new())
            }
        };
        match timeout(SEND_TIMEOUT, socket.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                count(&gate.counters.viewers_dropped);
                return;
            }
        }
    }
}

/// How many messages came within a second.
struct Rate {
    since: Instant,
    count: u32,
}

impl Rate {
    /// Counts one that came now. Says whether it is within the limit.
    fn one_more(&mut self, now: Instant) -> bool {
        if now - self.since >= Duration::from_secs(1) {
            *self = Rate { since: now, count: 0 };
        }
        self.count += 1;
        self.count <= INBOUND_PER_S
    }
}

/// What a viewer has.
#[derive(Clone, Copy)]
struct Sent {
    /// The number of its newest frame.
    seq: u32,
    /// When it got its last key frame.
    key_at: Instant,
}

/// The delta if it follows what the viewer has and a key frame is not due, else the key frame.
fn next_frame(published: &Published, sent: &mut Option<Sent>, now: Instant) -> Bytes {
    if follows(published.seq, sent, now) { published.delta.clone() } else { published.key() }
}

/// Whether the delta of this number is what a viewer gets next. It has it then, or the key frame.
fn follows(seq: u32, sent: &mut Option<Sent>, now: Instant) -> bool {
    let follows = sent.filter(|sent| sent.seq == seq.wrapping_sub(1) && now - sent.key_at < KEY_EVERY);
    *sent = Some(Sent { seq, key_at: follows.map_or(now, |sent| sent.key_at) });
    follows.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_viewer_gets_deltas_a_key_after_a_gap_and_one_now_and_again() {
        let (begin, mut sent) = (Instant::now(), None);
        // Three cycles are missed.
        let cycles = (0..10).chain(13..60);
        let keys = cycles.filter(|seq| !follows(*seq, &mut sent, begin + Duration::from_millis(200) * *seq));
        assert_eq!(keys.collect::<Vec<_>>(), [0, 13, 38]);
    }
}
