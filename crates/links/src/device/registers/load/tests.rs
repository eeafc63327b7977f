//! Loading: grouping into requests, and what is wrong in a table.

use super::super::Poll;
use super::*;
use crate::device::codes::Coded;
use domain::reading::Target;
use std::time::Duration;

fn row(address: u16, point: &str, more: &str) -> String {
    format!("[[register]]\naddress = {address}\npoint = \"{point}\"\n{more}\n")
}

#[test]
fn neighbours_share_a_request() {
    let u16_holding = "type = \"u16\"";
    let text = [
        "name = \"A\"\nmax_gap = 4\n".to_owned(),
        row(10, "battery/soc", u16_holding),
        row(0, "grid/power", "type = \"s32\""),
        row(6, "load/power", "type = \"s32\""),
        row(15, "battery/soh", u16_holding),
        row(129, "battery/voltage", u16_holding),
        row(131, "battery/current", "type = \"u32\""),
        row(7, "solar/power", "type = \"u16\"\nfc = \"input\""),
    ]
    .concat();
    let table = RegisterTable::parse(&text).unwrap();
    let requests: Vec<_> = table.blocks.iter().map(|b| (b.area, b.address, b.count, b.registers.len())).collect();
    use Area::{Holding, Input};
    assert_eq!(requests, [(Holding, 0, 16, 4), (Holding, 129, 4, 2), (Input, 7, 1, 1)]);
}

#[test]
fn units_and_the_longest_request_part_neighbours() {
    let text = [
        "name = \"A\"\nmax_read = 3\n[units]\nbms = 225\n[identity]\naddress = 3\nregisters = 5\n".to_owned(),
        row(0, "battery/soc", "type = \"u16\"\nunit = \"bms\""),
        row(0, "grid/power", "type = \"u16\""),
        row(1, "battery/soh", "type = \"u16\""),
        row(2, "load/power", "type = \"u32\""),
    ]
    .concat();
    let mut table = RegisterTable::parse(&text).unwrap();
    let requests = |table: &RegisterTable| -> Vec<_> {
        table.blocks.iter().map(|b| (table.unit(b, 1), b.address, b.count)).collect()
    };
    assert_eq!(requests(&table), [(1, 0, 2), (1, 2, 2), (225, 0, 1)]);
    table.set_unit("bms", 30).unwrap();
    assert_eq!(requests(&table)[2], (30, 0, 1));
    assert_eq!(table.set_unit("grid", 30).unwrap_err(), "the table has no unit `grid`; it has bms");
    assert_eq!(table.identity.map(|b| (b.address, b.count)), Some((3, 5)));
}

#[test]
fn a_request_never_asks_for_more_than_125() {
    let points: Vec<_> = PointId::ALL.iter().enumerate().collect();
    let more = |point| match Coded::of(point) {
        Some(_) => "type = \"f32\"\ncodes = \"packtwin\"",
        None => "type = \"f32\"",
    };
    let rows: String = points.iter().map(|(i, p)| row(*i as u16 * 9, p.spec().path, more(**p))).collect();
    let table = RegisterTable::parse(&format!("name = \"A\"\n{rows}")).unwrap();
    assert!(
        table.blocks.iter().all(|block| block.count <= MAX_READ) && table.blocks.len() == points.len().div_ceil(14)
    );
}

#[test]
fn the_last_register_can_be_read() {
    let table =
        RegisterTable::parse(&format!("name = \"A\"\n{}", row(65_535, "battery/soc", "type = \"u16\""))).unwrap();
    assert_eq!((table.blocks[0].address, table.blocks[0].count), (65_535, 1));
}

