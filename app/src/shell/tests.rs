//! The document as the server sends it, for a made-up snapshot.

use super::*;
use crate::icons::Glyph;
use crate::sample::{site, snapshot};
use domain::alarm::{Alarm, RULES, RuleIdx, Subject};
use domain::limits::{Chemistry, Limits};
use domain::live::key_frame;
use domain::point::{MaxAge, PointId};
use domain::spec::{SiteSpec, SystemKind, SystemSpec};
use domain::time::{Mono, Utc};
use domain::topology::Topology;
use domain::twin::{Snapshot, SystemState};
use std::time::Duration;

fn boot(snapshot: &Snapshot) -> Boot {
    boot_of(site(), snapshot)
}

fn boot_of(site: SiteSpec, snapshot: &Snapshot) -> Boot {
    let key = key_frame(&site.systems[0], 0, snapshot);
    Boot { site, system: 0, key, at: None, lab: None, page: Vec::new() }
}

fn document(path: &str, snapshot: &Snapshot) -> String {
    document_of(path, boot(snapshot))
}

fn document_of(path: &str, boot: Boot) -> String {
    let assets = Assets {
        build: "b1".into(),
        site: "5".into(),
        js: "/pkg/a.js".into(),
        loader: Some("/pkg/b.js".into()),
        wasm: "/pkg/a.wasm".into(),
        css: "/pkg/a.css".into(),
        chunks: vec![("lab".into(), "/pkg/lab.wasm".into()), ("other".into(), "/pkg/other.wasm".into())],
    };
    Owner::new_root(None)
        .with(|| shell(&assets, boot, Address::parse(path), Person(None), Some("n0nce".into())).to_html())
}

/// The text between the tags.
fn text(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html.split_once("<body").map_or(html, |(_, body)| body);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before.trim_start_matches("!-->"));
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    text.replace(['\u{202f}', '\u{a0}'], " ")
}

#[test]
fn the_first_view_has_real_values_in_it() {
    let text = text(&document("/", &snapshot()));
    for words in [
        "Hall 2",
        "SIMULATION",
        "260 cells healthy",
        "71.4",
        "Battery covers 68 % of the AI load",
        "Battery, discharging",
        "3 of 3 links",
        "0.61 C",
        "of 233 kW for discharge",
        "61 % in use",
        "Contactors",
        "closed",
        "13 of 13 measure, slowest 12 ms",
        "not measured",
    ] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
}

/// A house whose grid power comes every ten seconds.
fn house() -> (SiteSpec, Snapshot) {
    let mut site = site();
    let max_ages = vec![MaxAge { point: PointId::GridPower, age: Duration::from_secs(30) }];
    let limits = Limits::of(Chemistry::Lfp, 16, 840.0);
    let house =
        SystemSpec { kind: SystemKind::Home, topology: Topology::NONE, max_ages, limits, ..site.systems[0].clone() };
    let mut snapshot = Snapshot { state: SystemState::new(&house), ..snapshot() };
    for (point, value) in [
        (PointId::Soc, 68.2),
        (PointId::Voltage, 53.05),
        (PointId::Power, -1_670.0),
        (PointId::Temperature, 23.0),
        (PointId::SolarPower, 3_706.0),
        (PointId::LoadPower, 1_916.0),
        (PointId::InverterSoc, 64.0),
    ] {
        snapshot.state.points.set(point, Ok(value), snapshot.now.mono);
    }
    snapshot.state.points.set(PointId::GridPower, Ok(1_250.0), Mono(snapshot.now.mono.0 - 10_000_000));
    site.systems[0] = house;
    (site, snapshot)
}

