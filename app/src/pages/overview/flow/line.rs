//! One of the three flows: how much, which way, in which colour and words. Pure.

use crate::format;
use crate::reading::{Freshness, Shown};
use domain::point::PointId;
use domain::spec::SystemKind;
use domain::twin::Snapshot;

/// Below this nothing flows, W.
const IDLE_W: f32 = 100.0;
/// Thickness of the thinnest and of the thickest line, in units of the drawing.
const THICKNESS: (f32, f32) = (2.0, 18.0);

/// Who is at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The public grid.
    Grid,
    /// The battery.
    Battery,
    /// The AI load or the house.
    Load,
    /// The sun.
    Solar,
}

impl Side {
    /// Those of a system, in the order of the drawing.
    pub(super) fn of(kind: SystemKind) -> &'static [Side] {
        match kind {
            SystemKind::DataCentre | SystemKind::Storage => &[Side::Grid, Side::Battery, Side::Load],
            SystemKind::Home => &[Side::Grid, Side::Battery, Side::Load, Side::Solar],
        }
    }

    /// Its power's point.
    pub(super) fn point(self) -> PointId {
        match self {
            Side::Grid => PointId::GridPower,
            Side::Battery => PointId::Power,
            Side::Load => PointId::LoadPower,
            Side::Solar => PointId::SolarPower,
        }
    }

    /// Its name for people.
    fn name(self, kind: SystemKind) -> &'static str {
        match self {
            Side::Grid => "Grid",
            Side::Battery => "Battery",
            Side::Load => kind.load_name(),
            Side::Solar => "Solar",
        }
    }
}

/// Which way power goes on a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Towards the bus.
    In,
    /// Away from the bus.
    Out,
    /// Nothing flows, or it is not known.
    Still,
}

/// A line of the drawing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flow {
    /// Who is at its end.
    pub(super) side: Side,
    /// Its name for people.
    name: &'static str,
    /// The power, without a sign.
    pub(super) shown: Shown,
    /// Which way it goes.
    pub(super) direction: Direction,
    /// What that means here: `importing`, `charging`; empty where it goes without saying.
    pub(super) verb: &'static str,
    /// Thickness in tenths of a unit of the drawing: whole, so that noise does not redraw it.
    thickness_tenths: u32,
}

impl Flow {
    /// The flow of `side` in a system of this kind; the thickest line is `full_w`.
    pub(super) fn of(snapshot: &Snapshot, side: Side, kind: SystemKind, full_w: f32) -> Flow {
        let shown = Shown::point_as(snapshot, side.point(), |w| format::kilowatts(w.abs()));
        let power_w = snapshot.point(side.point()).ok();
        let (direction, verb) = match (side, power_w) {
            (_, None) => (Direction::Still, ""),
            (_, Some(w)) if w.abs() < IDLE_W => (Direction::Still, "idle"),
            (Side::Grid, Some(w)) if w > 0.0 => (Direction::In, "importing"),
            (Side::Grid, Some(_)) => (Direction::Out, "exporting"),
            (Side::Battery, Some(w)) if w > 0.0 => (Direction::In, "discharging"),
            (Side::Battery, Some(_)) => (Direction::Out, "charging"),
            (Side::Load, Some(w)) if w > 0.0 => (Direction::Out, ""),
            (Side::Load, Some(_)) => (Direction::In, "feeding"),
            (Side::Solar, Some(w)) if w > 0.0 => (Direction::In, ""),
            // Inverters draw some watts at night.
            (Side::Solar, Some(_)) => (Direction::Out, "drawing"),
        };
        let share = (power_w.unwrap_or(0.0).abs() / full_w.max(1.0)).min(1.0);
        let (thin, thick) = THICKNESS;
        let thickness_tenths = ((thin + share * (thick - thin)) * 10.0).round() as u32;
        Flow { side, name: side.name(kind), shown, direction, verb, thickness_tenths }
    }

    /// Thickness in units of the drawing.
    pub(super) fn thickness(&self) -> f32 {
        self.thickness_tenths as f32 / 10.0
    }

