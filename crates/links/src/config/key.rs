//! Keys of a `[[link]]`: their names, what they mean, and the shape of what stands behind them.
//!
//! A key that several kinds have is of one shape in all of them, so that it can be read before the kind is known, which
//! may stand below it. What is wrong with it is told at its place in the file.

use super::{ConfigError, MapEntry, SetpointEntry, Sign};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::Range;
use toml::Spanned;

/// A key whose value is a `T`.
#[derive(Debug)]
pub(super) struct Key<T> {
    name: &'static str,
    meaning: &'static str,
    value: PhantomData<fn() -> T>,
}

/// A key as a kind of link lists it.
#[derive(Clone, Copy, Debug)]
pub struct KeyInfo {
    /// Its name: `poll_ms`.
    pub name: &'static str,
    /// What it means, for people; with what counts if it is not given.
    pub meaning: &'static str,
    pub(super) shape: Shape,
}

impl<T: Shaped> Key<T> {
    pub(super) const fn new(name: &'static str, meaning: &'static str) -> Key<T> {
        Key { name, meaning, value: PhantomData }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// The key as a kind lists it.
    pub(super) const fn info(&self) -> KeyInfo {
        self.meaning(self.meaning)
    }

    /// The same for a kind to which it means something of its own.
    pub(super) const fn meaning(&self, meaning: &'static str) -> KeyInfo {
        KeyInfo { name: self.name, meaning, shape: T::SHAPE }
    }
}

/// What may stand behind a key.
pub(super) trait Shaped: Sized {
    const SHAPE: Shape;
    fn of(value: &Value) -> Option<&Spanned<Self>>;
    fn value(value: Spanned<Self>) -> Value;
}

macro_rules! shapes {
    ($($shape:ident $type:ty,)*) => {
        /// The shape of a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Shape {
            $($shape,)*
        }

        /// A value with its place in the file.
        #[derive(Clone, Debug)]
        pub(super) enum Value {
            $($shape(Spanned<$type>),)*
        }

        impl Value {
            fn span(&self) -> Range<usize> {
                match self {
                    $(Value::$shape(value) => value.span(),)*
                }
            }
        }

        impl<'de> DeserializeSeed<'de> for Shape {
            type Value = Value;

            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
                match self {
                    $(Shape::$shape => Spanned::deserialize(deserializer).map(Value::$shape),)*
                }
            }
        }

        $(impl Shaped for $type {
            const SHAPE: Shape = Shape::$shape;

            fn of(value: &Value) -> Option<&Spanned<Self>> {
                if let Value::$shape(value) = value { Some(value) } else { None }
            }

            fn value(value: Spanned<Self>) -> Value {
                Value::$shape(value)
            }
        })*
    };
}

shapes! {
    Text String,
    Flag bool,
    Number f64,
    U8 u8,
    U16 u16,
    U32 u32,
    U64 u64,
    Map Vec<MapEntry>,
    Units BTreeMap<String, u8>,
    Sign Sign,
    Setpoints Vec<SetpointEntry>,
}

/// The keys that a link has, beside those that every link has.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(Vec<(&'static str, Value)>);

impl Keys {
    /// Adds a key that was read.
    pub(super) fn push(&mut self, name: &'static str, value: Value) {
        self.0.push((name, value));
    }

    /// The value of a key with its place, if it is there.
    pub(super) fn get<T: Shaped>(&self, key: &Key<T>) -> Option<&Spanned<T>> {
        self.0.iter().find(|(name, _)| *name == key.name).and_then(|(_, value)| T::of(value))
    }

    /// The value of a key, if it is there.
    pub(super) fn value<T: Shaped>(&self, key: &Key<T>) -> Option<&T> {
        self.get(key).map(Spanned::get_ref)
    }

    /// Sets a key that does not stand in the file.
    pub(super) fn set<T: Shaped>(&mut self, key: &Key<T>, value: T) {
        self.0.retain(|(name, _)| *name != key.name);
        self.0.push((key.name, T::value(Spanned::new(0..0, value))));
    }

    /// Drops all keys but these.
    pub(super) fn keep(&mut self, names: &[&str]) {
        self.0.retain(|(name, _)| names.contains(name));
    }

    /// Every key and its place.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'static str, Range<usize>)> {
        self.0.iter().map(|(name, value)| (*name, value.span()))
    }
}

/// What a text stands for; `what` it should be is said with an example, if `read` makes nothing of it.
pub(super) fn read_as<T>(
    text: &Spanned<String>,
    what: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, ConfigError> {
    let wrong = || ConfigError::new(text.span(), format!("`{}` is not {what}", text.get_ref()));
    read(text.get_ref()).ok_or_else(wrong)
}
