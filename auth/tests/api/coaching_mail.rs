//! Mail about coaching: who is asked learns of it, nobody is flooded, and nobody learns who has an account.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::App;
use crate::coaching::{ANN, ATHLETES, BEA, COACHES};
use crate::mailbox::Received;

impl App {
    /// Ann and Bea, whose addresses are verified.
    async fn verified(&self) -> (Value, Value) {
        let two = (self.ann().await, self.bea().await);
        self.verify(ANN).await;
        self.verify(BEA).await;
        two
    }

    /// Somebody with a verified address, and their tokens.
    async fn somebody(&self, email: &str) -> Value {
        self.register(email).await;
        self.verify(email).await;
        self.login(email).await.body
    }
}

fn is_about_coaching(mail: &Received) -> bool {
    mail.subject.contains("coach") || mail.subject.contains("training")
}

#[tokio::test]
async fn who_is_asked_gets_a_mail_with_an_account_and_without_one_alike() {
    let app = App::start().await;
    let (ann, bea) = app.verified().await;
    app.asks(&ann, COACHES, BEA, "plan").await;
    app.asks(&ann, COACHES, "nobody@example.org", "plan").await;
    let mails = app.mails().await;
    let to: Vec<_> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, [BEA, "nobody@example.org"]);
    assert_eq!(mails[0].subject, "An athlete invites you to coach them");
    assert_eq!((&mails[0].subject, &mails[0].text), (&mails[1].subject, &mails[1].text));
    for said in [ANN, "change their plans and workouts", "http://localhost:8000/docs#/coaching"] {
        assert!(mails[0].text.replace('\n', " ").contains(said), "{said}: {}", mails[0].text);
    }

    let cy = app.somebody("cy@example.org").await;
    app.asks(&bea, ATHLETES, "cy@example.org", "full").await;
    let mail = app.mail().await;
    assert_eq!(mail.subject, "A coach asks for access to your training");
    assert!(mail.text.contains(BEA), "{}", mail.text);
    assert_eq!(app.relations(&cy, COACHES).await.len(), 1);
}

#[tokio::test]
async fn a_mail_speaks_for_nobody_whose_address_is_not_shown_to_be_theirs_and_carries_no_name() {
    let app = App::start().await;
    let ann = app.ann().await;
    let name = json!({ "name": "Buy at shop.example" });
    assert_eq!(app.ask(Method::PATCH, "/api/v1/auth/me", &ann, name).await.status, 200);
    app.asks(&ann, COACHES, "nobody@example.org", "view").await;
    assert!(app.mails().await.is_empty());
    app.verify(ANN).await;
    app.asks(&ann, COACHES, "another@example.org", "view").await;
    let mail = app.mail().await;
    assert_eq!(mail.to, "another@example.org");
    assert!(!mail.text.contains("shop") && !mail.subject.contains("shop"), "{}", mail.text);
}

#[tokio::test]
async fn nobody_is_flooded_and_nobody_floods() {
    let app = App::start().await;
    let (ann, _) = app.verified().await;
    // The same once more, taken back and asked again, in another case: one mail in a week.
    let asked = app.asks(&ann, COACHES, BEA, "view").await;
    app.asks(&ann, COACHES, "BEA@Example.org", "full").await;
    app.ends(&ann, COACHES, &asked["id"], 204).await;
    app.asks(&ann, COACHES, BEA, "view").await;
    assert_eq!(app.mails().await.len(), 1);
    // Whoever asks, three a day to one address.
    for at in 0..4 {
        let somebody = app.somebody(&format!("athlete{at}@example.org")).await;
        app.mails().await;
        app.asks(&somebody, COACHES, BEA, "view").await;
        let mails = app.mails().await.into_iter().filter(is_about_coaching).count();
        assert_eq!(mails, usize::from(at < 2), "{at}");
        // An account that is made, used and erased counts like another.
        let gone = app.ask(Method::DELETE, "/api/v1/auth/me", &somebody, Value::Null).await;
        assert_eq!(gone.status, 204, "{}", gone.body);
    }
    // Whomever they ask, ten a day by one.
    for at in 0..12 {
        app.asks(&ann, COACHES, &format!("coach{at}@example.org"), "view").await;
    }
    assert_eq!(app.mails().await.len(), 9);
    assert_eq!(app.relations(&ann, COACHES).await.len(), 13, "it was asked all the same");
    // Of many at once, no more go out either.
    app.execute("update auth.coaching_mails set sent_at = now() - interval '2 days'").await;
    let mut crowd = vec![];
    for at in 0..6 {
        crowd.push(app.somebody(&format!("crowd{at}@example.org")).await);
    }
    app.mails().await;
    let asks = crowd.iter().map(|one| app.asks(one, COACHES, "late@example.org", "view"));
    futures::future::join_all(asks).await;
    assert_eq!(app.mails().await.len(), 3);
}

#[tokio::test]
async fn mails_to_an_address_and_of_an_asker_go_with_the_account() {
    let app = App::start().await;
    let (ann, bea) = app.verified().await;
    app.asks(&ann, COACHES, BEA, "view").await;
    app.asks(&bea, ATHLETES, "cy@example.org", "view").await;
    let erased = app.ask(Method::DELETE, "/api/v1/auth/me", &bea, Value::Null).await;
    assert_eq!(erased.status, 204, "{}", erased.body);
    assert!(app.mails().await.is_empty(), "what was asked is void");
    let kept: String =
        sqlx::query_scalar("select coalesce(json_agg(q)::text, '') from mail.queue q")
            .fetch_one(&app.pool)
            .await
            .unwrap();
    assert!(!kept.contains(BEA) && kept.contains(ANN), "{kept}");
}
