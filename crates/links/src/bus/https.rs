//! One HTTPS question at a time, over a connection of its own: for clouds that are asked every few minutes.
//!
//! Every way in which it can fail has words of its own, because only they tell a person what to look at. The answer's
//! length and the time for all of it are bounded; redirects are not followed.

use crate::text::{network_error, time};
use http::header::{ACCEPT, DATE, HOST, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::fmt::Debug;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// The most bytes of an answer that are read.
pub(crate) const MAX_BYTES: usize = 8 << 20;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the name {0} is not known (DNS): is there an Internet connection?")]
    Unknown(String),
    #[error("no connection to {name}: {why}", name = .0, why = network_error(.1))]
    Connect(String, io::Error),
    #[error("no secure connection to {name} (TLS): {why}", name = .0, why = tls_message(.1))]
    Tls(String, io::Error),
    #[error("no answer within {}", time(*.0))]
    Timeout(Duration),
    #[error("the answer broke off")]
    CutOff,
    #[error("the answer is longer than {} MB", MAX_BYTES >> 20)]
    TooLong,
    #[error("the answer is no HTTP: {0}")]
    NotHttp(String),
}

/// Why a secure connection cannot be made; the library's own words are those of a program.
fn tls_message(error: &io::Error) -> String {
    let text = error.to_string();
    let known = [
        ("UnknownIssuer", "nobody whom we trust vouches for its certificate"),
        ("Expired", "its certificate has expired, or the clock of this machine is wrong"),
        ("NotValidYet", "its certificate is not valid yet: is the clock of this machine right?"),
        ("NotValidForName", "its certificate is for another name"),
        ("invalid peer certificate", "its certificate is not valid"),
    ];
    let words = known.iter().find(|(mark, _)| text.contains(mark)).map(|(_, words)| (*words).to_owned());
    words.unwrap_or_else(|| network_error(error))
}

/// An answer, good or bad.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    /// The answer's time by its sender's clock, seconds since 1970.
    pub(crate) date: Option<i64>,
    /// How long the sender wants to be left alone.
    pub(crate) retry_after: Option<Duration>,
}

/// Asks servers whose certificates it can verify.
#[derive(Clone)]
pub(crate) struct Fetcher {
    tls: Arc<ClientConfig>,
    limit: Duration,
}

impl Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").field("limit", &self.limit).finish_non_exhaustive()
    }
}

/// The roots that browsers trust; an edge box may have no list of its own.
pub(crate) fn public_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// TLS as a client that trusts `roots`.
pub(crate) fn tls_client(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    #[allow(clippy::expect_used, reason = "ring's suites serve TLS 1.2 and 1.3; a test connects with them")]
    let builder = versions.expect("ring has suites for the default versions");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

impl Fetcher {
    /// Asks servers that `roots` vouch for; `limit` bounds the whole of a question and its answer.
    pub(crate) fn new(roots: RootCertStore, limit: Duration) -> Fetcher {
        Fetcher { tls: tls_client(roots), limit }
    }

    /// Gets `uri`, with one header more. `http` addresses are asked in the clear.
    pub(crate) async fn get(&self, uri: &Uri, header: (HeaderName, HeaderValue)) -> Result<Answer, FetchError> {
        tokio::time::timeout(self.limit, self.ask(uri, header)).await.map_err(|_| FetchError::Timeout(self.limit))?
    }

    async fn ask(&self, uri: &Uri, header: (HeaderName, HeaderValue)) -> Result<Answer, FetchError> {
        let host = uri.host().unwrap_or_default();
        let secure = uri.scheme_str() != Some("http");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        // The brackets of an IPv6 address belong to the URI, not to the address.
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let stream = connect(name, port).await?;
        let request = request(uri, header).map_err(|e| FetchError::NotHttp(e.to_string()))?;
        if !secure {
            return exchange(stream, request).await;
        }
        let tls = |e| FetchError::Tls(host.to_owned(), e);
        let server = ServerName::try_from(name.to_owned()).map_err(|e| tls(io::Error::other(e)))?;
        let stream = TlsConnector::from(self.tls.clone()).connect(server, stream).await.map_err(tls)?;
        exchange(stream, request).await
    }
}

fn request(uri: &Uri, (name, value): (HeaderName, HeaderValue)) -> Result<Request<Empty<Bytes>>, http::Error> {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Request::get(path)
        .header(HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(ACCEPT, "application/json")
        .header(USER_AGENT, concat!("packtwin/", env!("CARGO_PKG_VERSION")))
        .header(name, value)
        .body(Empty::new())
}

async fn connect(name: &str, port: u16) -> Result<TcpStream, FetchError> {
    let found = tokio::net::lookup_host((name, port)).await.map_err(|_| FetchError::Unknown(name.to_owned()))?;
    let addresses: Vec<SocketAddr> = found.collect();
    let failed = |e| FetchError::Connect(format!("{name}:{port}"), e);
    TcpStream::connect(addresses.as_slice()).await.map_err(failed)
}

async fn exchange<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Answer, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
    let answer = async {
        let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, MAX_BYTES).collect().await.map_err(|e| match e.downcast::<hyper::Error>() {
            Ok(e) => broken(&e),
            Err(_) => FetchError::TooLong,
        })?;
        let (date, retry_after) = (date(&head.headers), retry_after(&head.headers));
        Ok(Answer { status: head.status, body: body.to_bytes(), date, retry_after })
    };
    // Nothing runs on its own: an asker that is dropped takes the connection along.
    let connection = async {
        let _ = connection.await;
        std::future::pending().await
    };
    tokio::select! { answer = answer => answer, never = connection => never }
}

