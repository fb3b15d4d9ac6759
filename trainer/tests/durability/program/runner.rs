use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Ask, Client, Doors};

/// Good enough for any account.
pub(crate) const PASSWORD: &str = "over hill, over dale";

/// Somebody with an account, logged in.
#[derive(Debug, Clone)]
pub(crate) struct Runner {
    email: String,
    token: String,
    id: String,
}

impl Runner {
    /// Somebody new.
    pub(crate) async fn register(doors: impl Into<Doors>) -> Self {
        let doors = doors.into();
        let email = format!("{}@example.org", Uuid::new_v4().simple());
        let credentials = json!({ "email": email, "password": PASSWORD });
        let register = Ask::post("/api/v1/auth/register", credentials);
        Client::new(doors, "").send(&register).await.unwrap().must_be(201);
        Self::login(doors, &email).await
    }

    /// Somebody who has an account.
    pub(crate) async fn login(doors: impl Into<Doors>, email: &str) -> Self {
        let login =
            Ask::post("/api/v1/auth/login", json!({ "email": email, "password": PASSWORD }));
        let login = Client::new(doors, "").send(&login).await.unwrap().must_be(200).json();
        let token = login["access_token"].as_str().unwrap().to_owned();
        let id = login["user_id"].as_str().unwrap().to_owned();
        Self { email: email.to_owned(), token, id }
    }

    /// The same with a new token.
    pub(crate) async fn sign_in(&self, doors: impl Into<Doors>) -> Self {
        Self::login(doors, &self.email).await
    }

    /// What they prove with who they are.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Who they are.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A connection of theirs.
    pub(crate) fn client(&self, doors: impl Into<Doors>) -> Client {
        Client::new(doors, &self.token)
    }

    /// Every item of a list, page by page, as it is at a position.
    pub(crate) async fn list(
        &self,
        doors: impl Into<Doors>,
        path: &str,
        position: i64,
    ) -> Vec<Value> {
        let mut client = self.client(doors);
        let mut items = vec![];
        let mut cursor = String::new();
        loop {
            let ask = Ask::get(format!("{path}?limit=100{cursor}"))
                .header("trainer-position", position.to_string())
                .header("prefer", "wait=30");
            let answer: Answer = client.send(&ask).await.unwrap().must_be(200);
            assert_eq!(
                answer.header("trainer-consistency"),
                None,
                "{path} does not show position {position}"
            );
            let mut page = answer.json();
            items.append(page["items"].as_array_mut().unwrap());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}