#[test]
fn values_may_be_older_where_they_come_seldom() {
    let ms = Duration::from_millis;
    let text = |table: &str| {
        let rows = [
            row(0, "battery/soc", "type = \"u16\"\nmax_age_ms = 60000"),
            row(1, "grid/power", "type = \"s16\""),
            row(2, "battery/temperature", "type = \"s16\""),
        ];
        format!("name = \"A\"\n{table}\n{}", rows.concat())
    };
    let ages = |table: &str, usual| {
        let ages = RegisterTable::parse(&text(table)).unwrap().max_ages(usual);
        ages.iter().map(|max| (max.point, max.age.as_millis())).collect::<Vec<_>>()
    };
    let (soc, grid, temperature) = (PointId::Soc, PointId::GridPower, PointId::Temperature);
    // The catalogue has 3, 1.5 and 10 s.
    assert_eq!(ages("", ms(1_500)), [(soc, 60_000)]);
    assert_eq!(ages("", ms(3_500)), [(soc, 60_000), (grid, 3_500)]);
    assert_eq!(ages("max_age_ms = 2000", ms(3_500)), [(soc, 60_000), (grid, 2_000), (temperature, 2_000)]);
}

#[test]
fn an_older_register_takes_the_place_of_a_newer_one_that_is_refused() {
    let text = [
        "name = \"A\"\nmax_gap = 0\n".to_owned(),
        row(902, "load/power", "type = \"s16\"").replace("902", "[902, 903]"),
        row(817, "load/power", "type = \"s16\"\ninstead_of = 902").replace("817", "[817, 818]"),
        row(256, "battery/power", "type = \"s32\""),
        row(258, "battery/power", "type = \"s16\"\ninstead_of = 256"),
    ]
    .concat();
    let table = RegisterTable::parse(&text).unwrap();
    let decoded = |refused: &[bool]| {
        let mut poll = Poll { refused_rows: refused.to_vec(), ..Poll::default() };
        for block in &table.blocks {
            // Register 256 is the high half of the power.
            let word = |at: u16| if at == 256 { 0 } else { at };
            let words: Vec<u16> = (0..block.count).map(|at| word(block.address + at)).collect();
            block.decode(&words, &mut poll);
        }
        let sums = table.finish(&mut poll).into_iter().map(|(_, reading)| reading);
        poll.readings.iter().copied().chain(sums).map(|r| (r.target, r.sample)).collect::<Vec<_>>()
    };
    let (load, power) = (Target::Point(PointId::LoadPower), Target::Point(PointId::Power));
    let newer = (power, Ok(257.0));
    assert_eq!(decoded(&[]), [newer, (load, Ok(1_805.0))]);
    // Then both are told; the session leaves out the words of what is refused.
    assert!(decoded(&[true, false, true, false]).contains(&(load, Ok(1_635.0))));
    assert!(decoded(&[true, false, true, false]).contains(&(power, Ok(258.0))));
    // What nothing stands in for is said to be gone.
    assert_eq!(table.without_stand_in(&[0], &[true, false]), []);
    assert_eq!(table.without_stand_in(&[0, 1], &[true, true]), [PointId::LoadPower]);
}

#[test]
fn numbers_without_a_sign_may_be_meant_negative() {
    let table = RegisterTable::parse(&format!(
        "name = \"A\"\n{}",
        row(0, "solar/power", "type = \"u16\"\nnegative_above = 65000")
    ))
    .unwrap();
    for (word, watts) in [(0, 0.0), (40_000, 40_000.0), (65_000, 65_000.0), (65_533, -3.0)] {
        let mut poll = Poll::default();
        table.blocks[0].decode(&[word], &mut poll);
        assert_eq!(poll.readings[0].sample, Ok(watts));
    }
}

/// A row that is only shown.
fn shown(more: &str) -> String {
    let write = "name = \"a\", min = 10, max = 50, step = 1, wear = \"flash\"";
    format!("[[register]]\naddress = 0\nlabel = \"L\"\n{}\n", more.replace("WRITE", write))
}

#[test]
fn a_sentinel_between_two_steps_is_never_written() {
    let text = format!("name = \"A\"\n{}", shown("type = \"u16\"\nsentinel = [33]\nwrite = { WRITE }"));
    assert!(RegisterTable::parse(&text).unwrap_err().what.contains("33 is within"));
    assert!(RegisterTable::parse(&text.replace("step = 1", "step = 5")).is_ok());
}

