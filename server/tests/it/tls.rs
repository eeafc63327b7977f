//! https at the real server: with a certificate of its own making, with one from files, and behind a proxy.

use crate::home::demo_site;
use crate::people::{PASSWORD, add, packtwin};
use crate::support::{Running, Server, command, folder, refuses};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A server with TLS, and the lines that it has written after the first.
fn start(folder: TempDir, site: &str, more: &[&str], lines: usize) -> (Server, Vec<String>) {
    let mut child = command(folder.path(), site, more);
    let mut child = Running(child.stdout(Stdio::piped()).spawn().unwrap());
    let mut read = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let first = read.next().unwrap().unwrap();
    let address = first.strip_prefix("Packtwin is at https://").unwrap_or_else(|| panic!("{first}")).to_owned();
    let lines = read.by_ref().take(lines).map(Result::unwrap).collect();
    // What it writes later goes nowhere.
    (Server::of(child, address, folder), lines)
}

/// A connection as a browser has it that trusts this certificate and asks for `name`.
fn connect(
    address: &str,
    trusted: &CertificateDer<'static>,
    name: &str,
) -> Result<StreamOwned<ClientConnection, TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), name.to_owned().try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let shaken = stream.conn.complete_io(&mut stream.sock);
    shaken.map_err(|error| error.to_string()).map(|_| stream)
}

/// All of an answer: head and body.
fn ask(server: &Server, trusted: &CertificateDer<'static>, request: &str) -> String {
    let mut stream = connect(&server.address, trusted, "127.0.0.1").unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(server: &Server, method: &str, path: &str, headers: &str, body: &str) -> String {
    let (host, length) = (&server.address, body.len());
    let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
    format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\n{headers}{kind}Content-Length: {length}\r\n\r\n{body}")
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer}"))
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next().unwrap();
    head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
}

fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
}

fn certificate(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn made_certificate(data: &Path) -> CertificateDer<'static> {
    let (status, pem) = packtwin(data, &["tls", "certificate"], "");
    assert!(status == Some(0) && !pem.contains("PRIVATE"), "{pem}");
    certificate(&pem)
}

