//! A file system so small that a test can fill it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What takes the room away.
const BALLAST: &str = "ballast";

pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// One at this place, of whom the folder there is; `None`, after saying why, where only others may mount one. The
    /// test's folder takes it away.
    pub(crate) fn mount(at: &Path, megabytes: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let folder = fs::metadata(at).unwrap();
        let (user, group, mode) = (folder.uid(), folder.gid(), folder.mode() & 0o777);
        let options = format!("size={megabytes}m,uid={user},gid={group},mode={mode:o}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self { at: at.to_owned() });
        }
        // Past the harness, which would swallow it.
        let mut stderr = io::stderr();
        writeln!(stderr, "skipped: only root can mount a small disk").unwrap();
        None
    }

    /// From now on there is no room for a single byte.
    pub(crate) fn fill(&self) {
        let mut ballast = File::create(self.at.join(BALLAST)).unwrap();
        let megabyte = vec![0; 1 << 20];
        // The last ones are smaller pieces.
        for piece in [&megabyte[..], &megabyte[..4_096]] {
            loop {
                match ballast.write_all(piece) {
                    Ok(()) => {}
                    Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                    Err(error) => panic!("the disk cannot be filled: {error}"),
                }
            }
        }
    }

    /// From now on there is.
    pub(crate) fn make_room(&self) {
        fs::remove_file(self.at.join(BALLAST)).unwrap();
    }
}
