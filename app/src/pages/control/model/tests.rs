use super::*;
use ::api::control::{Choice, InterlockState};
use ::api::json::Word;

fn limit() -> ControlState {
    ControlState {
        control: "discharge-limit".into(),
        label: "Peak discharge limit".into(),
        unit: "W".into(),
        max: 250e3,
        step: 1e3,
        safe: 150e3,
        safer: "lower".into(),
        present: Some(150e3),
        read_at: Some(Utc(8_000_000)),
        revision: 7,
        writes_24h: 3,
        writes_24h_max: 1_440,
        writes_total: 1_203,
        interlocks: vec![
            InterlockState { id: "link".into(), ..InterlockState::default() },
            InterlockState {
                id: "alarms".into(),
                only_wider: true,
                blocked: "a critical alarm is active".into(),
                ..InterlockState::default()
            },
        ],
        ..ControlState::default()
    }
}

fn reserve() -> ControlState {
    ControlState {
        control: "reserve".into(),
        unit: "%".into(),
        min: 10.0,
        max: 50.0,
        step: 1.0,
        safe: 20.0,
        safer: "higher".into(),
        present: Some(30.0),
        ..ControlState::default()
    }
}

fn mode() -> ControlState {
    let choices = [(0.0, "Max Safety"), (1.0, "Max ROI")];
    let choices = choices.map(|(value, label)| Choice { value, label: label.into() }).to_vec();
    ControlState {
        control: "mode".into(),
        max: 1.0,
        step: 1.0,
        safer: "lower".into(),
        choices,
        present: Some(1.0),
        ..ControlState::default()
    }
}

fn session(account: Option<Role>, now: Option<Role>) -> SessionResponse {
    SessionResponse {
        name: account.map(|_| "mara".to_owned()),
        role: now.map(Word),
        account_role: account.map(Word),
        rights_left_s: Some(600),
        step_up_left_s: 0,
        reading_open: true,
        accounts: true,
        setup_open: false,
        armed: true,
        unusable: None,
    }
}

#[test]
fn what_stands_in_the_way_is_told_in_the_order_of_the_questions() {
    let armed = ControlResponse { armed: true, controls: vec![limit()], ..ControlResponse::default() };
    let disarmed = ControlResponse { armed: false, ..armed.clone() };
    // An interlock against every command, of all controls and of one of two; the alarm stops only what is less safe.
    let mut no_link = limit();
    no_link.interlocks[0].blocked = "the link is down".into();
    let with = |controls: Vec<ControlState>| ControlResponse { controls, ..armed.clone() };
    let (dead, half) = (with(vec![no_link.clone(), no_link.clone()]), with(vec![no_link, limit()]));
    let read_only = ControlResponse { read_only: "no [[control]]".into(), ..ControlResponse::default() };
    let (operator, admin) =
        (session(Some(Role::Operator), Some(Role::Operator)), session(Some(Role::Admin), Some(Role::Admin)));
    let nobody = session(None, Some(Role::Viewer));
    let unclaimed = SessionResponse { accounts: false, ..nobody.clone() };
    let broken = SessionResponse { unusable: Some("control.db is damaged".into()), ..nobody.clone() };
    for (past, away, failed, controls, who, bar) in [
        (true, true, None, Some(&armed), Some(&operator), Some(Bar::Past)),
        (false, true, None, Some(&armed), Some(&operator), Some(Bar::Away)),
        (false, false, Some("no"), Some(&armed), Some(&operator), Some(Bar::Unknown("no".into()))),
        (false, false, None, None, Some(&operator), Some(Bar::Unknown(String::new()))),
        (false, false, None, Some(&read_only), None, Some(Bar::ReadOnly("no [[control]]".into()))),
        (false, false, None, Some(&armed), None, Some(Bar::Unknown(String::new()))),
        (false, false, None, Some(&armed), Some(&broken), Some(Bar::Unusable("control.db is damaged".into()))),
        (false, false, None, Some(&armed), Some(&unclaimed), Some(Bar::NoAccounts)),
        (false, false, None, Some(&armed), Some(&nobody), Some(Bar::SignIn)),
        (
            false,
            false,
            None,
            Some(&armed),
            Some(&session(Some(Role::Viewer), Some(Role::Viewer))),
            Some(Bar::Viewer("mara".into())),
        ),
        (
            false,
            false,
            None,
            Some(&armed),
            Some(&session(Some(Role::Admin), Some(Role::Viewer))),
            Some(Bar::Idle("mara".into())),
        ),
        (false, false, None, Some(&disarmed), Some(&operator), Some(Bar::Disarmed { admin: false })),
        (false, false, None, Some(&disarmed), Some(&admin), Some(Bar::Disarmed { admin: true })),
        (false, false, None, Some(&armed), Some(&operator), None),
        (false, false, None, Some(&dead), Some(&operator), Some(Bar::Held(vec!["the link is down".into()]))),
        (false, false, None, Some(&half), Some(&operator), None),
    ] {
        let found = Bar::of(past, away, failed, controls, who);
        assert_eq!(found, bar);
        assert!(found.is_none_or(|bar| bar.words().ends_with('.')));
    }
}

