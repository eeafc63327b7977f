//! Decoding of models: places of cells, scale factors, signs, what is not implemented.

use super::*;
use crate::device::sign::Sign;
use domain::point::PointId;
use domain::reading::Sample;
use domain::topology::Topology;
use proptest::prelude::*;

const PACK: Topology = Topology::new(2, 3, 2);

fn decode(id: u16, words: &[u16], sign: Sign) -> (u32, Vec<(Target, Sample)>) {
    let (device, mut poll) = (SunSpec::new(PACK, sign), Poll::default());
    let model = Model { id, address: 0, length: words.len() as u16 - 2 };
    device.decode(&model, words, &mut poll).unwrap();
    (poll.impossible, poll.readings.iter().map(|r| (r.target, r.sample)).collect())
}

/// A module of two cells: string, module, words of the cells.
fn module(string: u16, module: u16, cells: [[u16; 2]; 2]) -> Vec<u16> {
    let mut words = vec![0xFFFF; 52];
    words[..5].copy_from_slice(&[805, 50, string, module, 2]);
    // CellV in mV, temperature in tenths.
    (words[42], words[43]) = (-3_i16 as u16, -1_i16 as u16);
    for (cell, [voltage, temperature]) in cells.into_iter().enumerate() {
        words[44 + 4 * cell..][..2].copy_from_slice(&[voltage, temperature]);
    }
    words
}

#[test]
fn cells_get_their_place_by_the_indices_of_their_module() {
    let (impossible, readings) = decode(805, &module(2, 1, [[3_312, 253], [0xFFFF, 0x8000]]), Sign::DischargePositive);
    let (v, t) = (CellQuantity::Voltage, CellQuantity::Temperature);
    let expected = [
        (Target::Cell(v, 6), Ok(3.312)),
        (Target::Cell(t, 6), Ok(25.3)),
        (Target::Cell(v, 7), Err(NoData::Error)),
        (Target::Cell(t, 7), Err(NoData::Error)),
    ];
    assert_eq!((impossible, readings.as_slice()), (0, expected.as_slice()));
    // Indices count from 1; the pack has two strings of three modules of two cells.
    for (string, number, cells) in [(0, 1, 2), (1, 0, 2), (3, 1, 2), (1, 4, 2), (1, 1, 3), (0xFFFF, 1, 2)] {
        let mut words = module(string, number, [[3_312, 253]; 2]);
        words[4] = cells;
        assert_eq!(decode(805, &words, Sign::DischargePositive), (1, vec![]), "{string} {number} {cells}");
    }
    let told = |words: &[u16]| {
        let (device, mut poll) = (SunSpec::new(PACK, Sign::DischargePositive), Poll::default());
        device.decode(&Model { id: 805, address: 40_100, length: 50 }, words, &mut poll).unwrap();
        poll.odd.into_iter().map(|(_, words)| words).collect::<Vec<_>>()
    };
    let unknown = told(&module(0, 0, [[3_312, 253]; 2]));
    let expected = "string 0, module 0 (model 805 at 40100) is not in the topology: strings count from 1 to 2";
    assert!(unknown.len() == 1 && unknown[0].starts_with(expected), "{unknown:?}");
    let impossible = told(&module(1, 1, [[3_312, 253], [65_000, 253]]));
    assert_eq!(impossible, ["CellV[2] of model 805 at 40100 says 65 V, which cannot be"]);
}

#[test]
fn a_battery_has_scale_factors_and_a_sign() {
    let mut words = vec![0xFFFF; 64];
    words[..2].copy_from_slice(&[802, 62]);
    // 71.5 %, 858.2 V, 120.3 A, 103200 W.
    for (at, word) in [(11, 715), (34, 8_582), (44, 1_203), (47, 1_032)] {
        words[at] = word;
    }
    for (at, factor) in [(56, -1_i16), (59, -1), (61, -1), (63, 2)] {
        words[at] = factor as u16;
    }
    for (sign, current) in [(Sign::DischargePositive, 120.3), (Sign::ChargePositive, -120.3)] {
        let (impossible, readings) = decode(802, &words, sign);
        let of = |point| readings.iter().find(|(t, _)| *t == Target::Point(point)).map(|(_, s)| *s);
        assert_eq!((impossible, of(PointId::Soc), of(PointId::Voltage)), (0, Some(Ok(71.5)), Some(Ok(858.2))));
        assert_eq!(of(PointId::Current), Some(Ok(current)));
        assert_eq!(of(PointId::Power).map(|p| p.map(f32::abs)), Some(Ok(103_200.0)));
        assert_eq!(
            (of(PointId::Soh), of(PointId::CellVoltageMax)),
            (Some(Err(NoData::Error)), Some(Err(NoData::Error)))
        );
    }
    // A factor that is not implemented means no value; one beyond 10 cannot be.
    (words[56], words[59]) = (0x8000, 11);
    let (impossible, readings) = decode(802, &words, Sign::DischargePositive);
    let of = |point| readings.iter().find(|(t, _)| *t == Target::Point(point)).map(|(_, s)| *s);
    assert_eq!((impossible, of(PointId::Soc), of(PointId::Voltage)), (1, Some(Err(NoData::Error)), None));
}

#[test]
fn a_map_that_has_changed_is_noticed() {
    let device = SunSpec::new(PACK, Sign::DischargePositive);
    let model = Model { id: 802, address: 40_070, length: 62 };
    for words in [vec![], vec![802], vec![803, 62], vec![802, 61]] {
        assert!(device.decode(&model, &words, &mut Poll::default()).unwrap_err().contains("40070"));
    }
}

proptest! {
    #[test]
    fn any_words_give_plausible_values_or_none(words in proptest::collection::vec(any::<u16>(), 62), id in 0_usize..4) {
        let id = [124_u16, 802, 804, 805][id];
        let head = if id == 805 { vec![id, 62, 1, 1, 2] } else { vec![id, 62] };
        let words = [head.as_slice(), &words[head.len() - 2..]].concat();
        let (_, readings) = decode(id, &words, Sign::ChargePositive);
        for (target, sample) in readings {
            let (low, high) = target.plausible();
            prop_assert!(sample.is_err() || sample.is_ok_and(|v| (low..=high).contains(&v)));
        }
    }
}
