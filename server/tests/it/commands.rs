//! The commands that help to connect a battery.

use crate::support::{folder, free_udp_port, pack_site, packet, repo, send};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

fn packtwin(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    command.args(arguments).env_remove("RUST_LOG").env_remove("PACKTWIN_SITE").stdin(Stdio::null());
    command
}

/// Exit status, standard output and standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn check(folder: &Path, site: &str) -> (Option<i32>, String, String) {
    let file = folder.join("site.toml");
    std::fs::write(&file, site).unwrap();
    run(packtwin(&["check-config"]).arg(file))
}

#[test]
fn check_config_says_everything_that_is_wrong() {
    let folder = folder();
    let mut wrong = pack_site(free_udp_port());
    for (from, to) in [
        ("capacity_ah = 280", "capacity_ah = -1"),
        ("nominal_v = 832", "nominal_v = 9000"),
        ("signal = \"Soc\"", "signal = \"Socx\""),
        ("\"battery/power\"", "\"battery/powr\""),
        ("listen = \"127.0.0.1:", "unit = 3\nlisten = \"nowhere:"),
    ] {
        assert!(wrong.contains(from), "{from}");
        wrong = wrong.replace(from, to);
    }
    wrong += "\n[[link]]\nid = \"meter\"\nsystem = \"hv\"\nkind = \"modbus-tpc\"\n\n[sites]\nname = \"x\"\n";
    let (status, out, said) = check(folder.path(), &wrong);
    assert_eq!((status, out.as_str()), (Some(1), ""), "{said}");
    // The links of a system that is wrong are not looked at; nor is what names one that could not be read.
    for (line_of, words) in [
        ("capacity_ah = -1", "system.capacity_ah: -1 Ah is not from"),
        ("nominal_v = 9000", "system.nominal_v: 9000 V is not from"),
        ("modbus-tpc", "modbus-tpc"),
        ("[sites]", "`sites` is not known here; there is [site], [server]"),
    ] {
        let line = 1 + wrong.lines().position(|line| line.contains(line_of)).unwrap();
        assert!(said.contains(&format!("site.toml:{line}: ")) && said.contains(words), "{line_of}: {said}");
    }
    assert!(said.ends_with("4 things are wrong\n"), "{said}");

    let wrong = wrong.replace("capacity_ah = -1", "capacity_ah = 280").replace("nominal_v = 9000", "nominal_v = 832");
    let (_, _, said) = check(folder.path(), &wrong);
    for words in [
        "link.unit: `unit` means nothing to kind \"cannelloni\"",
        "is not an address to listen on",
        "no point `battery/powr`; the nearest is `battery/power`",
        "no signal `Socx` in the DBC file; the nearest is `Soc`",
        "6 things are wrong",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (_, _, said) = check(folder.path(), "[site\nname = 3\n");
    assert!(said.contains("site.toml:1: "), "{said}");
}

#[test]
fn check_config_tells_every_fault_of_a_table_and_each_once() {
    let folder = folder();
    let wrong = pack_site(free_udp_port())
        .replace("nominal_v = 832", "nominal_v = 832\nnominl_v = 3\nrate_hz = \"fast\"\nreserve_pct = 300")
        .replace("id = \"bms\"", "id = \"../../../p7/escaped\"\npoll = 3");
    let wrong = format!("{wrong}\n[history]\ndays = \"all\"\nweeks = 3\ncell_days = 1\n");
    let (status, _, said) = check(folder.path(), &wrong);
    for words in [
        "system.nominl_v: `nominl_v` is not known here; the nearest is `nominal_v`",
        "system.rate_hz: the text \"fast\" cannot stand here: write a number, without quotes",
        "system.reserve_pct: 300 % is not from 0 to 100 %",
        "link.id: \"../../../p7/escaped\" is no short name: use 1 to 64 of a-z, 0-9 and -",
        "link.poll: `poll` is not known here",
        "history.days: the text \"all\" cannot stand here: write a whole number",
        "history.weeks: `weeks` is not known here; there is full_rate_hours, around_events_s, days, cell_days, device_days",
        "history.cell_days: 1 days is not from 2 to 3660 days",
        "8 things are wrong",
    ] {
        assert_eq!(said.matches(words).count(), 1, "{words}: {said}");
    }
    assert_eq!(status, Some(1));

    // What follows from a wrong limit is not told as well.
    let limits = "nominal_v = 832\n[system.limits]\ncell_voltage_max_v = 3.9";
    let (_, _, said) = check(folder.path(), &pack_site(free_udp_port()).replace("nominal_v = 832", limits));
    assert!(said.contains("1 thing is wrong") && said.contains("cell_voltage_max_v"), "{said}");
}

#[test]
fn warnings_are_plain_lines_and_each_stands_once() {
    let folder = folder();
    let dbc = std::fs::read_to_string(repo().join("dbc/packtwin_hv.dbc")).unwrap();
    let signal = " SG_ S : 0|8@1+ (1,0) [0|0] \"\" A\n";
    let dbc = format!("{dbc}\nBO_ 1900 Two: 8 A\n{signal}\nBO_ 1900 Same: 8 A\n{signal}");
    std::fs::write(folder.path().join("own.dbc"), dbc).unwrap();
    let good = pack_site(free_udp_port());
    let start = good.find("dbc = ").unwrap();
    let end = start + good[start..].find('\n').unwrap();
    let own = format!("{}dbc = \"own.dbc\"{}", &good[..start], &good[end..]);
    let (status, out, said) = check(folder.path(), &own);
    assert!(status == Some(0) && out.contains("is right"), "{said}");
    assert!(said.starts_with("warning: ") && said.contains("have the same identifier"), "{said}");
    assert_eq!((said.lines().count(), said.contains('\u{1b}')), (1, false), "{said}");
    let (_, _, said) = check(folder.path(), &own.replace("signal = \"Soc\"", "signal = \"Socx\""));
    assert!(said.contains("no signal `Socx`") && said.matches("same identifier").count() <= 1, "{said}");
}

#[test]
fn a_log_in_a_file_has_no_colours_and_a_cause_is_said_once() {
    let folder = folder();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, pack_site(free_udp_port())).unwrap();
    let missing = folder.path().join("nowhere");
    let mut command = packtwin(&["serve", "--listen", "127.0.0.1:0", "--site"]);
    let (status, _, said) = run(command.arg(&file).arg("--assets").arg(&missing).env("RUST_LOG", "trace"));
    assert!(status == Some(1) && said.contains("manifest.txt"), "{said}");
    assert_eq!((said.matches("No such file").count(), said.contains('\u{1b}')), (1, false), "{said}");
}

