//! A `[[register]]` of a table, as it is written.

use super::super::value::Format;
use super::super::{Area, OwnPoint, RegisterType, Unit as UnitOfTable, WordOrder, Writable};
use super::Complaint;
use crate::device::codes::{Coded, Codes, OurCodes};
use crate::device::setpoint::{self, Grid, Held, WearKey};
use crate::device::sign::Sign;
use crate::device::unit;
use crate::text::suggestion;
use domain::plain::{nearest, one_line};
use domain::point::{PointId, PointLimits, Unit};
use domain::reading::Target;
use domain::write::Setpoint;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// What the extremes of the types mean in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Extremes {
    /// Numbers as all others.
    #[default]
    Number,
    /// "No value", or a value that does not fit.
    NoValue,
}

/// Where a register is. The order of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Location {
    pub(super) unit: Option<UnitOfTable>,
    pub(super) area: Area,
    pub(super) address: u16,
}

/// The address of a value, or those of values that are added up.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an address is a whole number from 0 to 65535; several in a list are added up")]
enum Addresses {
    One(u16),
    Sum(Vec<u16>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    address: Spanned<Addresses>,
    point: Option<Spanned<String>>,
    /// The name of a point of the device's own.
    device_point: Option<Spanned<String>>,
    /// Its unit.
    measured_in: Option<Spanned<String>>,
    /// The step of its values; that of one number, if not given.
    resolution: Option<Spanned<f32>>,
    /// Its values that can be believed.
    range: Option<Spanned<[f32; 2]>>,
    /// Lower values raise an alarm.
    alarm_below: Option<Spanned<f32>>,
    /// Higher values raise an alarm.
    alarm_above: Option<Spanned<f32>>,
    pub(super) label: Option<Spanned<String>>,
    #[serde(rename = "type")]
    pub(super) kind: RegisterType,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    offset: f64,
    #[serde(default)]
    word_order: WordOrder,
    #[serde(default)]
    sentinel: Vec<f64>,
    #[serde(default)]
    pub(super) fc: Area,
    sign: Option<Sign>,
    pub(super) unit: Option<Spanned<String>>,
    needs: Option<Spanned<String>>,
    /// The first address of the newer register whose place it takes while the device refuses that one.
    pub(super) instead_of: Option<Spanned<u16>>,
    negative_above: Option<f64>,
    pub(super) max_age_ms: Option<Spanned<u32>>,
    words: Option<Spanned<BTreeMap<String, String>>>,
    flags: Option<Spanned<BTreeMap<String, String>>>,
    codes: Option<Spanned<OurCodes>>,
    write: Option<Spanned<WriteRow>>,
}

/// What may be written to a row's registers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WriteRow {
    /// Its name in commands.
    name: String,
    min: f64,
    max: f64,
    step: f64,
    wear: WearKey,
    /// Unit of the values, where the row is no point.
    unit: Option<String>,
    /// How long the device keeps a value that is not written again; for ever, if not given.
    lease_s: Option<u32>,
    /// 6 for devices that take no other; else 16.
    function: Option<u8>,
}

fn one() -> f64 {
    1.0
}

fn point_of(path: &Spanned<String>) -> Result<PointId, Complaint> {
    let name = path.get_ref();
    PointId::from_path(name).ok_or_else(|| {
        let known = PointId::ALL.iter().map(|id| id.spec().path);
        (path.span(), format!("no point `{name}`{}", suggestion(nearest(name, known))))
    })
}

/// The longest name for people of a table or a register, characters.
pub(super) const LONGEST_LABEL: usize = 80;

/// The longest name of a device point within its device, bytes: with the link's it is a name in history, addresses and
/// alarms.
const LONGEST_POINT_NAME: usize = 64;

/// Whether a device point can be called so within its device: `3/power`. Such a name can be part of an address.
pub fn is_point_name(name: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'))
    };
    name.len() <= LONGEST_POINT_NAME && name.split('/').all(plain)
}

