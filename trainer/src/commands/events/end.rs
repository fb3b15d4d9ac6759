//! How a whole export ends: it says how much of it there is, so that an import notices when some of it is lost.

use std::io::{self, Write};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

/// What an export has when all of it is there.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// How many events.
    pub(super) events: u64,
    /// The last one's position.
    pub(super) head: i64,
}

/// The last of the JSON lines. No event looks like it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    end: End,
}

impl End {
    /// Writes it as a line.
    ///
    /// # Errors
    /// When the writer fails.
    pub(super) fn write_line(self, to: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut *to, &Line { end: self })?;
        to.write_all(b"\n")
    }

    /// Reads it from a line; none when the line is something else.
    ///
    /// # Errors
    /// When it begins like an end, and is none.
    pub(super) fn read_line(line: &[u8]) -> anyhow::Result<Option<Self>> {
        if !line.starts_with(br#"{"end":"#) {
            return Ok(None);
        }
        let line: Line = serde_json::from_slice(line).context("it is not the end of an export")?;
        Ok(Some(line.end))
    }

    /// Fails when something else is there than it says.
    ///
    /// # Errors
    /// With how much is missing or too much.
    pub(super) fn must_be(self, found: Self) -> anyhow::Result<()> {
        ensure!(
            self == found,
            "it had {} events up to position {} when it was written, and has {} up to position {}",
            self.events,
            self.head,
            found.events,
            found.head,
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_says_the_end_is_read_again_and_no_other() {
        let end = End { events: 4, head: 7 };
        let mut line = Vec::new();
        end.write_line(&mut line).unwrap();
        assert_eq!(line, b"{\"end\":{\"events\":4,\"head\":7}}\n");
        assert_eq!(End::read_line(&line).unwrap(), Some(end));
        assert_eq!(End::read_line(b"{\"position\":1}").unwrap(), None);
        for cut in ["{\"end\":{\"events\":4,\"hea", "{\"end\":7}", "{\"end\":{\"events\":4}}"] {
            End::read_line(cut.as_bytes()).unwrap_err();
        }
    }
}
