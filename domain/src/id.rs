use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id! {
    /// The runner that something belongs to.
    OwnerId
}
id! {
    /// One training plan.
    PlanId
}
id! {
    /// One workout of a plan.
    WorkoutId
}
id! {
    /// One run.
    RunId
}
id! {
    /// One PDF of a plan.
    ExportId
}

/// The namespace of ids that are derived from an imported thing's own id.
const IMPORTED: Uuid = Uuid::from_u128(0x6f1d_30a2_9a55_4c0e_b1f7_5a1c_2f60_7d11);

impl RunId {
    /// The id of an imported run: the same activity of the same runner always gets the same one,
    /// so it cannot be recorded twice.
    #[must_use]
    pub fn imported(owner: OwnerId, source: &str, external_id: &str) -> Self {
        Self(derived(&["run", &owner.to_string(), source, external_id]))
    }
}

impl PlanId {
    /// The id of an imported plan; `external_id` names the file's plan and where it was anchored.
    #[must_use]
    pub fn imported(owner: OwnerId, source: &str, external_id: &str) -> Self {
        Self(derived(&["plan", &owner.to_string(), source, external_id]))
    }
}

impl WorkoutId {
    /// The id of the `index`-th workout of an imported plan.
    #[must_use]
    pub fn imported(plan: PlanId, index: usize) -> Self {
        Self(derived(&["workout", &plan.to_string(), &index.to_string()]))
    }
}

fn derived(parts: &[&str]) -> Uuid {
    // A unit separator between the parts: no two different lists give the same bytes.
    Uuid::new_v5(&IMPORTED, parts.join("\u{1f}").as_bytes())
}