impl Row {
    /// Its addresses; more than one are added up.
    pub(super) fn addresses(&self) -> Result<Vec<u16>, Complaint> {
        let addresses = match self.address.get_ref() {
            Addresses::One(address) => vec![*address],
            Addresses::Sum(addresses) => addresses.clone(),
        };
        if addresses.is_empty() || addresses.iter().any(|address| address.checked_add(self.kind.words() - 1).is_none())
        {
            return Err((self.address.span(), "no value, or one that ends beyond register 65535".into()));
        }
        Ok(addresses)
    }

    /// Refuses numbers with which no value means anything.
    pub(super) fn numbers(&self) -> Result<(), Complaint> {
        let wrong = |words: &str, value: f64| Err((self.target_span(), format!("{words}: {value} is not one")));
        match (self.scale, self.offset, self.negative_above) {
            (scale, ..) if !scale.is_finite() || scale == 0.0 => {
                wrong("`scale` is what one number of the register is worth, not 0", scale)
            }
            (_, offset, _) if !offset.is_finite() => wrong("`offset` is a number that is added", offset),
            (.., Some(above)) if !above.is_finite() => wrong("`negative_above` is the highest positive number", above),
            _ => Ok(()),
        }
    }

    /// The point that it is; `None` if it is only shown.
    pub(super) fn point(&self) -> Result<Option<PointId>, Complaint> {
        let long = |label: &Spanned<String>| Some((label.span(), one_line(label.get_ref(), LONGEST_LABEL)?));
        if let Some(wrong) = self.label.as_ref().and_then(long) {
            return Err(wrong);
        }
        match (&self.point, &self.device_point, &self.label) {
            (Some(path), None, None) => point_of(path).map(Some),
            (None, Some(_), None) | (None, None, Some(_)) => Ok(None),
            _ => Err((self.address.span(), "a register needs one of `point`, `device_point` and `label`".into())),
        }
    }

    /// Its name for people, if it is only shown.
    pub(super) fn label(&self) -> Option<String> {
        self.label.as_ref().map(|label| label.get_ref().clone())
    }

    /// The point of the device's own that it is, if it is one; `usual` is the table's max age.
    pub(super) fn own_point(&self, usual: Option<Duration>) -> Result<Option<OwnPoint>, Complaint> {
        let only = |span: Range<usize>, key: &str| (span, format!("`{key}` is for a register with `device_point`"));
        let Some(name) = &self.device_point else {
            let keys = [
                (self.measured_in.as_ref().map(Spanned::span), "measured_in"),
                (self.resolution.as_ref().map(Spanned::span), "resolution"),
                (self.range.as_ref().map(Spanned::span), "range"),
                (self.alarm_below.as_ref().map(Spanned::span), "alarm_below"),
                (self.alarm_above.as_ref().map(Spanned::span), "alarm_above"),
            ];
            return keys.into_iter().find_map(|(span, key)| Some(only(span?, key))).map_or(Ok(None), Err);
        };
        if !is_point_name(name.get_ref()) {
            let words = "small letters, digits, `_`, `-` and `/`, as `3/power` or `heatsink_temperature`";
            let shown: String = name.get_ref().chars().take(LONGEST_POINT_NAME + 1).collect();
            return Err((name.span(), format!("`{shown}`: a name is of 1 to {LONGEST_POINT_NAME} {words}")));
        }
        if self.addresses()?.len() > 1 {
            return Err((self.address.span(), "points of a device cannot be added up: name one address".to_owned()));
        }
        let symbol = self.measured_in.as_ref().map_or("", |unit| unit.get_ref().as_str());
        let unit = Unit::ALL.into_iter().find(|unit| unit.symbol() == symbol).ok_or_else(|| {
            let known: Vec<&str> =
                Unit::ALL.iter().map(|unit| unit.symbol()).filter(|known| !known.is_empty()).collect();
            let span = self.measured_in.as_ref().map_or_else(|| name.span(), Spanned::span);
            (span, format!("no unit `{symbol}`: there is {}; a bare number needs none", known.join(", ")))
        })?;
        let resolution = self.resolution.as_ref().map_or(self.scale.abs() as f32, |given| *given.get_ref());
        if !(resolution.is_finite() && resolution > 0.0) {
            let span = self.resolution.as_ref().map_or_else(|| name.span(), Spanned::span);
            return Err((span, "`resolution` is the step of the values, above 0".to_owned()));
        }
        let [low, high] =
            self.range.as_ref().map_or_else(|| Target::Device(0).plausible().into(), |range| *range.get_ref());
        if !low.is_finite() || !high.is_finite() || low >= high {
            let span = self.range.as_ref().map_or_else(|| name.span(), Spanned::span);
            return Err((span, "`range` is the lowest and the highest value that can be believed".to_owned()));
        }
        let max_age = super::max_age(self.max_age_ms.as_ref())?.or(usual);
        let limits = self.point_limits((low, high))?;
        Ok(Some(OwnPoint { name: name.get_ref().clone(), unit, resolution, range: (low, high), max_age, limits }))
    }

