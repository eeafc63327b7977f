use super::*;
use crate::sample;
use domain::flight::{Backup, CellExtreme, CurvePoint, Mode};
use domain::reading::NoData;
use domain::series::Series;
use domain::time::Utc;

fn outlook(minutes: f32, end: End) -> Outlook {
    let lasts = Lasts { minutes, end };
    Outlook {
        training: Ok(lasts),
        backup: Ok(Backup { to_reserve_min: Some(34.2), lasts: Lasts { minutes: 71.0, end: End::Empty } }),
        lowest_cell: Ok(CellExtreme { cell: Some(131), value: 2.934, at_min: 84.0 }),
        hottest_cell: Ok(CellExtreme { cell: None, value: 34.2, at_min: 0.2 }),
        energy_above_floor_wh: Ok(81_400.0),
        headroom_w: Ok(-12_500.0),
        curve: [(0.0, 71.0), (30.0, 40.0), (90.0, 20.0)]
            .map(|(at_min, soc_pct)| CurvePoint { at_min, soc_pct, ..CurvePoint::default() })
            .to_vec(),
    }
}

#[test]
fn how_many_more_minutes_is_answered_in_words() {
    let ends = |minutes| outlook(minutes, End::Reserve);
    let day = || outlook(1_440.0, End::Horizon);
    let as_is = |of| left(&of, SystemKind::DataCentre, &sample::spec().topology);
    assert_eq!(as_is(day()), "As things are, training goes on for more than 24\u{202f}h.");
    assert_eq!(as_is(ends(89.4)), "As things are, training ends after 89\u{202f}min: the reserve is reached.");
    assert_eq!(as_is(outlook(0.0, End::Empty)), "As things are, training ends at once: the battery is empty.");
    let lost = Outlook { training: Err(Unknown::Point(PointId::Soc, NoData::Stale)), ..day() };
    for (present, wanted, expected) in [
        (
            ends(89.4),
            ends(112.0),
            "there are 23 more minutes of training: 112\u{202f}min instead of 89\u{202f}min. Then the reserve is reached.",
        ),
        (
            ends(89.0),
            ends(88.5),
            "there is 1 minute less of training: 88\u{202f}min instead of 89\u{202f}min. Then the reserve is reached.",
        ),
        (
            ends(89.0),
            outlook(0.0, End::Mode),
            "training ends at once: in the mode Max Safety the battery does not cover peaks of the load. Without the change it ends after 89\u{202f}min: the reserve is reached.",
        ),
        (
            outlook(0.0, End::Mode),
            outlook(0.4, End::Empty),
            "training ends at once, as without the change: the battery is empty; until now: in the mode Max Safety the battery does not cover peaks of the load.",
        ),
        (
            outlook(0.0, End::Mode),
            day(),
            "training goes on for more than 24\u{202f}h. Without the change it ends at once: in the mode Max Safety the battery does not cover peaks of the load.",
        ),
        (
            ends(89.0),
            ends(89.9),
            "training lasts as long as without the change: 89\u{202f}min. Then the reserve is reached.",
        ),
        (day(), day(), "training goes on for more than 24\u{202f}h, as without the change."),
        (
            day(),
            Outlook { energy_above_floor_wh: Ok(5e3), ..day() },
            "training goes on for more than 24\u{202f}h, as without the change. The table has what else changes.",
        ),
        (
            day(),
            ends(89.0),
            "training ends after 89\u{202f}min: the reserve is reached. Without the change it goes on for more than 24\u{202f}h.",
        ),
        (
            ends(89.0),
            day(),
            "training goes on for more than 24\u{202f}h. Without the change it ends after 89\u{202f}min: the reserve is reached.",
        ),
        (lost.clone(), day(), "how long it lasts is not known. State of charge: stale."),
    ] {
        let words = answer("With it", &present, &wanted, SystemKind::DataCentre, &sample::spec().topology);
        assert_eq!(words.trim_start_matches("With it").trim_start_matches(':').trim(), expected);
    }
}

