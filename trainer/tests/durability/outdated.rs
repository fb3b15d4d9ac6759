//! A change of what has changed since: it must be refused.

use rand::rngs::StdRng;
use rand::seq::IteratorRandom;
use serde_json::json;

use crate::program::Ask;
use crate::write::Belongings;

/// Draws something of the writer's own, and asks for a change of the version before the present one.
pub(crate) fn draw(rng: &mut StdRng, belongings: &Belongings, label: &str) -> Option<Ask> {
    // Others write into plans too: their versions are not foreseen.
    let (thing, version) = belongings
        .things
        .iter()
        .filter_map(|thing| Some((thing, thing.get("version").as_i64()?)))
        .choose(rng)?;
    let ask = Ask::patch(thing.path(), json!({ thing.kind.label(): label }));
    Some(ask.header("if-match", format!("\"{}\"", version - 1)))
}
