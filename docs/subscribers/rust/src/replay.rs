use anyhow::bail;
use async_nats::Client;
use futures::StreamExt;

use crate::store::{Received, Store, place};

/// Takes what is published again on a subject, until it is stopped: all parts, or the one that is followed.
pub async fn replay(
    client: &Client,
    store: &mut Store,
    subject: String,
    followed: &str,
) -> anyhow::Result<()> {
    let mut messages = client.subscribe(subject.clone()).await?;
    client.flush().await?;
    println!("listening to {subject}");
    // A new file has nothing before it.
    store.begin_at(1)?;
    let part = followed.split('.').nth(2).filter(|part| *part != ">");
    while let Some(message) = messages.next().await {
        let Some((position, _)) = place(message.headers.as_ref()) else { continue };
        let of = message.headers.as_ref().and_then(|headers| headers.get("Trainer-Part"));
        if part.is_some() && part != of.map(|of| of.as_str()) {
            continue;
        }
        let received = [Received { message, sequence: None }];
        if let Some(missing) = store.apply(&received, &Default::default())? {
            let (part, known) = (missing.part, missing.known);
            bail!(
                "part {part} is not whole behind position {known}: have it published again from there"
            );
        }
        println!("position {position}");
    }
    Ok(())
}
