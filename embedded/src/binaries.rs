use std::{
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    EmbeddedError, Options,
    search::{Search, holds, is_program},
};

/// The programs of the two servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder with `initdb` and `postgres`.
    pub pg_bin_dir: PathBuf,
    /// The nats-server program.
    pub nats_server: PathBuf,
    /// Every folder with `initdb` and `postgres`, the one above first: an older cluster needs its
    /// own version.
    all_pg_bin_dirs: Vec<PathBuf>,
}

impl Binaries {
    /// Looks on `PATH` and in the places where distributions put them.
    pub fn find() -> Result<Self, MissingBinaries> {
        Self::search(&Search::standard(std::env::var_os("PATH")), None, None)
    }

    /// Looks only where the options say; where they say nothing, as [`Binaries::find`].
    pub fn find_for(options: &Options) -> Result<Self, MissingBinaries> {
        let search = Search::standard(std::env::var_os("PATH"));
        Self::search(&search, options.pg_bin_dir.as_deref(), options.nats_server.as_deref())
    }

    fn search(
        search: &Search,
        pg_bin_dir: Option<&Path>,
        nats_server: Option<&Path>,
    ) -> Result<Self, MissingBinaries> {
        let mut missing = vec![];

        let mut pg_bin_dirs: Vec<PathBuf> = match pg_bin_dir {
            Some(given) => vec![given.to_owned()],
            None => search.postgres_folders.clone(),
        };
        pg_bin_dirs.retain(|folder| holds(folder, &["initdb", "postgres"]));
        if pg_bin_dirs.is_empty() {
            missing.push(match pg_bin_dir {
                Some(given) => {
                    format!("initdb and postgres (PostgreSQL) are not in {}", given.display())
                }
                None => "initdb and postgres (PostgreSQL) were not found".to_owned(),
            });
        }

        let nats_server = match nats_server {
            Some(given) if is_program(given) => Some(given.to_owned()),
            Some(given) => {
                missing.push(format!("{} is not a nats-server program", given.display()));
                None
            }
            None => {
                let found = search
                    .nats_folders
                    .iter()
                    .map(|folder| folder.join("nats-server"))
                    .find(|file| is_program(file));
                if found.is_none() {
                    missing.push("nats-server (NATS) was not found".to_owned());
                }
                found
            }
        };

        match (pg_bin_dirs.first().cloned(), nats_server) {
            (Some(pg_bin_dir), Some(nats_server)) => {
                Ok(Self { pg_bin_dir, nats_server, all_pg_bin_dirs: pg_bin_dirs })
            }
            (None, _) | (_, None) => Err(MissingBinaries { missing }),
        }
    }

    /// The folder of the programs that can run the cluster in `folder`, which was made by the
    /// version `needed`.
    pub(crate) fn pg_bin_dir_for(
        &self,
        folder: &Path,
        needed: &str,
    ) -> Result<PathBuf, EmbeddedError> {
        let mut found: Vec<String> = vec![];
        for pg_bin_dir in &self.all_pg_bin_dirs {
            let Some(version) = postgres_version(&pg_bin_dir.join("postgres")) else { continue };
            if version == needed {
                return Ok(pg_bin_dir.clone());
            }
            if !found.contains(&version) {
                found.push(version);
            }
        }
        let folder = folder.to_owned();
        Err(EmbeddedError::PostgresVersion {
            folder,
            needed: needed.to_owned(),
            found: found.join(", "),
        })
    }
}

/// The major version a `postgres` program says it is.
fn postgres_version(postgres: &Path) -> Option<String> {
    let output = Command::new(postgres).arg("--version").output().ok()?;
    major_version(&String::from_utf8_lossy(&output.stdout))
}

/// `15` from `postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)`.
fn major_version(text: &str) -> Option<String> {
    let version =
        text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    Some(version.chars().take_while(char::is_ascii_digit).collect())
}

/// The programs that are missing, and how to install them.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub struct MissingBinaries {
    missing: Vec<String>,
}

impl fmt::Display for MissingBinaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the trainer starts a Postgres and a NATS server of its own, but:")?;
        for missing in &self.missing {
            writeln!(f, "  - {missing}")?;
        }
        writeln!(f, "Install them with")?;
        writeln!(f, "  Debian, Ubuntu   sudo apt-get install postgresql nats-server")?;
        writeln!(
            f,
            "  Fedora           sudo dnf install postgresql-server, and nats-server from nats.io/download"
        )?;
        writeln!(f, "  macOS            brew install postgresql nats-server")?;
        writeln!(f, "or say where they are: TRAINER_PG_BIN=<folder> TRAINER_NATS_SERVER=<file>,")?;
        write!(f, "or use servers that are running already: DATABASE_URL=… NATS_URL=…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> Search {
        let nowhere = vec![PathBuf::from("/nonexistent/bin")];
        Search { postgres_folders: nowhere.clone(), nats_folders: nowhere }
    }

    #[test]
    fn one_message_names_everything_missing_and_how_to_get_it() {
        let message = Binaries::search(&nowhere(), None, None).unwrap_err().to_string();
        assert!(message.contains("postgres (PostgreSQL) were not found"), "{message}");
        assert!(message.contains("nats-server (NATS) was not found"), "{message}");
        assert!(message.contains("sudo apt-get install postgresql nats-server"), "{message}");
    }

    #[test]
    fn a_given_place_without_the_programs_is_named() {
        let bogus = Path::new("/nonexistent/bogus");
        let message =
            Binaries::search(&nowhere(), Some(bogus), Some(bogus)).unwrap_err().to_string();
        assert!(message.contains("not in /nonexistent/bogus"), "{message}");
        assert!(message.contains("/nonexistent/bogus is not a nats-server program"), "{message}");
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_prints() {
        let debian = "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)";
        assert_eq!(major_version(debian).as_deref(), Some("15"));
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1").as_deref(), Some("19"));
    }
}
