use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Payload;
use crate::stored::events;

events! {
    /// What has happened to a pair of shoes.
    ShoesEvent {
        /// They were bought.
        Bought(ShoesBought) = "shoes.bought" "2" since ["1" => in_one_name],
        /// They were worn for a run.
        Worn(ShoesWorn) = "shoes.worn" "3" since ["1" => in_metres, "2" => on_a_surface],
        /// They are worn out.
        Retired(ShoesRetired) = "shoes.retired" "1",
    }
}

/// Every type with every version that can be read.
pub(super) fn written_once() -> Vec<(&'static str, &'static str)> {
    [ShoesEvent::OLDER, ShoesEvent::TYPES].concat()
}

/// Every field of theirs, in whatever version.
pub(super) const FIELDS: [&str; 8] =
    ["brand", "model", "name", "km", "distance_m", "surface", "why", "type"];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ShoesBought {
    /// In version 1 `brand` and `model`.
    name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ShoesWorn {
    /// In version 1 `km`.
    distance_m: u32,
    /// Since version 3.
    surface: Surface,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct ShoesRetired {
    why: Option<String>,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub(super) enum Surface {
    Road,
    Trail,
    /// Nobody asked.
    Unknown,
}

fn in_one_name(payload: &mut Payload) -> serde_json::Result<()> {
    let mut text = |field| match payload.remove(field) {
        Some(Value::String(text)) => Ok(text),
        Some(_) | None => Err(serde_json::Error::missing_field(field)),
    };
    let name = format!("{} {}", text("brand")?, text("model")?);
    payload.insert("name".to_owned(), name.into());
    Ok(())
}

fn in_metres(payload: &mut Payload) -> serde_json::Result<()> {
    let km = payload.remove("km").and_then(|km| km.as_u64());
    let metres = km.and_then(|km| km.checked_mul(1_000));
    let metres = metres.ok_or_else(|| serde_json::Error::missing_field("km"))?;
    payload.insert("distance_m".to_owned(), metres.into());
    Ok(())
}

fn on_a_surface(payload: &mut Payload) -> serde_json::Result<()> {
    payload.insert("surface".to_owned(), json!(Surface::Unknown));
    Ok(())
}

/// What has happened, told without versions.
#[derive(Debug, Clone)]
pub(super) enum Fact {
    Bought { brand: String, model: String },
    Worn { km: u32, surface: Surface },
    Retired { why: Option<String> },
}

pub(super) fn facts() -> impl Strategy<Value = Fact> {
    prop_oneof![
        (".{0,8}", ".{0,8}").prop_map(|(brand, model)| Fact::Bought { brand, model }),
        (0..1_000_u32, select(vec![Surface::Road, Surface::Trail]))
            .prop_map(|(km, surface)| Fact::Worn { km, surface }),
        prop::option::of(".{0,8}").prop_map(|why| Fact::Retired { why }),
    ]
}

impl Fact {
    pub(super) fn event_type(&self) -> &'static str {
        match self {
            Self::Bought { .. } => "shoes.bought",
            Self::Worn { .. } => "shoes.worn",
            Self::Retired { .. } => "shoes.retired",
        }
    }

    /// Its version and payload, as one of the programs that ever shipped has stored it.
    pub(super) fn as_stored_by(&self, program: usize) -> (&'static str, Value) {
        let name = self.event_type();
        let ways = match self {
            Self::Bought { brand, model } => vec![
                ("1", json!({ "type": name, "brand": brand, "model": model })),
                ("2", json!({ "type": name, "name": format!("{brand} {model}") })),
            ],
            Self::Worn { km, surface } => vec![
                ("1", json!({ "type": name, "km": km })),
                ("2", json!({ "type": name, "distance_m": km * 1_000 })),
                ("3", json!({ "type": name, "distance_m": km * 1_000, "surface": surface })),
            ],
            Self::Retired { why } => vec![("1", json!({ "type": name, "why": why }))],
        };
        ways[program % ways.len()].clone()
    }

    /// As much of it as a version can say.
    pub(super) fn as_known_to(&self, version: &str) -> Self {
        match self {
            Self::Worn { km, .. } if version != "3" => {
                Self::Worn { km: *km, surface: Surface::Unknown }
            }
            Self::Worn { .. } | Self::Bought { .. } | Self::Retired { .. } => self.clone(),
        }
    }

    /// As it is written today.
    pub(super) fn event(&self) -> ShoesEvent {
        match self.clone() {
            Self::Bought { brand, model } => {
                ShoesEvent::Bought(ShoesBought { name: format!("{brand} {model}") })
            }
            Self::Worn { km, surface } => {
                ShoesEvent::Worn(ShoesWorn { distance_m: km * 1_000, surface })
            }
            Self::Retired { why } => ShoesEvent::Retired(ShoesRetired { why }),
        }
    }
}

/// How a pair of shoes is.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shoes {
    name: Option<String>,
    metres: BTreeMap<Surface, u64>,
    retired: Option<Option<String>>,
}

impl Shoes {
    /// Folds an event.
    pub(super) fn apply(&mut self, event: &ShoesEvent) {
        match event.clone() {
            ShoesEvent::Bought(bought) => self.name = Some(bought.name),
            ShoesEvent::Worn(worn) => {
                *self.metres.entry(worn.surface).or_default() += u64::from(worn.distance_m);
            }
            ShoesEvent::Retired(retired) => self.retired = Some(retired.why),
        }
    }

    /// Is told what has happened, without events.
    pub(super) fn hear(&mut self, fact: &Fact) {
        match fact.clone() {
            Fact::Bought { brand, model } => self.name = Some(format!("{brand} {model}")),
            Fact::Worn { km, surface } => {
                *self.metres.entry(surface).or_default() += u64::from(km) * 1_000;
            }
            Fact::Retired { why } => self.retired = Some(why),
        }
    }
}
