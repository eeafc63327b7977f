//! What stands on a device: it is renewed, given up, changed at the device, or ends while something stands against it.

use super::*;
use crate::engine::Input;
use crate::link::{LinkIdx, LinkState, LinkStatus};
use crate::point::PointId;

const LIMIT: ControlKind = ControlKind::DischargeLimit;
const RESERVE: ControlKind = ControlKind::Reserve;

fn link(state: LinkState) -> Input {
    Input::Link(LinkIdx(0), LinkStatus { state, ..LinkStatus::default() })
}

fn armed(armed: bool) -> Input {
    Input::Arm(Arming { armed, ..Arming::default() })
}

/// An error of the controller is a critical alarm.
fn critical(rig: &mut Rig, is_on: bool) {
    rig.measure(PointId::ControllerMode, if is_on { 10.0 } else { 5.0 });
}

#[test]
fn a_renewal_does_not_write_over_what_was_set_at_the_device() {
    for tenths in (200..=360).step_by(5) {
        let mut rig = Rig::new();
        rig.ask("a", LIMIT, 100e3, operator());
        rig.pass(tenths as f32 / 10.0);
        rig.said();
        rig.has[1] = 60.0;
        rig.pass(70.0);
        assert_eq!(rig.has[1], 60.0, "set at the device after {tenths} tenths of a second");
        assert_eq!(rig.said(), ["a: confirmed, then changed at the device, to 60 kW"]);
        assert!(rig.control(LIMIT).ended.is_some());
    }
}

#[test]
fn one_step_beside_is_said_as_it_is_and_stands_unless_the_device_would_return_to_what_is_safer() {
    let beside =
        |kw: u32, wanted: u32| format!("the device reported {kw} kW, one step beside the {wanted} kW that was set");
    let wider = "a: not renewed any more, so that the device returns to 150 kW by itself. The reason then: the device reported \
                 201 kW, which is wider than the 200 kW that was set";
    for (wanted, steps, from_the_start, says, stands) in [
        (120, -1.0, false, format!("a: confirmed, then {}", beside(119, 120)), true),
        (120, 1.0, false, format!("a: confirmed, then {}", beside(121, 120)), true),
        (120, -1.0, true, format!("a: {}", beside(119, 120)), true),
        (120, 1.0, true, format!("a: {}", beside(121, 120)), true),
        (200, -1.0, true, format!("a: {}", beside(199, 200)), true),
        (200, 1.0, false, wider.to_owned(), false),
        (200, 1.0, true, wider.to_owned(), false),
        (120, -2.0, false, "a: confirmed, then changed at the device, to 118 kW".to_owned(), false),
    ] {
        let mut rig = Rig::new();
        let off = |rig: &mut Rig| rig.says_beside[1] = steps;
        if from_the_start {
            off(&mut rig);
        }
        rig.ask("a", LIMIT, f64::from(wanted) * 1e3, operator());
        rig.pass(3.0);
        off(&mut rig);
        rig.pass(100.0);
        let said = rig.said();
        assert_eq!(said.iter().filter(|said| said.starts_with(&says)).count(), 1, "{says}: {said:#?}");
        assert_eq!(rig.control(LIMIT).standing.is_some(), stands, "{says}");
        assert_eq!(rig.sent.len() >= 4, stands, "{says}: it is renewed, {:?}", rig.sent);
        assert!(rig.sent.iter().all(|(_, value)| *value == f64::from(wanted)), "{:?}", rig.sent);
    }
    // One step of a choice is another choice; a value that stays is not written again.
    let mut rig = Rig::new();
    rig.ask("a", RESERVE, 30.0, operator());
    rig.says_beside[0] = 1.0;
    rig.pass(60.0);
    assert!(
        rig.said()
            .contains(&"a: confirmed, then the device reported 31 %, one step beside the 30 % that was set".to_owned())
    );
    assert!(rig.control(RESERVE).standing.is_some() && rig.sent.len() == 1);
}

