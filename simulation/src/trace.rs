/// What happened, told only when somebody wants to read it.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Option<Vec<String>>,
}

impl Trace {
    /// One that is read.
    pub(crate) fn kept() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Notes what happened.
    pub fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.lines {
            lines.push(line());
        }
    }

    /// The last lines.
    pub(crate) fn tail(self, count: usize) -> String {
        let lines = self.lines.unwrap_or_default();
        lines[lines.len().saturating_sub(count)..].join("\n")
    }
}
