//! A process that relays: the production publisher, begun again whenever it ends.

use std::time::Duration;

use simulation::Task;

use super::link::Link;
use crate::relay::{Publisher, RelayError};

pub(super) struct Relay {
    pub(super) link: Link,
    task: Task<RelayError>,
    /// Stopped for a while, as by SIGSTOP.
    pub(super) suspended: bool,
    /// Where its last message arrives: a connection keeps the order.
    pub(super) arrives: Duration,
}

impl Relay {
    pub(super) fn new(retention: Duration) -> Self {
        let link = Link::default();
        let task = Task::new(live(link.clone(), retention));
        Self { link, task, suspended: false, arrives: Duration::ZERO }
    }

    /// Does all that it can do now.
    pub(super) fn go_on(&mut self) -> Result<(), String> {
        match if self.suspended { None } else { self.task.go_on() } {
            Some(error) => Err(format!("a relay gave up: {error}")),
            None => Ok(()),
        }
    }
}

/// As `Relay::run`: errors are tried again. One never goes away by itself, and cannot come here.
async fn live(link: Link, retention: Duration) -> RelayError {
    loop {
        match lead(&link, retention).await {
            error @ RelayError::Diverged { .. } => return error,
            _tried_again => link.pause(Duration::from_millis(250)).await,
        }
    }
}

async fn lead(link: &Link, retention: Duration) -> RelayError {
    let began = async {
        link.lead().await?;
        link.ensure_stream().await?;
        Publisher::begin(link, link, retention).await
    };
    match began.await {
        Ok(mut publisher) => publisher.run(&mut link.clone()).await,
        Err(error) => error,
    }
}
