//! Signs of power and current: each device has its own habit, and it ends here.

use serde::Deserialize;

/// What a positive power or current means to a device. Ours: discharge and import are positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// As we have it.
    DischargePositive,
    /// The other way round: flipped.
    ChargePositive,
    /// As we have it.
    ImportPositive,
    /// The other way round: flipped.
    ExportPositive,
}

impl Sign {
    /// 1 or -1: makes the device's value ours.
    pub fn factor(self) -> f64 {
        match self {
            Sign::DischargePositive | Sign::ImportPositive => 1.0,
            Sign::ChargePositive | Sign::ExportPositive => -1.0,
        }
    }
}