#[test]
fn what_was_confirmed_before_a_restart_is_renewed_if_the_device_has_it_still() {
    let nothing: fn(&mut Rig) = |_| {};
    let disarm: fn(&mut Rig) = |rig| rig.step(armed(false));
    let renewed = "command-renewed: server renewed after a restart: the device still had the value";
    let beside = "command-renewed: server renewed after a restart: the device had a value one step beside";
    let given_up = "a: not renewed any more, so that the device returns to 150 kW by itself. The reason then:";
    let down = "a: not held any more: it was not renewed while Packtwin was down, and the device had";
    for (before, has, then, says, sent) in [
        (Answers::Obeys, 90.0, nothing, renewed.to_owned(), 4),
        (Answers::Obeys, 91.0, nothing, beside.to_owned(), 4),
        (Answers::Obeys, 150.0, nothing, format!("{down} 150 kW then"), 0),
        (Answers::Obeys, 60.0, nothing, format!("{down} 60 kW then"), 0),
        (Answers::Obeys, 90.0, disarm, format!("{given_up} control is not armed"), 0),
        // What was under way is read back, and not sent again.
        (Answers::HoldsTheAnswer, 90.0, nothing, "a: confirmed: the device has the value".to_owned(), 0),
    ] {
        let mut rig = Rig::new();
        rig.answers = before;
        rig.ask("a", LIMIT, 90e3, operator());
        rig.pass(3.0);
        rig.has[1] = has;
        let mut rig = rig.started_again(LIMIT, 3);
        assert_eq!(
            rig.not_renewed(LIMIT),
            Some(("not renewed since the restart".to_owned(), Some(Duration::from_secs(60))))
                .filter(|_| before == Answers::Obeys)
        );
        rig.step(armed(true));
        then(&mut rig);
        rig.pass(100.0);
        let said = rig.said();
        assert!(said.iter().any(|said| said.starts_with(&says)), "{says}: {said:#?}");
        assert_eq!(rig.sent, vec![("limit".to_owned(), 90.0); sent], "{says}");
        let ends = says.starts_with("a: not ");
        assert_eq!(rig.control(LIMIT).ended.is_some(), ends, "{says}: what has ended is kept for the page");
        if sent > 0 {
            assert_eq!(rig.not_renewed(LIMIT), None);
        }
    }
}

#[test]
fn a_hold_goes_on_after_a_restart_and_ends_when_it_was_to_end_or_after_the_device_was_read() {
    for (stood_s, has, after_s, then) in
        [(30, 90.0, 25.0, 90.0), (30, 90.0, 40.0, 150.0), (90, 90.0, 8.0, 150.0), (90, 70.0, 60.0, 70.0)]
    {
        let mut rig = Rig::new();
        rig.hold_of("a", LIMIT, 90e3, 60);
        rig.pass(3.0);
        rig.has[1] = has;
        let mut rig = rig.started_again(LIMIT, stood_s);
        rig.step(armed(true));
        rig.pass(after_s);
        let said = rig.said();
        assert_eq!(rig.has[1], then, "stood for {stood_s} s, has {has}, after {after_s} s: {said:?}");
    }
}

#[test]
fn a_hold_that_ends_while_something_stands_against_it_stays_or_goes_the_safe_way() {
    type Does = fn(&mut Rig);
    let alarm: Does = |rig| critical(rig, true);
    let disarm: Does = |rig| rig.step(armed(false));
    let unplug: Does = |rig| {
        rig.answers = Answers::IsAway;
        rig.step(link(LinkState::Down));
    };
    let local: Does = |rig| rig.measure(PointId::LocalControl, 1.0);
    for (value, against, why, stays, renewed) in [
        // The way back would be wider: it stays where it is, and is renewed.
        (60e3, alarm, "a critical alarm is active", true, true),
        // The way back is narrower, which only a few things stand against.
        (200e3, alarm, "", false, false),
        (200e3, disarm, "control is not armed: an admin arms it in Settings", true, false),
        (200e3, local, "somebody has switched the device to local control", true, false),
        (200e3, unplug, "the link to the device is down", true, false),
    ] {
        let mut rig = Rig::new();
        rig.pass(1.0);
        rig.hold_of("a", LIMIT, value, 20);
        rig.pass(10.0);
        against(&mut rig);
        rig.pass(15.0);
        let control = rig.control(LIMIT);
        let told = control.standing.as_ref().map(|standing| standing.cannot_return.clone()).unwrap_or_default();
        assert_eq!((rig.has[1] * 1e3 == value, told.as_str()), (stays, why), "{value}");
        rig.said();
        let left = rig.not_renewed(LIMIT);
        assert_eq!(left.is_some(), stays && !renewed, "{why}: {left:?}");
        assert!(left.is_none_or(|(told, at)| told.contains(why) && at.is_some_and(|at| at < Duration::from_secs(40))));
        let before = rig.sent.len();
        rig.pass(100.0);
        if !stays {
            continue;
        }
        assert_eq!(rig.sent.len() >= before + 3, renewed, "{why}: {:?}", rig.said());
        if renewed {
            critical(&mut rig, false);
            rig.pass(8.0);
            let said = rig.said();
            assert_eq!(rig.has[1], 150.0, "it returns as soon as it may: {said:?}");
        } else {
            let said = rig.said();
            let end = said.last().cloned().unwrap_or_default();
            let begins = "a: not renewed any more, so that the device returns to 150 kW by itself. The reason then: ";
            assert!(end.starts_with(begins) && end.contains("150 kW could not be written"), "{said:#?}");
            assert!(end.contains(why), "{said:#?}");
        }
    }
}

