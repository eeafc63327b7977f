//! What is wrong in a site file is said with its place, its key and the file it is about.

use crate::support::repository;
use domain::link::LinkSpec;
use domain::spec::SystemIdx;
use domain::topology::Topology;
use links::LinkConfig;
use std::time::Duration;

#[derive(Debug, serde::Deserialize)]
struct Site {
    link: Vec<LinkConfig>,
}

fn site(keys: &str) -> String {
    format!("[[link]]\nid = \"a\"\nsystem = \"hv\"\n{keys}\n")
}

/// The text that the error points at, and the error.
fn error(keys: &str) -> (String, String) {
    let source = site(keys);
    let parsed: Site = toml::from_str(&source).unwrap();
    let error = parsed.link[0].build(SystemIdx(0), &Topology::new(1, 13, 20), repository()).unwrap_err();
    (error.span().map(|span| source[span].to_owned()).unwrap_or_default(), error.to_string())
}

const CAN: &str = "dbc = \"dbc/packtwin_hv.dbc\"\nmap = [{ point = \"battery/soc\", signal = \"Soc\" }]";

#[test]
fn errors_point_at_what_is_wrong() {
    let can = |keys: &str| format!("{keys}\n{CAN}");
    let modbus =
        |keys: &str| format!("kind = \"modbus-tcp\"\ntable = \"crates/links/tests/fixtures/meter.toml\"\n{keys}");
    let vrm = |keys: &str| format!("kind = \"victron-vrm\"\n{keys}");
    let of_seven = |keys: &str| vrm(&format!("installation = 7\ntoken_env = \"VRM_TOKEN\"\n{keys}"));
    let listen = "kind = \"cannelloni\"\nlisten = \"127.0.0.1:0\"";
    for (keys, at, words) in [
        (can("kind = \"cannelloni\""), "\"cannelloni\"", "needs `listen`"),
        (can("kind = \"cannelloni\"\nlisten = \"localhost\""), "\"localhost\"", "not an address to listen on"),
        (can(&format!("{listen}\nunit = 3")), "3", "`unit` means nothing to kind \"cannelloni\""),
        (can(&format!("{listen}\nsilent_ms = 5")), "5", "`silent_ms` is 5"),
        (
            format!("{listen}\ndbc = \"dbc/none.dbc\"\nmap = [{{ point = \"battery/soc\", signal = \"Soc\" }}]"),
            "\"dbc/none.dbc\"",
            "none.dbc cannot be read",
        ),
        (
            format!("{listen}\ndbc = \"Cargo.toml\"\nmap = [{{ point = \"battery/soc\", signal = \"Soc\" }}]"),
            "\"Cargo.toml\"",
            "Cargo.toml, line 1",
        ),
        (format!("{listen}\ndbc = \"dbc/packtwin_hv.dbc\"\nmap = []"), "[]", "`map` is empty"),
        (
            format!(
                "{listen}\ndbc = \"dbc/packtwin_hv.dbc\"\nmap = [{{ point = \"cells/voltage\", signal = \"CellVoltag_{{cell}}\" }}]"
            ),
            "\"CellVoltag_{cell}\"",
            "the nearest is `CellVoltage_000`",
        ),
        (can("kind = \"socketcan\""), "\"socketcan\"", "needs `interface`"),
        (can("kind = \"socketcan\"\ninterface = \"can 0\""), "\"can 0\"", "not the name of an interface"),
        (can("kind = \"socketcan\"\ninterface = \"\""), "\"\"", "not the name of an interface"),
        (can(&format!("{listen}\ninterface = \"can0\"")), "\"can0\"", "means nothing to kind \"cannelloni\""),
        (can("kind = \"candump\"\nfile = \"none.log\""), "\"none.log\"", "none.log cannot be read"),
        (can("kind = \"candump\"\nfile = \"Cargo.toml\"\nspeed = -1.0"), "-1.0", "`speed` is -1"),
        (modbus(""), "\"modbus-tcp\"", "needs `connect`"),
        (modbus("connect = \"meter\""), "\"meter\"", "not a host and port"),
        (modbus("connect = \"meter:502\"\npoll_ms = 1"), "1", "`poll_ms` is 1"),
        (modbus("connect = \"meter:502\"\nunits = { bms = 3 }"), "{ bms = 3 }", "no unit `bms`; it has none"),
        (modbus("connect = \"meter:502\"\nsign = \"charge-positive\""), "\"charge-positive\"", "`sign` means nothing"),
        ("kind = \"sunspec\"\nconnect = \"bms\"".into(), "\"bms\"", "not a host and port"),
        (
            "kind = \"sunspec\"\nconnect = \"bms:502\"\ntable = \"registers/solark.toml\"".into(),
            "\"registers/solark.toml\"",
            "`table` means nothing to kind \"sunspec\"",
        ),
        ("kind = \"shared-memory\"\nsegment = \"/\"".into(), "\"/\"", "neither a name, such as /battery_sim_shm"),
        ("kind = \"shared-memory\"\ntimeout_ms = 100".into(), "100", "`timeout_ms` means nothing"),
        (
            "kind = \"modbus-tcp\"\nconnect = \"meter:502\"\ntable = \"Cargo.toml\"".into(),
            "\"Cargo.toml\"",
            "Cargo.toml, line ",
        ),
        (vrm(""), "\"victron-vrm\"", "needs `installation`"),
        (vrm("installation = 7"), "\"victron-vrm\"", "needs `token_file` or `token_env`"),
        (vrm("installation = 7\ntoken_env = \"s3cr-et\""), "\"s3cr-et\"", "the name of a variable"),
        (vrm("installation = 7\ntoken_env = \"A\"\ntoken_file = \"a\""), "\"A\"", "only one of them"),
        (of_seven("poll_s = 5"), "5", "`poll_s` is 5, not 20 to 3600 s"),
        (of_seven("poll_s = 60"), "60", "makes 60 requests an hour, more than `requests_per_hour` (50)"),
        (of_seven("requests_per_hour = 20"), "20", "makes 30 requests an hour"),
        (of_seven("requests_per_hour = 0"), "0", "`requests_per_hour` is 0"),
        (of_seven("api = \"http://vrm.example/v2\""), "\"http://vrm.example/v2\"", "would send the token unencrypted"),
        (of_seven("api = \"vrm\""), "\"vrm\"", "is not an address"),
        ("kind = \"victron-mqtt\"".into(), "\"victron-mqtt\"", "needs `connect`"),
        ("kind = \"victron-mqtt\"\nconnect = \"gx\"".into(), "\"gx\"", "such as 192.168.1.20:1883"),
        (
            "kind = \"victron-mqtt\"\nconnect = \"gx:1883\"\nportal = \"+/#\"".into(),
            "\"+/#\"",
            "`+/#` is not a portal id",
        ),
        ("kind = \"victron-mqtt\"\nconnect = \"gx:1883\"\npoll_s = 60".into(), "60", "`poll_s` means nothing"),
        (of_seven("poll_ms = 200"), "200", "`poll_ms` means nothing to kind \"victron-vrm\""),
    ] {
        let (place, message) = error(&keys);
        assert_eq!(place, at, "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_key_that_nobody_knows_is_an_error() {
    for keys in [
        "kind = \"cannelloni\"\nlisten_on = 1",
        "kind = \"canelloni\"",
        "kind = \"cannelloni\"\nmap = [{ point = \"a\", sginal = \"b\" }]",
    ] {
        let error = toml::from_str::<Site>(&site(keys)).unwrap_err();
        assert!(error.span().is_some_and(|span| span.start > 10), "{error}");
    }
}

#[test]
fn a_link_describes_itself() {
    let parse = |keys: &str| toml::from_str::<Site>(&site(keys)).unwrap().link.remove(0);
    let LinkSpec { name, protocol, address, silent_after, .. } =
        parse("name = \"Meter\"\nkind = \"modbus-tcp\"\nconnect = \"10.0.0.1:502\"\npoll_ms = 500").spec(SystemIdx(1));
    assert_eq!((name.as_str(), protocol.as_str(), address.as_str()), ("Meter", "Modbus TCP", "10.0.0.1:502"));
    assert_eq!(silent_after, Duration::from_millis(1_500));
    let mut can = parse(&format!("kind = \"cannelloni\"\nlisten = \"127.0.0.1:0\"\n{CAN}"));
    assert_eq!(
        (can.spec(SystemIdx(0)).name.as_str(), can.spec(SystemIdx(0)).silent_after),
        ("a", Duration::from_secs(1))
    );
    assert!(can.is_can());
    can.replay(&repository().join("dbc/packtwin_hv.dbc"), 2.0);
    assert_eq!(can.spec(SystemIdx(0)).protocol, "CAN log replay (candump)");
    can.build(SystemIdx(0), &Topology::new(1, 13, 20), repository()).unwrap();
}

#[test]
fn values_of_a_cloud_are_good_for_three_polls_and_at_least_five_minutes() {
    let parse = |keys: &str| toml::from_str::<Site>(&site(keys)).unwrap().link.remove(0);
    let vrm = |keys: &str| parse(&format!("kind = \"victron-vrm\"\ninstallation = 7\ntoken_env = \"A\"\n{keys}"));
    let seconds = |link: &LinkConfig| link.max_age().as_secs_f32();
    assert_eq!(
        [seconds(&vrm("")), seconds(&vrm("poll_s = 80")), seconds(&vrm("poll_s = 900"))],
        [360.0, 300.0, 2_700.0]
    );
    assert_eq!(vrm("").spec(SystemIdx(0)).silent_after, Duration::from_secs(360));
    assert_eq!(vrm("").spec(SystemIdx(0)).address, "installation 7");
    // What is asked is good until two polls and a half, and the time-out, are over.
    for (keys, expected) in [
        ("kind = \"modbus-tcp\"", 1.5),
        ("kind = \"modbus-tcp\"\npoll_ms = 5000\ntimeout_ms = 3000", 15.5),
        ("kind = \"modbus-rtu-tcp\"\npoll_ms = 2000", 6.0),
        ("kind = \"sunspec\"\npoll_ms = 5000", 13.5),
        ("kind = \"shared-memory\"\npoll_ms = 2000", 5.0),
        ("kind = \"victron-mqtt\"", 75.0),
        ("kind = \"cannelloni\"", 0.0),
        ("kind = \"cannelloni\"\nmax_age_ms = 20000", 20.0),
    ] {
        assert_eq!(seconds(&parse(keys)), expected, "{keys}");
    }
}

#[test]
fn shared_memory_needs_cells_and_nothing_else() {
    let source = site("kind = \"shared-memory\"");
    let link = toml::from_str::<Site>(&source).unwrap().link.remove(0);
    let spec = link.spec(SystemIdx(0));
    assert_eq!((spec.protocol.as_str(), spec.address.as_str()), ("Shared memory", "/battery_sim_shm"));
    link.build(SystemIdx(0), &Topology::new(20, 10, 32), repository()).unwrap();
    let error = link.build(SystemIdx(0), &Topology::NONE, repository()).unwrap_err();
    assert!(error.to_string().contains("this system has none"), "{error}");
}

#[test]
fn the_links_of_the_documentation_can_be_built() {
    let page = std::fs::read_to_string(repository().join("docs/modbus.md")).unwrap();
    let mut links = 0;
    for block in page.split("```toml").skip(1) {
        let keys = block.split("```").next().unwrap();
        let site: Site = toml::from_str(keys).unwrap();
        for link in site.link {
            // The page is written for a site file in a folder beside `registers`.
            link.build(SystemIdx(0), &Topology::NONE, &repository().join("sites")).unwrap();
            links += 1;
        }
    }
    assert_eq!(links, 5);
}

#[test]
fn the_site_that_reads_the_pack_over_sunspec_can_be_built() {
    let text = std::fs::read_to_string(repository().join("sites/sunspec.toml")).unwrap();
    let site: Site = toml::from_str(&text).unwrap();
    let specs: Vec<LinkSpec> = site.link.iter().map(|link| link.spec(SystemIdx(0))).collect();
    assert_eq!((specs.len(), specs[0].protocol.as_str()), (3, "SunSpec (Modbus TCP)"));
    for link in site.link {
        link.build(SystemIdx(0), &Topology::new(1, 13, 20), &repository().join("sites")).unwrap();
    }
}

/// A system whose links are asked as seldom as they are must not be stale between two polls that work.
#[test]
fn no_value_of_any_kind_of_link_is_stale_between_two_polls() {
    let table = "table = \"registers/victron_gx.toml\"";
    let can = "dbc = \"dbc/packtwin_hv.dbc\"\nmap = [{ point = \"cells/voltage\", signal = \"CellVoltage_{cell}\", first = 0 }]";
    let pack = Topology::new(1, 13, 20);
    for (keys, period_s, cells) in [
        (format!("kind = \"modbus-tcp\"\nconnect = \"a:502\"\npoll_ms = 20000\n{table}"), 20, false),
        (format!("kind = \"modbus-rtu-tcp\"\nconnect = \"a:502\"\npoll_ms = 20000\n{table}"), 20, false),
        ("kind = \"sunspec\"\nconnect = \"a:502\"\npoll_ms = 20000".to_owned(), 20, true),
        ("kind = \"victron-mqtt\"\nconnect = \"a:1883\"".to_owned(), 60, false),
        ("kind = \"victron-vrm\"\ninstallation = 7\ntoken_env = \"A\"\npoll_s = 900".to_owned(), 900, false),
        ("kind = \"shared-memory\"\npoll_ms = 20000".to_owned(), 20, true),
        (format!("kind = \"cannelloni\"\nlisten = \"127.0.0.1:0\"\n{can}\nmax_age_ms = 50000"), 20, true),
    ] {
        let link = toml::from_str::<Site>(&site(&keys)).unwrap().link.remove(0);
        let task = link.build(SystemIdx(0), &pack, repository()).unwrap();
        let polls = Duration::from_secs(period_s);
        let points: Vec<_> = task.ages().points.iter().map(|max| (max.point, max.age)).collect();
        assert!(points.iter().all(|(_, age)| *age > polls), "{keys}: {points:?}");
        assert_eq!(task.ages().cells.is_some_and(|age| age > 2 * polls), cells, "{keys}");
        // What comes so seldom is in the list at all.
        let voltage = domain::point::PointId::Voltage;
        let has =
            cells && !keys.contains("sunspec") || points.iter().any(|(point, age)| *point == voltage && *age > polls);
        assert!(has, "{keys}: {points:?}");
    }
}

/// Frames that a device sends seldom are not stale between two of them, and its bus is not silent.
#[test]
fn the_values_of_a_can_bus_are_as_old_as_its_dbc_file_lets_them_be() {
    use domain::point::PointId::{Soc, Soh, Voltage};
    let folder = tempfile::tempdir().unwrap();
    let message = |id: u32, name: &str| format!("BO_ {id} M{id}: 8 A\n SG_ {name} : 0|8@1+ (1,0) [0|0] \"\" A\n");
    let messages = message(16, "Volts") + &message(17, "Charge") + &message(18, "Health") + &message(19, "U1");
    let cycles = |of: &[(u32, u32)]| -> String {
        of.iter().map(|(id, ms)| format!("BA_ \"GenMsgCycleTime\" BO_ {id} {ms};\n")).collect()
    };
    let map = "map = [{ point = \"battery/voltage\", signal = \"Volts\" }, { point = \"battery/soc\", signal = \"Charge\" }, \
               { point = \"battery/soh\", signal = \"Health\" }, { point = \"cells/voltage\", signal = \"U{cell}\" }]";
    let ms = Duration::from_millis;
    let slow = [(16, 100), (17, 5_000), (18, 60_000), (19, 2_000)];
    let long = vec![(Soc, ms(12_500)), (Soh, ms(150_000))];
    for (of, keys, points, cells, silent) in [
        // Without a word of the file: as the catalogue says.
        (&slow[..0], "", vec![], None, ms(1_000)),
        // A period that is not known may be short.
        (&slow[1..], "", long.clone(), Some(ms(5_000)), ms(1_000)),
        (&slow[..], "", long, Some(ms(5_000)), ms(1_000)),
        (
            &[(16, 4_000), (17, 4_000), (18, 4_000), (19, 4_000)],
            "",
            vec![(Voltage, ms(10_000)), (Soc, ms(10_000))],
            Some(ms(10_000)),
            ms(12_000),
        ),
        // The site file has the last word.
        (&slow[..], "max_age_ms = 2000\nsilent_ms = 700", vec![(Voltage, ms(2_000))], Some(ms(2_000)), ms(700)),
    ] {
        std::fs::write(folder.path().join("slow.dbc"), messages.clone() + &cycles(of)).unwrap();
        let keys = format!("kind = \"cannelloni\"\nlisten = \"127.0.0.1:0\"\ndbc = \"slow.dbc\"\n{map}\n{keys}");
        let link = toml::from_str::<Site>(&site(&keys)).unwrap().link.remove(0);
        let task = link.build(SystemIdx(0), &Topology::new(1, 1, 1), folder.path()).unwrap();
        let found: Vec<_> = task.ages().points.iter().map(|max| (max.point, max.age)).collect();
        assert_eq!((found, task.ages().cells, task.silent_after()), (points, cells, silent), "{of:?} {keys}");
    }
}
