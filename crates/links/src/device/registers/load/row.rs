//! A `[[register]]` of a table, as it is written.

use super::super::value::Format;
use super::super::{Area, RegisterType, Unit, WordOrder};
use super::Complaint;
use crate::device::codes::{Coded, Codes, OurCodes};
use crate::device::sign::Sign;
use crate::text::{nearest, suggestion};
use domain::point::PointId;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
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
pub(super) struct Place {
    pub(super) unit: Option<Unit>,
    pub(super) area: Area,
    pub(super) address: u16,
}

/// The address of a value, or those of values that are added up.
#[derive(Deserialize)]
#[serde(untagged)]
enum Addresses {
    One(u16),
    Sum(Vec<u16>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    address: Spanned<Addresses>,
    point: Option<Spanned<String>>,
    pub(super) label: Option<String>,
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

impl Row {
    /// Its addresses; more than one are added up.
    pub(super) fn places(&self) -> Result<Vec<u16>, Complaint> {
        let places = match self.address.get_ref() {
            Addresses::One(address) => vec![*address],
            Addresses::Sum(addresses) => addresses.clone(),
        };
        if places.is_empty() || places.iter().any(|address| address.checked_add(self.kind.words() - 1).is_none()) {
            return Err((self.address.span(), "no value, or one that ends beyond register 65535".into()));
        }
        Ok(places)
    }

    /// The point that it is; `None` if it is only shown.
    pub(super) fn point(&self) -> Result<Option<PointId>, Complaint> {
        match (&self.point, &self.label) {
            (Some(path), None) => point_of(path).map(Some),
            (None, Some(_)) => Ok(None),
            _ => Err((self.address.span(), "a register needs either `point` or `label`".into())),
        }
    }

    /// Where the point stands in the text.
    pub(super) fn target_span(&self) -> Range<usize> {
        self.point.as_ref().map_or_else(|| self.address.span(), Spanned::span)
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

    /// What its numbers mean to us, if they are codes.
    pub(super) fn codes(&self) -> Result<Option<Codes>, Complaint> {
        let of = self.point()?.and_then(Coded::of);
        let meant = self.flags.as_ref().map(Spanned::span).or(self.codes.as_ref().map(Spanned::span));
        let Some(of) = of else {
            let words = || "`flags` and `codes` are for events, modes and contactors".to_owned();
            return meant.map_or(Ok(None), |span| Err((span, words())));
        };
        let at = meant.or(self.words.as_ref().map(Spanned::span)).unwrap_or_else(|| self.target_span());
        if self.places()?.len() > 1 {
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
