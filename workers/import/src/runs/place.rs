use std::fmt;

/// Where in a file a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line it begins on, counted from 1.
    pub line: u64,
    /// Which entry of the list it is, counted from 1 and without a heading; a JSON list may be on one line.
    pub entry: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} (entry {})", self.line, self.entry)
    }
}