#[test]
fn a_house_is_told_in_its_own_words_and_a_slow_source_is_believed() {
    let (site, snapshot) = house();
    let overview = text(&document_of("/", boot_of(site.clone(), &snapshot)));
    for words in [
        "House 1.92 kW",
        "Solar 3.71 kW",
        "Battery, charging 1.67 kW",
        "Grid, importing 1.25 kW",
        "4.2 points below the battery's",
        "The battery does not feed the house",
    ] {
        assert!(overview.contains(words), "{words} is not in: {overview}");
    }
    assert!(!overview.contains("AI load") && !overview.contains("Headroom"), "{overview}");
    let home = text(&document_of("/home", boot_of(site.clone(), &snapshot)));
    for words in [
        "Normal",
        "73.4 °F, optimal 15\u{2013}30 °C",
        "Not sent by the source",
        "Importing",
        "4.2 points apart",
        "Check calibration",
    ] {
        assert!(home.contains(words), "{words} is not in: {home}");
    }
    let lab = text(&document_of("/lab", boot_of(site, &snapshot)));
    assert!(lab.contains("Sol-Ark inverter") && lab.contains("0 to 20 kW"), "{lab}");
    assert!(!lab.contains("AFE node") && !lab.contains("Battery controller"), "{lab}");
}

#[test]
fn an_alarm_is_told_in_the_strip_and_in_its_place() {
    let mut snapshot = snapshot();
    let rule = RULES.iter().position(|rule| rule.id == "cell.voltage.low").unwrap();
    snapshot.alarms = vec![Alarm {
        rule: RuleIdx(rule as u8),
        subject: Subject::Cell(131),
        since: Utc(snapshot.now.utc.0 - 180_000_000),
        value: 2.84,
        worst: 2.83,
        signal_lost: true,
        chattering: false,
        standing: Default::default(),
    }];
    let text = text(&document("/", &snapshot));
    for words in ["1 problem, critical", "Cell 7.12 at 2840 mV", "3 min", "Signal lost", "259 cells without an alarm"] {
        assert!(text.contains(words), "{words} is not in: {text}");
    }
}

#[test]
fn what_is_old_is_not_shown_as_good() {
    let mut snapshot = snapshot();
    snapshot.now = snapshot.now + std::time::Duration::from_secs(60);
    let text = text(&document("/", &snapshot));
    assert!(
        text.contains("No cell reports") && text.contains("stale, 60 s") && text.contains("3 of 3 links silent"),
        "{text}"
    );
    assert!(!text.contains("healthy"), "{text}");
}

#[test]
fn the_document_carries_its_start_and_every_script_its_nonce() {
    let html = document("/", &snapshot());
    let (_, carried) = html.split_once("id=\"boot\"").unwrap();
    let carried = carried.split_once('>').unwrap().1.split_once('<').unwrap().0;
    assert_eq!(Boot::decode(carried), Ok(boot(&snapshot())));
    let scripts: Vec<&str> = html.split("<script").skip(1).map(|s| s.split_once('>').unwrap().0).collect();
    assert!(scripts.len() >= 3 && scripts.iter().all(|tag| tag.contains("nonce=\"n0nce\"")), "{scripts:?}");
    assert!(html.starts_with("<!DOCTYPE html><html lang=\"en\" "), "{html:.60}");
}

#[test]
fn a_system_that_is_no_house_has_nothing_on_the_page_of_one() {
    let html = document("/home", &snapshot());
    assert!(text(&html).contains("832 V pack is not a house"), "{}", text(&html));
    assert!(!html.contains("href=\"/home"), "it is not in the navigation");
}

#[test]
fn of_a_battery_that_never_reported_nothing_is_called_well() {
    let (site, live) = house();
    let mut dead = Snapshot { state: SystemState::new(&site.systems[0]), ..live };
    dead.links = vec![domain::link::LinkStatus::default(); 3];
    // The grid is measured by another device, which is well.
    dead.state.points.set(PointId::GridPower, Ok(1_250.0), dead.now.mono);
    dead.state.points.set(PointId::LoadPower, Ok(0.0), dead.now.mono);
    for page in ["/", "/home", "/links", "/cells", "/trends", "/analysis"] {
        let text = text(&document_of(page, boot_of(site.clone(), &dead)));
        for wrong in ["No problems", "healthy", "Healthy", "No sensor", "Not sent by", "0.0 %", "All cells report"] {
            assert!(!text.contains(wrong), "{page} says {wrong}: {text}");
        }
    }
    let home = text(&document_of("/home", boot_of(site.clone(), &dead)));
    assert!(home.contains("Source not reached since the start") && home.contains("Check connection"), "{home}");
    let overview = text(&document_of("/", boot_of(site, &dead)));
    assert!(overview.contains("The battery does not report"), "{overview}");
}

