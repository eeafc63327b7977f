//! Decoding: types, sentinels, sums, and what depends on something else.

use crate::describe::Describe;
use crate::device::registers::{Block, Poll, RegisterTable};
use domain::reading::{NoData, Sample};
use proptest::prelude::*;

/// Decodes words as one register of the point `battery/current` (-5000 to 5000).
fn decode(more: &str, words: &[u16]) -> (u32, Vec<Sample>) {
    let text = format!("name = \"A\"\n[[register]]\naddress = 7\npoint = \"battery/current\"\n{more}");
    let mut poll = Poll::default();
    RegisterTable::parse(&text).unwrap().blocks[0].decode(words, &mut poll);
    (poll.impossible, poll.readings.into_iter().map(|r| r.sample).collect())
}

#[test]
fn every_type_word_order_scale_and_sign() {
    let float = 12.5_f32.to_bits();
    for (more, words, expected) in [
        ("type = \"u16\"\nscale = 0.1", vec![1_234], 123.4),
        ("type = \"s16\"", vec![0xFFFE], -2.0),
        ("type = \"s16\"\nsign = \"charge-positive\"", vec![0xFFFE], 2.0),
        ("type = \"u32\"\nscale = 0.01", vec![1, 0], 655.36),
        ("type = \"u32\"\nscale = 0.01\nword_order = \"low-first\"", vec![0, 1], 655.36),
        ("type = \"s32\"\noffset = 0.5", vec![0xFFFF, 0xFFFF], -0.5),
        ("type = \"f32\"", vec![(float >> 16) as u16, float as u16], 12.5),
    ] {
        let (impossible, samples) = decode(more, &words);
        assert_eq!((impossible, samples.as_slice()), (0, [Ok(expected)].as_slice()), "{more}");
    }
}

#[test]
fn no_value_and_impossible_values_are_told_apart() {
    let nan = f32::NAN.to_bits();
    let no_value = (0, vec![Err(NoData::Error)]);
    for (more, words, expected) in [
        ("type = \"s16\"\nsentinel = [-32768]", vec![0x8000], no_value.clone()),
        ("type = \"s16\"\nsentinel = [0x8000]", vec![0x8000], no_value.clone()),
        ("type = \"u16\"\nsentinel = [0xFFFF, 0]", vec![0], no_value.clone()),
        ("type = \"s32\"\nsentinel = [0x8000_0000]", vec![0x8000, 0], no_value.clone()),
        ("type = \"f32\"\nsentinel = [0.0]", vec![0, 0], no_value),
        ("type = \"f32\"", vec![(nan >> 16) as u16, nan as u16], (1, vec![])),
        ("type = \"f32\"", vec![0x7F80, 0], (1, vec![])),
        ("type = \"u16\"", vec![5_001], (1, vec![])),
        ("type = \"u32\"", vec![1], (0, vec![])),
        ("type = \"u16\"", vec![], (0, vec![])),
    ] {
        assert_eq!(decode(more, &words), expected, "{more} {words:?}");
    }
}

/// Reads every block of a table from registers by address and gives path and sample of each reading.
fn poll(table: &str, register: impl Fn(u16) -> u16) -> Vec<(&'static str, Sample)> {
    let table = RegisterTable::parse(table).unwrap();
    let mut poll = Poll::default();
    for block in &table.blocks {
        let words: Vec<u16> = (block.address..block.address + block.count).map(&register).collect();
        block.decode(&words, &mut poll);
    }
    let sums = table.finish(&mut poll);
    poll.readings.extend(sums.into_iter().map(|(_, reading)| reading));
    assert_eq!(poll.impossible, 0);
    let path = |r: &domain::reading::Reading| match r.target {
        domain::reading::Target::Point(point) => point.spec().path,
        other => panic!("{other:?}"),
    };
    poll.readings.iter().map(|r| (path(r), r.sample)).collect()
}

const HOUSE: &str = "
    name = \"House\"
    max_gap = 0
    extremes = \"no-value\"
    [[register]]
    address = [10, 12, 20]
    point = \"load/power\"
    type = \"u16\"
    [[register]]
    address = 0
    point = \"battery/voltage\"
    type = \"u16\"
    scale = 0.1
    sentinel = [0]
    [[register]]
    address = 1
    point = \"battery/current\"
    type = \"s16\"
    needs = \"battery/voltage\"
    [[register]]
    address = 2
    label = \"State\"
    type = \"u16\"
    words = { 0 = \"idle\", 1 = \"charging\" }
";

#[test]
fn sums_needs_and_extremes() {
    let nothing = Err(NoData::Error);
    for (registers, voltage, current, load) in [
        ([(0, 521), (1, 7), (10, 100), (12, 20), (20, 3)], Ok(52.1), Ok(7.0), Ok(123.0)),
        // A gateway that has lost the battery sends zeros: no volts, so no amperes either.
        ([(0, 0), (1, 0), (10, 0), (12, 0), (20, 0)], nothing, nothing, Ok(0.0)),
        ([(0, 0xFFFF), (1, 7), (10, 0xFFFF), (12, 20), (20, 3)], nothing, nothing, nothing),
        ([(0, 521), (1, 0x7FFF), (10, 1), (12, 1), (20, 1)], Ok(52.1), nothing, Ok(3.0)),
        ([(0, 521), (1, 0x8000), (10, 1), (12, 1), (20, 1)], Ok(52.1), nothing, Ok(3.0)),
    ] {
        let readings = poll(HOUSE, |at| registers.iter().find(|(a, _)| *a == at).map_or(0, |(_, word)| *word));
        let expected = [("battery/voltage", voltage), ("battery/current", current), ("load/power", load)];
        assert_eq!(readings, expected, "{registers:?}");
    }
}

#[test]
fn a_sum_waits_for_all_its_parts_and_a_lost_block_says_so() {
    let table = RegisterTable::parse(HOUSE).unwrap();
    let mut poll = Poll::default();
    table.blocks[1].decode(&[100], &mut poll);
    assert!(table.finish(&mut poll).is_empty() && poll.readings.is_empty() && poll.parts.is_empty());
    table.blocks[0].lost(&mut poll);
    let samples: Vec<_> = poll.readings.iter().map(|r| r.sample).collect();
    assert_eq!(samples, [Err(NoData::Timeout), Err(NoData::Timeout)], "voltage and current");
}

#[test]
fn numbers_that_have_words_are_shown_in_words() {
    let table = RegisterTable::parse(HOUSE).unwrap();
    for (state, expected) in [(1, "charging (1)"), (9, "9")] {
        let decoded = table.decoded(0, &[2, 9, 0, 1, 0, state]);
        assert_eq!((decoded[2].name.as_str(), decoded[2].text.as_str()), ("State", expected));
    }
    assert_eq!(Block::text(&[0x4851, 0x3232, 0x2000]), "HQ22");
}

proptest! {
    #[test]
    fn any_words_give_plausible_values_or_none(words in proptest::collection::vec(any::<u16>(), 0..4),
        kind in proptest::sample::select(vec!["u16", "s16", "u32", "s32", "f32"])) {
        let (impossible, samples) = decode(&format!("type = \"{kind}\""), &words);
        prop_assert!(samples.iter().all(|s| s.is_ok_and(|v| (-5_000.0..=5_000.0).contains(&v))));
        prop_assert!(impossible + samples.len() as u32 <= 1);
    }
}
