//! Whether a confirmed value is followed: what is measured, against what was commanded.

use crate::derived::contactors;
use crate::point::PointId;
use crate::spec::control::ControlSpec;
use crate::spec::control_kind::Effect;
use crate::time::Mono;
use crate::twin::SystemState;

/// A power may miss its value by this share of it, and by this many watts.
const POWER_TOLERANCE: (f32, f32) = (0.03, 500.0);
/// Points of state of charge by which a reserve may be missed.
const SOC_TOLERANCE_PCT: f32 = 0.5;

/// What the measured values say.
#[derive(Clone, Debug, PartialEq)]
pub enum Followed {
    /// They agree with the value; what is measured, in words.
    Yes(String),
    /// They do not agree; what is measured, in words.
    No(String),
    /// It cannot be told, and why.
    Unknown(String),
}

/// Whether `value`, which took the place of `before`, is followed by what a system measures now. It is only if what is
/// measured would be another one without it: a limit that nothing comes near is not put to the test.
pub fn followed(control: &ControlSpec, value: f64, before: Option<f64>, state: &SystemState, now: Mono) -> Followed {
    let point = |point: PointId| {
        let missing = |why: crate::reading::NoData| format!("{} not known: {}", point.is(), why.words());
        state.points.sample(point, now).map_err(missing)
    };
    let (value, before) = (value as f32, before.map(|before| before as f32));
    let tolerance = |value: f32| POWER_TOLERANCE.0 * value.abs() + POWER_TOLERANCE.1;
    let slack = tolerance(value);
    let told = match control.kind.spec().effect.0 {
        Effect::DischargeBelow => {
            point(PointId::Power).and_then(|power| limited(power, value, slack, &watts("battery", power)))
        }
        Effect::ChargeBelow => {
            point(PointId::Power).and_then(|power| limited(-power, value, slack, &watts("battery", power)))
        }
        Effect::GridPower => point(PointId::GridPower).and_then(|power| {
            let is_near = |value: f32| (power - value).abs() <= tolerance(value);
            match is_near(value) && before.is_none_or(is_near) {
                true => Err(format!("the value before would bring the same: {}", watts("grid", power))),
                false => Ok((is_near(value), watts("grid", power))),
            }
        }),
        Effect::NoDischargeBelowSoc => point(PointId::Soc).and_then(|soc| {
            if soc > value + SOC_TOLERANCE_PCT {
                return Err(format!("it is not reached: state of charge {soc:.1} %"));
            }
            let power = point(PointId::Power)?;
            let words = format!("state of charge {soc:.1} %, {}", watts("battery", power));
            match power > slack && soc >= value - SOC_TOLERANCE_PCT {
                true => Err(format!("it is just reached: {words}")),
                false => Ok((power <= slack, words)),
            }
        }),
        Effect::Runs if value > 0.5 => point(PointId::Contactors)
            .map(|bits| (contactors(bits) == "closed", format!("contactors {}", contactors(bits)))),
        Effect::Runs => point(PointId::Power).map(|power| (power.abs() <= slack, watts("battery", power))),
        Effect::NotMeasured => Err("no measured value shows it".to_owned()),
    };
    match told {
        Ok((true, words)) => Followed::Yes(words),
        Ok((false, words)) => Followed::No(words),
        Err(why) => Followed::Unknown(why),
    }
}

/// Whether a power keeps to a limit. What stays below it by itself does not put it to the test.
fn limited(power_w: f32, limit_w: f32, slack_w: f32, words: &str) -> Result<(bool, String), String> {
    match power_w < limit_w - slack_w {
        true => Err(format!("it is not reached: {words}")),
        false => Ok((power_w <= limit_w + slack_w, words.to_owned())),
    }
}

