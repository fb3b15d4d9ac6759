use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// All that a program logs, at its loudest. Its test is alone in its program, because a program has one log.
#[derive(Debug, Clone, Default)]
pub struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl CapturedLog {
    /// Takes the log of this program from now on.
    ///
    /// # Panics
    /// When the program has one already.
    #[must_use]
    pub fn start() -> Self {
        let log = Self::default();
        let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        everything.with_writer(log.clone()).with_ansi(false).init();
        log
    }

    /// What was logged until now.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits until the log holds this text: whoever does something logs it only afterwards.
    ///
    /// # Panics
    /// When half a minute has passed without it.
    pub async fn until(&self, text: &str) {
        let said = async {
            while !self.text().contains(text) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let patience = Duration::from_secs(30);
        assert!(tokio::time::timeout(patience, said).await.is_ok(), "{text}: {}", self.text());
    }
}

impl Write for CapturedLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for CapturedLog {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
