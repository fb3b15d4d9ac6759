//! Adds up the runs of every runner, each exactly once, whatever is killed in between.
//!
//! ```sh
//! NATS_URL=nats://subscriber:...@127.0.0.1:4222 cargo run      # follows the events
//! cargo run -- --replay trainer.replay.mine                    # takes what is published again there
//! cargo run -- --show                                          # prints what it has added up
//! ```
//!
//! What it has done and how far it has come lie in one SQLite file (`SUBSCRIBER_FILE`, `runs.sqlite`) and change
//! in one transaction; one process at a time has it. docs/SUBSCRIBERS.md explains each step.

mod follow;
mod replay;
mod store;

use std::env;
use std::time::Duration;

use anyhow::Context;
use async_nats::{Client, ConnectOptions, ServerAddr, jetstream};

use crate::follow::{Interruption, Settings, follow};
use crate::replay::replay;
use crate::store::Store;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let file = env::var("SUBSCRIBER_FILE").unwrap_or_else(|_| "runs.sqlite".to_owned());
    let mut store = Store::open(&file)?;
    if env::args().any(|argument| argument == "--show") {
        println!("{}", store.show()?);
        return Ok(());
    }
    let settings = Settings::read()?;
    let client = connect().await?;
    let mut arguments = env::args().skip_while(|argument| argument != "--replay");
    if arguments.next().is_some() {
        let subject = arguments.next().context("--replay takes a subject")?;
        return replay(&client, &mut store, subject, &settings.subject).await;
    }
    let jetstream = jetstream::new(client.clone());
    loop {
        match follow(&jetstream, &mut store, &settings).await {
            Ok(()) => {}
            Err(Interruption::Incomplete(missing)) => {
                anyhow::bail!("no longer on NATS: {missing}. See 'A hole' in docs/SUBSCRIBERS.md.");
            }
            Err(Interruption::Nats(error)) => {
                eprintln!("once more in a second: {error}");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(Interruption::Store(error)) => return Err(error),
        }
    }
}

async fn connect() -> anyhow::Result<Client> {
    let address: ServerAddr = env::var("NATS_URL").context("NATS_URL is not set")?.parse()?;
    let options = match (address.username(), address.password()) {
        (Some(user), Some(password)) => {
            ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        }
        (_, _) => ConnectOptions::new(),
    };
    let client = options
        .name("runs in Rust")
        // The only answers a subscriber may receive.
        .custom_inbox_prefix("_INBOX.subscriber")
        .max_reconnects(None)
        .connect(address)
        .await?;
    Ok(client)
}
