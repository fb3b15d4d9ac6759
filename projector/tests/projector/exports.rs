use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::plan_export::{
    ExpireExport, ExportOptions, PlanExportCommand, PlanExportEvent, PrintOptions, RecordFailed,
    RecordMailed, RecordRendered, RenderedFile, RequestExport, Template,
};
use domain::{ExportId, OwnerId, PlanId};
use event_store::read_after;
use projector::{Projection, verify};
use serde_json::json;
use uuid::Uuid;

use crate::commands::Step;
use crate::scene::Scene;
use crate::story::{owner, plan_id};

#[tokio::test]
async fn exports_show_what_became_of_them_and_equal_their_rebuild() {
    let scene = Scene::new().await;
    let (owner, plan) = (owner(), plan_id());
    let [waits, ready, failed, expired] = [(); 4].map(|()| ExportId(Uuid::now_v7()));
    let expires_at: DateTime<Utc> = "2027-01-02T03:04:05Z".parse().unwrap();
    for pdf_id in [waits, ready, failed, expired] {
        scene.tell(owner, vec![request(pdf_id, owner, plan)]).await;
    }
    // Some of it in the batch of the request, some in a later one.
    scene.project(Projection::Exports).await;
    let rendered = scene.tell(owner, vec![render(ready, expires_at)]).await;
    let mailed =
        scene.tell(owner, vec![step(ready, PlanExportCommand::RecordMailed(RecordMailed))]).await;
    let error = "line 7: no such thing".to_owned();
    let given_up = PlanExportCommand::RecordFailed(RecordFailed { error });
    let failed_at = scene.tell(owner, vec![step(failed, given_up)]).await;
    let now = expires_at + TimeDelta::seconds(1);
    let expire = PlanExportCommand::Expire(ExpireExport { now });
    scene.tell(owner, vec![render(expired, expires_at), step(expired, expire)]).await;
    scene.project(Projection::Exports).await;

    let events = read_after(&scene.pool, 0, i64::MAX).await.unwrap();
    let types: BTreeSet<_> = events.iter().map(|event| event.event_type()).collect();
    let all: BTreeSet<_> = PlanExportEvent::TYPES.iter().map(|(name, _)| *name).collect();
    assert_eq!(types, all);
    let rows = scene.columns("plan_exports", "position, status, pages, size_bytes, error").await;
    assert_eq!(
        rows,
        ["1 queued", "2 ready 3 4711", "3 failed line 7: no such thing", "4 expired 3 4711"]
    );
    let when = "position, finished_at = (select recorded_at from es.events e where e.position = case t.position \
                when 2 then RENDERED when 3 then FAILED end), \
                mailed_at = (select recorded_at from es.events e where e.position = MAILED)";
    let when = when
        .replace("RENDERED", &rendered.to_string())
        .replace("FAILED", &failed_at.to_string())
        .replace("MAILED", &mailed.to_string());
    assert_eq!(scene.columns("plan_exports", &when).await[1..3], ["2 t t", "3 t"]);
    let row = &scene.rows("plan_exports").await[0];
    assert_eq!((&row["owner_id"], &row["plan_id"]), (&json!(owner), &json!(plan)));

    scene.assert_equals_its_rebuild(Projection::Exports).await;
    let verified = verify(Projection::Exports, &scene.pool, 3, |_, _| {}).await.unwrap();
    assert!(verified.is_clean(), "{verified:?}");
    sqlx::query("update plan_exports set pages = 5 where position = 2")
        .execute(&scene.pool)
        .await
        .unwrap();
    let verified = verify(Projection::Exports, &scene.pool, 3, |_, _| {}).await.unwrap();
    assert!(!verified.is_clean());
}

fn step(pdf_id: ExportId, command: PlanExportCommand) -> Step {
    Step::Export(pdf_id, command)
}

pub(crate) fn request(pdf_id: ExportId, owner_id: OwnerId, plan_id: PlanId) -> Step {
    let options = ExportOptions::of(PrintOptions::new(Template::weekly()), None);
    let mail_to = Some(owner_id);
    let command = RequestExport { pdf_id, plan_id, owner_id, options, mail_to };
    step(pdf_id, PlanExportCommand::Request(command))
}

pub(crate) fn render(pdf_id: ExportId, expires_at: DateTime<Utc>) -> Step {
    let file = RenderedFile { sha256: "ab".repeat(32), size_bytes: 4_711, pages: 3, expires_at };
    step(pdf_id, PlanExportCommand::RecordRendered(RecordRendered { file }))
}
