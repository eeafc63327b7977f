//! What was done to the server from outside, and must not work: foreign names, greedy questions, readers who do not read.

use crate::support::{Server, command, folder, free_udp_port, pack_site, resident_mb};
use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

/// Sends these bytes and gives the answer: its status and all of its text.
fn raw(server: &Server, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    answer(&mut stream)
}

fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut bytes = Vec::new();
    // A connection that is reset after the answer has still answered.
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), text)
}

/// A connection that has asked and does not read.
fn stalled(server: &Server, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes()).unwrap();
    stream
}

/// Waits until `look` finds what it wants.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{what} never came");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn since_start(server: &Server, what: &str) -> u64 {
    server.get("/api/v1/server")["since_start"][what].as_u64().unwrap()
}

/// The site with a table `[server]`.
fn site(server: &str) -> String {
    format!("{}\n[server]\n{server}\n", pack_site(free_udp_port()))
}

/// A server with a day of history, every cell, and this `[server]`.
fn with_history(limits: &str) -> Server {
    let folder = folder();
    let mut generate = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    generate.args(["generate", "--days", "1", "--rate", "5", "--from", "2026-11-19", "--data"]);
    assert!(generate.arg(folder.path().join("data")).output().unwrap().status.success());
    Server::start_in(folder, &site(limits), &[])
}