#[test]
fn check_config_says_what_will_be_connected() {
    let folder = folder();
    let (status, out, said) = check(folder.path(), &pack_site(20_000));
    assert_eq!((status, said.as_str()), (Some(0), ""));
    assert!(out.contains("system hv: hv, 1 x 13 x 20 = 260 cells, 280 Ah, 832 V"), "{out}");
    assert!(out.contains("history: full rate 48 h, and 300 s before and after alarms for longer, the newest 200 MB of that; rows 400 days;"), "{out}");
    let kept = "[history]\nfull_rate_hours = 12\ncell_days = 30\ndisk_free_min_mb = 0\n";
    let (status, changed, said) = check(folder.path(), &format!("{kept}{}", pack_site(20_000)));
    assert_eq!((status, said.as_str()), (Some(0), ""));
    assert!(changed.contains("full rate 12 h") && changed.contains("minutes of cells 30 days"), "{changed}");
    assert!(out.contains("minutes of cells 90 days, of device points 90 days; alarms for ever"), "{out}");
    assert!(out.contains("link bms: Battery controller, CAN over UDP (cannelloni), 127.0.0.1:20000, for hv"), "{out}");
    for example in std::fs::read_dir(repo().join("sites/examples")).unwrap() {
        let path = example.unwrap().path();
        let (status, _, said) = run(packtwin(&["check-config"]).arg(&path));
        assert_eq!((status, said.as_str()), (Some(0), ""), "{}", path.display());
    }
}

#[test]
fn a_file_that_is_not_there_is_named_without_the_number_of_the_systems_error() {
    let link = "[[link]]\nid = \"log\"\nsystem = \"hv\"\nkind = \"candump\"\nfile = \"/nowhere/nope.log\"\n";
    let (status, _, said) = check(folder().path(), &format!("{}\n{link}", pack_site(20_000)));
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("/nowhere/nope.log") && said.contains("No such file"), "{said}");
    let (status, _, missing) = run(packtwin(&["check-config"]).arg("/nowhere/nope.toml"));
    assert_eq!(status, Some(1), "{missing}");
    assert!(missing.contains("No such file") && !format!("{said}{missing}").contains("os error"), "{said}{missing}");
}