#[test]
fn cells_that_never_reported_are_not_within_their_limits() {
    let dead = Snapshot { state: SystemState::new(&site().systems[0]), ..snapshot() };
    let overview = text(&document("/", &dead));
    assert!(overview.contains("No cell reports") && !overview.contains("No AI load"), "{overview}");
    let cells = text(&document("/cells", &dead));
    assert!(!cells.contains("none out of limits"), "{cells}");
}

#[test]
fn storage_trouble_is_on_every_page() {
    let mut snapshot = snapshot();
    snapshot.site.storage = "the disk is full".to_owned();
    for page in ["/", "/cells", "/trends", "/control", "/links", "/analysis", "/lab", "/nowhere"] {
        let text = text(&document(page, &snapshot));
        assert!(text.contains("History is not being kept") && text.contains("the disk is full"), "{page}: {text}");
    }
}

#[test]
fn the_switch_and_problems_tell_of_the_other_systems() {
    use domain::alarm::Severity;
    use domain::twin::Health;
    let (house, _) = house();
    let mut site = site();
    site.systems.push(SystemSpec { id: "home".into(), name: "House".into(), ..house.systems[0].clone() });
    let mut snapshot = snapshot();
    for (health, words) in [
        (Health::Alarm(Severity::Critical), "House : critical. See its problems."),
        (Health::Unknown, "House : nothing is known of it now."),
    ] {
        snapshot.site.systems = vec![Health::NoAlarm, health];
        let text = text(&document_of("/", boot_of(site.clone(), &snapshot)));
        assert!(text.replace("House:", "House :").contains(words), "{text}");
    }
    let html = document_of("/trends", boot_of(site, &snapshot));
    assert!(html.contains("href=\"/trends?system=home\""), "the switch stays on the page");
}

#[test]
fn a_system_that_the_site_does_not_have_is_said_with_those_that_it_has() {
    let html = document("/cells?system=nobody", &snapshot());
    let text = text(&html);
    assert!(text.contains("This site has no system called \u{201c}nobody\u{201d}"), "{text}");
    assert!(html.contains("<title>Not found") && text.contains("832 V pack"), "{text}");
}

#[test]
fn a_page_that_does_not_exist_says_so() {
    assert!(text(&document("/nowhere", &snapshot())).contains("There is no such page"));
}

#[test]
fn a_lazy_page_asks_for_its_code_early_and_others_do_not() {
    for (path, asked) in [("/lab", true), ("/", false), ("/nowhere", false)] {
        let html = document(path, &snapshot());
        assert_eq!(html.contains("'/pkg/lab.wasm'"), asked, "{path}");
        assert!(!html.contains("other.wasm"), "{path}");
    }
}

#[test]
fn every_page_of_the_rail_is_rendered() {
    for page in crate::pages::PAGES {
        // A data centre has no page of a house in its navigation.
        let html = match page.glyph {
            Glyph::House => {
                let (site, snapshot) = house();
                document_of(page.path, boot_of(site, &snapshot))
            }
            _ => document(page.path, &snapshot()),
        };
        assert_eq!(html.matches("aria-current=\"page\"").count(), 1, "{}", page.path);
        assert!(html.contains(&format!("<title>{} \u{b7} Packtwin</title>", page.name)), "{}", page.path);
        assert!(!text(&html).contains("There is no such page"), "{}", page.path);
    }
}

