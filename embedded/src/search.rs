//! Where the programs of the two servers may lie.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The folders to look in, best first.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) postgres_folders: Vec<PathBuf>,
    pub(crate) nats_folders: Vec<PathBuf>,
}

impl Search {
    /// `PATH` first, then the places where distributions put the programs.
    pub(crate) fn standard(path: Option<OsString>) -> Self {
        let path: Vec<PathBuf> = path.iter().flat_map(std::env::split_paths).collect();
        let mut postgres_folders = path.clone();
        // Debian and Ubuntu, Fedora and others, Alpine, Homebrew on both kinds of Mac,
        // Postgres.app, the BSDs.
        for (parent, prefix, suffix) in [
            ("/usr/lib/postgresql", "", "bin"),
            ("/usr", "pgsql-", "bin"),
            ("/usr/libexec", "postgresql", ""),
            ("/opt/homebrew/opt", "postgresql", "bin"),
            ("/usr/local/opt", "postgresql", "bin"),
            ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
        ] {
            postgres_folders.extend(by_version(Path::new(parent), prefix, suffix));
        }
        let anywhere =
            ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/local/pgsql/bin"];
        postgres_folders.extend(anywhere.map(PathBuf::from));

        let mut nats_folders = path;
        nats_folders.extend(anywhere.map(PathBuf::from));
        nats_folders.extend(
            [
                "/opt/homebrew/bin",
                "/opt/homebrew/opt/nats-server/bin",
                "/usr/local/opt/nats-server/bin",
            ]
            .map(PathBuf::from),
        );
        Self { postgres_folders, nats_folders }
    }
}

/// `parent/prefix*/suffix`, the highest version first.
fn by_version(parent: &Path, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let mut found: Vec<(Vec<u32>, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = version_in(entry.file_name().to_str()?.strip_prefix(prefix)?);
            Some((version, entry.path().join(suffix)))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, folder)| folder).collect()
}

/// The numbers in a text such as `17` or `@16.2`, so that 9 sorts before 15.
fn version_in(text: &str) -> Vec<u32> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// Whether this is a program.
pub(crate) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether the folder holds all these programs.
pub(crate) fn holds(folder: &Path, programs: &[&str]) -> bool {
    programs.iter().all(|program| is_program(&folder.join(OsStr::new(program))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_version_comes_first() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["9.6", "15", "17", "notes"] {
            fs::create_dir(parent.path().join(name)).unwrap();
        }
        let found = by_version(parent.path(), "", "bin");
        let expected =
            ["17", "15", "9.6", "notes"].map(|name| parent.path().join(name).join("bin"));
        assert_eq!(found, expected);
    }
}
