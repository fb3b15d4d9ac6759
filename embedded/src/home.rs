//! The folders: what lies where below the data folder.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use rand::Rng;

use crate::{EmbeddedError, Options, account::Account};

/// The longest path of a Unix socket that every system takes: 104 bytes with the closing zero on
/// macOS, 108 on Linux.
const LONGEST_SOCKET: usize = 103;

/// Where the two servers keep their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    data_dir: PathBuf,
    /// The data folder itself, or the folder elsewhere that it points to.
    servers: PathBuf,
}

impl Home {
    /// Makes the data folder, unless it is there, and gives its full path.
    pub(crate) fn make_data_dir(options: &Options) -> Result<PathBuf, EmbeddedError> {
        let data_dir = &options.data_dir;
        fs::create_dir_all(data_dir).map_err(EmbeddedError::file("create", data_dir))?;
        fs::canonicalize(data_dir).map_err(EmbeddedError::file("find", data_dir))
    }

    /// The home that exists below `data_dir`, a full path.
    pub(crate) fn existing(data_dir: &Path) -> Self {
        let servers = fs::read_link(pointer(data_dir)).unwrap_or_else(|_| data_dir.to_owned());
        Self { data_dir: data_dir.to_owned(), servers }
    }

    /// Finds or makes a home that the account of the servers can reach. Needs the lock of the data
    /// folder.
    pub(crate) fn prepare(
        data_dir: &Path,
        options: &Options,
    ) -> Result<(Self, Account), EmbeddedError> {
        let mut home = Self::existing(data_dir);
        let account = Account::choose(&home.postgres())?;
        if home.servers == data_dir && !account.can_enter(data_dir) {
            home.servers = reachable(data_dir, &account, options)?;
        }
        if let Some(folder) = first_closed(&home.servers, &account) {
            return Err(unreachable(&account, folder));
        }
        for folder in [home.nats(), home.logs(), home.sockets()] {
            account.make_folder(&folder)?;
        }
        Ok((home, account))
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The folder that holds the folders of the servers.
    pub(crate) fn servers(&self) -> &Path {
        &self.servers
    }

    pub(crate) fn postgres(&self) -> PathBuf {
        self.servers.join("postgres")
    }

    pub(crate) fn nats(&self) -> PathBuf {
        self.servers.join("nats")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.servers.join("logs")
    }

    fn sockets(&self) -> PathBuf {
        self.servers.join("run")
    }

    /// The folder for Postgres's Unix socket; none when its path would be too long or Postgres
    /// would misread it.
    pub(crate) fn socket_folder(&self) -> Option<PathBuf> {
        let folder = self.sockets();
        let text = folder.to_str()?;
        let socket = text.len() + "/.s.PGSQL.65535".len();
        (socket <= LONGEST_SOCKET && !text.contains([',', '"'])).then_some(folder)
    }

    /// Where those who read the events find how to reach the nats-server.
    pub(crate) fn subscriber_url(&self) -> PathBuf {
        self.data_dir.join("nats-subscriber.url")
    }

    pub(crate) fn ports(&self) -> PathBuf {
        self.data_dir.join("ports.json")
    }
}

/// A link in the data folder to the folder that holds the servers' files instead of it.
fn pointer(data_dir: &Path) -> PathBuf {
    data_dir.join("servers")
}

/// A folder for the servers that `account` can enter: the data folder, opened for passing through,
/// or one elsewhere.
fn reachable(
    data_dir: &Path,
    account: &Account,
    options: &Options,
) -> Result<PathBuf, EmbeddedError> {
    if first_closed(data_dir, account).as_deref() == Some(data_dir) {
        // The data folder is ours to open; what lies in it is closed one by one. Folders above it
        // are not ours.
        let mode = fs::metadata(data_dir)
            .map_err(EmbeddedError::file("read", data_dir))?
            .permissions()
            .mode();
        fs::set_permissions(data_dir, fs::Permissions::from_mode(mode | 0o011))
            .map_err(EmbeddedError::file("set the mode of", data_dir))?;
        if account.can_enter(data_dir) {
            return Ok(data_dir.to_owned());
        }
    }

    // A new folder for each data folder, not one named after its path: who removes the data folder
    // and starts again must not find the old data there.
    let root = &options.fallback_root;
    let name: String = format!("{:012x}", rand::rng().random_range(0..1_u64 << 48));
    let servers = root.join(name);
    let closed = first_closed(data_dir, account);
    fs::create_dir_all(&servers).map_err(EmbeddedError::file("create", &servers))?;
    for folder in [root, &servers] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
            .map_err(EmbeddedError::file("set the mode of", folder))?;
    }
    if !account.can_enter(&servers) {
        fs::remove_dir(&servers).map_err(EmbeddedError::file("remove", &servers))?;
        return Err(unreachable(account, closed.unwrap_or_else(|| data_dir.to_owned())));
    }
    let servers = fs::canonicalize(&servers).map_err(EmbeddedError::file("find", &servers))?;
    let origin = servers.join("origin");
    fs::write(&origin, format!("{}\n", data_dir.display()))
        .map_err(EmbeddedError::file("write", origin))?;
    symlink(&servers, pointer(data_dir))
        .map_err(EmbeddedError::file("create", pointer(data_dir)))?;
    tracing::info!(
        folder = %servers.display(),
        closed_folder = %closed.unwrap_or_default().display(),
        "the data folder cannot be entered by the servers' account, so they keep their files in another folder"
    );
    Ok(servers)
}

/// The topmost folder on the way to `folder` that the account cannot enter.
fn first_closed(folder: &Path, account: &Account) -> Option<PathBuf> {
    if account.can_enter(folder) {
        return None;
    }
    let mut way: Vec<&Path> = folder.ancestors().collect();
    way.reverse();
    way.into_iter().find(|step| !account.can_enter(step)).map(Path::to_owned)
}

fn unreachable(account: &Account, folder: PathBuf) -> EmbeddedError {
    match account {
        Account::Caller => {
            EmbeddedError::Unreachable { account: "of this process".to_owned(), folder }
        }
        Account::Other { name, .. } => EmbeddedError::Unreachable { account: name.clone(), folder },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home_in(data_dir: &str) -> Home {
        Home { data_dir: data_dir.into(), servers: data_dir.into() }
    }

    #[test]
    fn a_socket_lies_in_the_data_folder_while_its_path_is_short_enough() {
        let short = home_in("/srv/trainer");
        assert_eq!(short.socket_folder(), Some("/srv/trainer/run".into()));
        let long = home_in(&format!("/srv/{}", "x".repeat(100)));
        assert_eq!(long.socket_folder(), None);
        assert_eq!(home_in("/srv/a,b").socket_folder(), None);
    }
}
