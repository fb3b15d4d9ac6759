use auth::{AuthError, AuthState, MasterKey, SigningKeyError, verifying_keys};

use crate::app::{App, database, master_key};

#[tokio::test]
async fn programs_that_start_at_once_end_up_with_one_key() {
    let pool = database().await;
    let starts = (0..8).map(|_| {
        let pool = pool.clone();
        tokio::spawn(async move { AuthState::start(pool, &master_key()).await.unwrap() })
    });
    let states = futures::future::join_all(starts).await;
    let keys = verifying_keys(&pool).await.unwrap();
    assert_eq!(keys.len(), 1);
    for state in states {
        assert!(format!("{:?}", state.unwrap()).contains(&keys[0].kid));
    }
}

#[tokio::test]
async fn a_token_of_one_program_is_good_at_another() {
    let one = App::start().await;
    let two = App::on(one.pool.clone()).await;
    let ann = one.ann().await;
    assert_eq!(two.me(ann["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(two.refresh(&ann["refresh_token"]).await.status, 200);
}

#[tokio::test]
async fn a_program_with_another_master_key_does_not_start_and_leaves_the_key_alone() {
    let app = App::start().await;
    let outcome = AuthState::start(app.pool.clone(), &MasterKey::new([43; 32])).await;
    assert!(matches!(outcome, Err(AuthError::SigningKey(SigningKeyError::Sealed { .. }))));
    assert_eq!(verifying_keys(&app.pool).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_retired_key_verifies_a_while_longer_and_signs_no_more() {
    let before = App::start().await;
    let ann = before.ann().await;
    sqlx::query("update auth.signing_keys set retired_at = now()")
        .execute(&before.pool)
        .await
        .unwrap();

    let after = App::on(before.pool.clone()).await;
    let keys = verifying_keys(&after.pool).await.unwrap();
    assert_eq!(keys.len(), 2);
    let token =
        after.login("ann@example.org").await.body["access_token"].as_str().unwrap().to_owned();
    let kid = jsonwebtoken::decode_header(&token).unwrap().kid.unwrap();
    assert_eq!(kid, keys[0].kid, "the new one signs and comes first");
    assert_eq!(after.me(&token).await.status, 200);
    assert_eq!(after.me(ann["access_token"].as_str().unwrap()).await.status, 200);

    sqlx::query("update auth.signing_keys set retired_at = now() - interval '2 hours' where retired_at is not null")
        .execute(&after.pool)
        .await
        .unwrap();
    assert_eq!(verifying_keys(&after.pool).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_private_key_is_not_stored_as_it_is() {
    let app = App::start().await;
    let sealed: Vec<u8> = sqlx::query_scalar("select sealed_key from auth.signing_keys")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(sealed.len(), 24 + 32 + 16, "nonce, key, tag");
    assert!(!format!("{:?}", app.state).contains("EncodingKey"));
}

#[tokio::test]
async fn a_running_program_signs_with_the_new_key_and_takes_tokens_of_the_old_one() {
    let app = App::start().await;
    let old = app.ann().await["access_token"].as_str().unwrap().to_owned();
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();

    let rotated = auth::rotate_signing_key(&app.pool, &master_key()).await.unwrap();

    let wrong = auth::rotate_signing_key(&app.pool, &MasterKey::new([43; 32])).await;
    assert!(matches!(wrong, Err(SigningKeyError::Sealed { .. })));
    let keys: Vec<_> =
        verifying_keys(&app.pool).await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(keys, [rotated.clone(), kid(&old)]);
    // The program looks every ten seconds; until then the old key is as good.
    let mut token = String::new();
    for _ in 0..60 {
        token =
            app.login("ann@example.org").await.body["access_token"].as_str().unwrap().to_owned();
        assert_eq!(app.me(&token).await.status, 200);
        if kid(&token) == rotated {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert_eq!(kid(&token), rotated);
    assert_eq!(app.me(&old).await.status, 200);
}
