//! The cluster on disk: made once, in one step.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Output,
    time::Duration,
};

use nix::sys::signal::Signal;
use rand::Rng;

use crate::{
    Binaries, EmbeddedError, Options, Storage,
    account::Account,
    home::Home,
    logs,
    process::{self, Process},
    secret, settings,
};

/// The role that made the cluster and looks after it. As a superuser it gets a connection even when
/// the trainer has used up all of its own.
pub(crate) const SUPERUSER: &str = "supervisor";

/// The role of the trainer: it owns its database and is no superuser.
pub(crate) const USER: &str = "trainer";

const PASSWORD: &str = "running-trainer.password";
const UNFINISHED: &str = "postgres.unfinished-";

/// The folder of programs that run this home's cluster, which is made when there is none.
pub(crate) async fn open_or_make(
    home: &Home,
    account: &Account,
    binaries: &Binaries,
    options: &Options,
) -> Result<PathBuf, EmbeddedError> {
    remove_unfinished(home.servers()).await;
    let folder = home.postgres();
    match fs::read_to_string(folder.join("PG_VERSION")) {
        Ok(version) => binaries.pg_bin_dir_for(&folder, version.trim()),
        Err(_) => {
            make(home, account, &binaries.pg_bin_dir, options.storage).await?;
            Ok(binaries.pg_bin_dir.clone())
        }
    }
}

/// The password of both roles. It lies in the cluster, so that the two can never be parted.
pub(crate) fn password(home: &Home) -> Result<String, EmbeddedError> {
    secret::read(&home.postgres().join(PASSWORD))
}

/// Makes the cluster beside its place and moves it there when it is whole, so that whatever dies in
/// between leaves either nothing or a good one.
async fn make(
    home: &Home,
    account: &Account,
    pg_bin_dir: &Path,
    storage: Storage,
) -> Result<(), EmbeddedError> {
    tracing::info!(folder = %home.postgres().display(), "creating a private Postgres cluster");
    let unfinished =
        home.servers().join(format!("{UNFINISHED}{:08x}", rand::rng().random::<u32>()));
    account.make_folder(&unfinished)?;
    let cluster = unfinished.join("cluster");
    let password_file = unfinished.join("password");
    let password = secret::generate();
    secret::write(&password_file, &password, account)?;

    // Text sorts by code point everywhere alike, but upper and lower case are known beyond ASCII
    // where possible.
    let mut output = None;
    for letters in ["C.UTF-8", "C"] {
        let mut initdb = account.command(pg_bin_dir.join("initdb"), &unfinished);
        initdb
            .arg("--pgdata")
            .arg(&cluster)
            .arg("--pwfile")
            .arg(&password_file)
            .args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8"])
            .args(["--locale", "C", "--lc-ctype", letters]);
        match storage {
            Storage::Lasting => {}
            Storage::Throwaway => {
                initdb.arg("--no-sync");
            }
        }
        let tried =
            run(initdb).await.map_err(EmbeddedError::file("run", pg_bin_dir.join("initdb")))?;
        if tried.status.success() {
            output = None;
            break;
        }
        remove(&cluster);
        output = Some(tried);
    }
    if let Some(output) = output {
        remove(&unfinished);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        return Err(EmbeddedError::Program {
            program: "initdb".to_owned(),
            output: logs::last_lines(&text),
        });
    }

    secret::write(&cluster.join(PASSWORD), &password, account)?;
    let main_settings = cluster.join("postgresql.conf");
    fs::OpenOptions::new()
        .append(true)
        .open(&main_settings)
        .and_then(|mut file| {
            write!(file, "\ninclude_if_exists = '{}'\n", settings::FILE)?;
            file.sync_all()
        })
        .map_err(EmbeddedError::file("write", &main_settings))?;
    fs::rename(&cluster, home.postgres())
        .map_err(EmbeddedError::file("create", home.postgres()))?;
    fs::File::open(home.servers())
        .and_then(|folder| folder.sync_all())
        .map_err(EmbeddedError::file("write", home.servers()))?;
    remove(&unfinished);
    Ok(())
}

/// Runs a program to its end; ends it when nobody waits for it any longer.
async fn run(command: std::process::Command) -> std::io::Result<Output> {
    tokio::process::Command::from(command)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
}

/// Removes what an interrupted creation left behind, and ends it where it still goes on: `initdb`
/// outlives the program that ran it.
async fn remove_unfinished(servers: &Path) {
    for entry in fs::read_dir(servers).into_iter().flatten().flatten() {
        if !entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
            continue;
        }
        let folder = entry.path();
        for working_folder in [folder.clone(), folder.join("cluster")] {
            for process in process::working_in(&working_folder).into_iter().map(Process::with_id) {
                process.signal(Signal::SIGKILL);
                process.wait_gone(Duration::from_secs(5)).await;
            }
        }
        remove(&folder);
    }
}

fn remove(folder: &Path) {
    match fs::remove_dir_all(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "an unfinished cluster could not be removed")
        }
    }
}
