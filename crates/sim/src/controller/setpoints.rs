//! What others may set on a pack's controller or a house's GX, whichever door they come through: Modbus, SunSpec or CAN.
//! Pure; time passes by [`Setpoints::step`].
//!
//! A limit is held for a time and then returns to its default unless it is set again; the rest stays. What goes wrong on
//! demand goes wrong here, so that every door shows it.

mod fate;
mod table;

pub use fate::{Fate, Manner, Refusal, Told};
pub use table::Setpoint;

use super::limits::Limits;
use domain::flight::Mode;
use domain::lab::{LabFault, WriteFault};
use table::Row;

/// A limit may be held for so long at most, s.
pub const LEASE_MAX_S: f32 = 600.0;
/// Who takes a write late answers it a little later still, s: once it is taken.
const ANSWER_AFTER_S: f32 = 0.3;
/// After this a controller that forgets has forgotten, s.
const FORGOTTEN_AFTER_S: f32 = 5.0;

/// One setpoint as it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Held {
    value: f32,
    /// Time left until it becomes another value, s, and which.
    until: Option<(f32, f32)>,
}

/// A write that waits.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Waiting {
    left_s: f32,
    setpoint: Setpoint,
    value: f32,
    lease_s: Option<f32>,
}

/// The setpoints of a controller.
#[derive(Clone, Debug, PartialEq)]
pub struct Setpoints {
    held: [Held; 7],
    waiting: Vec<Waiting>,
    faults: Vec<LabFault>,
}

impl Setpoints {
    /// Defaults, with this reserve, %, or this minimum state of charge of a house.
    pub fn new(reserve_pct: f32) -> Setpoints {
        let mut held = Setpoint::ALL.map(|setpoint| Held { value: setpoint.row().default, until: None });
        held[Setpoint::Reserve as usize].value = reserve_pct;
        held[Setpoint::MinimumSoc as usize].value = reserve_pct;
        Setpoints { held, waiting: Vec::new(), faults: Vec::new() }
    }

    /// The value that the controller goes by, in the unit of the setpoint.
    pub fn value(&self, setpoint: Setpoint) -> f32 {
        self.held[setpoint as usize].value
    }

    /// Whether a value is held that will return to its default.
    pub fn is_held(&self, setpoint: Setpoint) -> bool {
        self.held[setpoint as usize].until.is_some()
    }

    /// What the controller works towards.
    pub fn mode(&self) -> Mode {
        if self.value(Setpoint::Mode) < 0.5 { Mode::MaxSafety } else { Mode::MaxRoi }
    }

    /// Whether it is to run.
    pub fn runs(&self) -> bool {
        self.value(Setpoint::Run) > 0.5
    }

    /// What may be given and taken: by the BMS and by the limits that are set, whichever is lower.
    pub fn narrow(&self, bms: Limits) -> Limits {
        Limits {
            discharge_w: bms.discharge_w.min(self.value(Setpoint::DischargeLimit)),
            charge_w: bms.charge_w.min(self.value(Setpoint::ChargeLimit)),
            ..bms
        }
    }

    /// What the controller says.
    pub fn told(&self) -> Told {
        let told = |setpoint: Setpoint| {
            let (value, row) = (self.value(setpoint), setpoint.row());
            match self.has(WriteFault::OneStepOff) {
                true if value + row.step > row.max => value - row.step,
                true => value + row.step,
                false => value,
            }
        };
        let left = |setpoint: Setpoint| self.held[setpoint as usize].until.map_or(0.0, |(left_s, _)| left_s);
        Told {
            values: Setpoint::ALL.map(told),
            left_s: Setpoint::ALL.map(left),
            local: self.has(WriteFault::LocalControl),
        }
    }

    /// How writes are answered now.
    pub fn manner(&self) -> Manner {
        Manner {
            drops: self.has(WriteFault::Dropped),
            keeps_silent: self.has(WriteFault::Unanswered),
            late_s: self.late_s().map_or(0.0, |late_s| late_s + ANSWER_AFTER_S),
        }
    }

    /// Whether anything may be written now.
    ///
    /// # Errors
    /// Not by anybody, and why.
    pub fn open(&self) -> Result<(), Refusal> {
        let closed = [
            (WriteFault::Dropped, Refusal::Dropped),
            (WriteFault::LocalControl, Refusal::Local),
            (WriteFault::Refused, Refusal::Value),
        ];
        closed.into_iter().find(|(fault, _)| self.has(*fault)).map_or(Ok(()), |(_, refusal)| Err(refusal))
    }