#[test]
fn the_document_says_its_build_and_how_it_is_installed() {
    let html = document("/", &snapshot());
    assert!(html.contains("<html lang=\"en\" data-build=\"b1\" data-site=\"5\">"), "{html:.200}");
    for link in
        ["rel=\"manifest\" href=\"/manifest.webmanifest\"", "rel=\"apple-touch-icon\" href=\"/apple-touch-icon.png\""]
    {
        assert!(html.contains(link), "{link}");
    }
    let tokens = include_str!("../../../style/tokens.css");
    let [(_, light, light_past), (_, dark, dark_past)] = AROUND;
    for (token, light, dark) in [("--ground", light, dark), ("--warning-wash", light_past, dark_past)] {
        assert!(
            tokens.contains(&format!("{token}: light-dark({light}, {dark});")),
            "the colour around the page: {token}"
        );
    }
    for (scheme, colour, past) in AROUND {
        assert!(of_document().contains(&format!("{scheme}:['{colour}','{past}']")));
        let media = format!("media=\"(prefers-color-scheme: {scheme})\"");
        let meta = html.split("<meta ").find(|meta| meta.contains("theme-color") && meta.contains(&media));
        assert!(meta.is_some_and(|meta| meta.contains(&format!("content=\"{colour}\""))), "{scheme}: {meta:.200?}");
    }
}

/// What is set is in the document, and its forms lead on without a script; who may not command is told why.
#[test]
fn open_lists_are_closed_in_every_document() {
    assert!(of_document().contains(POPOVERS));
    assert!(include_str!("../../../index.html").contains(POPOVERS), "the document of the demo");
}