    /// The colour's name in the style sheet.
    pub(super) fn color(&self) -> &'static str {
        match (self.side, self.direction) {
            (_, Direction::Still) => "still",
            (Side::Grid, _) => "grid",
            (Side::Load, _) => "load",
            (Side::Solar, _) => "solar",
            (Side::Battery, Direction::In) => "discharge",
            (Side::Battery, Direction::Out) => "charge",
        }
    }

    /// Name and verb, or how old the value is: `Grid, importing`, `Grid, 15 min ago`.
    pub(super) fn label(&self) -> String {
        if let Freshness::Stale { age_s } = self.shown.freshness {
            return format!("{}, {}", self.name, format::ago(age_s));
        }
        if self.verb.is_empty() { self.name.to_owned() } else { format!("{}, {}", self.name, self.verb) }
    }

    /// The flow in words: `Grid, importing 66.91 kW`.
    pub(super) fn sentence(&self) -> String {
        match &self.shown.figure {
            Some(figure) => format!("{} {figure}", self.label()),
            None => format!("{}: no value", self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::snapshot;
    use domain::reading::NoData;

    #[test]
    fn direction_colour_and_words_follow_the_sign() {
        let mut snapshot = snapshot();
        for (side, sample, direction, color, sentence) in [
            (Side::Grid, Ok(66_910.0), Direction::In, "grid", "Grid, importing 66.91 kW"),
            (Side::Grid, Ok(-5_000.0), Direction::Out, "grid", "Grid, exporting 5.00 kW"),
            (Side::Battery, Ok(142_000.0), Direction::In, "discharge", "Battery, discharging 142.00 kW"),
            (Side::Battery, Ok(-20_000.0), Direction::Out, "charge", "Battery, charging 20.00 kW"),
            (Side::Battery, Ok(20.0), Direction::Still, "still", "Battery, idle 0.02 kW"),
            (Side::Load, Ok(208_900.0), Direction::Out, "load", "AI load 208.90 kW"),
            (Side::Load, Err(NoData::Error), Direction::Still, "still", "AI load: no value"),
        ] {
            snapshot.state.points.set(side.point(), sample, snapshot.now.mono);
            let flow = Flow::of(&snapshot, side, SystemKind::DataCentre, 233_000.0);
            assert_eq!((flow.direction, flow.color()), (direction, color));
            assert_eq!(flow.sentence(), sentence.replace(" kW", "\u{202f}kW"));
        }
    }

    #[test]
    fn an_old_flow_says_how_old_it_is() {
        let mut snapshot = snapshot();
        snapshot.now = snapshot.now + std::time::Duration::from_secs(900);
        let flow = Flow::of(&snapshot, Side::Grid, SystemKind::DataCentre, 233_000.0);
        assert_eq!(flow.label().replace('\u{202f}', " "), "Grid, 15 min ago");
        assert_eq!(flow.sentence().replace('\u{202f}', " "), "Grid, 15 min ago 66.91 kW");
    }

    #[test]
    fn a_house_has_the_sun_and_its_own_name() {
        let mut snapshot = snapshot();
        snapshot.state.points.set(PointId::SolarPower, Ok(4_200.0), snapshot.now.mono);
        snapshot.state.points.set(PointId::LoadPower, Ok(850.0), snapshot.now.mono);
        let sides = Side::of(SystemKind::Home).iter();
        let flows: Vec<Flow> = sides.map(|side| Flow::of(&snapshot, *side, SystemKind::Home, 10_000.0)).collect();
        assert_eq!(flows[2].sentence(), "House 0.85\u{202f}kW");
        assert_eq!((flows[3].sentence().as_str(), flows[3].color()), ("Solar 4.20\u{202f}kW", "solar"));
        assert_eq!(flows[3].direction, Direction::In);
    }

    #[test]
    fn a_line_is_as_thick_as_its_power_within_its_limits() {
        let mut snapshot = snapshot();
        for (w, thickness) in [(0.0, 2.0), (116_500.0, 10.0), (233_000.0, 18.0), (900_000.0, 18.0)] {
            snapshot.state.points.set(PointId::GridPower, Ok(w), snapshot.now.mono);
            assert_eq!(Flow::of(&snapshot, Side::Grid, SystemKind::DataCentre, 233_000.0).thickness(), thickness);
        }
    }
}
