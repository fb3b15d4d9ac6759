use std::time::Duration;

use serde_json::json;

use crate::app::App;

/// From the tests of the reference implementation in C: of other memory than hashes are made with now.
const OLD: &str =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

#[tokio::test]
async fn a_hash_of_the_past_is_made_anew_at_the_next_sign_in() {
    let app = App::start().await;
    app.register("ann@example.org").await;
    sqlx::query("update auth.users set password_hash = $1")
        .bind(OLD)
        .execute(&app.pool)
        .await
        .unwrap();
    let login = async || {
        app.post("/api/v1/auth/login", json!({"email": "ann@example.org", "password": "password"}))
            .await
    };
    assert_eq!(login().await.status, 200);
    for _ in 0..500 {
        let hash: String = sqlx::query_scalar("select password_hash from auth.users")
            .fetch_one(&app.pool)
            .await
            .unwrap();
        if hash != OLD {
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
            assert_eq!(login().await.status, 200);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the hash is still the old one");
}
