//! Reads a `[[link]]`: the keys that every link has, and those of all kinds, whose shapes are known before the kind is.

use super::key::{Keys, Shape};
use super::kind::Kind;
use super::kinds::{key_named, key_names, named, names};
use super::{COMMON_KEYS, LinkConfig};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::fmt;
use toml::Spanned;

/// A key of a link.
enum Name {
    Common(&'static str),
    OfKind(&'static str, Shape),
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
        struct Names;

        impl Visitor<'_> for Names {
            type Value = Name;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
                let common = COMMON_KEYS.into_iter().find(|common| *common == name).map(Name::Common);
                let known = common.or_else(|| key_named(name).map(|(name, shape)| Name::OfKind(name, shape)));
                known.ok_or_else(|| E::unknown_field(name, key_names()))
            }
        }

        deserializer.deserialize_identifier(Names)
    }
}

/// A kind by its name.
struct Named(&'static Kind);

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named, D::Error> {
        let name = String::deserialize(deserializer)?;
        named(&name).map(Named).ok_or_else(|| D::Error::unknown_variant(&name, names()))
    }
}

impl<'de> Deserialize<'de> for LinkConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<LinkConfig, D::Error> {
        struct Link;

        impl<'de> Visitor<'de> for Link {
            type Value = LinkConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("struct LinkConfig")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LinkConfig, A::Error> {
                let (mut id, mut name, mut system, mut kind) = (None, None, None, None);
                let (mut silent_ms, mut max_age_ms, mut keys) = (None, None, Keys::default());
                while let Some(key) = map.next_key()? {
                    match key {
                        Name::OfKind(name, shape) => keys.push(name, map.next_value_seed(shape)?),
                        Name::Common("id") => id = Some(map.next_value()?),
                        Name::Common("name") => name = Some(map.next_value()?),
                        Name::Common("system") => system = Some(map.next_value()?),
                        Name::Common("silent_ms") => silent_ms = Some(map.next_value()?),
                        Name::Common("max_age_ms") => max_age_ms = Some(map.next_value()?),
                        Name::Common(_) => {
                            let read: Spanned<Named> = map.next_value()?;
                            kind = Some(Spanned::new(read.span(), read.into_inner().0));
                        }
                    }
                }
                Ok(LinkConfig {
                    id: id.ok_or_else(|| A::Error::missing_field("id"))?,
                    name,
                    system: system.ok_or_else(|| A::Error::missing_field("system"))?,
                    kind: kind.ok_or_else(|| A::Error::missing_field("kind"))?,
                    silent_ms,
                    max_age_ms,
                    keys,
                })
            }
        }

        deserializer.deserialize_map(Link)
    }
}
