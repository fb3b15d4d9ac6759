//! A process: the production publisher or follower, begun again whenever it ends.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use simulation::Task;

use super::link::{Link, LinkFeed};
use crate::relay::{Publisher, RelayError};
use crate::subscription::Follower;

pub(super) struct Process {
    pub(super) link: Link,
    task: Task<RelayError>,
    /// Stopped for a while, as by SIGSTOP.
    pub(super) suspended: bool,
    /// Where its last message arrives: a connection keeps the order.
    pub(super) arrives: Duration,
}

impl Process {
    /// One that relays.
    pub(super) fn relay(retention: Duration) -> Self {
        let link = Link::default();
        let task = Task::new(relay(link.clone(), retention));
        Self { link, task, suspended: false, arrives: Duration::ZERO }
    }

    /// One that follows, from its checkpoint on.
    pub(super) fn follower(checkpoint: i64) -> Self {
        let link = Link::default();
        let task = Task::new(follow(link.clone(), checkpoint));
        Self { link, task, suspended: false, arrives: Duration::ZERO }
    }

    /// Does all that it can do now.
    pub(super) fn go_on(&mut self) -> Result<(), String> {
        match if self.suspended { None } else { self.task.go_on() } {
            Some(error) => Err(format!("a process gave up: {error}")),
            None => Ok(()),
        }
    }
}

/// As `Relay::run`: errors are tried again. One never goes away by itself, and cannot come here.
async fn relay(link: Link, retention: Duration) -> RelayError {
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

/// As a projector: it takes what comes, and asks again after an error. Now and then it stops waiting and
/// begins to wait anew.
async fn follow(link: Link, checkpoint: i64) -> RelayError {
    let feed = LinkFeed { link: link.clone(), open: false };
    let mut follower = Follower::new(link.clone(), feed, checkpoint);
    loop {
        let next = {
            let (next, interruption) = (pin!(follower.next_batch()), pin!(link.interruption()));
            match select(next, interruption).await {
                Either::Left((next, _)) => next,
                Either::Right(((), _)) => continue,
            }
        };
        match next {
            Ok(events) => link.given(&events, follower.position()).await,
            Err(_tried_again) => link.pause(Duration::from_millis(100)).await,
        }
    }
}