#[test]
fn values_are_typed_in_the_unit_that_is_shown_and_lie_at_steps_within_the_limits() {
    for (control, text, value) in [
        (limit(), "120", Ok(120e3)),
        (limit(), " 120,9 ", Ok(120e3)),
        (limit(), "0", Ok(0.0)),
        (reserve(), "15.4", Ok(16.0)),
        (limit(), "251", Err("Give a number from 0\u{202f}W to 250\u{202f}kW")),
        (limit(), "-1", Err("Give a number from 0\u{202f}W to 250\u{202f}kW")),
        (reserve(), "", Err("Give a number from 10\u{202f}% to 50\u{202f}%")),
        (reserve(), "inf", Err("Give a number from 10\u{202f}% to 50\u{202f}%")),
    ] {
        assert_eq!(admit(&control, text), value.map_err(str::to_owned), "{text}");
    }
    assert_eq!(
        (Scale::of(&limit()).typed(12_500.0), words(&limit(), 12_500.0)),
        ("12.5".to_owned(), "12.5\u{202f}kW".to_owned())
    );
    assert_eq!(
        (words(&mode(), 1.0), present_words(&ControlState { present: None, ..limit() })),
        ("Max ROI".to_owned(), "\u{2014}".to_owned())
    );
}

#[test]
fn a_change_knows_its_direction_and_what_stands_against_it() {
    let to = |control: ControlState, to| Change { control, to };
    for (change, none, widens, blocked) in [
        (to(limit(), 120e3), false, false, 0),
        (to(limit(), 160e3), false, true, 1),
        (to(limit(), 150_200.0), true, true, 1),
        (to(reserve(), 20.0), false, true, 0),
        (to(reserve(), 40.0), false, false, 0),
        (to(mode(), 0.0), false, false, 0),
        // What is not known counts as the worst.
        (to(ControlState { present: None, ..limit() }, 150e3), false, false, 0),
        (to(ControlState { present: None, ..limit() }, 100e3), false, true, 1),
    ] {
        assert_eq!(
            (change.is_none(), change.widens(), change.blocked(None).len()),
            (none, widens, blocked),
            "{change:?}"
        );
    }
}

#[test]
fn safe_values_leave_alone_what_is_safer_still() {
    let changes = safe_changes(&[
        limit(),
        reserve(),
        mode(),
        ControlState { present: Some(200e3), ..limit() },
        ControlState { present: None, ..reserve() },
    ]);
    let told: Vec<_> = changes.iter().map(|change| (&change.control.control[..], change.to)).collect();
    assert_eq!(told, [("mode", 0.0), ("discharge-limit", 150e3), ("reserve", 20.0)]);
}

