//! Accepts connections and serves HTTP on them, so that nobody can shut the others out.
//!
//! ```text
//! accept -> Connections::admit (how many, from where) -> Patient (who stops reading is cut) -> TLS -> hyper -> the router
//! ```
//!
//! Where there is no room, the connection that has been idle for longest makes it; one that has not shaken hands yet is
//! idle. The handshake has a deadline, the head of a request and an idle connection another; bodies have theirs in
//! `http::requests`.

mod connections;
mod patient;
mod worded;

pub(crate) use connections::Connections;
use connections::{Activity, Permit};

use crate::proxies::Proxies;
use crate::tls::Tls;
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
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::server::TlsStream;
use worded::{Refusal, Worded};

/// A head of a request that is not here by then is not waited for; an idle connection is closed.
const HEAD_LIMIT: Duration = Duration::from_secs(20);
/// A TLS handshake that is not done by then is not waited for.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
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
    /// Whether nobody else can read what is said: by our own TLS, or that of a proxy that is believed.
    pub(crate) secure: bool,
}

/// How connections are let in.
#[derive(Debug)]
pub(crate) struct Entrance {
    /// Who is connected.
    pub(crate) connections: Arc<Connections>,
    /// What they are shown, where TLS is spoken.
    pub(crate) tls: Option<Arc<Tls>>,
    /// The proxies that are believed what they say of who asks.
    pub(crate) proxies: Arc<Proxies>,
}

impl Entrance {
    /// Whether nobody comes from there but around the proxy, for all to read.
    fn goes_around(&self, from: IpAddr) -> bool {
        self.tls.is_none() && self.proxies.any() && !from.to_canonical().is_loopback() && !self.proxies.believes(from)
    }
}

/// Serves `router` on `listener` until `stop`; then requests have a second to end.
pub(crate) async fn serve(listener: TcpListener, router: Router, entrance: Entrance, mut stop: watch::Receiver<bool>) {
    let service = TowerToHyperService::new(router);
    let entrance = Arc::new(entrance);
    let connections = &entrance.connections;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        match accepted {
            Ok((stream, from)) if entrance.goes_around(from.ip()) => turn_away(stream, Refusal::AroundTheProxy),
            Ok((stream, from)) => {
                match connections.admit(from.ip(), entrance.proxies.believes(from.ip()), Instant::now()) {
                    Some(permit) => {
                        tokio::spawn(connection(stream, permit, entrance.clone(), service.clone(), stop.clone()));
                    }
                    // Whoever speaks TLS cannot read what is said before it.
                    None if entrance.tls.is_some() => drop(stream),
                    None => turn_away(stream, Refusal::NoRoom),
                }
            }
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

/// Says in words why not; who does not take it at once goes without.
fn turn_away(mut stream: TcpStream, why: Refusal) {
    tokio::spawn(async move {
        let answer = why.answer();
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
    entrance: Arc<Entrance>,
    service: TowerToHyperService<Router>,
    mut stop: watch::Receiver<bool>,
) {
    let (Ok(at), Ok(from)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let secure = entrance.tls.is_some();
    let arrived = Arrived { at: at.ip().to_canonical(), port: at.port(), from: from.ip().to_canonical(), secure };
    let _ = stream.set_nodelay(true);
    let activity = permit.activity();
    let Some(tls) = &entrance.tls else {
        return requests(Patient::new(stream, permit), arrived, activity, entrance.proxies.clone(), service, stop)
            .await;
    };
    let secured = tokio::select! {
        secured = tokio::time::timeout(HANDSHAKE_LIMIT, shake_hands(stream, permit, tls)) => secured,
        () = activity.evicted() => return,
        _ = stop.changed() => return,
    };
    match secured {
        Ok(Some(stream)) => requests(stream, arrived, activity, entrance.proxies.clone(), service, stop).await,
        Ok(None) | Err(_) => {
            entrance.connections.counters().handshakes_failed.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The other side has learnt who we are, and nobody else reads on; `None` if that fails.
async fn shake_hands(stream: TcpStream, permit: Permit, tls: &Tls) -> Option<TlsStream<Patient>> {
    let mut first = [0];
    // A handshake begins with 0x16, a request of HTTP with a letter.
    if stream.peek(&mut first).await.ok()? > 0 && first[0].is_ascii_alphabetic() {
        turn_away(stream, Refusal::NoTls);
        return None;
    }
    tls.acceptor().accept(Patient::new(stream, permit)).await.ok()
}

/// Serves the requests of a connection.
async fn requests<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    stream: S,
    arrived: Arrived,
    activity: Arc<Activity>,
    proxies: Arc<Proxies>,
    service: TowerToHyperService<Router>,
    mut stop: watch::Receiver<bool>,
) {
    let evicted = activity.clone();
    let io = TokioIo::new(Worded::new(stream));
    let answer = service_fn(move |mut request: Request<Incoming>| {
        let (from, secure) = proxies.seen(arrived.from, arrived.secure, request.headers());
        request.extensions_mut().insert(Arrived { from, secure, ..arrived });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::proxies::network;

    #[test]
    fn behind_a_proxy_nobody_else_comes_in_from_another_machine() {
        let around = |proxies: &[&str], from: &str| {
            let proxies: Vec<_> = proxies.iter().map(|text| network(text).unwrap()).collect();
            let connections = Connections::new(&Limits::default());
            let entrance = Entrance { connections, tls: None, proxies: Arc::new(proxies.into()) };
            entrance.goes_around(from.parse().unwrap())
        };
        for (proxies, from, turned_away) in [
            (&["10.0.3.7"][..], "10.0.3.7", false),
            (&["10.0.3.7"], "::ffff:10.0.3.7", false),
            (&["10.0.3.7"], "127.0.0.1", false),
            (&["10.0.3.7"], "10.0.3.8", true),
            (&["10.0.3.7"], "2001:db8::7", true),
            (&["127.0.0.1", "::1"], "192.0.2.40", true),
            (&["0.0.0.0/0"], "192.0.2.40", false),
            // Only on this machine, or the start would have been refused.
            (&[], "192.0.2.40", false),
        ] {
            assert_eq!(around(proxies, from), turned_away, "{proxies:?} {from}");
        }
    }
}
