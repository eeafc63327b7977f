//! A value of a GX is set through a stub of its broker: read, published once, and confirmed by what the GX says.

use crate::support::Running;
use crate::victron_mqtt::{ACCEPTED, Broker, Connection};
use crate::writes::{ask_for, ask_over, outcomes};
use domain::link::LinkState;
use domain::write::Replaces;
use domain::write::WriteOutcome::{Clamped, Confirmed, Ignored, NotSent, Read, Sent, Unchanged, Unknown};
use std::time::Duration;

const PATH: &str = "hub4/0/Overrides/Setpoint";

/// A link to a broker, whose GX has published everything, and its side of the connection.
async fn linked() -> (Running, Broker, Connection) {
    let (broker, address) = Broker::start().await;
    let keys = format!(
        "kind = \"victron-mqtt\"\nconnect = \"{address}\"\nportal = \"c0\"\n\
         [[setpoints]]\nname = \"grid\"\nsets = \"{PATH}\"\nmin = -5000\nmax = 5000\nstep = 10\nwear = \"volatile\"\nlease_s = 60\n\
         [[setpoints]]\nname = \"minimum-soc\"\nsets = \"settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit\"\n\
         min = 10\nmax = 50\nstep = 1\nwear = \"flash\"\n"
    );
    let mut link = Running::start(&keys).await;
    let mut gx = broker.client(&ACCEPTED).await;
    up(&mut gx).await;
    link.until(LinkState::Up).await;
    (link, broker, gx)
}

const SOC: &str = "settings/0/Settings/CGwacs/BatteryLife/MinimumSocLimit";

