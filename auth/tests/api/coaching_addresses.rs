//! Questions are put to addresses, and are people's: they follow neither the address to somebody else, nor outlive the
//! account.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, PASSWORD};
use crate::coaching::{ANN, ATHLETES, BEA, COACHES, Process};

const NEW: &str = "new@example.org";
const CY: &str = "cy@example.org";

impl App {
    /// Gives an account another address, by the mail that is sent there.
    async fn move_to(&self, who: &Value, email: &str) {
        let body = json!({ "new_email": email, "current_password": PASSWORD });
        let asked = self.ask(Method::POST, "/api/v1/auth/change-email", who, body).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        let mails = self.mails().await;
        let token = mails.iter().rfind(|mail| mail.to == email).unwrap().token();
        let moved = self.post("/api/v1/auth/verify-email", json!({ "token": token })).await;
        assert_eq!(moved.status, 204, "{}", moved.body);
    }

    /// Somebody who coaches, with this address.
    async fn coach(&self, email: &str) -> Value {
        self.register(email).await;
        self.execute(&format!("update auth.users set roles = '{{coach}}' where email = '{email}'"))
            .await;
        self.login(email).await.body
    }

    async fn erase(&self, who: &Value) {
        let erased = self.ask(Method::DELETE, "/api/v1/auth/me", who, Value::Null).await;
        assert_eq!(erased.status, 204, "{}", erased.body);
    }
}

#[tokio::test]
async fn an_invitation_stays_with_whom_it_was_for_when_somebody_else_takes_the_address() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    app.verify(BEA).await;
    let asked = app.asks(&ann, COACHES, BEA, "full").await;
    app.move_to(&bea, NEW).await;
    let heir = app.coach(BEA).await;
    app.verify(BEA).await;
    assert!(app.relations(&heir, ATHLETES).await.is_empty());
    app.step(&heir, ATHLETES, &asked["id"], "accept", 404).await;
    app.step(&heir, ATHLETES, &asked["id"], "decline", 404).await;
    app.step(&bea, ATHLETES, &asked["id"], "accept", 200).await;
    assert_eq!(Process::start(&app).reads(&bea, &ann).await, 200);
    assert_eq!(Process::start(&app).reads(&heir, &ann).await, 404);
    // Asked anew, it is for whoever has the address now.
    let anew = app.asks(&ann, COACHES, BEA, "view").await;
    app.step(&heir, ATHLETES, &anew["id"], "accept", 200).await;
}

#[tokio::test]
async fn an_invitation_to_an_address_without_an_account_is_the_first_ones_who_gets_mail_there() {
    let app = App::start().await;
    let ann = app.ann().await;
    let asked = app.asks(&ann, COACHES, CY, "full").await;
    let first = app.coach(CY).await;
    app.verify(CY).await;
    assert_eq!(app.relations(&first, ATHLETES).await[0]["id"], asked["id"]);
    app.move_to(&first, NEW).await;
    let heir = app.coach(CY).await;
    app.verify(CY).await;
    assert!(app.relations(&heir, ATHLETES).await.is_empty());
    app.step(&heir, ATHLETES, &asked["id"], "accept", 404).await;
    app.step(&first, ATHLETES, &asked["id"], "accept", 200).await;
}

#[tokio::test]
async fn an_account_that_moves_to_an_address_gets_what_was_asked_there() {
    let app = App::start().await;
    let ann = app.ann().await;
    let asked = app.asks(&ann, COACHES, NEW, "view").await;
    let cy = app.coach(CY).await;
    app.move_to(&cy, NEW).await;
    app.step(&cy, ATHLETES, &asked["id"], "accept", 200).await;
}

#[tokio::test]
async fn whoever_never_got_mail_at_an_address_leaves_its_invitations_there() {
    let app = App::start().await;
    let ann = app.ann().await;
    let squatter = app.coach(CY).await;
    let asked = app.asks(&ann, COACHES, CY, "full").await;
    app.move_to(&squatter, NEW).await;
    app.step(&squatter, ATHLETES, &asked["id"], "accept", 404).await;
    let owner = app.coach(CY).await;
    app.verify(CY).await;
    app.step(&owner, ATHLETES, &asked["id"], "accept", 200).await;
}

#[tokio::test]
async fn an_access_goes_on_when_either_has_another_address() {
    let app = App::start().await;
    let (ann, bea) = (app.ann().await, app.bea().await);
    let id = app.granted(&ann, &bea, "view").await;
    app.move_to(&bea, NEW).await;
    let coach = &app.relations(&ann, COACHES).await[0];
    assert_eq!((&coach["id"], &coach["email"]), (&id, &json!(NEW)));
    assert_eq!(Process::start(&app).reads(&bea, &ann).await, 200);
}

#[tokio::test]
async fn with_an_erased_account_accesses_end_and_lists_are_clean() {
    for athlete_goes in [true, false] {
        let app = App::start().await;
        let (ann, bea) = (app.ann().await, app.bea().await);
        app.granted(&ann, &bea, "full").await;
        let cy = app.coach(CY).await;
        app.asks(&ann, COACHES, CY, "view").await;
        app.asks(&bea, ATHLETES, CY, "view").await;
        app.asks(&cy, ATHLETES, ANN, "plan").await;
        let process = Process::start(&app);
        assert_eq!(process.reads(&bea, &ann).await, 200);
        let (gone, left, gone_address) =
            if athlete_goes { (&ann, &bea, ANN) } else { (&bea, &ann, BEA) };
        app.erase(gone).await;
        for (who, path) in [(left, COACHES), (left, ATHLETES), (&cy, COACHES), (&cy, ATHLETES)] {
            let list = json!(app.relations(who, path).await).to_string();
            assert!(!list.contains(gone_address), "{path}: {list}");
            assert!(!list.contains(gone["user_id"].as_str().unwrap()), "{path}: {list}");
        }
        if athlete_goes {
            tokio::time::sleep(std::time::Duration::from_millis(950)).await;
            assert_eq!(process.reads(&bea, &ann).await, 404);
        }
        // Whoever has the address next has nothing of it.
        let heir = app.coach(gone_address).await;
        app.verify(gone_address).await;
        for path in [COACHES, ATHLETES] {
            assert!(app.relations(&heir, path).await.is_empty(), "{path}");
        }
        assert_eq!(Process::start(&app).reads(&heir, left).await, 404);
    }
}
