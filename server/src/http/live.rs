//! The live stream: binary frames of one system over a WebSocket.
//!
//! A frame is encoded once per cycle and shared by all viewers. A viewer that is slow skips to the newest cycle: it gets
//! a key frame then, never a queue of old deltas.

use super::AppState;
use super::problem::Problem;
use crate::hub::Published;
use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, State};
use axum::response::Response;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// A viewer that does not take a frame for this long is gone.
const SEND_TIMEOUT: Duration = Duration::from_secs(5);
/// The page sends nothing; what comes is read only to notice the end.
const MAX_INBOUND: usize = 1_024;

/// `GET /live/{system}`
pub(super) async fn live(
    State(state): State<AppState>,
    Path(system): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Problem> {
    let feed = state.hub.system(&system).and_then(|(place, _)| state.hub.follow(place));
    let feed = feed.ok_or_else(|| Problem::not_found(format!("there is no system {system:?}")))?;
    Ok(upgrade.max_message_size(MAX_INBOUND).on_upgrade(move |socket| serve(socket, feed)))
}

async fn serve(mut socket: WebSocket, mut feed: watch::Receiver<Arc<Published>>) {
    feed.mark_changed();
    let mut sent = None;
    loop {
        tokio::select! {
            changed = feed.changed() => {
                if changed.is_err() {
                    let bye = CloseFrame { code: close_code::AWAY, reason: "the server stops".into() };
                    let _ = socket.send(Message::Close(Some(bye))).await;
                    return;
                }
                let published = feed.borrow_and_update().clone();
                let frame = next_frame(&published, &mut sent);
                if !matches!(tokio::time::timeout(SEND_TIMEOUT, socket.send(Message::Binary(frame))).await, Ok(Ok(()))) {
                    return;
                }
            }
            inbound = socket.recv() => match inbound {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}

/// The delta if it follows what the viewer has, else the key frame.
fn next_frame(published: &Published, sent: &mut Option<u32>) -> Bytes {
    let follows = *sent == Some(published.seq.wrapping_sub(1));
    *sent = Some(published.seq);
    if follows { published.delta.clone() } else { published.key.clone() }
}
