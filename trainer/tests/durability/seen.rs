//! Everything a runner is shown, read again over HTTP.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::program::{Doors, Runner};
use crate::things::{Kind, Thing, text};

#[derive(Debug)]
pub(crate) struct Seen {
    things: HashMap<String, Thing>,
    labels: HashMap<String, String>,
}

impl Seen {
    /// All plans, workouts and runs of a runner, as they are at a position.
    pub(crate) async fn by(runner: &Runner, doors: Doors, position: i64) -> Self {
        let mut things = vec![];
        for kind in Kind::ALL {
            let items = runner.list(doors, kind.list(), position).await;
            things.extend(items.iter().map(|item| Thing::of(kind, item)));
        }
        Self::all(things)
    }

    /// These things; nothing may be among them twice.
    pub(crate) fn all(listed: Vec<Thing>) -> Self {
        let (mut things, mut labels) = (HashMap::new(), HashMap::new());
        for thing in listed {
            let label = text(&thing.fields, thing.kind.label()).to_owned();
            let twice = labels.insert(label.clone(), thing.id.clone());
            assert_eq!(twice, None, "two are called {label:?}");
            let twice = things.insert(thing.id.clone(), thing);
            assert!(twice.is_none(), "{label:?} is listed twice");
        }
        Self { things, labels }
    }

    pub(crate) fn thing(&self, id: &str) -> Option<&Thing> {
        self.things.get(id)
    }

    /// The one that its writer called so.
    pub(crate) fn labelled(&self, kind: Kind, label: &Value) -> Option<&Thing> {
        self.thing(self.labels.get(label.as_str()?)?).filter(|thing| thing.kind == kind)
    }

    pub(crate) fn ids(&self) -> HashSet<&str> {
        self.things.keys().map(String::as_str).collect()
    }

    pub(crate) fn of(&self, kind: Kind) -> impl Iterator<Item = &Thing> {
        self.things.values().filter(move |thing| thing.kind == kind)
    }
}