#[test]
fn the_limit_that_is_offered_is_half_of_what_is_set() {
    for (present, offered) in [(Some(150e3), Some(75e3)), (Some(1e3), Some(0.0)), (Some(0.0), None), (None, None)] {
        assert_eq!(lower(&ControlState { present, ..limit() }), offered);
    }
}

#[test]
fn the_password_is_asked_for_what_widens_unless_it_was_given_just_now() {
    let operator = session(Some(Role::Operator), Some(Role::Operator));
    let just_now = SessionResponse { step_up_left_s: 200, ..operator.clone() };
    for (widens, session, asked) in [
        (true, Some(&operator), true),
        (true, Some(&just_now), false),
        (false, Some(&operator), false),
        (true, None, false),
    ] {
        assert_eq!(needs_password(widens, session), asked);
    }
    assert!(wants_password("to widen a limit, give your password once more"));
    assert!(!wants_password("the link to the device is down"));
}

#[test]
fn more_is_to_come_of_what_is_under_way_and_of_what_is_to_take_effect() {
    let command = |control: &str, state: &str| CommandResponse {
        control: control.into(),
        state: state.into(),
        under_way: state == "sent",
        ..CommandResponse::default()
    };
    for (control, state, now, more) in [
        ("discharge-limit", "sent", 100_000_000, true),
        ("discharge-limit", "confirmed", 5_000_000, true),
        ("discharge-limit", "confirmed", 100_000_000, false),
        ("discharge-limit", "effective", 5_000_000, false),
        ("mode", "unknown", 5_000_000, true),
        ("mode", "unknown", 100_000_000, false),
        ("reserve", "one-step-off", 5_000_000, true),
        ("mode", "confirmed", 5_000_000, false),
        ("mode", "rejected", 5_000_000, false),
    ] {
        assert_eq!(goes_on(&command(control, state), Utc(now)), more, "{control} {state} {now}");
    }
}

#[test]
fn writes_leases_and_ages_are_told_in_words() {
    assert_eq!(
        writes_words(&limit()),
        "3 of 1\u{202f}440 writes in 24\u{202f}h, 1\u{202f}203 ever; memory that does not wear out"
    );
    let command = |state: &str| Some(CommandResponse { state: state.into(), ..CommandResponse::default() });
    let held = ControlState { holds_for_s: Some(3_000), lease_s: Some(60), command: command("confirmed"), ..limit() };
    assert_eq!(
        standing_words(&held, 0.0).as_deref(),
        Some(
            "for 50\u{202f}min more, then 150\u{202f}kW; renewed while Packtwin runs; without it the device returns to its own value after 60\u{202f}s"
        )
    );
    assert_eq!(standing_words(&limit(), 0.0), None);
    let lease = ControlState { lease_s: Some(60), returns_to: Some(150e3), command: command("confirmed"), ..limit() };
    for (holds_for_s, cannot_return, not_renewed, returns_in_s, words) in [
        (None, "", "", None, "renewed while Packtwin runs; without it the device returns to 150 kW after 60 s"),
        (
            Some(300),
            "",
            "not renewed since the restart",
            Some(58),
            "for 5 min more, then 150 kW; not renewed since the restart; the device returns to 150 kW by itself within 58 s",
        ),
        (
            Some(0),
            "a critical alarm is active",
            "",
            None,
            "its time is over, and 150 kW cannot return yet: a critical alarm is active; renewed while Packtwin runs; \
             without it the device returns to 150 kW after 60 s",
        ),
        (
            Some(0),
            "the link to the device is down",
            "not renewed: the link to the device is down",
            Some(12),
            "its time is over, and 150 kW cannot return yet: the link to the device is down; not renewed: the link to the \
             device is down; the device returns to 150 kW by itself within 12 s",
        ),
    ] {
        let control = ControlState {
            holds_for_s,
            cannot_return: cannot_return.into(),
            not_renewed: not_renewed.into(),
            returns_in_s,
            ..lease.clone()
        };
        assert_eq!(standing_words(&control, 0.0).unwrap_or_default().replace(THIN, " "), words);
    }
    let gone =
        ControlState { command: None, not_renewed: "not renewed any more".into(), returns_in_s: Some(9), ..lease };
    for (passed_s, words) in [
        (0.0, "not renewed any more; the device returns to 150 kW by itself within 9 s"),
        (4.2, "not renewed any more; the device returns to 150 kW by itself within 5 s"),
        (30.0, "not renewed any more; the device has returned to 150 kW by itself, unless something renewed it"),
    ] {
        assert_eq!(standing_words(&gone, passed_s).unwrap_or_default().replace(THIN, " "), words);
    }
    for (state, renewed) in [
        (None, false),
        (command("sent"), false),
        (command("rejected"), false),
        (command("lease-ended"), false),
        (command("effective"), true),
        (command("unconfirmable"), true),
    ] {
        let control = ControlState { lease_s: Some(60), command: state.clone(), ..limit() };
        assert_eq!(standing_words(&control, 0.0).is_some(), renewed, "{state:?}");
    }
    assert_eq!(age_s(&limit(), Utc(10_000_000), 1.5), Some(3.5));
}

