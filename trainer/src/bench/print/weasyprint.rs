use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::super::stats::Latencies;

/// What WeasyPrint did.
pub(super) struct Printed {
    pub(super) version: String,
    pub(super) latencies: Latencies,
    pub(super) pages: u32,
    pub(super) bytes: usize,
}

#[derive(Deserialize)]
struct Answer {
    version: String,
    seconds: Vec<f64>,
    pages: u32,
    bytes: usize,
}

/// Renders a page again and again, warm: in one process, after a first time that does not count.
pub(super) fn render(python: &Path, html: &str, rounds: u32) -> anyhow::Result<Printed> {
    let mut page = tempfile::NamedTempFile::new()?;
    page.write_all(html.as_bytes())?;
    let output = Command::new(python)
        .args(["-c", include_str!("weasyprint.py")])
        .arg(page.path())
        .arg(rounds.to_string())
        .output()
        .with_context(|| format!("{} cannot be run", python.display()))?;
    ensure!(
        output.status.success(),
        "WeasyPrint failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Answer = serde_json::from_slice(&output.stdout)?;
    let mut latencies = Latencies::default();
    for seconds in answer.seconds {
        latencies.add(Duration::from_secs_f64(seconds));
    }
    Ok(Printed { version: answer.version, latencies, pages: answer.pages, bytes: answer.bytes })
}
