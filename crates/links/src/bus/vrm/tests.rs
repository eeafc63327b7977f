//! Polls of a stub of VRM: recorded answers, and everything that can come instead of one.

use super::*;
use crate::link::{LinkHandle, LinkTask};
use crate::session::Clock;
use domain::engine::Input;
use domain::link::{LinkIdx, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{Batch, Target};
use domain::spec::SystemIdx;
use domain::time::Utc;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

const DIAGNOSTICS: &[u8] = include_bytes!("../../../tests/fixtures/vrm_diagnostics.json");
const TOKEN: &str = "0123456789abcdef-token";
/// Long enough for anything that should happen at all.
const PATIENCE: Duration = Duration::from_secs(20);

/// A good answer, one second after the newest value of it.
fn diagnostics() -> Vec<u8> {
    answer("200 OK\r\nDate: Sun, 12 Oct 2025 22:48:30 GMT", DIAGNOSTICS)
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// What the stub does with one question.
enum Reply {
    /// Sends these bytes, and closes.
    Bytes(Vec<u8>),
    /// Sends these bytes, and nothing more.
    Hang(Vec<u8>),
}

/// A server that replies to so many questions, one after the other, and passes on what it was asked.
async fn stub(replies: Vec<Reply>) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, questions) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut open = Vec::new();
        for reply in replies {
            let Ok((mut stream, _)) = listener.accept().await else { return };
            let mut question = Vec::new();
            while !question.ends_with(b"\r\n\r\n") && stream.read_buf(&mut question).await.unwrap_or(0) > 0 {}
            let _ = asked.send(String::from_utf8_lossy(&question).into_owned());
            match reply {
                Reply::Bytes(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                }
                Reply::Hang(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    open.push(stream);
                }
            }
        }
    });
    (address, questions)
}

struct Link {
    handle: LinkHandle,
    clock: Clock,
    inputs: mpsc::Receiver<Input>,
    _token: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

fn settings(address: SocketAddr, token: &std::path::Path) -> Settings {
    let ms = Duration::from_millis;
    Settings {
        uri: format!("http://{address}/v2/installations/290928/diagnostics?count=1000").parse().unwrap(),
        installation: 290_928,
        token: SecretSource::File(token.to_owned()),
        battery: None,
        poll: ms(30),
        requests_per_hour: 50,
        max_age: Duration::from_secs(300),
        timeout: ms(400),
        rests: Rests { first: ms(20), longest: ms(60), too_many: ms(50) },
    }
}

/// A running link whose settings are changed by `change`.
fn run(address: SocketAddr, change: impl FnOnce(&mut Settings)) -> Link {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("vrm.token");
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let mut settings = settings(address, &token);
    change(&mut settings);
    let start = tokio::time::Instant::now();
    let clock: Clock = Arc::new(move || Now { utc: Utc(1_800_000_000_000_000), mono: Mono::START } + start.elapsed());
    let bus = Box::new(Vrm::new(settings));
    let task = LinkTask::new("vrm".into(), SystemIdx(0), Duration::from_secs(900), bus);
    let (sink, inputs) = mpsc::channel(1_000);
    let (stop, stopped) = watch::channel(false);
    let handle = task.handle();
    tokio::spawn(task.run(LinkIdx(0), clock.clone(), sink, stopped));
    Link { handle, clock, inputs, _token: folder, _stop: stop }
}

impl Link {
    async fn next<T>(&mut self, mut wanted: impl FnMut(Input) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Some(found) = wanted(self.inputs.recv().await.unwrap()) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap()
    }

    async fn batch(&mut self) -> Batch {
        self.next(|input| match input {
            Input::Batch(batch) => Some(batch),
            _ => None,
        })
        .await
    }

