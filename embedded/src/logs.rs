//! The log files of the servers: read their end, remove the old ones.

use std::{
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The log files kept for each server, of at most 10 MB each.
const KEPT: usize = 5;

/// What a log is quoted of.
const QUOTED_LINES: usize = 12;

/// The files in `folder` whose name begins with `prefix`, the newest first.
fn files(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix)))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// Removes all but the newest files of a server.
pub(crate) fn prune(folder: &Path, prefix: &str) {
    for old in files(folder, prefix).into_iter().skip(KEPT) {
        if let Err(error) = fs::remove_file(&old) {
            tracing::warn!(file = %old.display(), %error, "an old log file could not be removed");
        }
    }
}

/// The last lines a server wrote, oldest first.
pub(crate) fn end_of(folder: &Path, prefix: &str) -> String {
    let mut newest = files(folder, prefix);
    newest.truncate(2);
    newest.reverse();
    let texts: Vec<String> = newest
        .iter()
        .filter_map(|path| fs::read(path).ok())
        .map(|bytes| {
            String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(64 * 1024)..]).into_owned()
        })
        .collect();
    last_lines(&texts.concat())
}

/// The last lines of a text, in one line.
pub(crate) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    if lines.is_empty() {
        return "it wrote nothing".to_owned();
    }
    lines[lines.len().saturating_sub(QUOTED_LINES)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_newest_files_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..8 {
            let path = folder.path().join(format!("postgres-{number}.log"));
            fs::write(&path, format!("line {number}\n")).unwrap();
            let age = std::time::Duration::from_secs(100 - number);
            fs::File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(SystemTime::now() - age)
                .unwrap();
        }
        fs::write(folder.path().join("nats.log"), "other\n").unwrap();
        prune(folder.path(), "postgres");
        assert_eq!(files(folder.path(), "postgres").len(), KEPT);
        assert_eq!(end_of(folder.path(), "postgres"), "line 6 | line 7");
        assert_eq!(end_of(folder.path(), "nats"), "other");
    }
}
