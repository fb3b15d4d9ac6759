use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use chrono::{FixedOffset, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use command_api::transactions::{FirstStatus, ImportPlan, ImportRun, Imported};
use domain::OwnerId;
use event_store::{CommandContext, EventStore, ExecuteError, Executed, StoreConfig};
use futures::{StreamExt, stream};
use import::ImportSummary;
use import::plan::{Anchor, PlanOptions, Unit};
use import::runs::{Place, Row, RunOptions};
use nats::Announcer;

use crate::config::ServerConfig;
use crate::infrastructure::Infrastructure;
use crate::progress::spinner;

/// How many runs are recorded at once.
const AT_ONCE: usize = 128;

/// Options of `import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    command: ImportCommand,
    /// The e-mail of the runner it is for.
    #[arg(long, global = true, default_value = "")]
    user: String,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Imports a training plan from a YAML file. A second import of the same file at the same dates does nothing.
    Plan(PlanArgs),
    /// Imports runs: Strava's bulk export activities.csv, or a JSON list. What was imported before is left alone.
    Runs(RunsArgs),
}

#[derive(Debug, Args)]
struct PlanArgs {
    /// The file.
    file: PathBuf,
    /// The plan's first day.
    #[arg(long, required_unless_present = "race_date", conflicts_with = "race_date")]
    start_date: Option<NaiveDate>,
    /// The day of the race it ends in.
    #[arg(long)]
    race_date: Option<NaiveDate>,
    /// The unit that titles are shown in.
    #[arg(long, value_enum, default_value_t = ShownUnit::Km)]
    unit: ShownUnit,
    /// Start training by it at once.
    #[arg(long)]
    activate: bool,
}