#[test]
fn packtwin_makes_a_certificate_shows_its_fingerprint_and_serves_everything_by_it() {
    let folder = folder();
    let data = folder.path().join("data");
    add(&data, "mara", "admin");
    let none = packtwin(&data, &["tls", "fingerprint"], "");
    assert!(none.0 == Some(1) && none.1.contains("is made at the first start with --tls"), "{none:?}");
    let (server, lines) = start(folder, &demo_site(12.0), &["--tls", "--name", "hall.example"], 2);
    assert!(lines[0].contains("Go on only if it shows this SHA-256 fingerprint:"), "{lines:?}");
    let fingerprint = &lines[1];
    let (_, said) = packtwin(&data, &["tls", "fingerprint"], "");
    assert!(said.starts_with(&format!("SHA-256 fingerprint: {fingerprint}\nfor ")), "{said}");
    let file = data.join("tls.pem");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // Another program's word for it.
    match Command::new("openssl").args(["x509", "-noout", "-fingerprint", "-sha256", "-in"]).arg(&file).output() {
        Ok(judge) if judge.status.success() => {
            let says = String::from_utf8_lossy(&judge.stdout).into_owned();
            assert!(says.trim().ends_with(&format!("={fingerprint}")), "{says}");
        }
        _ => testkit::skip("there is no openssl"),
    }

    let trusted = made_certificate(&data);
    for (name, fits) in [("127.0.0.1", true), ("localhost", true), ("hall.example", true), ("evil.example", false)] {
        let shaken = connect(&server.address, &trusted, name);
        assert_eq!(shaken.is_ok(), fits, "{name}: {:?}", shaken.err());
    }
    let get = |path: &str, headers: &str| ask(&server, &trusted, &request(&server, "GET", path, headers, ""));
    let post = |path: &str, headers: &str, body: Value| {
        ask(&server, &trusted, &request(&server, "POST", path, headers, &body.to_string()))
    };
    let page = get("/cells", "Accept: text/html\r\n");
    assert!(status(&page) == 200 && page.contains("</html>"), "{page:.300}");
    // Browsers that insist on TLS would lock everybody out with the next certificate.
    assert_eq!(header(&page, "strict-transport-security"), None);
    let state = body(&get("/api/v1/server", ""));
    assert_eq!(state["security"], Value::Null, "strangers are not told: {state:#}");

    // A password may be said, and the cookie is bound to this host and to TLS.
    let signed_in = post("/api/v1/session", "", json!({ "name": "mara", "password": PASSWORD }));
    assert_eq!(status(&signed_in), 200, "{signed_in}");
    let set = header(&signed_in, "set-cookie").unwrap();
    assert!(
        set.starts_with("__Host-packtwin=")
            && set.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure"),
        "{set}"
    );
    let cookie = format!("Cookie: {}\r\n", set.split(';').next().unwrap());
    let security = body(&get("/api/v1/server", &cookie))["security"].clone();
    let of = &security["certificate"];
    assert_eq!(
        (&security["tls"], &of["sha256"], &of["made_by_packtwin"]),
        (&json!(true), &json!(fingerprint), &json!(true))
    );
    assert_eq!(security["connection"], json!({ "secure": true, "address": "127.0.0.1" }));
    assert_eq!(
        (&security["names"], &security["reading_open"]),
        (&json!(["hall.example"]), &json!(true)),
        "{security:#}"
    );
    assert!(of["ends"].as_str().unwrap() > of["begins"].as_str().unwrap(), "{of}");
    // The name of the other scheme is none.
    let other = cookie.replace("__Host-packtwin", &format!("packtwin-{}", server.address.rsplit(':').next().unwrap()));
    assert_eq!(body(&get("/api/v1/server", &other))["security"], Value::Null);

    // A page that came without TLS may have been written by anybody on the way.
    let own = &server.address;
    for (origin, may) in [(format!("https://{own}"), true), (format!("http://{own}"), false), ("null".into(), false)] {
        let answer = post("/api/v1/arming", &format!("{cookie}Origin: {origin}\r\n"), json!({ "armed": false }));
        assert_eq!(status(&answer), if may { 200 } else { 403 }, "{origin}: {answer}");
    }

    // The live stream goes on by TLS.
    let mut stream = connect(own, &trusted, "127.0.0.1").unwrap();
    let upgrade = format!(
        "GET /live/hv HTTP/1.1\r\nHost: {own}\r\nOrigin: https://{own}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stream.write_all(upgrade.as_bytes()).unwrap();
    let (mut heard, mut part) = (Vec::new(), [0; 4_096]);
    // The head, the text with the build, and the first key frame.
    while heard.len() < 2_000 {
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&heard));
        heard.extend_from_slice(&part[..count]);
    }
    let heard = String::from_utf8_lossy(&heard);
    assert!(heard.starts_with("HTTP/1.1 101") && heard.contains("build b1 site "), "{heard:.300}");

    // Who writes http:// is told what to write.
    let (code, words) = server.request("GET", "/", &[], "");
    assert!(code == 400 && words.contains("write https:// in its address"), "{code} {words}");

    // After a restart, nobody has to compare anew.
    let (_server, lines) = start(server.kill(), &demo_site(12.0), &["--tls", "--name", "hall.example"], 2);
    assert_eq!(&lines[1], fingerprint);
}