    async fn until(&mut self, state: LinkState) -> LinkStatus {
        self.next(|input| match input {
            Input::Link(_, status) if status.state == state => Some(status),
            _ => None,
        })
        .await
    }
}

fn value(batch: &Batch, point: PointId) -> Option<f32> {
    batch.readings.iter().find(|r| r.target == Target::Point(point)).and_then(|r| r.sample.ok())
}

#[tokio::test]
async fn values_come_with_their_own_times_whatever_our_clock_says() {
    let (address, mut questions) = stub(vec![Reply::Bytes(diagnostics())]).await;
    let mut link = run(address, |settings| settings.poll = Duration::from_secs(60));
    let batches = [link.batch().await, link.batch().await, link.batch().await];
    let up = link.until(LinkState::Up).await;
    let heard = up.last_at.unwrap();
    let ages: Vec<u64> = batches.iter().map(|batch| heard.since(batch.at.mono).as_secs()).collect();
    assert_eq!(ages, [905, 11, 1], "oldest first");
    assert_eq!(batches[0].at.utc.0 + 904_000_000, batches[2].at.utc.0, "records have the time of the measurement");
    assert_eq!(value(&batches[0], PointId::CellVoltageMin), Some(3.25));
    assert_eq!((value(&batches[1], PointId::Power), value(&batches[1], PointId::Current)), (Some(59.5), Some(1.1)));
    assert_eq!(value(&batches[2], PointId::Soc), Some(99.3));
    assert_eq!((up.frames, up.faults_total(), up.reason.as_str()), (1, 0, ""));

    let question = questions.recv().await.unwrap().to_lowercase();
    assert!(question.starts_with("get /v2/installations/290928/diagnostics?count=1000 http/1.1\r\n"), "{question}");
    assert!(question.contains(&format!("x-authorization: token {TOKEN}\r\n")), "{question}");
    let rows = link.handle.frames((link.clock)());
    let row =
        |key: &str| rows.iter().find(|row| row.key == key).map(|row| (row.raw.clone(), row.decoded[0].text.clone()));
    assert_eq!(row("system/Dc/Battery/Power"), Some((b"-59.5".to_vec(), "59.50 W".to_owned())));
    assert_eq!(row("battery/Soc"), Some((b"99.3".to_vec(), "99.30 %".to_owned())), "of the battery that counts");
    assert_eq!(row("requests"), Some((vec![0, 1, 0, 50], "1 of 50".to_owned())));
    let polling = link.handle.polling().unwrap();
    assert_eq!((polling.requests_last_hour, polling.failures), (1, 0));
    assert!(polling.last_success >= polling.last_attempt && polling.last_attempt.is_some());
}

/// What the link says of a first reply, and what it counts; afterwards it must recover by itself.
async fn first(reply: Reply) -> (String, LinkStatus) {
    let (address, _questions) = stub(vec![reply, Reply::Bytes(diagnostics())]).await;
    let mut link = run(address, |_| {});
    let down = link.until(LinkState::Down).await;
    assert_eq!(down.frames, 0, "{down:?}");
    assert_eq!(link.handle.polling().unwrap().failures, 1);
    let up = link.until(LinkState::Up).await;
    assert_eq!((up.faults_total(), up.reason.as_str()), (down.faults_total(), ""));
    (down.reason.clone(), down)
}

#[tokio::test]
async fn every_failure_has_its_own_words_and_is_got_over() {
    let status = |head: &str| Reply::Bytes(answer(head, b"{\"success\":false,\"errors\":\"no\"}"));
    let cut = diagnostics()[..2_000].to_vec();
    let longer = "200 OK\r\nTransfer-Encoding: chunked";
    let huge = [
        format!("HTTP/1.1 {longer}\r\n\r\n").into_bytes(),
        b"100000\r\n".to_vec(),
        vec![b' '; 1 << 20],
        b"\r\n".to_vec(),
    ];
    let huge = [huge.concat(), [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat().repeat(9)].concat();
    use LinkFault::{Malformed, Refused, Timeout};
    for (reply, words, fault) in [
        (status("401 Unauthorized"), "refuses the token (401)", Refused),
        (status("403 Forbidden"), "may not read installation 290928 (403)", Refused),
        (status("404 Not Found"), "knows no installation 290928 (404)", Refused),
        (status("429 Too Many Requests"), "wants fewer requests (429)", Refused),
        (status("503 Service Unavailable"), "VRM itself has a problem (503)", Refused),
        (status("301 Moved Permanently\r\nLocation: https://elsewhere"), "answers 301, which is neither", Refused),
        (status("200 OK"), "VRM answers: no", Refused),
        (
            Reply::Bytes(answer("200 OK", format!("{{\"success\":false,\"errors\":\"bad {TOKEN}\"}}").as_bytes())),
            "bad ***",
            Refused,
        ),
        (Reply::Bytes(answer("204 No Content", b"")), "it is empty", Malformed),
        (Reply::Bytes(answer("200 OK", b"<html>")), "not understood: expected value", Malformed),
        (Reply::Bytes(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()), "no HTTP", Malformed),
        (Reply::Bytes(Vec::new()), "broke off", Malformed),
        (Reply::Bytes(cut.clone()), "broke off", Malformed),
        (Reply::Bytes(huge), "longer than 8 MB", Malformed),
        (Reply::Hang(Vec::new()), "no answer within 400 ms", Timeout),
        (Reply::Hang(cut), "no answer within 400 ms", Timeout),
    ] {
        let (said, status) = first(reply).await;
        assert!(said.contains(words) && !said.contains(TOKEN), "{words}: {said}");
        assert_eq!((status.faults(fault), status.faults_total()), (1, 1), "{words}: {fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_wants_patience_gets_it() {
    let patience = Reply::Bytes(answer("429 Too Many Requests\r\nRetry-After: 2", b""));
    let (address, mut questions) = stub(vec![patience, Reply::Bytes(diagnostics())]).await;
    let mut link = run(address, |_| {});
    let start = tokio::time::Instant::now();
    let down = link.until(LinkState::Down).await;
    assert_eq!(down.reason, "VRM wants fewer requests (429); the next comes in 2 s");
    questions.recv().await.unwrap();
    questions.recv().await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn the_budget_is_kept_and_told() {
    let replies = (0..9).map(|_| Reply::Bytes(diagnostics())).collect();
    let (address, mut questions) = stub(replies).await;
    let mut link = run(address, |settings| settings.requests_per_hour = 3);
    let status = link
        .next(|input| match input {
            Input::Link(_, status) if !status.reason.is_empty() => Some(status),
            _ => None,
        })
        .await;
    assert!(status.reason.starts_with("all 3 requests of an hour are used; the next comes in 3"), "{}", status.reason);
    assert_eq!((status.state, status.frames), (LinkState::Up, 3));
    assert_eq!(link.handle.polling().map(|p| (p.requests_last_hour, p.requests_per_hour)), Some((3, 3)));
    // A poll every 30 ms would have made more by now.
    let more = async {
        for _ in 0..4 {
            questions.recv().await;
        }
    };
    assert!(tokio::time::timeout(Duration::from_millis(300), more).await.is_err());
}

#[tokio::test]
async fn a_token_that_is_not_there_is_no_request_and_is_found_when_it_comes() {
    let (address, _questions) = stub(vec![Reply::Bytes(diagnostics())]).await;
    let mut link = run(address, |settings| {
        let SecretSource::File(path) = &settings.token else { panic!() };
        std::fs::remove_file(path).unwrap();
    });
    let down = link.until(LinkState::Down).await;
    assert!(
        down.reason.starts_with("there is no token: ") && down.reason.contains("vrm.token cannot be read"),
        "{down:?}"
    );
    assert_eq!(link.handle.polling().map(|polling| polling.requests_last_hour), Some(0));
    std::fs::write(link._token.path().join("vrm.token"), TOKEN).unwrap();
    assert_eq!(link.until(LinkState::Up).await.frames, 1);
}

#[tokio::test]
async fn an_installation_that_has_fallen_silent_is_told_apart_from_a_cloud_that_has() {
    let old = answer("200 OK\r\nDate: Mon, 13 Oct 2025 10:00:00 GMT", DIAGNOSTICS);
    let (address, _questions) = stub(vec![Reply::Bytes(old)]).await;
    let mut link = run(address, |settings| settings.poll = Duration::from_secs(60));
    let batch = link.batch().await;
    let up = link.until(LinkState::Up).await;
    assert_eq!(up.reason, "the newest value is more than 5 min old: does the GX reach VRM, and how often?");
    assert!(up.last_at.unwrap().since(batch.at.mono) > Duration::from_secs(40_000), "it keeps its age");
    let nothing = Reply::Bytes(answer("200 OK", br#"{"success":true,"records":[]}"#));
    let (address, _questions) = stub(vec![nothing]).await;
    let mut link = run(address, |settings| settings.poll = Duration::from_secs(60));
    let connecting = link.next(|input| match input {
        Input::Link(_, status) if !status.reason.is_empty() => Some(status),
        _ => None,
    });
    let status = connecting.await;
    assert_eq!(status.reason, "VRM has no value of this installation that we know");
    assert_eq!((status.state, status.last_at), (LinkState::Connecting, None));
}
