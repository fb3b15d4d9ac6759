use anyhow::{Context, bail};
use async_nats::Client;
use futures::StreamExt;

use crate::store::{Received, Store};

/// Takes what is published again on a subject, until it is stopped.
pub async fn replay(client: &Client, store: &mut Store, subject: String) -> anyhow::Result<()> {
    let mut messages = client.subscribe(subject.clone()).await?;
    client.flush().await?;
    println!("listening to {subject}");
    while let Some(message) = messages.next().await {
        let received = [Received { message, sequence: None }];
        if let Some(missing) = store.apply(&received, &Default::default())? {
            let (part, known) = (missing.part, missing.known);
            bail!(
                "part {part} is not whole behind position {known}: have it published again from there"
            );
        }
        let headers = received[0].message.headers.as_ref();
        let position = headers.and_then(|headers| headers.get("Trainer-Position"));
        println!("position {}", position.context("a message without a position")?);
    }
    Ok(())
}