#[test]
fn a_handshake_that_is_slow_is_not_waited_for_and_holds_nobody_up() {
    let folder = folder();
    let data = folder.path().join("data");
    let site = format!("{}\n[server]\nconnections = 60\n[tls]\n", demo_site(12.0));
    let (server, _) = start(folder, &site, &[], 2);
    let trusted = made_certificate(&data);
    let failed = || {
        let answer = body(&ask(&server, &trusted, &request(&server, "GET", "/api/v1/server", "", "")));
        answer["since_start"]["tls_handshakes_failed"].as_u64().unwrap()
    };
    assert_eq!(failed(), 0);
    // Many that say nothing, and many that begin and stop: they give way.
    let hello = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];
    let mut slow: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&server.address).unwrap()).collect();
    for stream in slow.iter_mut().step_by(2) {
        let _ = stream.write_all(&hello);
    }
    let began = Instant::now();
    let page = ask(&server, &trusted, &request(&server, "GET", "/healthz", "", ""));
    assert!(status(&page) == 200 && began.elapsed() < Duration::from_secs(5), "{:?} {page}", began.elapsed());
    drop(slow);
    // One that comes byte by byte is cut at its deadline, however long it goes on.
    let mut drip = TcpStream::connect(&server.address).unwrap();
    drip.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let began = Instant::now();
    let mut bytes = hello.iter().chain(std::iter::repeat(&0));
    loop {
        let written = drip.write_all(&[*bytes.next().unwrap()]);
        let cut = match drip.read(&mut [0; 16]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        if written.is_err() || cut {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "it is waited for");
    }
    assert!(began.elapsed() > Duration::from_secs(5), "it was cut at once: {:?}", began.elapsed());
    // What is no TLS at all ends as well.
    let mut noise = TcpStream::connect(&server.address).unwrap();
    noise.write_all(&[0xff; 300]).unwrap();
    noise.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ended = noise.read_to_end(&mut Vec::new());
    assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset));
    assert!(failed() >= 2);
}

#[test]
fn a_certificate_of_ones_own_is_served_and_what_is_wrong_with_it_is_told() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let make = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        std::fs::write(path(&format!("{name}.pem")), made.pem()).unwrap();
        std::fs::write(path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        made.der().clone()
    };
    let (own, _other) = (make("own"), make("other"));
    let site = demo_site(12.0);
    for (more, says) in [
        (["--tls-cert", &path("own.pem"), "--tls-key", &path("other.key")], "is not that of the certificate in"),
        (["--tls-cert", &path("none.pem"), "--tls-key", &path("own.key")], "none.pem"),
        (["--tls-cert", &path("own.key"), "--tls-key", &path("own.key")], "has no certificate"),
    ] {
        let said = refuses(folder.path(), &site, &more);
        assert!(said.contains("https: ") && said.contains(says), "{says}: {said}");
    }
    for (table, says) in [
        ("[tls]\ncertificate = \"own.pem\"", "tls.certificate: a certificate needs its `key`"),
        ("[tls]\nkey = \"own.key\"", "tls.key: a key needs its `certificate`"),
        ("[tls]\ncert = \"own.pem\"", "`cert` is not known here"),
        ("[server]\nbehind_proxy = [\"proxy.example\"]", "write the address of the proxy, or its network"),
    ] {
        let said = refuses(folder.path(), &format!("{site}\n{table}\n"), &[]);
        assert!(said.contains(says), "{says}: {said}");
    }
    let alone = command(folder.path(), &site, &["--tls-cert", &path("own.pem")]).output().unwrap();
    assert_eq!(alone.status.code(), Some(2), "{}", String::from_utf8_lossy(&alone.stderr));
    // Beside the site file.
    let site = format!("{site}\n[tls]\ncertificate = \"own.pem\"\nkey = \"own.key\"\n");
    let (server, _) = start(folder, &site, &[], 0);
    let page = ask(&server, &own, &request(&server, "GET", "/healthz", "", ""));
    assert_eq!((status(&page), header(&page, "strict-transport-security")), (200, None), "of port 443 alone");
    assert!(!server.folder.path().join("data/tls.pem").exists());
}