#[derive(Debug, Args)]
struct RunsArgs {
    /// The file.
    file: PathBuf,
    /// The runner's offset from UTC, such as +02:00, where the file does not say it.
    #[arg(long)]
    offset: Option<FixedOffset>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ShownUnit {
    /// Kilometres.
    Km,
    /// Miles.
    Mi,
}

/// Imports files, through the same commands that HTTP gives.
///
/// # Errors
/// When the file cannot be read, the runner is not known, or the servers fail.
pub(crate) async fn import(args: ImportArgs, config: &ServerConfig) -> anyhow::Result<()> {
    let ImportArgs { command, user } = args;
    if user.is_empty() {
        bail!("--user says whose it is: the e-mail of an account");
    }
    Infrastructure::with(config, async |infrastructure| run(command, &user, infrastructure).await)
        .await
}

async fn run(
    command: ImportCommand,
    user: &str,
    infrastructure: &Infrastructure,
) -> anyhow::Result<()> {
    infrastructure.migrate().await?;
    let owner = auth::find_user(&infrastructure.pool, user).await?.with_context(|| {
        format!("there is no account with the e-mail {user}; make one with `trainer user create`")
    })?;
    let store = EventStore::new(infrastructure.pool.clone(), StoreConfig::default());
    match command {
        ImportCommand::Plan(args) => import_plan(args, owner, &store).await?,
        ImportCommand::Runs(args) => import_runs(args, owner, &store).await?,
    }
    // A running trainer looks by itself, this only makes it look at once.
    let appended = *store.appended().borrow();
    if appended > 0 {
        let client = infrastructure.nats("trainer import").await?;
        Announcer::new(client.clone()).appended(appended).await;
        let _late = tokio::time::timeout(Duration::from_secs(1), client.flush()).await;
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what was imported is the command's answer")]
async fn import_plan(args: PlanArgs, owner: OwnerId, store: &EventStore) -> anyhow::Result<()> {
    let PlanArgs { file, start_date, race_date, unit, activate } = args;
    let yaml = std::fs::read_to_string(&file)
        .with_context(|| format!("{} cannot be read", file.display()))?;
    let anchor = match (start_date, race_date) {
        (_, Some(day)) => Anchor::Race(day),
        (Some(day), None) => Anchor::Start(day),
        (None, None) => bail!("--start-date or --race-date says when"),
    };
    let unit = match unit {
        ShownUnit::Km => Unit::Km,
        ShownUnit::Mi => Unit::Mi,
    };
    let plan = import::plan::read(&yaml, PlanOptions { owner, anchor, unit })
        .with_context(|| format!("{} is not imported", file.display()))?;
    let workouts = plan.workouts.len();
    let status = if activate { FirstStatus::Active } else { FirstStatus::Draft };
    let transaction = ImportPlan { create: plan.create, workouts: plan.workouts, status };
    let plan_id = transaction.create.plan_id;
    let executed = store
        .execute(&CommandContext::new(owner, "import"), &transaction)
        .await
        .map_err(refused)?;
    match executed.output {
        Imported::New(_) => println!("plan {plan_id} imported with {workouts} workouts"),
        Imported::AlreadyThere => println!("plan {plan_id} was imported before, nothing changed"),
    }
    for note in plan.notes {
        println!("  {note}");
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "what was imported is the command's answer")]
async fn import_runs(args: RunsArgs, owner: OwnerId, store: &EventStore) -> anyhow::Result<()> {
    let RunsArgs { file, offset } = args;
    let reader = BufReader::new(
        File::open(&file).with_context(|| format!("{} cannot be read", file.display()))?,
    );
    let options = RunOptions { owner, today: Utc::now().date_naive(), offset };
    let rows = import::runs::read(reader, options)
        .with_context(|| format!("{} is not imported", file.display()))?;
    let summary = record(rows, owner, store).await?;
    println!("{summary}");
    Ok(())
}

/// Records every run of a file; one that is refused does not stop the others.
///
/// # Errors
/// When the event store fails: what was recorded so far stays, and a second import goes on from there.
async fn record(
    rows: impl Iterator<Item = Row>,
    owner: OwnerId,
    store: &EventStore,
) -> anyhow::Result<ImportSummary> {
    let mut summary = ImportSummary::default();
    let progress = spinner("runs");
    let mut runs = Vec::new();
    for row in rows {
        match row {
            Row::Run { place, command } => runs.push((*command, place)),
            Row::Skipped { reason, .. } => summary.skip(reason),
            Row::Bad { place, reason } => summary.refuse(place, reason),
        }
    }
    progress.set_length(runs.len() as u64);
    let mut recorded = stream::iter(runs)
        .map(|(record, place)| async move {
            let transaction = ImportRun { record, workout_id: None };
            let executed = store.execute(&CommandContext::new(owner, "import"), &transaction).await;
            (executed, place)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((executed, place)) = recorded.next().await {
        progress.inc(1);
        count(&mut summary, executed, place)?;
    }
    progress.finish_and_clear();
    Ok(summary)
}

fn count<T, R: std::fmt::Display>(
    summary: &mut ImportSummary,
    executed: Result<Executed<Imported<T>>, ExecuteError<R>>,
    place: Place,
) -> anyhow::Result<()> {
    match executed {
        Ok(Executed { output: Imported::New(_), .. }) => summary.recorded += 1,
        Ok(Executed { output: Imported::AlreadyThere, .. }) => summary.already_there += 1,
        Err(ExecuteError::Refused(refusal)) => summary.refuse(place, refusal.to_string()),
        Err(ExecuteError::Store(error)) => return Err(error.into()),
        Err(error @ (ExecuteError::Contended | ExecuteError::KeyReused)) => {
            summary.refuse(place, error.to_string())
        }
    }
    Ok(())
}

fn refused<R: std::fmt::Display>(error: ExecuteError<R>) -> anyhow::Error {
    match error {
        ExecuteError::Refused(refusal) => anyhow::anyhow!("{refusal}"),
        ExecuteError::Contended | ExecuteError::KeyReused => anyhow::anyhow!("{error}"),
        ExecuteError::Store(error) => error.into(),
    }
}