/// A link of a kind whose devices can be set, with one setpoint.
fn setting(id: &str, address: &str, setpoint: &str) -> String {
    format!(
        "\n[[link]]\nid = \"{id}\"\nsystem = \"hv\"\nkind = \"sunspec\"\nconnect = \"{address}\"\nsetpoints = [\n  \
         {{ {setpoint} }},\n]\n"
    )
}

const RESERVE: &str = "name = \"reserve\", sets = \"802.SoCRsvMin\", min = 10, max = 50, step = 1, wear = \"flash\"";

#[test]
fn check_config_lists_what_can_be_set_and_refuses_what_must_not_be() {
    let (folder, pack) = (folder(), pack_site(free_udp_port()));
    let rate =
        "name = \"limit\", sets = \"124.OutWRte\", min = 0, max = 100, step = 5, wear = \"volatile\", lease_s = 60";
    let tables = format!(
        "\n[[link]]\nid = \"gx\"\nsystem = \"hv\"\nkind = \"modbus-tcp\"\nconnect = \"a:502\"\ntable = \"{}\"\n",
        repo().join("registers/victron_settings.toml").display()
    );
    let good = format!("{pack}{}{}{tables}", setting("a", "a:502", RESERVE), setting("b", "b:502", rate));
    let (status, out, said) = check(folder.path(), &good);
    assert_eq!((status, said.as_str()), (Some(0), ""));
    for line in [
        "    can set reserve: 802.SoCRsvMin, unit 1, 10 to 50 % in steps of 1, flash, stays until another value is written",
        "    can set limit: 124.OutWRte, unit 1, 0 to 100 % in steps of 5, volatile, held for 60 s at most",
        "    can set grid-setpoint: grid_setpoint, register 2716, unit 100, -15000 to 15000 W in steps of 10, volatile, \
         held for 60 s at most",
        "    can set minimum-soc: minimum_soc, register 2901, unit 100, 5 to 95 % in steps of 1, flash, \
         stays until another value is written",
    ] {
        assert!(out.lines().any(|of| of == line), "{line}: {out}");
    }
    // The same device by two links: in whichever way.
    for (wrong, line_of, says) in [
        (
            format!("{}{}", setting("a", "a:502", RESERVE), setting("b", "a:502", RESERVE)),
            "id = \"b\"",
            "b/reserve sets 802.SoCRsvMin, unit 1 at a:502, as a/reserve does: they would overwrite one another",
        ),
        (
            format!("{tables}{}", tables.replace("id = \"gx\"", "id = \"gx-too\"").replace("a:502", "A.:0502")),
            "id = \"gx-too\"",
            "gx-too/minimum-soc sets register 2901, unit 100 at A.:0502, as gx/minimum-soc does",
        ),
        (
            setting("a", "a:502", &RESERVE.replace("50", "500")),
            "max = 500",
            "500 % cannot be: 802.SoCRsvMin is 0 to 100 %",
        ),
        (setting("a", "a:502", &RESERVE.replace("min = 10", "min = 60")), "min = 60", "60 is not below 50"),
        (
            setting("a", "a:502", &format!("{RESERVE} }},\n  {{ {}", RESERVE.replace("Min", "Max"))),
            "SoCRsvMax",
            "have the name `reserve`",
        ),
        (
            setting("a", "a:502", &format!("{RESERVE} }},\n  {{ {}", RESERVE.replace("\"reserve", "\"other"))),
            "other",
            "`802.SoCRsvMin` is set by `reserve` already",
        ),
        (
            setting("a", "a:502", &rate.replace("volatile", "flash")),
            "flash",
            "memory of `wear` \"flash\" bears few writes",
        ),
    ] {
        let wrong = format!("{pack}{wrong}");
        let (status, _, said) = check(folder.path(), &wrong);
        let line = 1 + wrong.lines().position(|line| line.contains(line_of)).unwrap();
        assert!(
            status == Some(1) && said.contains(&format!("site.toml:{line}: ")) && said.contains(says),
            "{says}: {said}"
        );
    }
    // Two of one kind at two addresses are two devices.
    let two = format!("{pack}{}{}", setting("a", "a:502", RESERVE), setting("b", "b:502", RESERVE));
    assert_eq!(check(folder.path(), &two).0, Some(0));
}