#[test]
fn who_has_changed_a_value_is_named_only_if_it_is_theirs() {
    let ada = || Some(ChangedBy::Command("Ada".to_owned()));
    let by = |rig: &Rig, control| rig.control(control).changed.as_ref().map(|changed| changed.by.clone());
    // Not before it is confirmed, nor if it was not taken.
    let mut rig = Rig::new();
    for (answers, then) in [
        (Answers::Waits, None),
        (Answers::Ignores, None),
        (Answers::Refuses, None),
        (Answers::Clamps(100.0), Some(ChangedBy::Device)),
        (Answers::Obeys, ada()),
    ] {
        rig.answers = answers;
        rig.ask(&format!("{answers:?}"), LIMIT, 90e3, operator());
        assert_eq!(by(&rig, LIMIT), then, "{answers:?}");
        assert_eq!(
            rig.control(LIMIT).latest.as_ref().map(|latest| latest.value),
            Some(if then == Some(ChangedBy::Device) { 100e3 } else { 90e3 })
        );
        rig.come_to_what_waits(Answers::IsAway);
    }
    rig.answers = Answers::Obeys;
    // A change at the device, and a lease that is over.
    for (has, then) in [(70.0, ChangedBy::Device), (150.0, ChangedBy::Lease)] {
        let mut rig = Rig::new();
        rig.ask("a", LIMIT, 90e3, operator());
        rig.pass(3.0);
        let revision = rig.control(LIMIT).revision;
        rig.has[1] = has;
        rig.pass(6.0);
        let changed = rig.control(LIMIT).changed.clone().unwrap();
        assert_eq!((changed.by, changed.value), (then.clone(), has * 1e3));
        assert_eq!(rig.control(LIMIT).revision, revision + 1);
        // The same if it happens while the server is away, and only what comes after a restart is new to who looks.
        let mut rig = Rig::new();
        rig.ask("a", LIMIT, 90e3, operator());
        rig.pass(3.0);
        rig.has[1] = has;
        let mut rig = rig.started_again(LIMIT, 3);
        rig.step(armed(true));
        rig.pass(6.0);
        assert_eq!(by(&rig, LIMIT), Some(then));
    }
    // Control was disarmed: what is held is Ada's until the device has let go of it.
    let mut rig = Rig::new();
    rig.ask("a", LIMIT, 90e3, operator());
    rig.step(armed(false));
    rig.pass(50.0);
    assert_eq!((by(&rig, LIMIT), rig.control(LIMIT).standing.is_some()), (ada(), false));
    rig.has[1] = 150.0;
    rig.pass(6.0);
    assert_eq!(by(&rig, LIMIT), Some(ChangedBy::Lease));
    // A restart changes nothing.
    let mut rig = Rig::new();
    rig.ask("a", RESERVE, 15.0, operator());
    let mut rig = rig.started_again(RESERVE, 0);
    rig.step(armed(true));
    rig.pass(6.0);
    assert_eq!(by(&rig, RESERVE), ada());
    rig.said();
    rig.ask_seen("b", RESERVE, 12.0, operator(), 3);
    assert_eq!(rig.said(), ["b: refused: the server was started again since you looked: it has 15 % now"]);
}