#[test]
fn who_has_changed_what_is_said_as_it_is_known() {
    use ::api::control::ChangeState;
    let change =
        |how: &str, by: &str, value: f64| Some(ChangeState { how: how.into(), by: by.into(), at: Utc(5), value });
    let seen = ControlState { latest: change("command", "timo", 140e3), ..limit() };
    for (changed, latest, words, meanwhile) in [
        (None, seen.latest.clone(), "no change is known", "The server was started again meanwhile"),
        (None, change("command", "mara", 95e3), "no change is known", "mara has commanded 95 kW meanwhile"),
        (change("command", "mara", 150e3), None, "changed by mara", "The server was started again meanwhile"),
        (
            change("device", "", 150e3),
            change("device", "", 150e3),
            "changed at the device",
            "It was changed at the device meanwhile, to 150 kW",
        ),
        (
            change("lease", "", 150e3),
            change("lease", "", 150e3),
            "returned by itself",
            "The device has returned to 150 kW by itself meanwhile",
        ),
    ] {
        let now = ControlState { changed, latest, revision: 8, ..limit() };
        assert_eq!(changed_words(&now).0, words);
        let told = meanwhile_words(&seen, &now).unwrap_or_default().replace(THIN, " ");
        assert_eq!(told, format!("{meanwhile}: it is 150 kW now."));
        assert_eq!(meanwhile_words(&now, &now), None);
    }
    let of = |state: &str| CommandResponse {
        value_words: "90 kW".into(),
        by: "mara".into(),
        state: state.into(),
        words: "confirmed, then changed at the device, to 60 kW".into(),
        at: Utc(7_000_000),
        ..CommandResponse::default()
    };
    let ended = ControlState { ended: Some(of("changed-at-device")), ..limit() };
    let words = "90 kW of mara: confirmed, then changed at the device, to 60 kW";
    assert_eq!(ended_words(&ended), Some((words.to_owned(), Utc(7_000_000))));
    // What came to nothing leaves what stood before.
    assert!(ended_words(&ControlState { command: Some(of("confirmed")), ..ended }).is_some());
    assert_eq!(ended_words(&limit()), None);
}

