use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Answer, App, PASSWORD};

const VERIFY: &str = "/api/v1/auth/verify-email";

async fn change(app: &App, pair: &Value, body: Value) -> Answer {
    let bearer = format!("Bearer {}", pair["access_token"].as_str().unwrap());
    let path = "/api/v1/auth/change-email";
    app.call(Method::POST, path, &[("authorization", &bearer)], &body).await
}

fn to(new_email: &str) -> Value {
    json!({"new_email": new_email, "current_password": PASSWORD})
}

#[tokio::test]
async fn the_new_address_confirms_and_the_old_one_is_told() {
    let app = App::start().await;
    let ann = app.ann().await;
    let answer = change(&app, &ann, to("Ann@new.example")).await;
    assert_eq!((answer.status.as_u16(), answer.body), (202, Value::Null));
    let mails = app.mails().await;
    let sent: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    let expected = [
        ("ann@example.org", "Your e-mail address is to change"),
        ("Ann@new.example", "Confirm your new e-mail address"),
    ];
    assert_eq!(sent, expected);
    let me = app.me(ann["access_token"].as_str().unwrap()).await.body;
    assert_eq!(me["email"], "ann@example.org", "nothing has changed yet");
    app.post("/api/v1/auth/forgot-password", json!({"email": "ann@example.org"})).await;
    let old_token = app.mail().await.token();

    assert_eq!(app.post(VERIFY, json!({"token": mails[1].token()})).await.status, 204);
    let me = app.me(ann["access_token"].as_str().unwrap()).await.body;
    assert_eq!((&me["email"], &me["email_verified"]), (&json!("Ann@new.example"), &json!(true)));
    assert_eq!(app.login("ann@new.example").await.status, 200);
    app.login("ann@example.org").await.is_problem(401);
    let told = app.mail().await;
    assert_eq!(
        (told.to.as_str(), told.subject.as_str()),
        ("ann@example.org", "Your e-mail address was changed")
    );
    // What lies in the old mailbox opens nothing any more.
    let reset = json!({"token": old_token, "new_password": "yet another password"});
    app.post("/api/v1/auth/reset-password", reset).await.is_problem(422);
}

#[tokio::test]
async fn it_takes_the_password_and_says_nothing_of_other_accounts() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.register("bob@example.org").await;
    for (body, expected) in [
        (json!({}), vec![("new_email", "required"), ("current_password", "required")]),
        (
            json!({"new_email": "no address", "current_password": PASSWORD}),
            vec![("new_email", "invalid_email")],
        ),
        (
            json!({"new_email": "a@b.de", "current_password": "not this one"}),
            vec![("current_password", "wrong")],
        ),
    ] {
        let refused = change(&app, &ann, body).await;
        refused.is_problem(422);
        assert_eq!(refused.violations(), expected);
    }
    change(&app, &json!({"access_token": "nonsense"}), to("a@b.de")).await.is_problem(401);
    assert_eq!(app.mails().await.len(), 0);
    let taken = change(&app, &ann, to("bob@example.org")).await;
    assert_eq!((taken.status.as_u16(), taken.body), (202, Value::Null));
    let mails = app.mails().await;
    let sent: Vec<_> = mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    let expected = [
        ("ann@example.org", "Your e-mail address is to change"),
        ("bob@example.org", "You have an account already"),
    ];
    assert_eq!(sent, expected);
    // Nobody floods others' mailboxes.
    assert_eq!(change(&app, &ann, to("one@b.de")).await.status, 202);
    assert_eq!(change(&app, &ann, to("two@b.de")).await.status, 202);
    change(&app, &ann, to("three@b.de")).await.is_problem(429);
}

#[tokio::test]
async fn of_two_who_confirm_the_same_address_one_gets_it() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.register("bob@example.org").await;
    let bob = app.login("bob@example.org").await.body;
    change(&app, &ann, to("new@example.org")).await;
    change(&app, &bob, to("new@example.org")).await;
    let mails = app.mails().await;
    let tokens: Vec<_> =
        mails.iter().filter(|mail| mail.to == "new@example.org").map(|mail| mail.token()).collect();
    assert_eq!(tokens.len(), 2);
    assert_eq!(app.post(VERIFY, json!({"token": tokens[0]})).await.status, 204);
    app.post(VERIFY, json!({"token": tokens[1]})).await.is_problem(409);
    let me = app.me(bob["access_token"].as_str().unwrap()).await.body;
    assert_eq!(me["email"], "bob@example.org");
}
