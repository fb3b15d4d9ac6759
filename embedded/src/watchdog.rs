//! A tiny process that ends the servers when this one dies, however it dies.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Stdio},
    sync::{Mutex, PoisonError},
};

use crate::{EmbeddedError, Storage, account::Account, process::Process};

/// Reads which process is which server, line by line, until this process closes the pipe or dies;
/// then ends the last ones it read and removes the folders it was given. A throwaway Postgres need
/// not write a checkpoint.
const SCRIPT: &str = r#"
postgres=0 nats=0 ending=$1
shift
while read -r server process; do
    case $server in
        Postgres) postgres=$process ;;
        nats-server) nats=$process ;;
    esac
done
alive() {
    [ "$1" != 0 ] && kill -0 "$1" 2>/dev/null || return 1
    # Where nobody collects the dead, they stay as zombies.
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    case $stat in *') Z '*) return 1 ;; esac
}
alive "$postgres" && kill -s "$ending" "$postgres"
alive "$nats" && kill -s TERM "$nats"
left=300
while [ $left -gt 0 ] && { alive "$postgres" || alive "$nats"; }; do
    sleep 0.1
    left=$((left - 1))
done
alive "$postgres" && kill -s KILL "$postgres"
alive "$nats" && kill -s KILL "$nats"
for folder do
    # Whoever was still writing makes the removal fail, once or twice.
    for try in 1 2 3; do
        rm -rf -- "$folder" 2>/dev/null
        [ -e "$folder" ] || break
        sleep 0.5
    done
done
"#;

/// The watchdog of two servers.
pub(crate) struct Watchdog {
    child: Mutex<Child>,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Watchdog {
    /// Starts watching nothing yet. `folders` are removed at the end when the storage is throwaway.
    pub(crate) fn start(storage: Storage, folders: &[PathBuf]) -> Result<Self, EmbeddedError> {
        let (ending, folders) = match storage {
            Storage::Lasting => ("INT", &[][..]),
            Storage::Throwaway => ("QUIT", folders),
        };
        let shell = Path::new("/bin/sh");
        // It runs as this process does: the account of the servers may not remove the data folder.
        let mut child = Account::Caller
            .command(shell, Path::new("/"))
            .args(["-c", SCRIPT, "running-trainer-watchdog", ending])
            .args(folders)
            .stdin(Stdio::piped())
            .spawn()
            .map_err(EmbeddedError::file("run", shell))?;
        let pipe = child.stdin.take();
        Ok(Self { child: Mutex::new(child), pipe: Mutex::new(pipe) })
    }

    /// Says which process of a server to end from now on.
    pub(crate) fn watch(&self, server: &str, process: Option<Process>) {
        let id = process.map_or(0, Process::id);
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = pipe.as_mut()
            && let Err(error) = pipe.write_all(format!("{server} {id}\n").as_bytes())
        {
            tracing::warn!(%error, "the watchdog of the private servers is gone");
        }
    }

    /// Lets it do its work.
    pub(crate) fn let_go(&self) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Waits for its end.
    pub(crate) fn wait(&self) {
        if let Err(error) = self.child.lock().unwrap_or_else(PoisonError::into_inner).wait() {
            tracing::warn!(%error, "the watchdog of the private servers could not be waited for");
        }
    }
}
