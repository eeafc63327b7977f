//! A link is recorded over HTTP, and the log is downloaded and played.

use crate::support::{Server, free_udp_port, pack_site, packet, send};

/// The pack's voltage, current and power.
const PACK: [u8; 8] = [0x43, 0x08, 0x85, 0xFF, 0xBC, 0xF9, 0xD8, 0xF0];

#[test]
fn what_arrives_is_recorded_and_can_be_downloaded() {
    let port = free_udp_port();
    let server = Server::start(&pack_site(port), &[]);
    let path = "/api/v1/links/bms/recording";
    assert_eq!(server.get(path)["file"], serde_json::Value::Null);
    assert_eq!(server.get("/api/v1/recordings")["recordings"].as_array().unwrap().len(), 0);
    assert_eq!(server.request("DELETE", path, &[], "").0, 404);

    let (status, body) = server.request("POST", path, &[], "");
    assert_eq!(status, 201, "{body}");
    let (status, body) = server.request("POST", path, &[], "");
    assert!(status == 409 && body.contains("is being recorded to bms-2"), "{body}");
    let octets = [("Accept", "application/octet-stream")];
    let (_, name) = server.request("GET", path, &octets, "");
    assert!(name.starts_with("bms-2") && name.ends_with(".log"), "{name}");

    for sequence in 0..3 {
        send(port, &packet(sequence, &[(0x233, &PACK)]));
    }
    // What was received is on the disk within a second or two.
    let state = server.wait_for(path, |state| (state["frames"] == 3).then(|| state.clone()));
    assert_eq!((state["file"].as_str(), state["dropped"].as_u64()), (Some(name.as_str()), Some(0)));
    assert!(state["since"].as_str().is_some_and(|since| since.starts_with("20")), "{state}");
    let (status, stopped) = server.request("DELETE", path, &octets, "");
    assert_eq!((status, stopped.as_str()), (200, name.as_str()));
    assert_eq!(server.get(path)["file"], serde_json::Value::Null);

    let row = &server.get("/api/v1/recordings")["recordings"][0];
    let (status, log) = server.request("GET", &format!("/api/v1/recordings/{name}"), &[], "");
    assert_eq!((status, row["name"].as_str()), (200, Some(name.as_str())));
    assert_eq!(row["bytes"].as_u64(), Some(log.len() as u64));
    let frames: Vec<&str> = log.lines().map(|line| line.split(") ").nth(1).unwrap()).collect();
    assert_eq!(frames, ["bms 233#430885FFBCF9D8F0"; 3]);
}

#[test]
fn what_cannot_be_recorded_or_downloaded_is_refused_in_words() {
    let site = pack_site(free_udp_port())
        + "\n[[link]]\nid = \"cells\"\nsystem = \"hv\"\nkind = \"shared-memory\"\nsegment = \"none\"\n";
    let server = Server::start(&site, &[]);
    for (method, path, status, says) in [
        ("POST", "/api/v1/links/xx/recording", 404, "there is no link"),
        ("POST", "/api/v1/links/cells/recording", 422, "only CAN links can be recorded"),
        ("GET", "/api/v1/recordings/none.log", 404, "there is no recording"),
        ("GET", "/api/v1/recordings/..%2F..%2Fsite.toml", 404, "there is no recording"),
        ("GET", "/api/v1/recordings/%2Fetc%2Fpasswd", 404, "there is no recording"),
        ("GET", "/api/v1/recordings/..", 404, ""),
        ("GET", "/api/v1/recordings/../site.log", 404, ""),
    ] {
        let (got, body) = server.request(method, path, &[], "");
        assert_eq!(got, status, "{path}: {body}");
        assert!(body.contains(says), "{path}: {body}");
    }
    let foreign = [("Origin", "https://evil.example")];
    assert_eq!(server.request("POST", "/api/v1/links/bms/recording", &foreign, "").0, 403);
    // A link in the folder that leads elsewhere is no recording.
    let folder = server.folder.path().join("data/recordings");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", folder.join("link.log")).unwrap();
    assert_eq!(server.request("GET", "/api/v1/recordings/link.log", &[], "").0, 404);
    assert_eq!(server.get("/api/v1/recordings")["recordings"].as_array().unwrap().len(), 0);
    // A file where the folder should be: the disk says no.
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "").unwrap();
    let (status, body) = server.request("POST", "/api/v1/links/bms/recording", &[], "");
    assert!(status == 500 && body.contains("cannot be written"), "{status} {body}");
}
