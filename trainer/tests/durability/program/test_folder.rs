use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use embedded::Urls;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a command may take.
const ENDS_WITHIN: Duration = Duration::from_secs(600);

/// How long a process that was told to go may take for its last steps on a busy machine.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// Waits until the pipe from the test closes, however the test ends; then ends whatever still runs in the
/// folder and removes it, and with it a folder elsewhere that the private servers' files are in.
const KEEPER: &str = r#"
trap '' INT TERM HUP
folder=$1
read -r _end
elsewhere=$(readlink "$folder/data/servers")
tries=200
while [ "$tries" -gt 0 ]; do
    left=
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd" 2>/dev/null)/ in
            "$folder"/* | "${elsewhere:-$folder}"/*) left="$left ${process#/proc/}" ;;
        esac
    done
    [ -n "$left" ] || break
    kill -s KILL $left 2>/dev/null
    tries=$((tries - 1))
    sleep 0.05
done
# Disks of their own that tests have mounted there.
umount "$folder/data/nats/store" "$folder/data" 2>/dev/null
rm -rf -- "$folder" ${elsewhere:+"$elsewhere"}
"#;

/// A folder of one test: the program's data and logs, and the working directory of every process it starts.
/// Dropped, or left behind by a test that dies, nothing of it stays.
pub(crate) struct TestFolder {
    path: PathBuf,
    keeper: Child,
    environment: Vec<(String, String)>,
}

impl TestFolder {
    /// One in which the program starts private servers.
    pub(crate) fn new() -> Self {
        Self::with_environment(&[])
    }

    /// One in which the program finds this in its environment.
    pub(crate) fn with_environment(environment: &[(&str, &str)]) -> Self {
        let path = tempfile::Builder::new().prefix("trainer-test-").tempdir().unwrap().keep();
        // The account of the private servers passes through.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let path = path.canonicalize().unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&path)
            .current_dir("/")
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self { path, keeper, environment: environment.iter().map(own).collect() }
    }

    /// Where a file of this name lies.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The program, to be run here, with nothing of the environment of the tests that would change what it does.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let finds_programs = ["TRAINER_PG_BIN", "TRAINER_NATS_SERVER"].contains(&&*text);
            if text.ends_with("_URL")
                || text.ends_with("_BACKTRACE")
                || (text.starts_with("TRAINER_") && !finds_programs)
            {
                command.env_remove(&name);
            }
        }
        command
            .args(arguments)
            .current_dir(&self.path)
            .stdin(Stdio::null())
            .env("TRAINER_DATA_DIR", self.file("data"))
            .env("TRAINER_LOG", "warn,trainer=info,embedded=info")
            .env("TRAINER_LOG_FORMAT", "json")
            .env("TRAINER_RATE_LIMITS", "off")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        output(&mut self.command(arguments))
    }

    /// What the program prints, which must end well.
    #[track_caller]
    pub(crate) fn prints(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.run(arguments);
        let stdout = String::from_utf8(stdout).unwrap();
        assert!(status.success(), "{arguments:?}: {stdout}{}", String::from_utf8_lossy(&stderr));
        stdout
    }

    /// Every process that works in the folder, and what its program is called.
    pub(crate) fn processes(&self) -> Vec<(Pid, String)> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let folder = fs::read_link(entry.path().join("cwd")).ok()?;
                let program = fs::read_to_string(entry.path().join("comm")).ok()?;
                folder
                    .starts_with(&self.path)
                    .then(|| (Pid::from_raw(pid), program.trim_end().to_owned()))
            })
            .collect()
    }

    /// Fails when something still works in the folder. Who is on the way out may take a moment for its last steps.
    #[track_caller]
    pub(crate) fn assert_nothing_is_left(&self) {
        let began = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() {
                return;
            }
            assert!(began.elapsed() < GONE_WITHIN, "left behind: {left:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Where Postgres and NATS are, whoever has started them.
    pub(crate) async fn servers(&self) -> (String, String) {
        let named = |name: &str| {
            self.environment.iter().find(|(named, _)| named == name).map(|(_, url)| url.clone())
        };
        match (named("DATABASE_URL"), named("NATS_URL")) {
            (Some(database_url), Some(nats_url)) => (database_url, nats_url),
            (_, _) => {
                let urls = self.urls().await;
                (urls.database_url, urls.nats_url)
            }
        }
    }

    /// How to reach the private servers, which must run.
    pub(crate) async fn urls(&self) -> Urls {
        embedded::connect(&self.file("data")).await.expect("Postgres runs")
    }
}

/// Runs a command to its end, and kills it when that does not come.
pub(crate) fn output(command: &mut Command) -> Output {
    output_of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// What a process has printed in the end, which comes by force when it does not come by itself.
pub(crate) fn output_of(child: Child) -> Output {
    let pid = Pid::from_raw(child.id().cast_signed());
    let (ended, end) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if end.recv_timeout(ENDS_WITHIN) == Err(RecvTimeoutError::Timeout) {
            kill(pid, Signal::SIGKILL).ok();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    watch.join().unwrap();
    output
}

impl Drop for TestFolder {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        self.keeper.wait().ok();
    }
}