#[test]
fn a_wrong_table_names_the_line() {
    for (text, line, words) in [
        (row(0, "battery/sco", "type = \"u16\""), 4, "nearest is `battery/soc`"),
        (row(0, "battery/soc", "type = \"u17\""), 5, "u17"),
        (row(0, "battery/soc", "type = \"u16\"\nscael = 2"), 6, "scael"),
        (row(65_535, "battery/soc", "type = \"u32\""), 3, "65535"),
        (row(0, "battery/soc", "type = \"u16\"") + &row(1, "battery/soc", "type = \"u16\""), 8, "mapped twice"),
        (row(0, "battery/soc", "type = \"u16\"\nunit = \"bms\""), 6, "no unit `bms`"),
        (row(0, "battery/soc", "type = \"u16\"\nlabel = \"x\""), 3, "one of `point`"),
        (row(0, "battery/soc", "type = \"u16\"\nneeds = \"battery/soh\""), 6, "not read by the same request"),
        (row(0, "battery/soc", "type = \"u16\"\nwords = { a = \"b\" }"), 6, "`a` is not a whole number"),
        (row(0, "battery/soc", "type = \"u16\"\nmax_age_ms = 5"), 6, "`max_age_ms` is 5"),
        ("max_age_ms = 0\n".to_owned() + &row(0, "battery/soc", "type = \"u16\""), 2, "`max_age_ms` is 0"),
        ("max_read = 1\n".to_owned() + &row(0, "battery/soc", "type = \"u16\""), 2, "`max_read` is 1"),
        (row(0, "battery/soc", "type = \"u16\"\ninstead_of = 7"), 6, "no register of the same point begins at 7"),
        (row(0, "battery/soc", "type = \"u16\"\nscale = nan"), 4, "`scale` is what one number"),
        (row(0, "battery/soc", "type = \"f32\"\nscale = 0"), 4, "not 0: 0 is not one"),
        (row(0, "battery/soc", "type = \"u16\"\nscale = -inf"), 4, "`scale` is what one number"),
        (row(0, "battery/soc", "type = \"u16\"\noffset = inf"), 4, "`offset` is a number that is added: inf"),
        (row(0, "battery/soc", "type = \"u16\"\noffset = nan"), 4, "`offset` is a number"),
        (row(0, "battery/soc", "type = \"u16\"\nnegative_above = nan"), 4, "`negative_above` is the highest"),
        (shown("type = \"u16\"\nscale = 0.0"), 3, "`scale`"),
        (shown("type = \"u16\"\nscale = inf"), 3, "`scale`"),
        (shown("type = \"u16\"\nsentinel = [30]\nwrite = { WRITE }"), 7, "30 is within `min` to `max`"),
        (shown("type = \"s16\"\noffset = 20\nsentinel = [65535]\nwrite = { WRITE }"), 8, "19 is within"),
        (shown("type = \"f32\"\nsentinel = [30]\nwrite = { WRITE }"), 7, "30 is within"),
        (
            shown("type = \"f32\"\nwrite = { name = \"a\", min = 0, max = 1e6, step = 0.01, wear = \"flash\" }"),
            6,
            "cannot tell",
        ),
        (String::new(), 1, "no [[register]]"),
        ("[[register]\n".into(), 2, ""),
    ] {
        let error = RegisterTable::parse(&format!("name = \"A\"\n{text}")).unwrap_err();
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.what.contains(words), "{error}");
    }
}

