use domain::{ExportId, OwnerId};
use event_store::{EventStore, StoreConfig};
use uuid::Uuid;

use crate::office::{Office, somebody};

async fn account(office: &Office, email: &str, verified: bool) -> OwnerId {
    let user = somebody();
    sqlx::query(
        "insert into auth.users (user_id, email, password_hash, roles, created_at, updated_at, email_verified_at)
         values ($1, $2, 'x', '{athlete,coach}', now(), now(), case when $3 then now() end)",
    )
    .bind(user.0)
    .bind(email)
    .bind(verified)
    .execute(&office.pool)
    .await
    .unwrap();
    user
}

async fn queued(office: &Office) -> Vec<(Uuid, String, String)> {
    sqlx::query_as("select mail_id, recipient, kind from mail.queue order by recipient")
        .fetch_all(&office.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn it_is_mailed_once_even_if_it_is_not_known_whether_it_was() {
    let office = Office::open().await;
    let ann = account(&office, "ann@example.org", true).await;
    let plan = office.plan(ann, "Spring").await;
    let pdf_id = office.ask_with(ann, plan, None, Some(ann)).await;
    let working = office.start(office.printer());
    office.until(pdf_id, "ready").await;
    office.until_idle().await;
    working.stop().await;
    let once = queued(&office).await;
    assert_eq!(once.len(), 1);
    assert_eq!((once[0].1.as_str(), once[0].2.as_str()), ("ann@example.org", "printed_plan"));
    assert_eq!(office.story(pdf_id).await.last().unwrap(), "plan_export.mailed");

    // As if whoever mailed it had been killed before it could say so.
    forget_that_it_was_mailed(&office, ann, pdf_id).await;
    let mut printer = office.printer();
    // Nor does it remember.
    printer.store = EventStore::new(office.pool.clone(), StoreConfig::default());
    let working = office.start(printer);
    office.until_idle().await;
    working.stop().await;
    assert_eq!(queued(&office).await, once);
    assert_eq!(office.story(pdf_id).await.last().unwrap(), "plan_export.mailed");
    assert_eq!(office.printed.lock().unwrap().len(), 1);
}

async fn forget_that_it_was_mailed(office: &Office, owner: OwnerId, pdf_id: ExportId) {
    sqlx::query("delete from es.events where event_type = 'plan_export.mailed'")
        .execute(&office.pool)
        .await
        .unwrap();
    sqlx::query("insert into pdf.jobs (pdf_id, owner_id, position, round) values ($1, $2, 2, 0)")
        .bind(pdf_id.0)
        .bind(owner.0)
        .execute(&office.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn it_is_not_mailed_to_whoever_may_not_have_it_any_more() {
    let office = Office::open().await;
    let ann = account(&office, "ann@example.org", true).await;
    let unverified = account(&office, "bob@example.org", false).await;
    let stranger = account(&office, "eve@example.org", true).await;
    let coach = account(&office, "coach@example.org", true).await;
    sqlx::query(
        "insert into auth.coach_access (access_id, athlete_id, coach_id, scope, granted_at)
         values (gen_random_uuid(), $1, $2, 'plan', now())",
    )
    .bind(ann.0)
    .bind(coach.0)
    .execute(&office.pool)
    .await
    .unwrap();
    let plan = office.plan(ann, "Spring").await;
    for to in [unverified, stranger, somebody(), coach] {
        office.ask_with(ann, plan, None, Some(to)).await;
    }
    let working = office.start(office.printer());
    office.until_idle().await;
    working.stop().await;
    let to: Vec<_> = queued(&office).await.into_iter().map(|(_, to, _)| to).collect();
    assert_eq!(to, ["coach@example.org"]);
}
