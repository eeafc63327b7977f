use super::*;
use crate::flight::{Backup, Unknown};
use crate::point::PointId;
use crate::reading::NoData;

/// An hour at 100 kW from 60 % to 20 %, a point a minute.
fn predicted() -> Outlook {
    let point = |minute: u16| {
        let at_min = f32::from(minute);
        CurvePoint {
            at_min,
            soc_pct: 60.0 - 40.0 * at_min / 60.0,
            battery_w: if minute == 0 { 0.0 } else { 100e3 },
            lowest_v: 3.2 - 0.1 * at_min / 60.0,
            hottest_c: 30.0,
        }
    };
    let lasts = Lasts { minutes: 60.0, end: End::Reserve };
    Outlook {
        training: Ok(lasts),
        backup: Ok(Backup { to_reserve_min: None, lasts }),
        lowest_cell: Err(Unknown::Capacity),
        hottest_cell: Err(Unknown::Capacity),
        energy_above_floor_wh: Ok(100e3),
        headroom_w: Ok(0.0),
        curve: (0..=60).map(point).collect(),
    }
}

/// The same with so much of the power, and cells that are so much lower; of so many minutes.
fn course(share: f32, points_an_hour: f32, lower_v: f32, minutes: u16) -> Course {
    let measured = |half: u16| {
        let at_min = f32::from(half) / 2.0;
        Measured {
            at_min,
            soc_pct: Some(60.0 - (40.0 * share + points_an_hour) * at_min / 60.0),
            battery_w: Some(100e3 * share),
            lowest_v: Some(3.2 - 0.1 * at_min / 60.0 - lower_v),
        }
    };
    Course { measured: (0..=2 * minutes).map(measured).collect(), ended_at_min: None }
}

#[test]
fn a_prediction_is_held_against_what_happened() {
    let ended = |course: Course, at: f32| Course { ended_at_min: Some(at), ..course };
    for (what, course, verdict, words) in [
        (
            "exactly so",
            ended(course(1.0, 0.0, 0.0, 60), 60.0),
            Verdict::AsPredicted,
            "as predicted: covered 0 min more, SoC 0.0 points higher, lowest cell 0 mV higher than predicted",
        ),
        (
            "half of the way",
            course(1.0, 0.0, 0.003, 30),
            Verdict::AsPredicted,
            "as predicted: SoC 0.0 points higher, lowest cell 3 mV lower than predicted",
        ),
        (
            "a little more",
            ended(course(1.0, 2.0, 0.0, 57), 57.0),
            Verdict::Close,
            "close to the prediction: covered 3 min less, SoC 1.9 points lower, lowest cell 0 mV higher than predicted",
        ),
        (
            "half of the load",
            course(0.5, 0.0, 0.0, 60),
            Verdict::OtherLoad,
            "the load was other than assumed: SoC 20.0 points higher, lowest cell 0 mV higher than predicted",
        ),
        (
            "a lost capacity",
            ended(course(1.0, 10.0, 0.0, 48), 48.0),
            Verdict::Off,
            "the prediction was wrong: covered 12 min less, SoC 8.0 points lower, lowest cell 0 mV higher than predicted",
        ),
        ("nothing", Course::default(), Verdict::NotComparable, "nothing to compare yet"),
    ] {
        let score = Score::of(&predicted(), &course);
        assert_eq!((score.verdict, &score.to_string()[..]), (verdict, words), "{what}: {score:?}");
    }
}

#[test]
#[allow(clippy::approx_constant, reason = "3.14 V is a voltage")]
fn what_was_predicted_stands_beside_what_was() {
    let course = Course { ended_at_min: Some(25.0), ..course(0.9, 0.0, 0.01, 30) };
    let Outlook { training, curve, .. } = predicted();
    let sides = Score::against(training.ok(), &curve, &course).sides(training.ok(), &curve, &course);
    let near = |(predicted, actual): (Option<f32>, Option<f32>), expected: (f32, f32), slack: f32| {
        (predicted.unwrap() - expected.0).abs() < slack && (actual.unwrap() - expected.1).abs() < slack
    };
    assert!(near(sides.soc_pct, (40.0, 42.0), 0.01) && near(sides.lowest_v, (3.15, 3.14), 1e-3), "{sides:?}");
    assert!(near(sides.battery_w, (100e3, 90e3), 1.0), "{sides:?}");
    assert_eq!(sides.training_min, (Some(60.0), Some(25.0)));
    let nothing = Course::default();
    let sides = Score::against(None, &[], &nothing).sides(None, &[], &nothing);
    assert_eq!(sides, Sides::default(), "what is not known is not zero");
}

#[test]
fn the_twins_own_error_is_told_apart_from_another_load() {
    for (share, points_an_hour) in [(1.0, 0.0), (0.5, 0.0), (1.3, 0.0), (1.0, 5.0), (0.7, -3.0)] {
        let score = Score::of(&predicted(), &course(share, points_an_hour, 0.0, 30));
        let own = score.soc_own_points.unwrap();
        assert!((own - points_an_hour / 2.0).abs() < 0.05, "{share}, {points_an_hour}: {score:?}");
        assert!((score.battery_w.unwrap() - 100e3 * (1.0 - share)).abs() < 500.0, "{score:?}");
    }
}

#[test]
fn what_was_not_measured_is_not_compared_and_what_goes_on_is_off_by_what_is_certain() {
    let mut course = course(1.0, 0.0, 0.0, 75);
    let score = Score::of(&predicted(), &course);
    assert_eq!((score.training_min, score.compared_min), (Some(-15.0), 60.0));
    course.measured.iter_mut().for_each(|instant| instant.soc_pct = None);
    let score = Score::of(&predicted(), &course);
    assert_eq!((score.soc_points, score.soc_own_points), (None, None));
    assert!(score.lowest_v.is_some());
    let unknown =
        Outlook { training: Err(Unknown::Point(PointId::Soc, NoData::Stale)), curve: Vec::new(), ..predicted() };
    assert_eq!(Score::of(&unknown, &course).verdict, Verdict::NotComparable);
}

#[test]
fn a_check_crosses_the_wire_as_it_is() {
    use crate::flight::{Assumption, FlightCheck};
    let check = FlightCheck {
        present: predicted(),
        wanted: Outlook { training: Err(Unknown::Point(PointId::Soc, NoData::Stale)), ..predicted() },
        assumptions: vec![Assumption::CellsMissing(13), Assumption::Unexplained { cells: 1, worst_v: -0.4 }],
        load_w: Ok(166e3),
    };
    let mut w = crate::wire::Writer::default();
    check.write(&mut w);
    let bytes = w.finish();
    let mut r = crate::wire::Reader::new(&bytes);
    assert_eq!(FlightCheck::read(&mut r), Ok(check));
    for end in 0..bytes.len() {
        assert!(FlightCheck::read(&mut crate::wire::Reader::new(&bytes[..end])).is_err());
    }
}
