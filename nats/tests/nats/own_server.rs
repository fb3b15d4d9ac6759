//! A nats-server with `nats/server.conf`, as an operator runs it.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use embedded::Binaries;
use embedded::testing::options;

use crate::scene::eventually;

const TRAINER_PASSWORD: &str = "1234e5";
const PROJECTOR_PASSWORD: &str = "12e34";
const SUBSCRIBER_PASSWORD: &str = "5e4321";

/// Killed when dropped.
pub(crate) struct OwnServer {
    process: Child,
    port: u16,
    folder: std::path::PathBuf,
}

impl OwnServer {
    pub(crate) async fn start() -> Self {
        let options = options().unwrap();
        let folder = options.data_dir.clone();
        fs::create_dir_all(&folder).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("server.conf");
        // Other ports, as tests run beside each other; the rest as it is.
        let text = fs::read_to_string(shipped).unwrap();
        let ours = text
            .replace("listen: \"0.0.0.0:4222\"", "listen: \"127.0.0.1:-1\"")
            .replace("http: \"127.0.0.1:8222\"", "");
        assert!(ours.len() < text.len(), "both ports are replaced");
        let configuration = folder.join("server.conf");
        fs::write(&configuration, ours).unwrap();
        let process = Command::new(&Binaries::find_for(&options).unwrap().nats_server)
            .args(["--config", configuration.to_str().unwrap()])
            .args(["--store_dir", folder.join("store").to_str().unwrap()])
            .args(["--ports_file_dir", folder.to_str().unwrap()])
            // As compose.yaml gives them.
            .env("NATS_PASSWORD", format!("\"{TRAINER_PASSWORD}\""))
            .env("NATS_PROJECTOR_PASSWORD", format!("\"{PROJECTOR_PASSWORD}\""))
            .env("NATS_SUBSCRIBER_PASSWORD", format!("\"{SUBSCRIBER_PASSWORD}\""))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { process, port: 0, folder };
        let mut port = None;
        eventually("the start of nats-server", async || {
            port = server.written_port();
            port.is_some()
        })
        .await;
        server.port = port.unwrap();
        server
    }

    pub(crate) fn trainer_url(&self) -> String {
        format!("nats://trainer:{TRAINER_PASSWORD}@127.0.0.1:{}", self.port)
    }

    pub(crate) fn projector_url(&self) -> String {
        format!("nats://projector:{PROJECTOR_PASSWORD}@127.0.0.1:{}", self.port)
    }

    pub(crate) fn subscriber_url(&self) -> String {
        format!("nats://subscriber:{SUBSCRIBER_PASSWORD}@127.0.0.1:{}", self.port)
    }

    /// From the file that the server writes when it listens.
    fn written_port(&self) -> Option<u16> {
        let name = format!("nats-server_{}.ports", self.process.id());
        let text = fs::read(self.folder.join(name)).ok()?;
        let ports: serde_json::Value = serde_json::from_slice(&text).ok()?;
        ports["nats"][0].as_str()?.rsplit_once(':')?.1.parse().ok()
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _seen = self.process.wait();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}
