//! What a site file may not say of a control: what, where, what to do.

use super::site::{Wants, pack, returns, with_device};
use crate::support::{refuses, repo};
use std::path::Path;

/// What `check-config` complains of, for a site that `change` has changed.
fn complaint(change: impl FnOnce(&Path, String) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    let site = with_device(folder.path(), "127.0.0.1:1", &Wants { lease_s: Some(60), keys: "" });
    let site = change(folder.path(), site);
    let path = folder.path().join("site.toml");
    std::fs::write(&path, site).unwrap();
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_packtwin")).arg("check-config").arg(&path).output();
    let checked = checked.unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&checked.stdout), String::from_utf8_lossy(&checked.stderr));
    if checked.status.success() { format!("ok: {told}") } else { told }
}

/// The same with a register table that is another.
fn with_table(folder: &Path, from: &str, to: &str) {
    let path = folder.join("device.toml");
    let table = std::fs::read_to_string(&path).unwrap();
    assert!(table.contains(from), "{from}");
    std::fs::write(path, table.replace(from, to)).unwrap();
}

#[test]
fn what_would_leave_the_envelope_or_set_another_thing_is_refused_in_plain_words() {
    let replaced = |from: &'static str, to: &'static str| {
        move |_: &Path, site: String| {
            assert!(site.contains(from), "{from}");
            site.replacen(from, to, 1)
        }
    };
    let told = complaint(|_, site| site);
    assert!(told.starts_with("ok: ") && told.contains("held 60 s, then 150 kW"), "{told}");
    let limit = returns("discharge-limit");
    assert_eq!(limit, "returns_to = 150_000");
    type Change = Box<dyn FnOnce(&Path, String) -> String>;
    let rows: Vec<(Change, &[&str])> = vec![
        (Box::new(replaced("returns_to = 150_000", "")), &["`returns_to` is missing", "after 60 s", "in W"]),
        (
            Box::new(replaced("returns_to = 150_000", "returns_to = 150_000\nmax = 100_000\nsafe = 80_000")),
            &["150 kW", "not between 0 W and 100 kW", "give the device another default, or change `min` or `max`"],
        ),
        (
            Box::new(replaced("returns_to = 150_000", "returns_to = 150_000\nsafe = 80_000")),
            &["less safe than the safe value of 80 kW", "change `safe`"],
        ),
        (
            Box::new(replaced("control = \"reserve\"", "control = \"reserve\"\nreturns_to = 20")),
            &["is for a setpoint with `lease_s`", "leave it out"],
        ),
        (
            Box::new(replaced("control = \"mode\"", "control = \"mode\"\nsetpoint = \"run\"")),
            &["run is that of Operation, by its name", "name the setpoint of Mode here"],
        ),
        (
            Box::new(|folder: &Path, site: String| {
                with_table(folder, "0 = \"Max Safety\", 1 = \"Max ROI\"", "0 = \"Max ROI\", 1 = \"Max Safety\"");
                site
            }),
            &["0 of mode is \"Max ROI\", but 0 is to be Max Safety", "correct the table"],
        ),
        (
            Box::new(|folder: &Path, site: String| {
                with_table(folder, "0 = \"standby\", 1 = \"run\"", "0 = \"on\", 1 = \"off\"");
                site
            }),
            &["0 of run is \"on\", but 0 is to be Standby"],
        ),
        (
            Box::new(|folder: &Path, site: String| {
                with_table(folder, "lease_s = 60", "lease_s = 1");
                site
            }),
            &["held for 1 s", "too short to be renewed", "`lease_s` of 2 or more"],
        ),
        (
            Box::new(replaced("control = \"discharge-limit\"", "control = \"discharge-limit\"\nfull_scale_w = 0")),
            &["`full_scale_w` is 0", "above 0"],
        ),
    ];
    for (change, says) in rows {
        let told = complaint(change);
        assert!(!told.starts_with("ok: "), "{says:?}: {told}");
        assert!(says.iter().all(|says| told.contains(says)), "{says:?}: {told}");
        assert!(told.contains("site.toml:"), "where: {told}");
    }
    // What does not start does not come to a device either.
    let folder = crate::support::folder();
    let site = format!("{}{}", pack(), super::site::control("discharge-limit", "controller", ""));
    assert!(refuses(folder.path(), &site, &[]).contains("`returns_to` is missing"));
    // The sites that come with it are fine.
    for site in ["demo", "can", "sunspec"] {
        let path = repo().join(format!("sites/{site}.toml"));
        let checked =
            std::process::Command::new(env!("CARGO_BIN_EXE_packtwin")).arg("check-config").arg(&path).output();
        let checked = checked.unwrap();
        assert!(checked.status.success(), "{site}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}
