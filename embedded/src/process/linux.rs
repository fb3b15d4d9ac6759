//! What Linux shows about processes in `/proc`.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use super::{CommandLine, Pid};

/// When the process started, in clock ticks since boot; none for a process that is gone or a
/// zombie.
pub(super) fn started(pid: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in parentheses and may itself hold some.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn ids() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
}

/// Every process whose arguments can be seen.
pub(crate) fn command_lines() -> Vec<CommandLine> {
    ids()
        .filter_map(|pid| {
            let folder = format!("/proc/{pid}");
            let user_id = fs::metadata(&folder).ok()?.uid();
            let bytes = fs::read(format!("{folder}/cmdline")).ok()?;
            let text = String::from_utf8_lossy(&bytes);
            let arguments: Vec<String> =
                text.trim_end_matches('\0').split('\0').map(str::to_owned).collect();
            (!bytes.is_empty()).then_some(CommandLine { pid, user_id, arguments })
        })
        .collect()
}

/// Every process whose working directory is `folder`.
pub(crate) fn working_in(folder: &Path) -> Vec<Pid> {
    ids()
        .filter(|pid| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == folder))
        .collect()
}
