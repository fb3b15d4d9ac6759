//! The account that runs the servers: Postgres refuses to run as root.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use nix::unistd::{Uid, User, geteuid};

use crate::EmbeddedError;

/// Who runs the servers and owns their files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Account {
    /// Whoever runs this process.
    Caller,
    /// An unprivileged account, because this process runs as root.
    Other { name: String, user_id: u32, group_id: u32 },
}

impl Account {
    /// The owner of `data` when it exists; else the account made for Postgres; else nobody.
    pub(crate) fn choose(data: &Path) -> Result<Self, EmbeddedError> {
        let owner = fs::metadata(data).ok().map(|found| (found.uid(), found.gid()));
        if !geteuid().is_root() {
            return match owner {
                Some((owner, _)) if owner != geteuid().as_raw() => {
                    Err(EmbeddedError::ForeignOwner { folder: data.to_owned(), owner })
                }
                Some(_) | None => Ok(Self::Caller),
            };
        }
        if let Some((user_id, group_id)) = owner.filter(|(user_id, _)| *user_id != 0) {
            let user = User::from_uid(Uid::from_raw(user_id)).ok().flatten();
            let name = user.map_or_else(|| user_id.to_string(), |user| user.name);
            return Ok(Self::Other { name, user_id, group_id });
        }
        ["postgres", "_postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .map(|user| Self::Other {
                name: user.name,
                user_id: user.uid.as_raw(),
                group_id: user.gid.as_raw(),
            })
            .ok_or(EmbeddedError::NoAccount)
    }

    pub(crate) fn user_id(&self) -> u32 {
        match self {
            Self::Caller => geteuid().as_raw(),
            Self::Other { user_id, .. } => *user_id,
        }
    }

    /// Makes a file or folder the account's own.
    pub(crate) fn own(&self, path: &Path) -> Result<(), EmbeddedError> {
        match self {
            Self::Caller => Ok(()),
            Self::Other { user_id, group_id, .. } => chown(path, Some(*user_id), Some(*group_id))
                .map_err(EmbeddedError::file("change the owner of", path)),
        }
    }

    /// Makes a folder that only the account can read, unless it is there.
    pub(crate) fn make_folder(&self, path: &Path) -> Result<(), EmbeddedError> {
        fs::create_dir_all(path).map_err(EmbeddedError::file("create", path))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(EmbeddedError::file("set the mode of", path))?;
        self.own(path)
    }

    /// A command that runs as the account, deaf to what the terminal sends to this process, with
    /// nothing of this process's environment: it holds secrets, and `PG…` variables would change
    /// what the programs do.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").current_dir(folder).process_group(0);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Self::Other { user_id, group_id, .. } = self {
            command.uid(*user_id).gid(*group_id);
        }
        command
    }

    /// Whether the account can reach what lies in `folder`. Asked of the system, which knows about
    /// access lists.
    pub(crate) fn can_enter(&self, folder: &Path) -> bool {
        match self {
            Self::Caller => true,
            Self::Other { .. } => self
                .command("/bin/sh", Path::new("/"))
                .args(["-c", r#"cd -- "$1""#, "sh"])
                .arg(folder)
                .status()
                .is_ok_and(|status| status.success()),
        }
    }
}