fn broken(error: &hyper::Error) -> FetchError {
    if error.is_parse() { FetchError::NotHttp(error.to_string()) } else { FetchError::CutOff }
}

fn unix_s(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let text = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok().map(unix_s)
}

/// Seconds, or a date by the sender's clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok().map(unix_s)?;
    Some(Duration::from_secs(until.saturating_sub(date(headers)?).max(0).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::ServerConfig;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

    const LIMIT: Duration = Duration::from_secs(20);

    /// A server with a certificate of its own making for `name`, and the certificate. It answers each question.
    async fn server(name: &str) -> (SocketAddr, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut question = [0; 1_024];
                let _ = stream.read(&mut question).await;
                let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n{}";
                let _ = stream.write_all(answer).await;
                let _ = stream.shutdown().await;
            }
        });
        (address, certificate.der().clone())
    }

    async fn get(roots: RootCertStore, uri: String) -> Result<Answer, FetchError> {
        let header = (HeaderName::from_static("x-test"), HeaderValue::from_static("1"));
        Fetcher::new(roots, LIMIT).get(&uri.parse().unwrap(), header).await
    }

    #[tokio::test]
    async fn a_server_is_believed_only_with_a_certificate_of_its_name_that_somebody_vouches_for() {
        let (address, certificate) = server("127.0.0.1").await;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let answer = get(roots.clone(), format!("https://{address}/v2")).await.unwrap();
        assert_eq!(
            (answer.status, &answer.body[..], answer.date),
            (StatusCode::OK, b"{}".as_slice(), Some(784_111_777))
        );

        let refused = get(public_roots(), format!("https://{address}/v2")).await.unwrap_err().to_string();
        assert!(
            refused.starts_with("no secure connection to 127.0.0.1 (TLS): ") && refused.contains("vouches for"),
            "{refused}"
        );
        let (elsewhere, certificate) = server("vrm.example").await;
        roots.add(certificate).unwrap();
        let other = get(roots, format!("https://{elsewhere}/v2")).await.unwrap_err().to_string();
        assert!(other.contains("(TLS)") && other.contains("127.0.0.1"), "{other}");
    }

    #[tokio::test]
    async fn a_name_that_nobody_knows_and_a_port_where_nobody_listens() {
        let unknown = get(public_roots(), "https://no-such-host.invalid/v2".to_owned()).await.unwrap_err();
        assert!(matches!(unknown, FetchError::Unknown(_)), "{unknown}");
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let closed = get(public_roots(), format!("https://{nobody}/v2")).await.unwrap_err();
        assert!(matches!(closed, FetchError::Connect(..)), "{closed}");
    }

    #[test]
    fn how_long_to_stay_away_is_told_in_seconds_or_as_a_date() {
        let wait = |pairs: &[(HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(name, HeaderValue::from_str(value).unwrap());
            }
            retry_after(&headers).map(|wait| wait.as_secs())
        };
        let now = (DATE, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(wait(&[(RETRY_AFTER, "120")]), Some(120));
        assert_eq!(wait(&[now.clone(), (RETRY_AFTER, "Sun, 06 Nov 1994 08:50:37 GMT")]), Some(60));
        assert_eq!(wait(&[now.clone(), (RETRY_AFTER, "Sun, 06 Nov 1994 08:40:37 GMT")]), Some(0));
        for nonsense in ["soon", "-3", "", "Sun, 06 Nov"] {
            assert_eq!(wait(&[now.clone(), (RETRY_AFTER, nonsense)]), None, "{nonsense}");
        }
    }
}