#[test]
fn codes_of_a_device_are_read_as_the_table_says_and_never_taken_for_ours() {
    let read = |more: &str, words: &[u16]| {
        let table = RegisterTable::parse(&format!("name = \"A\"\n{}", row(11, "battery/bms_alarms", more)));
        let mut poll = Poll::default();
        table.map(|table| table.blocks[0].decode(words, &mut poll)).map_err(|error| error.what)?;
        let values: Vec<_> = poll.readings.iter().map(|reading| reading.sample).collect();
        Ok::<_, String>((values, poll.odd.into_iter().map(|(_, words)| words).collect::<Vec<_>>()))
    };
    let event = |name| (1_u32 << domain::bms::EVENTS.iter().position(|known| *known == name).unwrap()) as f32;
    let words = "type = \"u16\"\nwords = { 2 = \"overvoltage\" }";
    assert_eq!(read(words, &[2]), Ok((vec![Ok(event("voltage too high"))], vec![])));
    let (values, odd) = read(words, &[4]).unwrap();
    assert_eq!(values, [Ok(event("another event"))]);
    assert!(odd[0].starts_with("register 11 (battery/bms_alarms) says 4, which has no known meaning"), "{odd:?}");
    let flags = "type = \"u16\"\nflags = { 3 = \"cell over-voltage\", 0 = \"door open\" }";
    assert_eq!(read(flags, &[9]), Ok((vec![Ok(event("voltage too high") + event("door open"))], vec![])));
    assert_eq!(read("type = \"u16\"\ncodes = \"packtwin\"", &[2]), Ok((vec![Ok(2.0)], vec![])));
    for (more, expected) in [
        ("type = \"u16\"", "nobody knows what the numbers of `battery/bms_alarms` mean"),
        ("type = \"u16\"\nwords = { 1 = \"gremlins\" }", "`gremlins` is not known here"),
        ("type = \"u16\"\nscale = 2.0\nwords = { 1 = \"door open\" }", "mean nothing to it"),
    ] {
        let error = read(more, &[0]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let soc = format!("name = \"A\"\n{}", row(1, "battery/soc", "type = \"u16\"\nflags = { 0 = \"door open\" }"));
    assert!(RegisterTable::parse(&soc).unwrap_err().what.contains("are for events"));
}

#[test]
fn a_value_that_cannot_be_is_told_with_its_register_and_what_it_said() {
    let text = format!(
        "name = \"A\"\n{}{}",
        row(40, "battery/voltage", "type = \"u16\"\nscale = 0.1"),
        row(41, "battery/soc", "type = \"u16\"")
    );
    let mut poll = Poll::default();
    RegisterTable::parse(&text).unwrap().blocks[0].decode(&[0xFFFF, 130], &mut poll);
    assert_eq!((poll.impossible, poll.readings.len()), (2, 0));
    let odd: Vec<_> = poll.odd.iter().map(|(_, words)| words.as_str()).collect();
    let expected = [
        "register 40 (battery/voltage) says 6553.5 V, which cannot be",
        "register 41 (battery/soc) says 130 %, which cannot be",
    ];
    assert_eq!(odd, expected);
}

#[test]
fn points_of_the_devices_own_have_names_units_steps_and_ranges() {
    let own = |address: u16, name: &str, more: &str| {
        format!("[[register]]\naddress = {address}\ndevice_point = \"{name}\"\ntype = \"s16\"\n{more}\n")
    };
    let text = [
        "name = \"A\"\n".to_owned(),
        row(0, "battery/soc", "type = \"u16\""),
        own(1, "3/power", "measured_in = \"W\"\nscale = 10"),
        own(
            2,
            "heatsink_temperature",
            "measured_in = \"°C\"\nresolution = 0.5\nscale = 0.1\nrange = [-40, 150]\nalarm_above = 90",
        ),
        own(3, "starts", "max_age_ms = 60000\nsentinel = [-1]"),
    ]
    .concat();
    let table = RegisterTable::parse(&text).unwrap();
    let told: Vec<_> = (table.device_points("inverter", Duration::from_secs(4)).into_iter())
        .map(|point| (point.path, point.unit.symbol(), point.resolution, point.max_age.as_secs()))
        .collect();
    assert_eq!(
        told,
        [
            ("inverter/3/power".to_owned(), "W", 10.0, 4),
            ("inverter/heatsink_temperature".to_owned(), "°C", 0.5, 4),
            ("inverter/starts".to_owned(), "", 1.0, 60)
        ]
    );
    let limits = |low, high| domain::point::PointLimits { low, high };
    let told: Vec<_> = table.device_points("a", Duration::ZERO).into_iter().map(|point| point.limits).collect();
    assert_eq!(told, [limits(None, None), limits(None, Some(90.0)), limits(None, None)]);
    let readings = |words: &[u16]| {
        let mut poll = Poll::default();
        table.blocks[0].decode(words, &mut poll);
        let told: Vec<_> = poll.readings.iter().map(|reading| (reading.target, reading.sample)).collect();
        (told, poll.impossible)
    };
    let soc = Target::Point(PointId::Soc);
    let [power, heat, starts] = [0, 1, 2].map(Target::Device);
    let expected = vec![(soc, Ok(50.0)), (power, Ok(-70.0)), (heat, Ok(41.5)), (starts, Ok(12.0))];
    assert_eq!(readings(&[50, 65_529, 415, 12]), (expected, 0));
    let no = Err(domain::reading::NoData::Error);
    assert_eq!(readings(&[50, 0, 2_000, 65_535]), (vec![(soc, Ok(50.0)), (power, Ok(0.0)), (starts, no)], 1));
    let texts: Vec<_> = table.blocks[0].texts(&[50, 12, 415, 3], |_| false);
    assert_eq!(
        texts.iter().map(|value| format!("{} {}", value.name, value.text)).collect::<Vec<_>>(),
        ["battery/soc 50 %", "3/power 120 W", "heatsink_temperature 41.5 °C", "starts 3"]
    );

    // The largest float, which some devices send for "no value", is none, and is told in few digits.
    let table = own(0, "flow", "").replace("\"s16\"", "\"f32\"");
    let table = RegisterTable::parse(&format!("name = \"A\"\n{table}")).unwrap();
    for (value, expected, text) in
        [(1.5e9_f32, Some(1.5e9), "1500000000.000"), (f32::MAX, None, "3.4e38"), (f32::MIN, None, "-3.4e38")]
    {
        let words = [(value.to_bits() >> 16) as u16, value.to_bits() as u16];
        let mut poll = Poll::default();
        table.blocks[0].decode(&words, &mut poll);
        let read = poll.readings.first().map(|reading| reading.sample.unwrap());
        assert_eq!((read, poll.impossible), (expected, u32::from(expected.is_none())), "{value}");
        assert_eq!(table.blocks[0].texts(&words, |_| false)[0].text, text);
    }

    for (rows, line, what) in [
        (own(0, "Fan Speed", ""), 4, "small letters"),
        (own(0, "fan//speed", ""), 4, "small letters"),
        (own(0, &"a".repeat(65), ""), 4, "a name is of 1 to 64 small letters"),
        (own(0, "fan", "measured_in = \"rpm\""), 6, "no unit `rpm`: there is V, A, W, °C, %"),
        (own(0, "fan", "resolution = 0"), 6, "above 0"),
        (own(0, "fan", "range = [5, 5]"), 6, "lowest and the highest"),
        (own(0, "fan", "range = [0, 100]\nalarm_above = 200"), 7, "can be believed"),
        (own(0, "fan", "alarm_below = 9\nalarm_above = 5"), 7, "must be above `alarm_below`"),
        (row(0, "battery/soc", "type = \"u16\"\nalarm_above = 5"), 6, "`alarm_above` is for a register with"),
        (own(0, "fan", "point = \"battery/soc\""), 3, "one of `point`, `device_point` and `label`"),
        ([own(0, "fan", ""), own(1, "fan", "")].concat(), 9, "`fan` is mapped twice"),
        (row(0, "battery/soc", "type = \"u16\"\nmeasured_in = \"V\""), 6, "`measured_in` is for a register with"),
        (own(0, "fan", "").replace("= 0", "= [0, 1]"), 3, "cannot be added up"),
    ] {
        let error = RegisterTable::parse(&format!("name = \"A\"\n{rows}")).unwrap_err();
        assert!(error.what.contains(what) && error.line == line, "{rows}: {error}");
    }
}
