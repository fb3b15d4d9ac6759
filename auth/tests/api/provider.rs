//! An OpenID provider that nobody here wrote: npm's `oidc-provider`.

use std::env;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use auth::{ClientCredentials, Providers};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::app::{App, database};

/// Where browsers reach the program, or would.
pub(crate) const HOME: &str = "http://localhost:8000";
/// Where the provider sends them back to.
pub(crate) const CALLBACK: &str = "http://localhost:8000/api/v1/auth/oauth/id/callback";
/// A page that people go on to.
pub(crate) const PAGE: &str = "http://localhost:5173/signed-in";
/// As in `provider.mjs`.
const SECRET: &str = "a secret of the tests & more";

pub(crate) struct RunningProvider {
    process: Child,
    issuer: String,
}

impl RunningProvider {
    /// None, after saying why, where Node or its package is missing: it comes from the internet, which the tests do not
    /// need. With `TRAINER_TEST_PROVIDER=required` that is a failure.
    pub(crate) async fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/provider");
        if !folder.join("node_modules/oidc-provider").is_dir() {
            return skipped("oidc-provider is not installed");
        }
        let spawned = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .arg(CALLBACK)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let Ok(mut process) = spawned else { return skipped("there is no Node") };
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let line = timeout(Duration::from_secs(60), lines.next_line()).await;
        let issuer = line.expect("it starts in time").unwrap().expect("it says where it is");
        Some(Self { process, issuer })
    }

    /// A program where people can sign in through it.
    pub(crate) async fn app(&self) -> App {
        self.app_with_secret(SECRET).await
    }

    pub(crate) async fn app_with_secret(&self, secret: &str) -> App {
        let client =
            ClientCredentials { id: "trainer".to_owned(), secret: secret.to_owned().into() };
        let providers = Providers::at(HOME, &[PAGE.to_owned()]).unwrap();
        let providers = providers.with_open_id("id", "Elsewhere", &self.issuer, client).unwrap();
        App::with_providers(database().await, providers).await
    }

    pub(crate) async fn stop(mut self) {
        self.process.kill().await.unwrap();
    }
}

fn skipped(missing: &str) -> Option<RunningProvider> {
    assert_ne!(env::var("TRAINER_TEST_PROVIDER").as_deref(), Ok("required"), "{missing}");
    // Past the harness, which would swallow it.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "skipped: {missing}; `make test-sign-in` installs it").unwrap();
    None
}
