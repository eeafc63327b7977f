//! `[[control]]`: which setpoint of which device may be commanded, and within which envelope.
//!
//! ```toml
//! [[control]]
//! system = "hv"
//! control = "discharge-limit"
//! link = "controller"
//! setpoint = "discharge-limit"
//! max = 200_000
//! ```

use super::Complaint;
use domain::control::{ControlKind, ControlSpec, Wanted, WriteBudget};
use domain::link::LinkIdx;
use domain::spec::{SystemIdx, SystemSpec};
use domain::write::Setpoint;
use serde::Deserialize;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// The table as it is written. Numbers are in the unit of the control: %, W.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlTable {
    pub(super) system: Spanned<String>,
    /// The kind of control, by its key.
    control: Spanned<String>,
    /// The link to the device.
    pub(super) link: Spanned<String>,
    /// The link's setpoint; that with the name of the control, if not given.
    setpoint: Option<Spanned<String>>,
    min: Option<Spanned<f64>>,
    max: Option<Spanned<f64>>,
    step: Option<Spanned<f64>>,
    /// The value to which the system returns.
    safe: Option<Spanned<f64>>,
    /// The power that the setpoint means by 100 %, W.
    full_scale_w: Option<Spanned<f64>>,
    /// What the device has when its lease is over.
    returns_to: Option<Spanned<f64>>,
    /// The shortest time between two writes, s.
    gap_s: Option<Spanned<u32>>,
    writes_per_hour: Option<Spanned<u32>>,
    writes_per_day: Option<Spanned<u32>>,
}

/// The most writes in 24 hours of a value that is stored in flash: some such memories bear 100,000.
const FLASH_PER_DAY_MAX: u32 = 200;

impl ControlTable {
    /// The control of this table, of a system, with the setpoints of its link.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(
        &self,
        system: &SystemSpec,
        link: LinkIdx,
        setpoints: &[Setpoint],
    ) -> Result<ControlSpec, Complaint> {
        let key = self.control.get_ref();
        let kind = ControlKind::from_key(key).ok_or_else(|| {
            let known: Vec<&str> = ControlKind::ALL.iter().map(|kind| kind.spec().key).collect();
            (self.control.span(), format!("there is no control {key:?}; there is {}", known.join(", ")))
        })?;
        if !kind.fits(system.kind) {
            let words = format!("{key:?} is of a house, and {:?} is none: its `kind` says so", system.id);
            return Err((self.control.span(), words));
        }
        let name = self.setpoint.as_ref().map_or(key, Spanned::get_ref);
        let span = self.setpoint.as_ref().map_or(self.link.span(), Spanned::span);
        let setpoint = setpoints.iter().find(|setpoint| setpoint.name == *name).ok_or_else(|| {
            let known: Vec<&str> = setpoints.iter().map(|setpoint| setpoint.name.as_str()).collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            (span, format!("the link {:?} has no setpoint {name:?}; {known}", self.link.get_ref()))
        })?;
        let shortest = ControlSpec::shortest_lease(system.period());
        if let Some(lease) = setpoint.lease.filter(|lease| *lease < shortest) {
            let words = format!(
                "{name:?} is held for {} s, which is too short to be renewed in time: a value is renewed after half of its \
                 lease and tried again after each eighth, once in a cycle of the system ({} s); write a `lease_s` of {} or \
                 more for the setpoint, or a higher `rate_hz` in [[system]]",
                lease.as_secs(),
                system.period().as_secs_f32(),
                shortest.as_secs_f32().ceil()
            );
            return Err((self.place("setpoint"), words));
        }
        let usual = WriteBudget::of(setpoint.wear);
        let budget = WriteBudget {
            gap: given(&self.gap_s).map_or(usual.gap, |seconds| Duration::from_secs(seconds.into())),
            per_hour: given(&self.writes_per_hour).unwrap_or(usual.per_hour),
            per_day: given(&self.writes_per_day).unwrap_or(usual.per_day),
        };
        let flash = setpoint.wear == domain::write::Wear::Flash;
        if flash && budget.per_day > FLASH_PER_DAY_MAX {
            let words = format!(
                "`writes_per_day` is {}: so many wear out a value that is stored in flash; write at most {FLASH_PER_DAY_MAX}",
                budget.per_day
            );
            return Err((self.place("writes_per_day"), words));
        }
        let wanted = Wanted {
            min: given(&self.min),
            max: given(&self.max),
            step: given(&self.step),
            safe: given(&self.safe),
            full_scale_w: given(&self.full_scale_w),
            returns_to: given(&self.returns_to),
            budget: Some(budget),
        };
        ControlSpec::new(kind, link, setpoint, &wanted)
            .map_err(|why| (self.place(why.key().unwrap_or_default()), why.to_string()))
    }

    /// Where a key stands; the name of the control where it does not stand at all.
    fn place(&self, key: &str) -> Range<usize> {
        let of = |value: &Option<Spanned<f64>>| value.as_ref().map(Spanned::span);
        let count = |value: &Option<Spanned<u32>>| value.as_ref().map(Spanned::span);
        let place = match key {
            "link" => Some(self.link.span()),
            "setpoint" => self.setpoint.as_ref().map(Spanned::span),
            "min" => of(&self.min),
            "max" => of(&self.max),
            "step" => of(&self.step),
            "safe" => of(&self.safe),
            "full_scale_w" => of(&self.full_scale_w),
            "returns_to" => of(&self.returns_to),
            "gap_s" => count(&self.gap_s),
            "writes_per_hour" => count(&self.writes_per_hour),
            "writes_per_day" => count(&self.writes_per_day),
            _ => None,
        };
        place.unwrap_or_else(|| self.control.span())
    }

    /// Complains of a second control of one kind in a system, or of one that sets what another one sets.
    pub(super) fn twice(
        &self,
        known: &[(SystemIdx, ControlSpec)],
        system: SystemIdx,
        new: &ControlSpec,
    ) -> Option<Complaint> {
        let same = known.iter().find(|(of, other)| *of == system && other.kind == new.kind);
        let sets = known.iter().find(|(_, other)| (other.link, &other.setpoint) == (new.link, &new.setpoint));
        let (id, link, key) = (self.system.get_ref(), self.link.get_ref(), new.kind.spec().key);
        if same.is_some() {
            let words = format!("the system {id:?} has a control {key:?} already: keep one of the two");
            return Some((self.control.span(), words));
        }
        let other = sets?.1.kind.spec().key;
        let words = format!(
            "{:?} of the link {link:?} is set by the control {other:?} already: name another setpoint",
            new.setpoint
        );
        Some((self.place("setpoint"), words))
    }
}

/// What is written.
fn given<T: Copy>(value: &Option<Spanned<T>>) -> Option<T> {
    value.as_ref().map(|value| *value.get_ref())
}