    /// Beyond which values of its point there is an alarm: within what can be believed, and in their order.
    fn point_limits(&self, (lowest, highest): (f32, f32)) -> Result<PointLimits, Complaint> {
        let (low, high) = (self.alarm_below.as_ref(), self.alarm_above.as_ref());
        let wrong = |limit: &&Spanned<f32>| !(lowest..=highest).contains(limit.get_ref());
        if let Some(limit) = low.into_iter().chain(high).find(wrong) {
            return Err((limit.span(), "a limit must be a value that can be believed: see `range`".to_owned()));
        }
        if let (Some(low), Some(high)) = (low, high)
            && low.get_ref() >= high.get_ref()
        {
            return Err((high.span(), "`alarm_above` must be above `alarm_below`".to_owned()));
        }
        Ok(PointLimits { low: low.map(|limit| *limit.get_ref()), high: high.map(|limit| *limit.get_ref()) })
    }

    /// Where the point stands in the text.
    pub(super) fn target_span(&self) -> Range<usize> {
        self.point.as_ref().or(self.device_point.as_ref()).map_or_else(|| self.address.span(), Spanned::span)
    }

    /// The point without which it has no value, and where that stands.
    pub(super) fn needs(&self) -> Result<Option<(PointId, Range<usize>)>, Complaint> {
        self.needs.as_ref().map(|path| Ok((point_of(path)?, path.span()))).transpose()
    }

    pub(super) fn format(&self, extremes: Extremes) -> Format {
        Format {
            kind: self.kind,
            word_order: self.word_order,
            scale: self.scale * self.sign.map_or(1.0, Sign::factor),
            offset: self.offset,
            sentinel: self.sentinel.clone(),
            extremes: extremes == Extremes::NoValue,
            negative_above: self.negative_above,
        }
    }

