//! Accepts connections and serves HTTP on them, so that nobody can shut the others out.
//!
//! ```text
//! accept -> Connections::admit (how many, from where) -> Patient (who stops reading is cut) -> hyper -> the router
//! ```
//!
//! Where there is no room, the connection that has been idle for longest makes it. The head of a request has a deadline,
//! an idle connection the same; bodies have theirs in `http::requests`.

mod connections;
mod patient;
mod worded;

pub(crate) use connections::Connections;
use connections::{Activity, Permit};

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use patient::Patient;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use worded::Worded;

/// A head of a request that is not here by then is not waited for; an idle connection is closed.
const HEAD_LIMIT: Duration = Duration::from_secs(20);
/// The largest head, and how much of an answer waits in memory, bytes.
const BUFFER: usize = 64 << 10;
/// At the stop, requests have so long to end.
const GRACE: Duration = Duration::from_secs(1);
/// After an error of `accept`, such as too many open files.
const BREATH: Duration = Duration::from_millis(50);

/// Where a connection came in and from, for handlers: an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived {
    /// Our own address of the connection.
    pub(crate) at: IpAddr,
    /// Our own port.
    pub(crate) port: u16,
    /// The other side's address.
    pub(crate) from: IpAddr,
    /// Whether nobody else can read what is said: never, without TLS.
    pub(crate) secure: bool,
}

/// Serves `router` on `listener` until `stop`; then requests have a second to end.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
    mut stop: watch::Receiver<bool>,
) {
    let service = TowerToHyperService::new(router);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, from)) => match connections.admit(from.ip(), Instant::now()) {
                Some(permit) => {
                    tokio::spawn(connection(stream, permit, service.clone(), stop.clone()));
                }
                None => turn_away(stream),
            },
            Err(error) => {
                // Of the one connection: it is gone already.
                if !matches!(error.kind(), std::io::ErrorKind::ConnectionAborted | std::io::ErrorKind::ConnectionReset)
                {
                    tracing::warn!("a connection cannot be accepted: {error}");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
    }
    drop(listener);
    let until = Instant::now() + GRACE;
    while connections.open() > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Says in words that there is no room; who does not take it at once goes without.
fn turn_away(mut stream: TcpStream) {
    tokio::spawn(async move {
        let answer = worded::answer(StatusCode::SERVICE_UNAVAILABLE);
        let refusal = async {
            stream.write_all(&answer).await?;
            stream.shutdown().await?;
            // Closed with a request unread, the answer would be lost.
            stream.read(&mut [0; 1024]).await
        };
        let _ = tokio::time::timeout(Duration::from_millis(200), refusal).await;
    });
}

async fn connection(
    stream: TcpStream,
    permit: Permit,
    service: TowerToHyperService<Router>,
    mut stop: watch::Receiver<bool>,
) {
    let (Ok(at), Ok(from)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let arrived =
        Arrived { at: at.ip().to_canonical(), port: at.port(), from: from.ip().to_canonical(), secure: false };
    let _ = stream.set_nodelay(true);
    let activity = permit.activity();
    let evicted = activity.clone();
    let io = TokioIo::new(Worded::new(Patient::new(stream, permit)));
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(arrived);
        let busy = Activity::busy(&activity);
        let answer = service.call(request);
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(hold(answer, busy))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT).max_buf_size(BUFFER);
    let mut served = std::pin::pin!(http.serve_connection(io, answer).with_upgrades());
    tokio::select! {
        // Errors are the other side's: it went away, or was too slow.
        _ = served.as_mut() => return,
        () = evicted.evicted() => return,
        _ = stop.changed() => served.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(GRACE, served).await;
}

/// A connection is busy until its answer is sent; a stream that took the connection over, for ever.
fn hold(answer: Response<Body>, busy: connections::Busy) -> Response<Body> {
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        busy.for_ever();
        return answer;
    }
    if answer.body().is_end_stream() {
        return answer;
    }
    answer.map(|body| {
        Body::new(body.map_err(move |error| {
            let _until_it_is_sent = &busy;
            error
        }))
    })
}