fn watts(of: &str, power_w: f32) -> String {
    let (power, unit) = if power_w.abs() >= 1e3 { (power_w / 1e3, "kW") } else { (power_w, "W") };
    format!("{of} {power:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::LinkIdx;
    use crate::reading::{Reading, Target};
    use crate::spec::SystemSpec;
    use crate::spec::control::{Wanted, tests::setpoint};
    use crate::spec::control_kind::ControlKind;
    use crate::topology::Topology;

    #[test]
    fn what_is_measured_agrees_with_the_value_or_not() {
        use PointId::{Contactors, GridPower, Power, Soc};
        let spec = SystemSpec::new("hv", "Pack", Topology::NONE, 280.0, 832.0);
        let unknown = |why: &str| Followed::Unknown(why.to_owned());
        for (kind, unit, (before, value), points, says) in [
            (
                ControlKind::DischargeLimit,
                "W",
                (150e3, 100e3),
                vec![(Power, 102e3)],
                Followed::Yes("battery 102.0 kW".into()),
            ),
            (
                ControlKind::DischargeLimit,
                "W",
                (150e3, 100e3),
                vec![(Power, 120e3)],
                Followed::No("battery 120.0 kW".into()),
            ),
            // The load asks for less: without the limit it would be the same.
            (
                ControlKind::DischargeLimit,
                "W",
                (150e3, 100e3),
                vec![(Power, 40e3)],
                unknown("it is not reached: battery 40.0 kW"),
            ),
            (
                ControlKind::DischargeLimit,
                "W",
                (150e3, 100e3),
                vec![(Power, -120e3)],
                unknown("it is not reached: battery -120.0 kW"),
            ),
            (
                ControlKind::DischargeLimit,
                "W",
                (150e3, 0.0),
                vec![(Power, -10.0)],
                Followed::Yes("battery -10.0 W".into()),
            ),
            (
                ControlKind::ChargeLimit,
                "W",
                (50e3, 20e3),
                vec![(Power, 60e3)],
                unknown("it is not reached: battery 60.0 kW"),
            ),
            (
                ControlKind::ChargeLimit,
                "W",
                (50e3, 20e3),
                vec![(Power, -26e3)],
                Followed::No("battery -26.0 kW".into()),
            ),
            (
                ControlKind::ChargeLimit,
                "W",
                (50e3, 20e3),
                vec![(Power, -20e3)],
                Followed::Yes("battery -20.0 kW".into()),
            ),
            (
                ControlKind::DischargeLimit,
                "W",
                (150e3, 100e3),
                vec![],
                unknown("Battery power is not known: not received"),
            ),
            (
                ControlKind::Reserve,
                "%",
                (20.0, 30.0),
                vec![(Soc, 71.0)],
                unknown("it is not reached: state of charge 71.0 %"),
            ),
            (
                ControlKind::Reserve,
                "%",
                (20.0, 30.0),
                vec![(Soc, 25.0), (Power, 50e3)],
                Followed::No("state of charge 25.0 %, battery 50.0 kW".into()),
            ),
            (
                ControlKind::Reserve,
                "%",
                (20.0, 30.0),
                vec![(Soc, 25.0), (Power, 0.0)],
                Followed::Yes("state of charge 25.0 %, battery 0.0 W".into()),
            ),
            (
                ControlKind::Reserve,
                "%",
                (20.0, 30.0),
                vec![(Soc, 30.0), (Power, 50e3)],
                unknown("it is just reached: state of charge 30.0 %, battery 50.0 kW"),
            ),
            (ControlKind::Run, "", (0.0, 1.0), vec![], unknown("Contactors are not known: not received")),
            (ControlKind::Run, "", (0.0, 1.0), vec![(Contactors, 3.0)], Followed::Yes("contactors closed".into())),
            (ControlKind::Run, "", (0.0, 1.0), vec![(Contactors, 0.0)], Followed::No("contactors open".into())),
            (ControlKind::Run, "", (1.0, 0.0), vec![(Power, 90.0)], Followed::Yes("battery 90.0 W".into())),
            (
                ControlKind::GridSetpoint,
                "W",
                (2e3, 50.0),
                vec![(GridPower, 700.0)],
                Followed::No("grid 700.0 W".into()),
            ),
            (ControlKind::GridSetpoint, "W", (2e3, 50.0), vec![(GridPower, 70.0)], Followed::Yes("grid 70.0 W".into())),
            (
                ControlKind::GridSetpoint,
                "W",
                (50.0, 200.0),
                vec![(GridPower, 70.0)],
                unknown("the value before would bring the same: grid 70.0 W"),
            ),
            (ControlKind::Mode, "", (0.0, 1.0), vec![], unknown("no measured value shows it")),
        ] {
            let (low, high) = kind.spec().range;
            let device = setpoint(unit, low, high, kind.spec().step);
            let control = ControlSpec::new(kind, LinkIdx(0), &device, &Wanted::default()).unwrap();
            let mut state = SystemState::new(&spec);
            for (point, value) in points {
                state.apply(Reading { target: Target::Point(point), sample: Ok(value) }, Mono::START);
            }
            assert_eq!(followed(&control, value, Some(before), &state, Mono::START), says, "{kind:?}");
        }
    }
}