    /// What would become of a value, in the unit of the setpoint.
    ///
    /// # Errors
    /// It is refused, and why.
    pub fn judge(&self, setpoint: Setpoint, value: f32) -> Result<Fate, Refusal> {
        self.open()?;
        let Row { min, max, narrow_max, .. } = *setpoint.row();
        if !(min..=max).contains(&value) {
            return Err(Refusal::Value);
        }
        if self.has(WriteFault::Ignored) {
            return Ok(Fate::Ignored);
        }
        let most = if self.has(WriteFault::Clamped) { narrow_max } else { max };
        Ok(self.late_s().map_or(Fate::Taken(value.min(most)), Fate::Late))
    }

    /// Sets a value, in the unit of the setpoint. A limit is held for `lease_s`, of at most [`LEASE_MAX_S`], or as long as
    /// limits usually are.
    ///
    /// # Errors
    /// It is refused, and why; nothing has changed.
    pub fn set(&mut self, setpoint: Setpoint, value: f32, lease_s: Option<f32>) -> Result<(), Refusal> {
        match self.judge(setpoint, value)? {
            Fate::Ignored => {}
            Fate::Taken(value) => self.hold(setpoint, value, lease_s),
            Fate::Late(left_s) => self.waiting.push(Waiting { left_s, setpoint, value, lease_s }),
        }
        Ok(())
    }

    /// Lets a limit return to its default at once.
    ///
    /// # Errors
    /// It is refused, and why.
    pub fn release(&mut self, setpoint: Setpoint) -> Result<(), Refusal> {
        let default = setpoint.row().default;
        if let Fate::Taken(_) = self.judge(setpoint, default)? {
            self.held[setpoint as usize] = Held { value: default, until: None };
        }
        Ok(())
    }

    fn hold(&mut self, setpoint: Setpoint, value: f32, lease_s: Option<f32>) {
        let (before, row) = (self.held[setpoint as usize], setpoint.row());
        let lease = row.lease_s.map(|usual| (lease_s.unwrap_or(usual).clamp(1.0, LEASE_MAX_S), row.default));
        let until = match (self.has(WriteFault::Forgotten), before.until) {
            // Setting the same again does not help.
            (true, Some(until)) if before.value == value => Some(until),
            (true, _) => {
                let then = lease.map_or(before.until.map_or(before.value, |(_, then)| then), |(_, then)| then);
                Some((FORGOTTEN_AFTER_S, then))
            }
            (false, _) => lease,
        };
        self.held[setpoint as usize] = Held { value, until };
    }

    /// Lets `dt_s` seconds pass: late writes are taken, leases end.
    pub fn step(&mut self, dt_s: f32) {
        for held in &mut self.held {
            *held = match held.until {
                Some((left_s, then)) if left_s <= dt_s => Held { value: then, until: None },
                Some((left_s, then)) => Held { until: Some((left_s - dt_s, then)), ..*held },
                None => *held,
            };
        }
        self.waiting.iter_mut().for_each(|waiting| waiting.left_s -= dt_s);
        let due: Vec<Waiting> = self.waiting.extract_if(.., |waiting| waiting.left_s <= 0.0).collect();
        due.into_iter().for_each(|Waiting { setpoint, value, lease_s, .. }| self.hold(setpoint, value, lease_s));
    }

    /// Brings about a fault of taking writes, or takes it back; other faults are none of its business.
    pub(crate) fn set_fault(&mut self, fault: LabFault, on: bool) {
        self.faults.retain(|active| *active != fault);
        self.faults.extend(on.then_some(fault));
    }

    fn has(&self, fault: WriteFault) -> bool {
        self.faults.contains(&LabFault::Writes(fault))
    }

    /// How much later writes are taken, s; the longest counts.
    fn late_s(&self) -> Option<f32> {
        let late = self.faults.iter().filter_map(|fault| match fault {
            LabFault::LateWrites(seconds) => Some(f32::from(*seconds)),
            _ => None,
        });
        late.reduce(f32::max)
    }
}

#[cfg(test)]
mod tests;