    /// What can be set by it, if anything; `unit` is the named unit that has it.
    pub(super) fn writable(
        &self,
        unit: Option<UnitOfTable>,
        extremes: Extremes,
    ) -> Result<Option<Writable>, Complaint> {
        let Some(written) = &self.write else { return Ok(None) };
        let (write, addresses, point) = (written.get_ref(), self.addresses()?, self.point()?);
        let wrong = |words: &str| Err((written.span(), words.to_owned()));
        if addresses.len() != 1 || self.fc != Area::Holding {
            return wrong("only one holding register, or one pair, can be written");
        }
        if self.negative_above.is_some() || self.needs.is_some() || self.instead_of.is_some() {
            return wrong("`negative_above`, `needs` and `instead_of` are for registers that are only read");
        }
        if point.and_then(Coded::of).is_some() {
            return wrong("codes cannot be written");
        }
        let function = write.function.unwrap_or(16);
        if !matches!(function, 6 | 16) || function == 6 && self.kind.words() > 1 {
            return wrong("`function` is 6, for one register, or 16");
        }
        let point_unit = point.map(|point| unit::symbol(Target::Point(point))).unwrap_or_default();
        let own_unit = self.measured_in.as_ref().map_or(point_unit, |unit| unit.get_ref().as_str());
        let known =
            point.map(|point| point.spec().plausible).or(self.range.as_ref().map(|range| (*range.get_ref()).into()));
        let label = point.map(|point| point.spec().path.to_owned()).or_else(|| self.label());
        let own_name = || self.device_point.as_ref().map(|name| name.get_ref().clone()).unwrap_or_default();
        let setpoint = Setpoint {
            name: write.name.clone(),
            label: label.unwrap_or_else(own_name),
            sets: format!("register {}", addresses[0]),
            words: self.words()?,
            unit: write.unit.clone().unwrap_or_else(|| own_unit.to_owned()),
            min: write.min,
            max: write.max,
            step: write.step,
            wear: write.wear.into(),
            lease: write.lease_s.map(|s| Duration::from_secs(s.into())),
        };
        let grid = Grid { resolution: self.scale.abs(), offset: self.offset };
        let held = Held {
            unit: own_unit.to_owned(),
            range: known.map(|(low, high)| (f64::from(low), f64::from(high))),
            grid: (self.kind != RegisterType::F32).then_some(grid),
            float_offset: (self.kind == RegisterType::F32).then_some(self.offset),
            ..Held::default()
        };
        let writable = Writable {
            setpoint: setpoint::checked(setpoint, &held).map_err(|wrong| (written.span(), wrong.words))?,
            unit,
            address: addresses[0],
            single: function == 6,
            format: self.format(extremes),
        };
        if let Some(nothing) = writable.without_words() {
            let words =
                format!("{nothing} is within `min` to `max`, but its number means \"no value\": see `sentinel`");
            return Err((written.span(), words));
        }
        match [write.min, write.max].into_iter().find_map(|value| writable.words(value).err()) {
            Some(error) => Err((written.span(), format!("what may be written cannot be: {error}"))),
            None => Ok(Some(writable)),
        }
    }

    /// What its numbers mean to us, if they are codes.
    pub(super) fn codes(&self) -> Result<Option<Codes>, Complaint> {
        let of = self.point()?.and_then(Coded::of);
        let meant = self.flags.as_ref().map(Spanned::span).or(self.codes.as_ref().map(Spanned::span));
        let Some(of) = of else {
            let words = || "`flags` and `codes` are for events, modes and contactors".to_owned();
            return meant.map_or(Ok(None), |span| Err((span, words())));
        };
        let at = meant.or(self.words.as_ref().map(Spanned::span)).unwrap_or_else(|| self.target_span());
        if self.addresses()?.len() > 1 {
            return Err((self.address.span(), "codes cannot be added up: name one address".to_owned()));
        }
        let (words, flags) = (self.words.as_ref().map(Spanned::get_ref), self.flags.as_ref().map(Spanned::get_ref));
        let ours = self.codes.as_ref().map(|codes| *codes.get_ref());
        let name = self.point.as_ref().map_or("", |path| path.get_ref().as_str());
        match Codes::declared(of, words, flags, ours) {
            Ok(Some(codes))
                if !codes.are_ours() && (self.scale != 1.0 || self.offset != 0.0 || self.sign.is_some()) =>
            {
                Err((at, format!("`{name}` is a code: `scale`, `offset` and `sign` mean nothing to it")))
            }
            Ok(Some(codes)) => Ok(Some(codes)),
            Ok(None) => Err((at, of.undeclared(name))),
            Err(words) => Err((at, words)),
        }
    }

    /// What its numbers mean.
    pub(super) fn words(&self) -> Result<Vec<(i64, String)>, Complaint> {
        let Some(words) = &self.words else { return Ok(Vec::new()) };
        let number = |(number, meaning): (&String, &String)| {
            let complaint = || (words.span(), format!("`{number}` is not a whole number"));
            Ok((number.parse().map_err(|_| complaint())?, meaning.clone()))
        };
        words.get_ref().iter().map(number).collect()
    }
}