#[test]
fn a_number_one_step_beside_is_nobodys_change() {
    for (wanted, beside) in [(120, -1.0), (120, 1.0), (200, 1.0)] {
        let mut rig = Rig::new();
        rig.says_beside[1] = beside;
        rig.ask("a", LIMIT, f64::from(wanted) * 1e3, operator());
        rig.pass(12.0);
        rig.step(armed(false));
        rig.pass(12.0);
        let control = rig.control(LIMIT);
        let changed = control.changed.clone().unwrap();
        assert_eq!((changed.by, changed.value), (ChangedBy::Command("Ada".to_owned()), f64::from(wanted) * 1e3));
        assert_eq!(control.latest.as_ref().map(|latest| latest.value), Some(f64::from(wanted) * 1e3));
    }
}

#[test]
fn what_the_device_had_already_is_not_called_effective() {
    let mut rig = Rig::new();
    rig.ask("a", LIMIT, 150e3, operator());
    rig.pass(70.0);
    assert!(rig.said().iter().all(|said| !said.contains("effective")));
}

#[test]
fn what_the_device_had_before_a_command_is_not_one_step_beside_it() {
    let mut rig = Rig::new();
    rig.ask("a", LIMIT, 120e3, operator());
    rig.pass(12.0);
    rig.answers = Answers::HoldsTheAnswer;
    rig.ask("b", LIMIT, 119e3, operator());
    rig.pass(3.0);
    rig.answers = Answers::Obeys;
    rig.pass(30.0);
    let said = rig.said();
    assert!(said.iter().all(|said| !said.contains("one step beside")), "{said:#?}");
    assert_eq!(rig.control(LIMIT).changed.as_ref().map(|changed| changed.value), Some(120e3));
}

#[test]
fn what_was_made_safer_at_the_device_a_moment_ago_is_not_written_over() {
    // By a command, and by the server's own end of a hold.
    for held in [false, true] {
        let mut rig = Rig::new();
        rig.hold_of("a", LIMIT, 200e3, if held { 20 } else { 3_600 });
        rig.pass(19.0);
        rig.has[1] = 30.0;
        match held {
            false => rig.ask("b", LIMIT, 180e3, operator()),
            true => rig.pass(2.0),
        }
        rig.pass(20.0);
        let said = rig.said();
        assert_eq!(rig.has[1], 30.0, "{said:#?}");
        assert!(
            held || said.iter().any(|said| said.starts_with("b: not sent: the device has 30 kW since then")),
            "{said:#?}"
        );
        assert_eq!(rig.control(LIMIT).changed.as_ref().map(|changed| changed.by.clone()), Some(ChangedBy::Device));
    }
}

#[test]
fn a_return_to_the_safe_value_is_tried_until_it_is_done() {
    for answers in [Answers::Refuses, Answers::Ignores] {
        let mut rig = Rig::new();
        rig.hold_of("a", RESERVE, 12.0, 20);
        rig.pass(10.0);
        rig.answers = answers;
        rig.pass(12.0);
        let standing = rig.control(RESERVE).standing.clone().unwrap();
        assert!(!standing.cannot_return.is_empty(), "{answers:?}: {:?}", rig.said());
        rig.answers = Answers::Obeys;
        rig.pass(20.0);
        let said = rig.said();
        assert_eq!(rig.has[0], 20.0, "{answers:?}: {said:?}");
    }
    // The same where it could not be recorded.
    let mut rig = Rig::new();
    rig.hold_of("a", RESERVE, 12.0, 20);
    rig.pass(10.0);
    rig.journal = false;
    rig.pass(15.0);
    rig.journal = true;
    rig.pass(40.0);
    let said = rig.said();
    assert_eq!(rig.has[0], 20.0, "{said:?}");
}

#[test]
fn what_waits_for_the_disk_while_control_is_disarmed_is_not_sent() {
    for value in [190e3, 120e3] {
        let mut rig = Rig::new();
        rig.slow_journal = Some(Vec::new());
        rig.ask("a", LIMIT, value, operator());
        rig.step(armed(false));
        for id in rig.slow_journal.take().unwrap() {
            rig.step(Input::Journalled(id, Ok(())));
        }
        rig.pass(5.0);
        assert_eq!(rig.said(), ["a: not sent: control was disarmed meanwhile"]);
        assert!(rig.sent.is_empty());
    }
}

