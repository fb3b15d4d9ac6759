use auth::{CreateUserError, IssueTokenError, Password, create_user, find_user, issue_token};
use chrono::TimeDelta;
use domain::OwnerId;
use serde_json::json;
use service::Role;

use crate::app::{App, PASSWORD, master_key};

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

#[tokio::test]
async fn an_operator_makes_an_account_that_can_sign_in() {
    let app = App::start().await;
    let roles = [Role::Athlete, Role::Admin];
    let user_id =
        create_user(&app.pool, "Ann@example.org", password(PASSWORD), Some("Ann"), &roles)
            .await
            .unwrap();
    assert_eq!(find_user(&app.pool, "ANN@example.org").await.unwrap(), Some(user_id));
    let login = app.login("ann@example.org").await;
    assert_eq!(login.body["user_id"], json!(user_id));
    let me = app.me(login.body["access_token"].as_str().unwrap()).await;
    assert_eq!(
        (&me.body["roles"], &me.body["name"]),
        (&json!(["athlete", "admin"]), &json!("Ann"))
    );
}

#[tokio::test]
async fn an_operator_is_told_what_is_wrong() {
    let app = App::start().await;
    let create = |email: &'static str,
                  text: &'static str,
                  name: Option<&'static str>,
                  roles: &'static [Role]| {
        let pool = app.pool.clone();
        async move { create_user(&pool, email, password(text), name, roles).await }
    };
    const ATHLETE: &[Role] = &[Role::Athlete];
    create("ann@example.org", PASSWORD, None, ATHLETE).await.unwrap();
    let taken = create("ANN@example.org", PASSWORD, None, ATHLETE).await;
    assert!(matches!(taken, Err(CreateUserError::EmailTaken)));
    assert!(matches!(create("ann", PASSWORD, None, ATHLETE).await, Err(CreateUserError::Email(_))));
    assert!(matches!(
        create("b@example.org", "short", None, ATHLETE).await,
        Err(CreateUserError::Password(_))
    ));
    assert!(matches!(
        create("b@example.org", PASSWORD, Some(" "), ATHLETE).await,
        Err(CreateUserError::Name(_))
    ));
    assert!(matches!(
        create("b@example.org", PASSWORD, None, &[]).await,
        Err(CreateUserError::NoRole)
    ));
}

#[tokio::test]
async fn an_operator_gets_a_token_for_an_account() {
    let app = App::start().await;
    let user_id =
        create_user(&app.pool, "ann@example.org", password(PASSWORD), None, &[Role::Athlete])
            .await
            .unwrap();
    let token = issue_token(&app.pool, &master_key(), user_id, TimeDelta::hours(12)).await.unwrap();
    assert_eq!(app.me(token.expose()).await.body["user_id"], json!(user_id));
    assert_eq!(format!("{token:?}"), "AccessToken(…)");

    let nobody = OwnerId(uuid::Uuid::now_v7());
    let outcome = issue_token(&app.pool, &master_key(), nobody, TimeDelta::hours(12)).await;
    assert!(matches!(outcome, Err(IssueTokenError::NoAccount(user_id)) if user_id == nobody));
}
