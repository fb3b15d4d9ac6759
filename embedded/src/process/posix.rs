//! What `ps` and `lsof` tell about processes, for macOS and others.
#![cfg_attr(target_os = "linux", allow(dead_code, reason = "on Linux only its tests are built"))]

use std::{path::Path, process::Command};

use nix::{errno::Errno, sys::signal::kill};

use super::{CommandLine, Pid};

/// None for a process that is gone. When the others started is not known here.
pub(super) fn started(pid: Pid) -> Option<u64> {
    (kill(pid, None) != Err(Errno::ESRCH)).then_some(0)
}

/// Every process whose arguments can be seen.
pub(crate) fn command_lines() -> Vec<CommandLine> {
    let output = Command::new("ps").args(["-A", "-ww", "-o", "pid=,uid=,command="]).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(command_line).collect()
}

/// Every process of Postgres whose working directory is `folder`.
pub(crate) fn working_in(folder: &Path) -> Vec<Pid> {
    let ours = ["-a", "-c", "postgres", "-c", "initdb", "-d", "cwd", "-Fn"];
    let output = Command::new("lsof").args(ours).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    let folders = working_folders(&String::from_utf8_lossy(&text));
    folders
        .into_iter()
        .filter(|(_, found)| Path::new(found) == folder)
        .map(|(pid, _)| pid)
        .collect()
}

fn command_line(line: &str) -> Option<CommandLine> {
    let (pid, rest) = line.trim_start().split_once(' ')?;
    let (user_id, command) = rest.trim_start().split_once(' ')?;
    Some(CommandLine {
        pid: Pid::from_raw(pid.parse().ok()?),
        user_id: user_id.parse().ok()?,
        arguments: vec![command.trim().to_owned()],
    })
}

/// Processes and their folders, from lines that begin with `p` and `n`.
fn working_folders(text: &str) -> Vec<(Pid, String)> {
    let mut folders = vec![];
    let mut pid = None;
    for line in text.lines() {
        if let Some(number) = line.strip_prefix('p') {
            pid = number.parse().ok().map(Pid::from_raw);
        } else if let (Some(pid), Some(folder)) = (pid, line.strip_prefix('n')) {
            folders.push((pid, folder.to_owned()));
        }
    }
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_ps_is_a_process() {
        let found =
            command_line("  501  70 /opt/pg/bin/postgres -D /Users/me/my data/postgres -c a=b");
        let found = found.unwrap();
        assert_eq!((found.pid, found.user_id), (Pid::from_raw(501), 70));
        assert!(found.is_called("postgres"));
        assert!(found.has("-D", "/Users/me/my data/postgres"));
        assert!(!found.has("-D", "/Users/me/other"));
    }

    #[test]
    fn lsof_tells_where_processes_work() {
        let text = "p71\nfcwd\nn/Users/me/.trainer/postgres\np72\nfcwd\nn/\n";
        let found = working_folders(text);
        let expected = [(71, "/Users/me/.trainer/postgres"), (72, "/")];
        assert_eq!(found, expected.map(|(pid, folder)| (Pid::from_raw(pid), folder.to_owned())));
    }
}
