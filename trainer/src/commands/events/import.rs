use std::path::PathBuf;
use std::thread;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use event_store::{Import, ImportError, Imported};
use sqlx::PgPool;
use tokio::sync::mpsc;

use super::end::End;
use super::source::Source;
use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;

/// Options of `events import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// A file that `events export` has written; `-` for JSON lines from standard input.
    file: PathBuf,
    /// Take the file even if it does not say where it ends, as exports of older versions: whether it was cut off is not
    /// known then.
    #[arg(long)]
    without_end: bool,
}

/// Fills an empty store from a file, all or nothing.
///
/// # Errors
/// When the file is not a whole export, the store is not empty, or the servers fail. Nothing is stored then.
#[expect(clippy::print_stdout, reason = "what was imported is the command's answer")]
pub(super) async fn import(args: ImportArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let source = Source::open(&args.file)?;
    Infrastructure::with(config, async |infrastructure| {
        infrastructure.migrate().await?;
        let imported = fill(&args, &infrastructure.pool, source)
            .await
            .with_context(|| format!("{} is not imported", args.file.display()))?;
        println!(
            "{} events imported, the last one at position {}; the read models follow while a trainer runs",
            imported.events, imported.head
        );
        Ok(())
    })
    .await
}

async fn fill(args: &ImportArgs, pool: &PgPool, source: Source) -> anyhow::Result<Imported> {
    let place = source.place();
    let at_its_place = |error: ImportError| match error {
        ImportError::Event { number, fault } => anyhow!("{place} {number}: {fault}"),
        ImportError::NotEmpty { .. } | ImportError::Database(_) => error.into(),
    };
    let mut import = Import::begin(pool).await?;
    let (sender, mut batches) = mpsc::channel(2);
    let bar = source.progress();
    // No task: the program would wait for one at its end, and input may keep it waiting for ever.
    let reader = thread::spawn({
        let bar = bar.clone();
        move || source.read(&bar, &sender)
    });
    let mut found = End::default();
    while let Some(batch) = batches.recv().await {
        import.add(&batch).await.map_err(at_its_place)?;
        found.events += batch.len() as u64;
        found.head = batch.last().map_or(found.head, |event| event.position);
    }
    match reader.join().map_err(|_panic| anyhow!("reading stopped early"))?? {
        Some(end) => end.must_be(found)?,
        None if args.without_end => {}
        None => bail!(
            "it does not say at its end that all of it is there: it was cut off, or it is an export with --from or --to, or \
             of an older version. If you know that it is whole, --without-end takes it"
        ),
    }
    let imported = import.finish().await.map_err(at_its_place)?;
    bar.finish_and_clear();
    Ok(imported)
}