#[test]
fn beyond_this_machine_it_starts_neither_without_tls_nor_without_a_proxy() {
    let folder = folder();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.7:0"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
        std::fs::write(folder.path().join("site.toml"), demo_site(12.0)).unwrap();
        command.args(["serve", "--listen", listen, "--site"]).arg(folder.path().join("site.toml"));
        command.arg("--data").arg(folder.path().join("data")).arg("--assets").arg(folder.path().join("site"));
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{listen}: {said}");
        assert!(said.contains("can be reached from other machines") && said.contains("--tls "), "{said}");
        assert!(!folder.path().join("data").exists(), "nothing was made");
    }
}

/// A server behind a proxy on this machine: what the proxy says of who asks.
#[test]
fn behind_a_proxy_who_asks_is_whom_the_proxy_has_seen() {
    let folder = folder();
    let data = folder.path().join("data");
    add(&data, "mara", "admin");
    let server = Server::start_in(folder, &demo_site(12.0), &["--behind-proxy"]);
    let sign_in = |said: &[(&str, &str)], password: &str| {
        let body = json!({ "name": "mara", "password": password }).to_string();
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let headers: String = said.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        stream.write_all(request(&server, "POST", "/api/v1/session", &headers, &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let through =
        |from: &str, password: &str| sign_in(&[("X-Forwarded-For", from), ("X-Forwarded-Proto", "https")], password);
    // Others could read it, or it is not said whether they can.
    for said in [
        &[][..],
        &[("X-Forwarded-For", "198.51.100.9")],
        &[("X-Forwarded-For", "198.51.100.9"), ("X-Forwarded-Proto", "http")],
        &[
            ("X-Forwarded-For", "198.51.100.9"),
            ("X-Forwarded-Proto", "https"),
            ("Forwarded", "for=127.0.0.1;proto=https"),
        ],
    ] {
        let answer = sign_in(said, PASSWORD);
        assert!(status(&answer) == 403 && answer.contains("--behind-proxy"), "{said:?}: {answer}");
    }
    let signed_in = through("203.0.113.5", PASSWORD);
    let set = header(&signed_in, "set-cookie").unwrap_or_else(|| panic!("{signed_in}"));
    assert!(set.starts_with("__Host-packtwin=") && set.ends_with("; Secure"), "{set}");
    // Somebody guesses from elsewhere, and pretends to be many; nobody else waits for it.
    let guesses: Vec<u16> = (0..20).map(|n| status(&through(&format!("10.1.1.{n}, 198.51.100.9"), "wrong"))).collect();
    assert_eq!(guesses[10..], [429; 10], "{guesses:?}");
    assert_eq!(status(&through("203.0.113.5", PASSWORD)), 200, "the admin is not kept out");
    // The audit has the address of who asked, not that of the proxy.
    let (code, audit) = packtwin(&data, &["audit", "export"], "");
    assert_eq!(code, Some(0), "{audit}");
    for (action, address) in [("signed-in", "203.0.113.5"), ("sign-in-refused", "198.51.100.9")] {
        let entry = audit.lines().rfind(|line| line.contains(&format!("\"{action}\""))).unwrap();
        assert!(entry.contains(address), "{entry}");
    }
    assert!(!audit.contains("10.1.1."), "{audit}");
}

#[test]
fn a_proxy_that_nobody_has_named_is_not_this_machine() {
    let server = Server::start(&demo_site(12.0), &[]);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let load = "system=hv&action=load&kw=120";
    assert_eq!(server.request("POST", "/api/v1/lab", &[form], load).0, 200, "without an account this machine may");
    for said in [("X-Forwarded-For", "198.51.100.9"), ("Forwarded", "for=198.51.100.9"), ("Via", "1.1 tunnel")] {
        let (code, words) = server.request("POST", "/api/v1/lab", &[form, said], load);
        assert_eq!(code, 401, "{said:?}: {words}");
        let json = ("Content-Type", "application/json");
        let token = json!({ "token": "a", "name": "eve", "password": PASSWORD }).to_string();
        assert_eq!(server.request("POST", "/api/v1/setup", &[json, said], &token).0, 403, "{said:?}");
    }
}