#[test]
fn the_rows_say_value_and_reason() {
    let rows = rows(Some(&outlook(89.4, End::Reserve)), None, SystemKind::DataCentre, &sample::spec().topology);
    let told: Vec<_> = rows.iter().map(|row| (&row.label[..], &row.present.0[..], &row.present.1[..])).collect();
    assert_eq!(
        told,
        [
            ("Training left", "89\u{202f}min", "the reserve is reached"),
            ("Backup without the grid", "71\u{202f}min", "34\u{202f}min of it down to the reserve"),
            ("Lowest cell", "2\u{202f}934\u{202f}mV", "cell 7.12, in 84\u{202f}min"),
            ("Hottest cell", "34.2\u{202f}°C", "mean cell, now"),
            ("Energy above the reserve", "81.4\u{202f}kWh", ""),
            ("Spare power", "\u{2212}12.50\u{202f}kW", "short of the highest peak"),
        ]
    );
    let lost = Outlook { headroom_w: Err(Unknown::Capacity), ..outlook(1.0, End::Empty) };
    let told = super::rows(Some(&lost), Some(&lost), SystemKind::Home, &sample::spec().topology);
    assert_eq!(told[5].wanted, Some(("\u{2014}".to_owned(), "The rated capacity is not known".to_owned())));
    assert_eq!(told[0].label, "Covered load left");
}

#[test]
fn the_cap_is_where_the_grid_stayed_while_the_battery_helped() {
    let at = (0..40).map(|row| Utc(row * 200_000)).collect::<Vec<_>>();
    let battery = |row: u16| Some(if row.is_multiple_of(2) { 80e3 } else { -5e3 });
    let grid = |row: u16| Some(if row.is_multiple_of(2) { 66e3 + f32::from(row) } else { 40e3 });
    let of = |point, value: &dyn Fn(u16) -> Option<f32>| Series::of(point, (0..40).map(value).collect());
    let table = Table { at: at.clone(), series: vec![of(PointId::Power, &battery), of(PointId::GridPower, &grid)] };
    assert_eq!(seen_cap_w(&table), Some(66_004.0));
    let idle = Table { at, series: vec![of(PointId::Power, &|_| Some(0.0)), of(PointId::GridPower, &grid)] };
    assert_eq!((seen_cap_w(&idle), seen_cap_w(&Table::default())), (None, None));
}

#[test]
fn a_plan_says_what_is_missing_for_it() {
    let repeated = LoadProfile::Repeated { load_w: vec![60e3], step_s: 5.0 };
    let cap = |plan: Result<Plan, String>| plan.map(|plan| (plan.load, plan.dispatch));
    let shave = |grid_cap_w| Dispatch::PeakShaving { grid_cap_w };
    for (choice, load, cap_kw, profile, setpoint, expected) in [
        (LoadChoice::Repeated, "", "66", Some(&repeated), None, Ok((repeated.clone(), shave(66e3)))),
        (LoadChoice::Constant, "180,5", "66", None, None, Ok((LoadProfile::Constant(180_500.0), shave(66e3)))),
        (LoadChoice::Held, "", "", None, Some(50.0), Ok((LoadProfile::Held, shave(50.0)))),
        (LoadChoice::Constant, "x", "66", None, None, Err("Give the load in kW")),
        (LoadChoice::Held, "", "", None, None, Err("Give the grid cap in kW")),
        (LoadChoice::Repeated, "", "66", None, None, Err("The load of the last minutes is not known: choose another")),
    ] {
        assert_eq!(cap(plan(choice, load, cap_kw, profile, setpoint)), expected.map_err(str::to_owned));
    }
}

#[test]
fn what_is_not_known_of_the_controls_is_assumed_and_said() {
    let control = |key: &str, present| ControlState { control: key.into(), present, ..ControlState::default() };
    let known = [
        control("reserve", Some(20.0)),
        control("discharge-limit", Some(150e3)),
        control("mode", Some(0.0)),
        control("run", Some(1.0)),
    ];
    let (values, assumed) = super::values(&sample::spec(), &known, Some(("reserve", 15.0)));
    assert_eq!(
        values,
        Controls { discharge_limit_w: Some(150e3), mode: Mode::MaxSafety, ..Controls::with_reserve(15.0) }
    );
    assert!(assumed.is_empty(), "{assumed:?}");
    let (values, assumed) = super::values(&sample::spec(), &[control("reserve", None), control("mode", None)], None);
    assert_eq!((values, assumed.len()), (Controls::with_reserve(20.0), 2));
}

#[test]
fn the_curve_is_drawn_as_far_as_it_goes() {
    let of = outlook(89.0, End::Reserve);
    assert_eq!(span_min(&of, None), 120.0);
    assert_eq!(curve(&of, 120.0), "0,290 250,600 750,800");
}