#[test]
fn to_put_off_the_return_to_the_safe_side_is_as_to_leave_it() {
    use ControlKind::Reserve;
    let tina = || person("tina", Role::Operator, false);
    let refused = |rig: &mut Rig| rig.said().iter().any(|said| said.starts_with("b: refused"));
    // A reserve of 12 % stands for a minute, then 20 % return.
    for (value, hold_s, is_refused) in [
        (12.0, None, true),
        (12.0, Some(3_600), true),
        // Narrower, and for longer than the wider one would have been: it takes the time of that one.
        (13.0, None, false),
        (13.0, Some(3_600), false),
        (13.0, Some(30), false),
        (12.0, Some(30), false),
        (20.0, None, false),
        (30.0, None, false),
    ] {
        let mut rig = Rig::new();
        rig.hold("a", 12.0, 60);
        rig.pass(8.0);
        match hold_s {
            Some(hold_s) => rig.hold_by("b", Reserve, value, hold_s, tina()),
            None => rig.ask("b", Reserve, value, tina()),
        }
        assert_eq!(refused(&mut rig), is_refused, "{value} for {hold_s:?}");
        rig.pass(60.0);
        assert_eq!(rig.has[0], value.max(20.0), "{value} for {hold_s:?}");
    }
    // A limit of 200 kW is not renewed while a critical alarm is active: it returns to 150 kW, and is not kept from that.
    for (value, is_refused) in [(200e3, true), (190e3, false), (100e3, false)] {
        let mut rig = Rig::new();
        rig.ask("a", LIMIT, 200e3, operator());
        rig.pass(8.0);
        rig.measure(PointId::ControllerMode, 10.0);
        rig.pass(2.0);
        rig.ask("b", LIMIT, value, tina());
        assert_eq!(refused(&mut rig), is_refused, "{value}");
    }
    // While it is renewed anyway, to ask for it once more changes nothing.
    let mut rig = Rig::new();
    rig.ask("a", LIMIT, 200e3, operator());
    rig.pass(8.0);
    rig.ask("b", LIMIT, 200e3, tina());
    assert!(!refused(&mut rig));
}

#[test]
fn step_by_step_towards_the_safe_side_nothing_is_kept_for_longer_than_it_would_have_stayed() {
    let tina = || person("tina", Role::Operator, false);
    for every_s in [1.0, 7.0, 20.0, 31.0, 45.0, 59.0] {
        let mut rig = Rig::new();
        rig.ask("a", LIMIT, 200e3, operator());
        rig.pass(8.0);
        critical(&mut rig, true);
        let mut passed_s = 0.0;
        let mut value = 200e3;
        while passed_s < 130.0 {
            rig.pass(every_s);
            passed_s += every_s;
            // Once the safe value is there, one step above it is wider, and refused.
            value -= 1e3;
            rig.ask(&format!("b{value}"), LIMIT, value, tina());
        }
        assert!(rig.has[1] <= 150.0, "one each {every_s} s: {}", rig.has[1]);
    }
}

#[test]
fn a_limit_is_lowered_for_a_time_whatever_stands_against_its_return() {
    let tina = || person("tina", Role::Operator, false);
    let mut rig = Rig::new();
    rig.ask("a", LIMIT, 145e3, operator());
    rig.pass(8.0);
    critical(&mut rig, true);
    rig.pass(2.0);
    rig.said();
    // 150 kW come back in the end, which is more than 145: who may not widen may not ask for that.
    rig.hold_by("b", LIMIT, 50e3, 20, tina());
    assert!(rig.said().iter().any(|said| said.starts_with("b: refused: ") && said.contains("password")));
    rig.hold_by("c", LIMIT, 50e3, 20, operator());
    rig.pass(8.0);
    assert_eq!(rig.has[1], 50.0);
    rig.pass(120.0);
    assert_eq!(rig.has[1], 50.0, "kept and renewed while the alarm stands");
    critical(&mut rig, false);
    rig.pass(400.0);
    assert_eq!(rig.has[1], 150.0);
}

#[test]
fn a_renewal_that_is_refused_once_is_tried_again_while_the_device_has_the_value() {
    let mut rig = Rig::new();
    rig.ask("a", LIMIT, 100e3, operator());
    rig.pass(28.0);
    rig.said();
    rig.answers = Answers::Refuses;
    rig.pass(4.0);
    rig.answers = Answers::Obeys;
    rig.pass(90.0);
    assert_eq!((rig.has[1], rig.said()), (100.0, Vec::new()));
    // Refused to the end it is given up, with the reason.
    rig.answers = Answers::Refuses;
    rig.pass(90.0);
    assert_eq!(rig.said().len(), 1);
    assert!(rig.control(LIMIT).standing.is_none());
}
