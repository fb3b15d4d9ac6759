use std::net::SocketAddr;

use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Ask, Client};

/// Good enough for any account.
pub(crate) const PASSWORD: &str = "over hill, over dale";

/// Somebody with an account, logged in.
#[derive(Debug, Clone)]
pub(crate) struct Runner {
    email: String,
    token: String,
}

impl Runner {
    /// Somebody new, who registers where accounts are made.
    pub(crate) async fn register(address: SocketAddr) -> Self {
        let email = format!("{}@example.org", Uuid::new_v4().simple());
        let credentials = json!({ "email": email, "password": PASSWORD });
        let register = Ask::post("/api/v1/auth/register", credentials);
        Client::new(address, "").send(&register).await.unwrap().must_be(201);
        Self::login(address, &email).await
    }

    /// Somebody who has an account.
    pub(crate) async fn login(address: SocketAddr, email: &str) -> Self {
        let login =
            Ask::post("/api/v1/auth/login", json!({ "email": email, "password": PASSWORD }));
        let login = Client::new(address, "").send(&login).await.unwrap().must_be(200).json();
        let token = login["access_token"].as_str().unwrap().to_owned();
        Self { email: email.to_owned(), token }
    }

    /// The same with a new token.
    pub(crate) async fn sign_in(&self, address: SocketAddr) -> Self {
        Self::login(address, &self.email).await
    }

    /// A connection of theirs.
    pub(crate) fn client(&self, address: SocketAddr) -> Client {
        Client::new(address, &self.token)
    }

    /// Every item of a list, page by page, as it is at a position.
    pub(crate) async fn list(&self, address: SocketAddr, path: &str, position: i64) -> Vec<Value> {
        let mut client = self.client(address);
        let mut items = vec![];
        let mut cursor = String::new();
        loop {
            let ask = Ask::get(format!("{path}?limit=100{cursor}"))
                .header("trainer-position", position.to_string());
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
