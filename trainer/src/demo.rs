//! `trainer up --demo`: a runner in the middle of a plan, made through the commands, and shown.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};
use auth::{AccessToken, MasterKey, Password};
use chrono::{TimeDelta, Utc};
use comfy_table::{CellAlignment, Table, presets};
use command_api::transactions::{FirstStatus, ImportPlan, ImportRun};
use domain::{OwnerId, Part, PlanId};
use event_store::CommandContext;
use serde_json::Value;
use service::{Role, Waited};
use sqlx::PgPool;
use uuid::Uuid;

use crate::commands;
use crate::http_client::HttpClient;
use crate::process::Process;

const EMAIL: &str = "demo@example.org";
const NAME: &str = "Demo Runner";

/// How long the token shown is good for.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(12);

/// How long the read models may take to show everything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Makes the demo runner unless it is there, imports plan and runs, waits until reads show them, and prints them
/// with what to try next.
///
/// # Errors
/// When any of it fails.
pub(crate) async fn show(
    process: &Process,
    master_key: &MasterKey,
    address: SocketAddr,
    data_dir: &Path,
) -> anyhow::Result<()> {
    let account = account(&process.pool).await?;
    let (plan_id, position) = train(process, account.owner).await?;
    let part = Part::of(account.owner);
    let waited = process.read_models.wait_for(part, position.unsigned_abs(), PATIENCE).await;
    if waited == Waited::TimedOut {
        bail!(
            "the read models did not come to position {position} within {} s",
            PATIENCE.as_secs()
        );
    }
    let token = auth::issue_token(&process.pool, master_key, account.owner, TOKEN_LIFETIME).await?;
    let mut client = HttpClient::connect(address, token.expose()).await?;
    let plan = client.get_json(&format!("/api/v1/plans/{plan_id}")).await?;
    let progress = client.get_json(&format!("/api/v1/analytics/plans/{plan_id}/progress")).await?;
    let summary = client.get_json("/api/v1/analytics/summary").await?;
    std::fs::create_dir_all(data_dir)?;
    let pdf = data_dir.join("demo-plan.pdf");
    commands::pdf::overview(&process.pool, plan_id, &pdf).await?;
    print(&account, &token, plan_id, address.port(), &[plan, progress, summary]);
    show_pdf(&pdf);
    Ok(())
}

/// Says how to follow the events on the private nats-server.
#[expect(clippy::print_stdout, reason = "the demo is shown to a person")]
pub(crate) fn show_events(data_dir: &Path) {
    println!("\nThe events on NATS, with the password: {}/nats-subscriber.url", data_dir.display());
    println!("What to do with it: docs/SUBSCRIBERS.md");
}

#[expect(clippy::print_stdout, reason = "the demo is shown to a person")]
fn show_pdf(pdf: &Path) {
    println!("The plan for the fridge: {}", pdf.display());
}

struct Account {
    owner: OwnerId,
    /// Known only when the account was just made.
    password: Option<String>,
}

async fn account(pool: &PgPool) -> anyhow::Result<Account> {
    if let Some(owner) = auth::find_user(pool, EMAIL).await? {
        return Ok(Account { owner, password: None });
    }
    // Nobody else's: a demo may be left running on a machine that others reach.
    let password = Uuid::new_v4().simple().to_string();
    let owner = auth::create_user(
        pool,
        EMAIL,
        Password::new(password.clone()),
        Some(NAME),
        &[Role::Athlete],
    )
    .await?;
    Ok(Account { owner, password: Some(password) })
}

/// Gives the commands; those of an earlier demo on the same day change nothing.
async fn train(process: &Process, owner: OwnerId) -> anyhow::Result<(PlanId, i64)> {
    let today = Utc::now().date_naive();
    let plan = import::demo::plan(owner, today)?;
    let plan_id = plan.create.plan_id;
    let runs = import::demo::runs(&plan, today);
    let import =
        ImportPlan { create: plan.create, workouts: plan.workouts, status: FirstStatus::Active };
    let executed = process
        .store
        .execute(&CommandContext::new(owner, "demo"), &import)
        .await
        .context("the demo plan was not imported")?;
    let mut position = executed.position;
    for (record, workout_id) in runs {
        let import = ImportRun { record, workout_id };
        let executed = process
            .store
            .execute(&CommandContext::new(owner, "demo"), &import)
            .await
            .context("a demo run was not recorded")?;
        position = position.max(executed.position);
    }
    Ok((plan_id, position))
}

#[expect(clippy::print_stdout, reason = "the demo is shown to a person")]
fn print(
    account: &Account,
    token: &AccessToken,
    plan_id: PlanId,
    port: u16,
    [plan, progress, summary]: &[Value; 3],
) {
    println!(
        "\n{}  ({} to {})\n",
        shown(&plan["name"]),
        shown(&plan["start_date"]),
        shown(&plan["end_date"])
    );
    println!("{}", weeks(progress));
    println!(
        "{} of {} workouts done, {} missed, adherence {} %\n",
        shown(&progress["completed_workouts"]),
        shown(&progress["total_workouts"]),
        shown(&progress["missed_workouts"]),
        shown(&progress["adherence_percentage"]),
    );
    println!("{}", totals(summary));
    match &account.password {
        Some(password) => println!("\nSign in as {EMAIL} with the password {password}"),
        None => println!("\nSign in as {EMAIL} with the password shown the first time"),
    }
    println!("or go on with this token, good for {} hours:\n", TOKEN_LIFETIME.num_hours());
    println!("export TOKEN={}\n", token.expose());
    println!("curl -s -H \"Authorization: Bearer $TOKEN\" http://localhost:{port}/api/v1/plans");
    println!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" http://localhost:{port}/api/v1/plans/{plan_id}/workouts"
    );
    println!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" http://localhost:{port}/api/v1/analytics/summary"
    );
    println!(
        "curl -s -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\\n     \
         -d '{{\"actual_date\": \"{}\", \"distance_km\": 8.2, \"duration_minutes\": 43.5}}' \\\n     \
         http://localhost:{port}/api/v1/runs\n",
        Utc::now().date_naive(),
    );
    println!("Everything there is: http://localhost:{port}/docs");
    println!("Ctrl-C stops the server; the data stays.");
}

fn weeks(progress: &Value) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["week", "from", "workouts", "done", "planned km", "run km"]);
    for week in progress["weeks"].as_array().into_iter().flatten() {
        let columns = [
            "week",
            "start_date",
            "planned_workouts",
            "completed_workouts",
            "planned_distance_km",
            "actual_distance_km",
        ];
        table.add_row(columns.map(|column| shown(&week[column])));
    }
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn totals(summary: &Value) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    let rows = [
        ("runs", "total_runs"),
        ("kilometres", "total_distance_km"),
        ("minutes", "total_duration_minutes"),
        ("minutes per km", "average_pace"),
        ("longest run in km", "longest_run_km"),
        ("metres climbed", "total_elevation_gain_m"),
        ("runs a week", "runs_per_week"),
        ("weeks in a row", "current_streak_weeks"),
    ];
    for (label, field) in rows {
        table.add_row([label.to_owned(), shown(&summary[field])]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
