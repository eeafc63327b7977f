use super::*;
use ::api::alarms::{AcknowledgedResponse, ShelfResponse};
use ::api::json::Word;

fn alarm(rule: &str, subject: &str, state: AlarmState) -> AlarmResponse {
    let severity = if rule == "link.silent" { Severity::Warning } else { Severity::Critical };
    AlarmResponse {
        rule: rule.into(),
        subject: subject.into(),
        severity: Word(severity),
        state: Word(state),
        active: !matches!(state, AlarmState::Latched | AlarmState::ClearedUnacknowledged),
        words: format!("{rule} at {subject}"),
        advice: "look".into(),
        consequence: "harm".into(),
        latching: state == AlarmState::Latched,
        first: Some(Utc(1)),
        since: Some(Utc(2)),
        ended: None,
        count: 1,
        signal_lost: false,
        chattering: false,
        follows_from: None,
        acknowledged: None,
        shelved: None,
    }
}

fn seen(alarm: AlarmResponse) -> AlarmResponse {
    AlarmResponse { acknowledged: Some(AcknowledgedResponse { by: "mara".into(), at: Utc(9) }), ..alarm }
}

fn list() -> Vec<AlarmResponse> {
    use AlarmState::{ActiveAcknowledged, ActiveUnacknowledged, Latched, Shelved, Suppressed};
    let explained = |alarm| AlarmResponse { follows_from: Some("link.silent".into()), ..alarm };
    let shelf = ShelfResponse { by: "timo".into(), at: Utc(3), until: Utc(4), why: "loose".into() };
    vec![
        alarm("cell.voltage.low", "cell 1.1", ActiveUnacknowledged),
        alarm("cell.voltage.low", "cell 1.2", ActiveUnacknowledged),
        alarm("link.silent", "link bms", ActiveUnacknowledged),
        seen(alarm("cell.voltage.low", "cell 1.3", ActiveAcknowledged)),
        seen(alarm("pack.voltage.high", "system", Latched)),
        AlarmResponse { shelved: Some(shelf), ..alarm("bus.sag", "system", Shelved) },
        explained(alarm("afe.node.lost", "node 1", Suppressed)),
        explained(seen(alarm("cells.missing", "system", Suppressed))),
    ]
}

#[test]
fn alarms_stand_by_cause_unacknowledged_first_with_what_follows_below() {
    let told: Vec<_> = groups(&list())
        .iter()
        .map(|group| (group.key(), group.severity, group.alarms.len(), group.effects.len()))
        .collect();
    assert_eq!(
        told,
        [
            ("unacknowledged-cell.voltage.low".to_owned(), Severity::Critical, 2, 0),
            // A warning from which something critical follows.
            ("unacknowledged-link.silent".to_owned(), Severity::Critical, 1, 2),
            ("acknowledged-cell.voltage.low".to_owned(), Severity::Critical, 1, 0),
            ("over-pack.voltage.high".to_owned(), Severity::Critical, 1, 0),
            ("shelved-bus.sag".to_owned(), Severity::Critical, 1, 0),
        ]
    );
    assert_eq!(tally(&groups(&list())), "3 unacknowledged, 1 acknowledged, 1 over, 1 shelved");
}

#[test]
fn what_follows_from_nothing_that_is_there_stands_for_itself() {
    let mut list = list();
    list.retain(|alarm| alarm.rule != "link.silent");
    let groups = groups(&list);
    let of = |rule: &str| groups.iter().find(|group| group.alarms[0].rule == rule).map(|group| group.section);
    assert_eq!(of("afe.node.lost"), Some(Section::Unacknowledged));
    assert_eq!(of("cells.missing"), Some(Section::Acknowledged));
    assert_eq!(groups.iter().map(|group| group.alarms.len()).sum::<usize>(), list.len(), "none is lost");
}

#[test]
fn a_group_offers_what_can_be_done_about_it() {
    let groups = groups(&list());
    let offers = |group: &Group| {
        let (ack, reset) = (group.unacknowledged().len(), group.latched().len());
        (ack, reset, group.shelved(false).len(), group.shelved(true).len())
    };
    let offers: Vec<_> = groups.iter().map(offers).collect();
    // What follows is acknowledged with its cause, and shelved with it.
    assert_eq!(offers, [(2, 0, 2, 0), (2, 0, 3, 0), (0, 0, 1, 0), (0, 1, 1, 0), (1, 0, 0, 1)]);
    assert_eq!(named(&groups[0].unacknowledged()), "cell.voltage.low cell 1.1\ncell.voltage.low cell 1.2");
    assert_eq!(groups[0].words() + &groups[0].others(), "cell.voltage.low at cell 1.1, and 1 more like it");
    assert_eq!((groups[0].seen_by(), groups[2].seen_by()), (None, Some(("mara".to_owned(), Utc(9)))));
}

#[test]
fn a_filter_comes_back_from_its_address_and_wants_what_it_says() {
    let groups = groups(&list());
    for (address, wanted) in [
        ("/alarms", 5),
        ("/alarms?severity=critical", 5),
        ("/alarms?severity=notice", 0),
        ("/alarms?state=unacknowledged", 2),
        ("/alarms?state=over&severity=critical", 1),
        // What follows is looked through, too; and what nobody knows is not wanted.
        ("/alarms?text=NODE%201", 1),
        ("/alarms?state=bent&text=%20", 5),
        ("/alarms?text=nothing", 0),
    ] {
        let filter = Filter::of(&Address::parse(address));
        assert_eq!(groups.iter().filter(|group| filter.wants(group)).count(), wanted, "{address}");
        assert_eq!(Filter::of(&Address::parse(&filter.address(&Address::parse("/alarms?system=hv")))), filter);
    }
    let filter = Filter::of(&Address::parse("/alarms?severity=warning&state=over&text=a"));
    assert_eq!(filter.address(&Address::parse("/alarms?system=hv&text=b")).matches("text=").count(), 1);
}

#[test]
fn no_alarm_is_put_aside_for_longer_than_the_server_takes() {
    use domain::alarm::{SHELVED_LEAST, SHELVED_MOST};
    for (lasts_s, words) in SHELVES {
        assert!((SHELVED_LEAST.as_secs()..=SHELVED_MOST.as_secs()).contains(&lasts_s), "{words}");
    }
    assert_eq!(done("acknowledge-all", 3), "3 alarms acknowledged");
    assert_eq!(done("reset", 0), "All of it was so already");
}

#[test]
fn what_can_be_acknowledged_is_told_beside_the_lists_own_count() {
    let all = list();
    assert_eq!(tally(&groups(&all)), "3 unacknowledged, 1 acknowledged, 1 over, 1 shelved");
    let (count, words) = untold(&groups(&all));
    assert_eq!((count, &*words), (4, "They are 3 unacknowledged, 1 that follow from others. "));
    assert_eq!(untold(&groups(&all[..3])), (3, String::new()), "all of them stand");
}

#[test]
fn one_that_is_over_stood_until_then_and_grows_no_older() {
    let over = AlarmResponse { ended: Some(Utc(27_000_002)), ..alarm("bus.sag", "system", AlarmState::Latched) };
    let of = |alarms: &[AlarmResponse]| groups(alarms)[0].stood_s(Utc(90_000_002));
    assert_eq!(of(&[over]), Some(27.0));
    assert_eq!(of(&[alarm("bus.sag", "system", AlarmState::ActiveUnacknowledged)]), Some(90.0));
}
