use std::fmt;
use std::str::FromStr;

use crate::{CHECKPOINTS, HINT};

/// Where events are published again: anywhere but where the trainer or the server itself listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaySubject(String);

/// A subject that events must not be published on again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplaySubjectError {
    /// It is no subject that a message can have.
    #[error("a subject is words with dots between them, without spaces and wildcards")]
    Malformed,
    /// The trainer's processes and all its subscribers would take it for something new.
    #[error("subjects below {0} are the trainer's own; take one like trainer.replay.mine")]
    Taken(&'static str),
    /// It is a command to the server.
    #[error("subjects that begin with $ are the server's own; take one like trainer.replay.mine")]
    Server,
}

impl ReplaySubject {
    /// The subject.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReplaySubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ReplaySubject {
    type Err = ReplaySubjectError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word != "*"
                && word != ">"
                && !word.contains(|c: char| c.is_whitespace() || c.is_control())
        };
        if !text.split('.').all(is_word) {
            return Err(ReplaySubjectError::Malformed);
        }
        if text.starts_with('$') {
            return Err(ReplaySubjectError::Server);
        }
        let hints = HINT.rsplit_once('.').map_or(HINT, |(above, _)| above);
        for taken in ["trainer.events", CHECKPOINTS, hints] {
            let below = text.strip_prefix(taken);
            if below.is_some_and(|below| below.is_empty() || below.starts_with('.')) {
                return Err(ReplaySubjectError::Taken(taken));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_published_again_where_nobody_else_listens() {
        let refused = |text: &str| text.parse::<ReplaySubject>().unwrap_err();
        for text in [
            "trainer.replay.mine",
            "_INBOX.subscriber.mine",
            "refill",
            "trainer.eventslog.a",
            "a.$b",
        ] {
            assert_eq!(text.parse::<ReplaySubject>().unwrap().as_str(), text);
        }
        for text in ["", ".", "a.", ".a", "a..b", "a b", "a\tb", "a\u{0}", "*", "a.*", "a.>", ">"] {
            assert_eq!(refused(text), ReplaySubjectError::Malformed, "{text:?}");
        }
        for (text, taken) in [
            ("trainer.events", "trainer.events"),
            ("trainer.events.07.run.recorded", "trainer.events"),
            ("trainer.checkpoints.runs", "trainer.checkpoints"),
            ("trainer.hints.appended", "trainer.hints"),
        ] {
            assert_eq!(refused(text), ReplaySubjectError::Taken(taken));
        }
        for text in ["$JS.API.STREAM.PURGE.TRAINER_EVENTS", "$SYS.REQ", "$"] {
            assert_eq!(refused(text), ReplaySubjectError::Server);
        }
    }
}
