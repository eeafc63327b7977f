//! What an installed page needs of the server: files at the root, policies, and the number of the build.

use crate::support::{Server, folder, free_udp_port, pack_site};
use futures_util::StreamExt as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

/// A server with files of `public/`.
fn server() -> Server {
    let folder = folder();
    for (name, content) in [("manifest.webmanifest", "{}"), ("icon-192.png", "png"), ("sources.txt", "of the build")] {
        std::fs::write(folder.path().join("site").join(name), content).unwrap();
    }
    Server::start_in(folder, &pack_site(free_udp_port()), &[])
}

/// Status and headers of an answer, in small letters, and its body.
fn get(server: &Server, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_lowercase(), body.to_owned())
}

#[test]
fn the_files_of_the_root_have_their_types_and_nothing_else_of_the_site_is_served() {
    let server = server();
    for (path, kind, cache) in [
        ("/manifest.webmanifest", "application/manifest+json", "public, max-age=3600"),
        ("/icon-192.png", "image/png", "public, max-age=3600"),
        ("/sw.js", "text/javascript", "no-cache"),
        ("/offline", "text/html; charset=utf-8", "no-cache"),
        ("/offline.js", "text/javascript", "no-cache"),
    ] {
        let (head, _) = get(&server, path);
        assert!(head.starts_with("http/1.1 200"), "{path}: {head}");
        assert!(head.contains(&format!("content-type: {kind}\r\n")), "{path}: {head}");
        assert!(head.contains(&format!("cache-control: {cache}")), "{path}: {head}");
        assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
    }
    let (head, _) = get(&server, "/sources.txt");
    assert!(head.starts_with("http/1.1 404"), "{head}");
}

#[test]
fn pages_may_have_a_worker_and_a_manifest_and_the_offline_document_runs_only_our_files() {
    let server = server();
    for path in ["/", "/offline"] {
        let (head, _) = get(&server, path);
        let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: ")).unwrap();
        for part in ["default-src 'none'", "manifest-src 'self'", "worker-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("script-src 'unsafe-inline'"), "{path}: {policy}");
    }
    let (head, page) = get(&server, "/offline");
    assert!(head.contains("script-src 'self' 'wasm-unsafe-eval'"), "{head}");
    assert!(!page.contains("<script>") && page.contains("src=\"/offline.js\""), "{page}");
    let (_, worker) = get(&server, "/sw.js");
    for kept in ["/pkg/a.js", "/pkg/a.wasm", "/pkg/a.css", "/pkg/b.js", "/offline", "/icon-192.png"] {
        assert!(worker.contains(&format!("\"{kept}\"")), "{worker}");
    }
    assert!(!worker.contains("sources.txt") && !worker.contains('%'), "{worker}");
}

#[tokio::test]
async fn the_build_is_the_same_in_the_document_the_worker_the_stream_and_the_api() {
    let server = server();
    let version = server.get("/api/v1/version");
    let build = version["build"].as_str().unwrap().to_owned();
    assert_eq!(build, "b1", "it is that of the built page, whatever the site");
    assert_eq!(version["live_format"], domain::live::FORMAT);
    assert_eq!(version["binary_format"], domain::wire::FORMAT);
    assert!(get(&server, "/").1.contains(&format!("data-build=\"{build}\"")));
    assert!(get(&server, "/sw.js").1.contains(&format!("'{build}'")));
    let (mut socket, _) = connect_async(format!("ws://{}/live/hv", server.address)).await.unwrap();
    let first = socket.next().await.unwrap().unwrap();
    let Message::Text(first) = first else { panic!("no text comes first") };
    let site = first.strip_prefix("build b1 site ").unwrap_or_else(|| panic!("{first}"));
    assert!(get(&server, "/").1.contains(&format!("data-site=\"{site}\"")), "{site}");
    assert!(matches!(socket.next().await, Some(Ok(Message::Binary(_)))));
}