#[test]
fn names_for_people_are_one_line_and_of_a_length_that_fits_a_page() {
    let (folder, pack) = (folder(), pack_site(free_udp_port()));
    let long = "x".repeat(81);
    for (from, to, says) in [
        ("name = \"Test hall\"", format!("name = \"{long}\""), "site.name: a text of one line, at most 80"),
        ("id = \"hv\"", "id = \"hv\"\nname = \"a\\nb\"".to_owned(), "system.name: a text of one line"),
        ("name = \"Battery controller\"", format!("name = \"{long}\""), "link.name: a text of one line"),
    ] {
        let (status, _, said) = check(folder.path(), &pack.replace(from, &to));
        assert!(status == Some(1) && said.contains(says), "{says}: {said}");
    }
}

#[test]
fn a_site_file_of_any_size_is_answered_soon() {
    let folder = folder();
    let link =
        |n: usize| format!("[[link]]\nid = \"l{n}\"\nsystem = \"none\"\nkind = \"sunspec\"\nconnect = \"a:502\"\n");
    let many: String = (0..100_000).map(link).collect();
    let clock = std::time::Instant::now();
    let (status, _, said) = check(folder.path(), &format!("{}{many}", pack_site(free_udp_port())));
    println!("check-config of 100,000 links: {:.1} s", clock.elapsed().as_secs_f64());
    assert!(clock.elapsed().as_secs() < 60, "{:?}", clock.elapsed());
    assert!(status == Some(1) && said.contains("the site has 100001 links: at most 255 are possible"), "{said}");
    // Each of the first links names a system that is not there; the list of them ends.
    assert!(said.lines().count() < 250 && said.contains("more, which are not listed"), "{}", said.lines().count());

    let (status, _, said) = check(folder.path(), &"# x\n".repeat(4_000_001));
    assert!(status == Some(1) && said.contains("it has more than 16 MB: this is no site file"), "{said}");
}

#[test]
fn what_dbc_inspect_proposes_passes_check_config() {
    let (status, out, said) = run(packtwin(&["dbc", "inspect"]).arg(repo().join("dbc/foxbms2.dbc")));
    assert_eq!((status, said.as_str()), (Some(0), ""));
    assert!(out.contains("  CellVoltage_000 to CellVoltage_259 (260), mV, 0 to 8191"), "{out}");
    let proposal = &out[out.find("[[system]]").unwrap()..];
    let folder = folder();
    let (status, _, said) = check(folder.path(), &format!("[site]\nname = \"New\"\n\n{proposal}"));
    assert_eq!((status, said.as_str()), (Some(0), ""), "{proposal}");
    let (status, _, said) = run(packtwin(&["dbc", "inspect"]).arg(repo().join("Cargo.toml")));
    assert!(status == Some(1) && said.contains("Cargo.toml, line 1"), "{said}");
}

#[test]
fn devices_lists_every_kind_and_this_machine() {
    let (status, out, _) = run(&mut packtwin(&["devices"]));
    assert_eq!(status, Some(0));
    for words in
        ["kind = \"cannelloni\"", "kind = \"candump\"", "kind = \"modbus-tcp\"", "CAN interfaces: ", "Serial ports: "]
    {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[test]
fn probe_says_what_came_and_what_to_do_when_nothing_came() {
    let folder = folder();
    let port = free_udp_port();
    let file = folder.path().join("site.toml");
    std::fs::write(&file, pack_site(port)).unwrap();
    let probe = |link: &str, seconds: &str| {
        let mut command = packtwin(&["probe", link, "--seconds", seconds, "--site"]);
        command.arg(&file);
        command
    };
    let (status, out, _) = run(&mut probe("bms", "0.2"));
    assert!(status == Some(1) && out.contains("firewall"), "{out}");
    let (status, _, said) = run(&mut probe("bsm", "0.2"));
    assert!(status == Some(1) && said.contains("has no link \"bsm\"; it has bms"), "{said}");

    // Until the probe has ended: it does not say when it listens.
    let ended = AtomicBool::new(false);
    let (status, out, _) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let cells: &[u8] = &[0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];
            let pack: &[u8] = &[0x43, 0x08, 0x85, 0xFF, 0xBC, 0xF9, 0xD8, 0xF0];
            for sequence in (0..=u8::MAX).cycle() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                send(port, &packet(sequence, &[(0x250, cells), (0x233, pack), (0x7AB, &[1, 2, 3])]));
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        });
        let outcome = run(&mut probe("bms", "2"));
        ended.store(true, Ordering::Relaxed);
        outcome
    });
    assert_eq!(status, Some(0), "{out}");
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "battery/voltage 858 V",
        "battery/current -100 A",
        "cells/voltage 4 of 260: 3.3 V (1.1) to 3.303 V (1.4)",
        "0x7AB unknown id: ",
        "last 01 02 03",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
}
