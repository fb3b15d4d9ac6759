//! One write and what it must do, as a whole or not at all.

use crate::program::Ask;
use crate::seen::Seen;
use crate::things::{Fields, Kind, NEW_RUN, Thing};

#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) ask: Ask,
    pub(crate) change: Change,
}

/// What becomes of a writer's things.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    /// Made, with at least these fields.
    pub(crate) born: Vec<(Kind, Fields)>,
    /// Changed: which, and the fields that are others then.
    pub(crate) altered: Vec<(String, Fields)>,
    /// Deleted.
    pub(crate) gone: Vec<String>,
}

/// Everything one writer has made and nobody else changes.
#[derive(Debug, Default)]
pub(crate) struct Belongings {
    pub(crate) things: Vec<Thing>,
    pub(crate) gone: Vec<Thing>,
}

impl Belongings {
    pub(crate) fn thing(&self, id: &str) -> &Thing {
        self.things
            .iter()
            .find(|thing| thing.id == id)
            .unwrap_or_else(|| panic!("{id} is not there"))
    }

    /// Takes note of a write that was acknowledged with these resources in the answer's body.
    pub(crate) fn apply(&mut self, change: &Change, answered: &[Fields]) -> Result<(), String> {
        let mut described =
            answered.iter().map(|fields| (fields["id"].as_str().unwrap_or_default(), fields));
        let mut new_run = String::new();
        for (kind, expected) in &change.born {
            let (id, shown) = described.next().ok_or("the answer describes too little")?;
            let foreseen = Thing { kind: *kind, id: id.to_owned(), fields: expected.clone() };
            differs(&foreseen, shown)?;
            if *kind == Kind::Run {
                id.clone_into(&mut new_run);
            }
            self.things.push(Thing { fields: shown.clone(), ..foreseen }.by_itself());
        }
        let described: Vec<_> = described.collect();
        for (id, changes) in &change.altered {
            let after = self.thing(id).with(&settled(changes, &new_run));
            let shown =
                described.iter().find(|(described, _)| described == id).map(|(_, shown)| *shown);
            if let Some(shown) = shown {
                differs(&after, shown)?;
            }
            let known =
                self.things.iter_mut().find(|thing| thing.id == *id).ok_or("it is not there")?;
            *known = match shown {
                Some(shown) => Thing { fields: shown.clone(), ..after }.by_itself(),
                None => after,
            };
        }
        for id in &change.gone {
            let index =
                self.things.iter().position(|thing| thing.id == *id).ok_or("it is not there")?;
            self.gone.push(self.things.remove(index));
        }
        Ok(())
    }

    /// What is shown otherwise than it must be.
    pub(crate) fn differences(&self, seen: &Seen) -> Vec<String> {
        let lost_or_changed = self.things.iter().filter_map(|thing| match seen.thing(&thing.id) {
            Some(shown) => thing.difference(&shown.fields),
            None => Some(format!("lost: {thing:?}")),
        });
        let back = self
            .gone
            .iter()
            .filter(|gone| seen.thing(&gone.id).is_some())
            .map(|gone| format!("back: {gone:?}"));
        lost_or_changed.chain(back).collect()
    }

    /// Finds out what became of a write that was not answered, and takes note of it.
    pub(crate) fn resolve(&mut self, change: &Change, seen: &Seen) -> Result<Outcome, String> {
        let mut signs = vec![];
        let mut new_run = String::new();
        let mut shown_born = vec![];
        for (kind, expected) in &change.born {
            let found = seen.labelled(*kind, &expected[kind.label()]);
            if let Some(found) = found {
                differs(&Thing { fields: expected.clone(), ..found.clone() }, &found.fields)?;
                if *kind == Kind::Run {
                    found.id.clone_into(&mut new_run);
                }
                shown_born.push(found.fields.clone());
            }
            signs.push(found.is_some());
        }
        for (id, changes) in &change.altered {
            let before = self.thing(id);
            let after = before.with(&settled(changes, &new_run));
            let shown = seen.thing(id).ok_or_else(|| format!("{} is gone", before.path()))?;
            let as_after = differs(&after, &shown.fields);
            if as_after.is_err() {
                differs(before, &shown.fields)?;
            }
            signs.push(as_after.is_ok());
        }
        signs.extend(change.gone.iter().map(|id| seen.thing(id).is_none()));
        if signs.iter().all(|sign| !sign) {
            return Ok(Outcome::Absent);
        }
        if !signs.iter().all(|sign| *sign) {
            return Err(format!("a write has happened in part: {change:?}"));
        }
        let altered = change.altered.iter().filter_map(|(id, _)| seen.thing(id));
        let shown: Vec<Fields> =
            shown_born.into_iter().chain(altered.map(|thing| thing.fields.clone())).collect();
        self.apply(change, &shown)?;
        Ok(Outcome::Whole)
    }
}

/// What became of a write that was not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Whole,
    Absent,
}

fn settled(changes: &Fields, new_run: &str) -> Fields {
    let mut changes = changes.clone();
    for value in changes.values_mut().filter(|value| *value == NEW_RUN) {
        *value = new_run.into();
    }
    changes
}

fn differs(thing: &Thing, shown: &Fields) -> Result<(), String> {
    thing.difference(shown).map_or(Ok(()), Err)
}