#[test]
fn only_those_who_ask_by_our_name_get_anything() {
    let server = Server::start(&site("names = [\"hall.example\"]"), &["--name", "tunnel.example"]);
    let port = server.address.rsplit_once(':').unwrap().1;
    let paths = [
        "/",
        "/pkg/a.js",
        "/favicon.png",
        "/sw.js",
        "/offline",
        "/healthz",
        "/api/v1/state",
        "/api/v1/nothing",
        "/nothing",
        "/live/hv",
    ];
    for (host, open) in [
        (server.address.clone(), true),
        (format!("localhost:{port}"), true),
        ("hall.example".to_owned(), true),
        ("TUNNEL.example.:443".to_owned(), true),
        ("evil.example".to_owned(), false),
        (format!("evil.example:{port}"), false),
        (format!("192.0.2.7:{port}"), false),
    ] {
        for path in paths {
            let (status, text) =
                raw(&server, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
            assert_eq!(status != 421, open, "{host} {path}: {text}");
            let name = host.split(':').next().unwrap();
            assert!(open || text.contains(&format!("[server] names = [\\\"{name}\\\"]")), "{text}");
        }
    }
    // The page of a rebound name is its own origin, to the browser and to us.
    let form = "action=clear-all";
    let head =
        format!("Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\nSec-Fetch-Site: same-origin\r\n");
    for path in ["/api/v1/lab", "/api/v1/analysis/sql", "/api/v1/links/bms/recording"] {
        let (status, text) = raw(
            &server,
            &format!("POST {path} HTTP/1.1\r\n{head}Content-Length: {}\r\nConnection: close\r\n\r\n{form}", form.len()),
        );
        assert_eq!(status, 421, "{path}: {text}");
    }
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    assert_eq!(raw(&server, &format!("GET /live/hv HTTP/1.1\r\n{head}{upgrade}\r\n")).0, 421);
    // Without a host: programs of HTTP/1.0 only.
    assert_eq!(raw(&server, "GET /healthz HTTP/1.0\r\n\r\n").0, 200);
    assert_eq!(raw(&server, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n").0, 400);
    let absolute = "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(&server, absolute).0, 421);
}

#[test]
fn a_wrong_name_in_the_site_file_is_said_with_its_line() {
    let said = crate::support::refuses(folder().path(), &site("names = [\"http://hall.example\"]"), &[]);
    assert!(said.contains("server.names") && said.contains("without http:// and port"), "{said}");
    let said = crate::support::refuses(folder().path(), &site("connections = 1"), &[]);
    assert!(said.contains("server.connections: 1 is not from 16 to 100000"), "{said}");
}

#[test]
fn a_name_asked_for_ten_thousand_times_is_one_and_too_many_are_refused() {
    let server = with_history("");
    let before = resident_mb(&server);
    let range = "from=2026-11-19&to=2026-11-20&width=1000";
    let twice = server.get(&format!("/api/v1/history?{range}&points=soc,battery/soc,soc"));
    assert_eq!(twice["series"].as_array().unwrap().len(), 1);
    let many = vec!["soc"; 10_000].join(",");
    let body = server.get(&format!("/api/v1/history?{range}&points={many}"));
    assert_eq!(body["series"].as_array().unwrap().len(), 1);
    let series = server.get(&format!("/api/v1/series?seconds=600&points={}", vec!["battery/soc"; 2_000].join(",")));
    assert_eq!(series["series"].as_array().unwrap().len(), 1);
    let cells = |count: usize| {
        let name = |n: usize| format!("cells/{}.{}/voltage", n / 20 + 1, n % 20 + 1);
        (0..count).map(name).collect::<Vec<_>>().join(",")
    };
    for (path, says) in [
        (format!("/api/v1/history?{range}&points={}", cells(33)), "at most 32 cells"),
        (format!("/api/v1/history?{range}&points={}", cells(200)), "at most 128 at once"),
        ("/api/v1/history?points=soc&width=100000".to_owned(), "width: 100000 is not from 1 to 4096"),
        (
            format!("/api/v1/history?from=2026-11-19&to=2026-11-20&width=4096&points=soc,{}", cells(32)),
            "ask for fewer points",
        ),
    ] {
        let (status, body) = server.request("GET", &path, &[], "");
        assert!(status == 422 && body.contains(says), "{status} {body}");
    }
    assert!(resident_mb(&server) < before + 100, "{} MB", resident_mb(&server));
}

#[test]
fn downloads_that_nobody_reads_hold_no_page_up_and_are_cut() {
    let server = with_history("patience_s = 2");
    let before = resident_mb(&server);
    let path = "/api/v1/history.csv?from=2026-11-19&to=2026-11-20";
    let mut all: Vec<TcpStream> = (0..120).map(|_| stalled(&server, path)).collect();
    all.extend((0..20).map(|_| stalled(&server, &path.replace("csv", "parquet"))));
    // Meanwhile everybody else is served.
    let began = Instant::now();
    for path in ["/api/v1/state", "/api/v1/history?from=2026-11-19&to=2026-11-20&points=soc", "/healthz"] {
        let (status, body) = server.request("GET", path, &[], "");
        assert_eq!(status, 200, "{path}: {body}");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    // Beyond the most they were refused in words, at once.
    let mut last = all.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut text = [0; 512];
    let count = last.read(&mut text).unwrap();
    let text = String::from_utf8_lossy(&text[..count]);
    assert!(text.contains("503") && text.contains("retry-after: 5"), "{text}");
    // And who does not read is cut, so that there is room again.
    until("the end of the stalled", || (since_start(&server, "stalled_readers_cut") >= 8).then_some(()));
    let rows = until("a download", || {
        let (status, body) = server.request("GET", path, &[], "");
        (status == 200).then(|| body.matches('\n').count())
    });
    assert!(rows > 86_400 * 5, "{rows}");
    assert!(resident_mb(&server) < before + 150, "{} MB", resident_mb(&server));
}

#[test]
fn idle_connections_make_room_and_slow_heads_and_bodies_are_not_waited_for() {
    let server = Server::start(&site("connections = 60\npatience_s = 2"), &[]);
    let idle: Vec<TcpStream> = (0..300).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    assert_eq!(server.request("GET", "/healthz", &[], "").0, 200);
    assert!(since_start(&server, "idle_connections_closed") >= 240);
    drop(idle);
    // A head that never ends is idle too.
    let mut slow: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    for stream in &mut slow {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: local");
    }
    assert_eq!(server.request("GET", "/healthz", &[], "").0, 200);
    // A body that does not come, and one that is too large.
    let mut body = TcpStream::connect(&server.address).unwrap();
    let form = "Content-Type: application/x-www-form-urlencoded";
    let head = format!("POST /api/v1/lab HTTP/1.1\r\nHost: {}\r\n{form}\r\n", server.address);
    body.write_all(format!("{head}Content-Length: 20\r\n\r\naction=").as_bytes()).unwrap();
    let began = Instant::now();
    let (status, text) = raw(&server, &format!("{head}Content-Length: 70000\r\nConnection: close\r\n\r\n"));
    assert!(status == 413 && text.contains("65536 bytes"), "{text}");
    body.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    let mut first = [0; 64];
    let count = body.read(&mut first).unwrap();
    let first = String::from_utf8_lossy(&first[..count]);
    assert!(first.starts_with("HTTP/1.1 408") && began.elapsed() < Duration::from_secs(15), "{first}");
}

#[test]
fn a_viewer_that_stops_reading_is_dropped_and_counted_and_the_number_is_limited() {
    let server = Server::start(&site("patience_s = 2\nviewers = 2"), &[]);
    let open = || {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = format!(
            "GET /live/hv HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            server.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        (String::from_utf8_lossy(&status).into_owned(), stream)
    };
    let (first, _one) = open();
    let (second, _two) = open();
    assert_eq!((first.as_str(), second.as_str()), ("HTTP/1.1 101", "HTTP/1.1 101"));
    assert_eq!(open().0, "HTTP/1.1 503");
    assert_eq!(server.get("/api/v1/server")["viewers"]["open"], 2);
    until("the end of both", || (since_start(&server, "viewers_dropped") == 2).then_some(()));
    assert_eq!(open().0, "HTTP/1.1 101");
}

#[test]
fn recordings_have_a_rate_and_a_number() {
    let server = Server::start(&site(""), &[]);
    let path = "/api/v1/links/bms/recording";
    let mut begun = 0;
    let refused = loop {
        let (status, body) = server.request("POST", path, &[], "");
        if status != 201 {
            break (status, body);
        }
        begun += 1;
        assert!(begun <= 10, "no end of recordings");
        assert_eq!(server.request("DELETE", path, &[], "").0, 200);
        // Names carry the millisecond.
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(refused.0 == 429 && refused.1.contains("wait a minute"), "{begun} {refused:?}");
    let list = server.get("/api/v1/recordings");
    assert_eq!((list["recordings"].as_array().unwrap().len(), list["most"].as_u64()), (begun, Some(200)));
    let name = list["recordings"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(server.request("DELETE", &format!("/api/v1/recordings/{name}"), &[], "").0, 204);
    assert_eq!(server.request("DELETE", &format!("/api/v1/recordings/{name}"), &[], "").0, 404);
    // As many as are kept: the next one is refused before anything is written.
    let server = Server::start(&site(""), &[]);
    let folder = server.folder.path().join("data/recordings");
    std::fs::create_dir_all(&folder).unwrap();
    (0..200).for_each(|n| std::fs::write(folder.join(format!("bms-{n}.log")), "").unwrap());
    let (status, body) = server.request("POST", path, &[], "");
    assert!(status == 507 && body.contains("200 recordings are kept") && body.contains("DELETE"), "{body}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 200);
}

#[test]
fn pages_and_json_are_sent_compressed_and_files_of_the_page_as_they_are() {
    let folder = folder();
    std::fs::write(folder.path().join("site/pkg/a.js"), "plain".repeat(500)).unwrap();
    std::fs::write(folder.path().join("site/pkg/a.js.br"), "brotli").unwrap();
    let server = Server::start_in(folder, &site(""), &[]);
    let ask = |path: &str, takes: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
        raw(&server, &format!("{head}Accept-Encoding: {takes}\r\n\r\n"))
    };
    for (path, takes, coding) in [
        ("/", "gzip, deflate, br", Some("br")),
        ("/", "gzip", Some("gzip")),
        ("/", "identity", None),
        ("/api/v1/cells", "br", Some("br")),
        ("/healthz", "br", None),
        ("/pkg/a.js", "br", Some("br")),
        ("/pkg/a.js", "gzip", None),
        ("/pkg/a.js", "br;q=0", None),
    ] {
        let (status, text) = ask(path, takes);
        let head = text.split("\r\n\r\n").next().unwrap().to_lowercase();
        let found = head.lines().find_map(|line| line.strip_prefix("content-encoding: "));
        assert_eq!((status, found), (200, coding), "{path} {takes}: {head}");
    }
    let (compressed, plain) = (ask("/", "br").1.len(), ask("/", "identity").1.len());
    // As text, compressed bytes look longer than they are.
    assert!(compressed * 2 < plain, "{compressed} {plain}");
    assert!(ask("/pkg/a.js", "br").1.ends_with("brotli"));
    assert_eq!(ask("/pkg/b.js", "br").0, 404);
}

#[test]
fn many_at_once_get_every_page_and_every_file_whole() {
    let folder = folder();
    let script = "0123456789".repeat(20_000);
    std::fs::write(folder.path().join("site/pkg/a.js"), &script).unwrap();
    let server = Server::start_in(folder, &site(""), &[]);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for round in 0..40 {
                    let (path, end) = match round % 4 {
                        0 => ("/", "</html>"),
                        1 => ("/cells", "</html>"),
                        2 => ("/analysis", "</html>"),
                        _ => ("/pkg/a.js", script.as_str()),
                    };
                    let (status, body) = server.request("GET", path, &[], "");
                    assert_eq!(status, 200, "{path}");
                    assert!(body.contains(end), "{path}: {} bytes", body.len());
                }
            });
        }
    });
    assert_eq!(since_start(&server, "panics"), 0);
}

#[test]
fn who_goes_away_while_his_page_is_made_leaves_no_panic_behind() {
    let server = Server::start(&site(""), &[]);
    let ask = format!("GET /analysis HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    std::thread::scope(|scope| {
        for thread in 0..12 {
            let (ask, address) = (&ask, &server.address);
            scope.spawn(move || {
                for round in 0..250 {
                    let mut stream = TcpStream::connect(address).unwrap();
                    stream.write_all(ask.as_bytes()).unwrap();
                    // Some are gone at once, some in the middle.
                    std::thread::sleep(Duration::from_micros(200 * ((thread + round) % 16)));
                }
            });
        }
    });
    let (status, page) = server.request("GET", "/analysis", &[], "");
    assert!(status == 200 && page.contains("</html>"));
    assert_eq!(since_start(&server, "panics"), 0);
}

#[test]
fn a_stop_waits_for_nobody_who_does_not_read() {
    let server = with_history("");
    let stalled: Vec<TcpStream> =
        (0..6).map(|_| stalled(&server, "/api/v1/history.csv?from=2026-11-19&to=2026-11-20")).collect();
    let _idle = TcpStream::connect(&server.address).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let began = Instant::now();
    assert_eq!(server.terminate(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    drop(stalled);
}

#[test]
fn a_download_of_a_query_that_nobody_reads_leaves_room_for_the_page_and_is_cut() {
    let server = with_history("patience_s = 2");
    let missing: Value = server.get("/api/v1/analysis/questions")["missing"].clone();
    if !missing.is_null() {
        testkit::skip(&format!("there is no DuckDB program: {missing}"));
        return;
    }
    let endless = r#"{"sql": "SELECT range AS n, range * 2 AS m FROM range(400000000)", "format": "csv"}"#;
    let ask = || {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let head = format!(
            "POST /api/v1/analysis/sql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            server.address,
            endless.len()
        );
        stream.write_all(format!("{head}{endless}").as_bytes()).unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        (String::from_utf8_lossy(&first).into_owned(), stream)
    };
    let table = || {
        let json = [("Content-Type", "application/json")];
        server.request("POST", "/api/v1/analysis/sql", &json, r#"{"sql": "SELECT 42"}"#)
    };
    let (status, mut stream) = ask();
    assert_eq!(status, "HTTP/1.1 200");
    assert_eq!(ask().0, "HTTP/1.1 429");
    let (status, body) = table();
    assert!(status == 200 && body.contains("42"), "{body}");
    // It is cut, its process ends, and downloads run again.
    until("a download's turn", || (ask().0 == "HTTP/1.1 200").then_some(()));
    let ended = stream.read_to_end(&mut Vec::new());
    assert!(ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), "it looks whole");
}

/// Of 260 cells and 1,440 minutes. On the only thread of the network, each such answer would hold up all who ask.
#[test]
fn large_answers_are_written_beside_the_threads_of_the_network() {
    let folder = folder();
    let mut generate = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    generate.args(["generate", "--days", "1", "--rate", "1", "--cells", "--from", "2026-11-19", "--data"]);
    assert!(generate.arg(folder.path().join("data")).output().unwrap().status.success());
    let mut command = command(folder.path(), &pack_site(free_udp_port()), &[]);
    command.env("TOKIO_WORKER_THREADS", "1");
    let server = Server::start_by(folder, command);
    let large = "/api/v1/cells/history?from=2026-11-19&to=2026-11-20&width=1440";
    let ask = |path: &str| {
        let start = Instant::now();
        let (status, body) = server.request("GET", path, &[], "");
        assert_eq!(status, 200, "{body}");
        (start.elapsed(), body.len())
    };
    ask(large);
    let (alone, bytes) = ask(large);
    assert!(bytes > 1_000_000, "{bytes}");
    let done = std::sync::atomic::AtomicBool::new(false);
    let mut small: Vec<Duration> = std::thread::scope(|scope| {
        let some = || {
            for _ in 0..8 {
                ask(large);
            }
        };
        let asking: Vec<_> = (0..2).map(|_| scope.spawn(some)).collect();
        let watch = scope.spawn(|| {
            let running = || !done.load(std::sync::atomic::Ordering::Relaxed);
            std::iter::from_fn(|| running().then(|| ask("/api/v1/links").0)).collect()
        });
        asking.into_iter().for_each(|asking| asking.join().unwrap());
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        watch.join().unwrap()
    });
    small.sort();
    let middle = small[small.len() / 2];
    assert!(middle < alone / 2, "half of {} small answers took {middle:?}, a large one {alone:?}", small.len());
}

/// The pings, pongs and texts of a viewer: within the limit they are read, beyond it he is told why, and dropped.
#[test]
fn a_viewer_that_sends_too_much_is_told_so_and_dropped() {
    let server = Server::start(&site("viewers = 3"), &[]);
    let head = format!(
        "GET /live/hv HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        server.address
    );
    // Binary, text, ping and pong, all empty and masked.
    for (kind, count, dropped) in
        [(0x82, 21, true), (0x81, 60, true), (0x89, 21, true), (0x8a, 21, true), (0x8a, 15, false)]
    {
        let before = since_start(&server, "viewers_dropped");
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&[kind, 0x80, 1, 2, 3, 4].repeat(count)).unwrap();
        let (mut heard, mut part, began) = (Vec::new(), [0; 4_096], Instant::now());
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let ended = loop {
            match stream.read(&mut part) {
                Ok(0) => break true,
                Ok(count) => heard.extend_from_slice(&part[..count]),
                Err(error) if error.kind() != ErrorKind::WouldBlock => break true,
                Err(_) => {}
            }
            if began.elapsed() > Duration::from_secs(2) {
                break false;
            }
        };
        let told = heard.windows(2).any(|code| code == 1_008_u16.to_be_bytes());
        let words = String::from_utf8_lossy(&heard).contains("more than 20 messages in a second");
        assert_eq!((ended, words, told || !dropped), (dropped, dropped, true), "{count} of {kind:x}");
        assert_eq!(since_start(&server, "viewers_dropped") - before, u64::from(dropped), "{count} of {kind:x}");
    }
}

#[test]
fn a_large_answer_is_compressed_by_what_the_reader_takes() {
    let folder = folder();
    let mut generate = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    generate.args(["generate", "--days", "1", "--rate", "1", "--cells", "--from", "2026-11-19", "--data"]);
    assert!(generate.arg(folder.path().join("data")).output().unwrap().status.success());
    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    let ask = |path: &str, takes: &str| {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(format!("{head}Accept-Encoding: {takes}\r\n\r\n").as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        (String::from_utf8_lossy(&bytes[..end]).to_lowercase(), bytes.len() - end - 4)
    };
    let span = "from=2026-11-19&to=2026-11-20";
    for path in [format!("cells/history?{span}&width=1440"), format!("history?{span}&width=4000")] {
        let path = format!("/api/v1/{path}");
        let (head, plain) = ask(&path, "identity");
        assert!(head.contains("200 ok") && plain > 500_000 && !head.contains("content-encoding"), "{head}");
        // Brotli takes longer: it is for those who take nothing else.
        for (takes, encoding) in [("br", "br"), ("gzip, br", "gzip")] {
            let (head, bytes) = ask(&path, takes);
            let named = format!("content-encoding: {encoding}");
            assert!(head.contains(&named) && head.contains("vary: accept-encoding"), "{takes}: {head}");
            assert!(bytes * 3 < plain, "{bytes} of {plain}");
        }
    }
}
