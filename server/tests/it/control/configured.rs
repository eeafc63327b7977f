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
            &["control.setpoint: run is that of Operation, by its words", "name the setpoint of Mode here"],
        ),
        (
            // The rows of the table have each other's names: the device is commanded by what its registers are.
            Box::new(|folder: &Path, site: String| {
                with_table(folder, "name = \"discharge-limit\"", "name = \"x\"");
                with_table(folder, "name = \"charge-limit\"", "name = \"discharge-limit\"");
                with_table(folder, "name = \"x\"", "name = \"charge-limit\"");
                site
            }),
            &[
                "control.control: discharge-limit is that of Peak charge limit, by what its table calls it, \"charge_limit\"",
                "correct the table of the device",
            ],
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
            &["control.full_scale_w: `full_scale_w` is 0", "above 0"],
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

/// Where somebody finds it, what stands there, and what is right: for each key of a `[[control]]`.
#[test]
fn each_key_of_a_control_that_is_wrong_is_named_with_its_line_its_value_and_what_is_right() {
    let before = |key: &str| format!("control = \"reserve\"\n{key}");
    for (from, to, line, says) in [
        ("", "min = 40\nmax = 30", 2, "max: `min` is 40 and `max` is 30: `min` must be below `max`"),
        ("", "min = nan", 1, "min: `min` is nan: write a number, in %"),
        ("", "max = 1e30", 1, "max: `max` is 1e30, which is not between 10 and 50 %, the widest range of `reserve`"),
        ("", "max = \"50\"", 1, "max: the text \"50\" cannot stand here: write a number, without quotes"),
        ("", "min = -5", 1, "min: `min` is -5, which is not between 10 and 50 %, the widest range of `reserve`"),
        ("", "step = 0", 1, "step: `step` is 0: use a multiple of 1"),
        ("", "step = inf", 1, "step: `step` is inf: write a number, in %"),
        ("", "safe = 60", 1, "safe: `safe` is 60, which is not between 10 and 50 %"),
        ("", "safe = []", 1, "safe: a list cannot stand here: write a number, without quotes"),
        (
            "",
            "full_scale_w = 100",
            1,
            "full_scale_w: `full_scale_w` is for a power that is set in %, but reserve is set in %",
        ),
        ("", "gap_s = -1", 1, "gap_s: -1 cannot stand here: write a whole number of 0 or more"),
        ("", "gap_s = 100_000", 1, "gap_s: `gap_s` is 100000, which is not between 0 and 86400"),
        ("", "writes_per_hour = 0", 1, "writes_per_hour: `writes_per_hour` is 0, and nothing could ever be commanded"),
        ("", "writes_per_day = 0", 1, "writes_per_day: `writes_per_day` is 0, and nothing could ever be commanded"),
        ("", "writes_per_day = 1.5", 1, "writes_per_day: 1.5 cannot stand here: write a whole number of 0 or more"),
        ("", "writes_per_day = 99999999999", 1, "writes_per_day: 99999999999 cannot stand here"),
        ("", "writes_per_day = 201", 1, "writes_per_day: `writes_per_day` is 201: so many wear out"),
        (
            "",
            "setpoint = \"\"",
            1,
            "setpoint: the link \"device\" has no setpoint \"\"; it has reserve, discharge-limit",
        ),
        ("", "setpoint = 3", 1, "setpoint: 3 cannot stand here: write a text, in quotes"),
        ("", "saf = 20", 1, "saf: `saf` is not known here; the nearest is `safe`"),
        ("control = \"reserve\"", "control = \"\"", 0, "control: there is no control \"\"; there is reserve, "),
        (
            "control = \"reserve\"",
            "control = \"charge-limit\"\nreturns_to = 50_000",
            -1,
            "control: the system \"hv\" has a control \"charge-limit\" already",
        ),
        (
            "control = \"reserve\"\nlink = \"device\"",
            "control = \"reserve\"\nlink = \"\"",
            1,
            "link: there is no link \"\"; there is bms, ",
        ),
    ] {
        let from = if from.is_empty() { "control = \"reserve\"".to_owned() } else { from.to_owned() };
        let mut place = 0;
        let told = complaint(|_, site| {
            let at = site.find(&from).expect(&from);
            place = 1 + site[..at].matches('\n').count();
            let to = if to.contains("control = ") { to.to_owned() } else { before(to) };
            site.replacen(&from, &to, 1)
        });
        let place = match line {
            // The second of the two.
            -1 => String::new(),
            line => format!("site.toml:{}: ", place + usize::try_from(line).unwrap()),
        };
        let says = format!("{place}control.{says}");
        assert!(told.contains(&says), "{says}\n{told}");
        assert!(told.contains("1 thing is wrong"), "{told}");
    }
}

/// A link that is wrong does not make a control of another one wrong.
#[test]
fn what_follows_from_a_link_that_is_wrong_is_not_told() {
    let told = complaint(|_, site| site.replacen("dbc/packtwin_hv.dbc", "dbc/none.dbc", 1));
    assert!(told.contains("link.dbc") && told.contains("1 thing is wrong"), "{told}");
}