#[test]
fn the_page_control_has_the_values_of_the_device_and_forms_that_need_no_script() {
    use crate::pages::control::Start;
    use ::api::control::{
        Choice, CommandHistoryResponse, CommandResponse, CommandStepResponse, CommandsResponse, ControlResponse,
        ControlState,
    };
    use ::api::json::Word;
    use ::api::people::SessionResponse;
    use domain::people::Role;
    use domain::wire::Wire as _;
    let limit = ControlState {
        control: "discharge-limit".into(),
        label: "Peak discharge limit".into(),
        unit: "W".into(),
        max: 250e3,
        step: 1e3,
        safe: 150e3,
        safer: "lower".into(),
        present: Some(140e3),
        read_at: Some(Utc(7_000_000)),
        revision: 7,
        ..ControlState::default()
    };
    let choice = |value, label: &str| Choice { value, label: label.into() };
    let unread = ControlState {
        control: "mode".into(),
        label: "Mode".into(),
        max: 1.0,
        step: 1.0,
        choices: vec![choice(0.0, "Max Safety"), choice(1.0, "Max ROI")],
        ..ControlState::default()
    };
    let run = ControlState {
        control: "run".into(),
        label: "Operation".into(),
        max: 1.0,
        step: 1.0,
        safer: "lower".into(),
        present: Some(1.0),
        read_at: Some(Utc(7_000_000)),
        ..ControlState::default()
    };
    let command = CommandResponse {
        id: "f0-discharge-limit".into(),
        system: "hv".into(),
        control: "discharge-limit".into(),
        value: 120e3,
        value_words: "120 kW".into(),
        by: "timo".into(),
        asked_at: Utc(8_000_000),
        at: Utc(8_400_000),
        state: "confirmed".into(),
        words: "confirmed: the device has 120 kW".into(),
        ..CommandResponse::default()
    };
    let step = CommandStepResponse { at: Utc(8_200_000), state: "sent".into(), words: "sent to the device".into() };
    let done = CommandHistoryResponse { command, steps: vec![step], flight: None };
    let controls = ControlResponse {
        system: "hv".into(),
        timestamp: Utc(9_000_000),
        armed: true,
        controls: vec![limit, unread, run],
        ..Default::default()
    };
    let session = |role: Option<Role>| SessionResponse {
        name: role.map(|_| "timo".into()),
        role: Some(Word(role.unwrap_or(Role::Viewer))),
        account_role: role.map(Word),
        rights_left_s: None,
        step_up_left_s: 0,
        reading_open: true,
        accounts: true,
        setup_open: false,
        armed: true,
        unusable: None,
    };
    let page = |path: &str, role| {
        let start = Start {
            controls: Some(controls.clone()),
            session: Some(session(role)),
            form_id: "f0".into(),
            history: Some(CommandsResponse { commands: vec![done.command.clone()], more: false }),
            asked: path.contains("asked=").then(|| vec![done.clone()]),
        };
        document_of(path, Boot { page: start.to_bytes(), ..boot(&snapshot()) })
    };
    let html = page("/control", Some(Role::Operator));
    let told = text(&html);
    for words in ["140 kW", "read back 2 s ago", "0 W to 250 kW, in steps of 1 kW", "Control is armed", "timo"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let choices = html
        .split("<input")
        .filter_map(|input| input.split_once('>'))
        .filter(|(input, _)| input.contains("name=\"value\""));
    assert!(
        !choices.clone().any(|(input, _)| input.contains(" checked")),
        "of what was not read no choice is said to be set"
    );
    assert!(choices.count() > 2);
    assert!(html.contains("title=\"Setting number 7: "), "the revision is told where it is asked for");
    assert!(
        html.contains("name=\"review\"")
            && html.contains("action=\"/control#control-review\"")
            && !html.contains("/actions/command"),
        "nothing is posted before the review"
    );
    let html = page("/control?review=discharge-limit&value=120", Some(Role::Operator));
    let told = text(&html);
    for words in ["832 V pack: ", "This is towards the safe side.", "120 kW", "Set 120 kW"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(html.contains("action=\"/actions/command\"") && html.contains("value=\"f0-discharge-limit\""), "{html}");
    assert!(html.contains("name=\"hold_s\""), "how long it is to stand is posted too");
    // The return to safe values says each change, and what standby does.
    let told = text(&page("/control?review=safe-values", Some(Role::Operator)));
    for words in [
        "832 V pack: return to safe values",
        "Operation",
        "from Run",
        "to Standby",
        "Standby opens the contactors: the battery gives and takes nothing.",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    // What a form has asked for stands there with its steps, and so does what was commanded before.
    let (html, before) =
        (page("/control?asked=f0-discharge-limit", Some(Role::Operator)), page("/control", Some(Role::Operator)));
    let told = text(&html);
    for words in [
        "Asked from here",
        "Confirmed: the device has 120 kW.",
        "Sent to the device",
        "Look again",
        "Back to what is set",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    for told in [text(&html), text(&before)] {
        assert!(told.contains("120 kW") && !told.contains("Asking what was commanded"), "{told}");
    }
    assert!(!text(&before).contains("Look again"));
    assert!(text(&page("/control", None)).contains("sign in as an operator"));
}

/// Who may not use the lab finds its buttons off, with the reason, whether scripts run or not.
#[test]
fn the_lab_is_off_for_who_may_not_use_it() {
    use crate::pages::lab::Start;
    use ::api::json::Word;
    use ::api::people::SessionResponse;
    use domain::people::Role;
    use domain::wire::Wire as _;
    let page = |name: Option<&str>, role: Role, accounts| {
        let session = SessionResponse {
            name: name.map(str::to_owned),
            role: Some(Word(role)),
            account_role: name.map(|_| Word(role)),
            rights_left_s: None,
            step_up_left_s: 0,
            reading_open: true,
            accounts,
            setup_open: false,
            armed: false,
            unusable: None,
        };
        let mut site = site();
        site.systems[0].simulated = true;
        let start = Start { session: Some(session) };
        document_of("/lab", Boot { page: start.to_bytes(), ..boot_of(site, &snapshot()) })
    };
    for (name, role, accounts, why) in [
        (Some("vera"), Role::Viewer, true, "only an operator may use the lab"),
        (None, Role::Viewer, true, "sign in first: only a person with an account may use the lab"),
        (Some("timo"), Role::Operator, true, ""),
        // While nobody has an account, it is everybody's who uses the machine.
        (None, Role::Viewer, false, ""),
    ] {
        let html = page(name, role, accounts);
        let form = html.split("action=\"/actions/lab\"").nth(1).expect("a form");
        let button = form.split("<button").nth(1).and_then(|rest| rest.split('>').next()).expect("its button");
        assert_eq!(button.contains("disabled"), !why.is_empty(), "{name:?}: {button}");
        assert!(text(&html).contains(why), "{why}: {}", text(&html));
        assert_eq!(text(&html).contains("Nothing can be commanded here"), !why.is_empty(), "{name:?}");
    }
}
