//! Processes by their id: are they alive, are they ours, end them.

use std::time::Duration;

use nix::{
    errno::Errno,
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};
use tokio::time::{Instant, sleep};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod posix;

#[cfg(target_os = "linux")]
use linux::started;
#[cfg(target_os = "linux")]
pub(crate) use linux::{command_lines, working_in};
#[cfg(not(target_os = "linux"))]
use posix::started;
#[cfg(not(target_os = "linux"))]
pub(crate) use posix::{command_lines, working_in};

/// A process that is a server of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Process {
    pid: Pid,
    /// Tells the process from a later one under the same id. None when it was dead already.
    started: Option<u64>,
}

impl Process {
    /// The process that has this id now.
    pub(crate) fn with_id(pid: Pid) -> Self {
        Self { pid, started: started(pid) }
    }

    pub(crate) fn pid(self) -> Pid {
        self.pid
    }

    /// The id as the rest of the world writes it.
    pub(crate) fn id(self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Whether it still runs. A dead child is reaped on the way.
    pub(crate) fn is_alive(self) -> bool {
        match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) => false,
            Ok(_) => true,
            // Not our child: it was taken over from a process that died.
            Err(_) => self.started.is_some() && started(self.pid) == self.started,
        }
    }

    /// Sends a signal, unless the process is gone.
    pub(crate) fn signal(self, signal: Signal) {
        if self.is_alive()
            && let Err(error) = kill(self.pid, signal)
        {
            tracing::warn!(process.pid = self.pid.as_raw(), %error, "a process could not be signalled");
        }
    }

    /// Waits until the process is gone; false when it is still there in the end.
    pub(crate) async fn wait_gone(self, at_most: Duration) -> bool {
        let deadline = Instant::now() + at_most;
        while self.is_alive() {
            if Instant::now() >= deadline {
                return false;
            }
            sleep(Duration::from_millis(10)).await;
        }
        true
    }
}

/// Whether the process has ended but keeps its id, because its parent has not asked how it ended.
pub(crate) fn is_dead_but_not_collected(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH) && started(pid).is_none()
}

/// A process as the system lists it.
#[derive(Debug)]
pub(crate) struct CommandLine {
    pub(crate) pid: Pid,
    pub(crate) user_id: u32,
    /// The program and its arguments. Where the system shows them as one text, that text.
    pub(crate) arguments: Vec<String>,
}

impl CommandLine {
    /// Whether it was started with `option value`.
    pub(crate) fn has(&self, option: &str, value: &str) -> bool {
        match self.arguments.as_slice() {
            [text] => text.contains(&format!("{option} {value}")),
            arguments => arguments.windows(2).any(|pair| pair[0] == option && pair[1] == value),
        }
    }

    /// Whether the program is called `name`, whatever its arguments.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.arguments.first().is_some_and(|program| {
            let program = program.split([' ', ':']).next().unwrap_or(program);
            program.rsplit('/').next() == Some(name)
        })
    }
}