#[test]
fn what_keeps_a_value_for_longer_that_would_return_is_less_safe() {
    let held = ControlState { present: Some(200e3), holds_for_s: Some(60), ..limit() };
    let let_go = ControlState {
        present: Some(200e3),
        not_renewed: "not renewed: a critical alarm is active".into(),
        returns_in_s: Some(40),
        ..limit()
    };
    let low = ControlState { present: Some(145e3), ..limit() };
    let stays = "This is towards the safe side.";
    let longer = "This stands longer than what is set now, which is less safe.";
    let ends = |within: &str| format!("{stays} It ends with the time of what is set now, in {within}.");
    let returns = "Less safe in the end: 150\u{202f}kW return when its time is over.";
    for (control, to, hold_s, says, is_guarded) in [
        (&held, 200e3, None, longer.to_owned(), true),
        (&held, 190e3, Some(900), ends("60\u{202f}s"), false),
        (&held, 190e3, Some(30), stays.to_owned(), false),
        (&held, 100e3, None, stays.to_owned(), false),
        (&let_go, 200e3, None, longer.to_owned(), true),
        (&let_go, 190e3, None, ends("40\u{202f}s"), false),
        (&low, 50e3, Some(900), returns.to_owned(), true),
        (&low, 50e3, None, stays.to_owned(), false),
    ] {
        let change = Change { control: control.clone(), to };
        assert_eq!(change.direction(hold_s), says, "{to} for {hold_s:?}");
        assert_eq!(change.is_for_who_may_widen(hold_s), is_guarded, "{to} for {hold_s:?}");
    }
    // What guards wider values is looked at when it returns.
    assert!(!Change { control: low, to: 50e3 }.widens_for(Some(900)));
}

#[test]
fn what_is_on_its_way_is_said_before_it_is_there() {
    let sent = CommandResponse {
        value_words: "90 kW".into(),
        by: "mara".into(),
        words: "sent to the device".into(),
        under_way: true,
        ..CommandResponse::default()
    };
    let control = ControlState { command: Some(sent.clone()), ..limit() };
    assert_eq!(changed_words(&control), ("90 kW of mara is on its way: sent to the device".to_owned(), None));
    let there = ControlState { command: Some(CommandResponse { under_way: false, ..sent }), ..limit() };
    assert_eq!(changed_words(&there).0, changed_words(&limit()).0);
}

#[test]
fn a_value_between_steps_says_what_it_is_taken_as() {
    let taken = |text: &str| {
        let to = admit(&limit(), text).unwrap_or_default();
        taken_words(&limit(), text, to)
    };
    assert_eq!(taken("150.4").as_deref(), Some("In steps of 1\u{202f}kW: taken as 150\u{202f}kW."));
    assert_eq!((taken("120"), taken("120,0"), taken("")), (None, None, None));
}

#[test]
fn a_read_that_failed_is_not_called_a_write_and_an_old_value_is_in_doubt() {
    assert_eq!(unread_words("not sent: the link is down"), "not read: the link is down");
    assert_eq!((unread_words("no answer"), unread_words("")), ("no answer".to_owned(), String::new()));
    let unreadable = ControlState { unreadable: "no answer".into(), ..limit() };
    for (control, age_s, away, known) in [
        (limit(), Some(20.0), false, "known"),
        (limit(), Some(1.0), true, "old"),
        (unreadable.clone(), Some(5.0), false, "known"),
        (unreadable.clone(), Some(15.0), false, "old"),
        (ControlState { present: None, ..unreadable.clone() }, Some(40.0), false, "unknown"),
        (ControlState { present: None, ..unreadable }, Some(40.0), true, "unknown"),
    ] {
        assert_eq!(knowledge(&control, age_s, away), known);
    }
}

#[test]
fn nothing_stands_in_the_field_of_what_is_not_known() {
    assert_eq!(field_text(&limit()), "150");
    assert_eq!(field_text(&ControlState { present: None, ..limit() }), "");
}

#[test]
fn the_words_below_a_slider_make_room_for_each_other() {
    for (present, close) in [(Some(152e3), true), (Some(140e3), true), (Some(75e3), false), (None, false)] {
        assert_eq!(marks_close(&ControlState { present, ..limit() }), close, "{present:?}");
    }
}

#[test]
fn a_value_that_is_too_old_is_said_not_to_be_known() {
    for (is_known, why, words) in [
        (true, "", "read back 3 s ago"),
        (true, "not read: the link is down", "not read: the link is down; read back 3 s ago"),
        (false, "", "not known now, last read 3 s ago"),
        (false, "not read: the link is down", "not read: the link is down; not known now, last read 3 s ago"),
    ] {
        assert_eq!(read_words(is_known, why, 3.0).replace(THIN, " "), words);
    }
}