async fn up(gx: &mut Connection) {
    for topic in ["system/+/#", "battery/+/#", "full_publish_completed", PATH, SOC] {
        assert_eq!(gx.asked().await.1, format!("N/c0/{topic}"));
    }
    assert_eq!(gx.asked().await.1, "R/c0/keepalive");
    for id in [2, 3, 4, 10, 11] {
        gx.accept(id).await;
    }
    gx.say("N/c0/system/0/Dc/Battery/Soc", r#"{"value":50}"#).await;
    gx.say("N/c0/full_publish_completed", r#"{"value":1}"#).await;
}

/// The next thing that is published to the GX, but for the signs of life: topic below the portal, and payload.
async fn published(gx: &mut Connection) -> (String, String) {
    loop {
        let (kind, topic, payload) = gx.asked_or_pinged().await;
        if kind == 0x30 && !topic.ends_with("/keepalive") {
            return (topic, String::from_utf8(payload).unwrap());
        }
    }
}

fn soon() -> Option<Duration> {
    Some(Duration::from_secs(60))
}

#[tokio::test]
async fn a_setpoint_is_published_once_and_confirmed_by_the_gx() {
    let (link, _broker, mut gx) = linked().await;
    let waiting = ask_for(&link, "grid", -1_504.0, soon()).unwrap();
    assert_eq!(published(&mut gx).await, (format!("R/c0/{PATH}"), String::new()));
    // Without a value so far.
    gx.say(&format!("N/c0/{PATH}"), r#"{"value": null}"#).await;
    assert_eq!(published(&mut gx).await, (format!("W/c0/{PATH}"), r#"{"value":-1500}"#.to_owned()));
    gx.say(&format!("N/c0/{PATH}"), r#"{"max": 9, "value": -1500.0}"#).await;
    assert_eq!(outcomes(waiting).await, [Sent, Confirmed(-1_500.0)]);

    // Renewed: a GX publishes changes only, so it is asked.
    let waiting = ask_for(&link, "grid", -1_500.0, soon()).unwrap();
    assert_eq!(published(&mut gx).await.0, format!("R/c0/{PATH}"));
    gx.say(&format!("N/c0/{PATH}"), r#"{"value": -1500}"#).await;
    assert_eq!(published(&mut gx).await.0, format!("W/c0/{PATH}"));
    assert_eq!(published(&mut gx).await.0, format!("R/c0/{PATH}"));
    gx.say(&format!("N/c0/{PATH}"), r#"{"value": -1500}"#).await;
    assert_eq!(outcomes(waiting).await, [Sent, Confirmed(-1_500.0)]);

    // Nor is a value written over that was set at the GX meanwhile.
    let waiting = ask_over(&link, "grid", -1_500.0, soon(), Replaces::Within(-1_505.0, -1_495.0)).unwrap();
    assert_eq!(published(&mut gx).await.0, format!("R/c0/{PATH}"));
    gx.say(&format!("N/c0/{PATH}"), r#"{"value": 200}"#).await;
    assert_eq!(outcomes(waiting).await, [Read(200.0)]);

    // What is there already is not stored again.
    let waiting = ask_for(&link, "minimum-soc", 20.0, None).unwrap();
    assert_eq!(published(&mut gx).await.0, format!("R/c0/{SOC}"));
    gx.say(&format!("N/c0/{SOC}"), r#"{"value": 20}"#).await;
    assert_eq!(outcomes(waiting).await, [Unchanged(20.0)]);
    assert!(ask_for(&link, "grid", 5_001.0, soon()).is_err());
}

#[tokio::test]
async fn a_gx_that_ignores_clamps_or_falls_silent_is_told_and_nothing_is_published_twice() {
    for (answer, expected) in [
        (Some(30.0), vec![Sent, Ignored(30.0)]),
        (Some(25.0), vec![Sent, Clamped(25.0)]),
        (None, vec![Sent, Unknown("the GX has said nothing of it within 3 s".to_owned())]),
    ] {
        let (link, _broker, mut gx) = linked().await;
        let waiting = ask_for(&link, "minimum-soc", 20.0, None).unwrap();
        published(&mut gx).await;
        gx.say(&format!("N/c0/{SOC}"), r#"{"value": 30}"#).await;
        assert_eq!(published(&mut gx).await, (format!("W/c0/{SOC}"), r#"{"value":20}"#.to_owned()));
        let told = outcomes(waiting);
        tokio::pin!(told);
        let told = loop {
            tokio::select! {
                told = &mut told => break told,
                (topic, _) = published(&mut gx) => {
                    assert_eq!(topic, format!("R/c0/{SOC}"), "only asked");
                    if let Some(answer) = answer {
                        gx.say(&format!("N/c0/{SOC}"), &format!("{{\"value\": {answer}}}")).await;
                    }
                }
            }
        };
        assert_eq!(told, expected);
    }
}

#[tokio::test]
async fn a_gx_that_does_not_know_the_path_or_goes_away_is_told() {
    let (mut link, broker, mut gx) = linked().await;
    let told = outcomes(ask_for(&link, "minimum-soc", 20.0, None).unwrap()).await;
    assert!(matches!(told.as_slice(), [NotSent(why)] if why.contains(SOC)), "{told:?}");
    assert_eq!(published(&mut gx).await.0, format!("R/c0/{SOC}"));
    let waiting = ask_for(&link, "minimum-soc", 20.0, None).unwrap();
    published(&mut gx).await;
    gx.say(&format!("N/c0/{SOC}"), r#"{"value": 30}"#).await;
    assert_eq!(published(&mut gx).await.0, format!("W/c0/{SOC}"));
    drop(gx);
    let told = outcomes(waiting).await;
    assert!(matches!(told.as_slice(), [Sent, Unknown(_)]), "{told:?}");
    link.until(LinkState::Down).await;
    let told = outcomes(ask_for(&link, "minimum-soc", 20.0, None).unwrap()).await;
    assert!(matches!(told.as_slice(), [NotSent(why)] if why.contains("the link is down")), "{told:?}");
    // It is back, and is sent nothing of before.
    let mut gx = broker.client(&ACCEPTED).await;
    up(&mut gx).await;
    link.until(LinkState::Up).await;
    let quiet = tokio::time::timeout(Duration::from_millis(500), published(&mut gx)).await;
    assert!(quiet.is_err(), "{quiet:?}");
}
