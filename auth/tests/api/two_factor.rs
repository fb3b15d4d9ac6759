use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{App, PASSWORD};
use crate::authenticator::{Authenticator, COMPLETE, CONFIRM, TWO_FACTOR};

const RECOVERY_CODES: &str = "/api/v1/auth/two-factor/recovery-codes";

#[tokio::test]
async fn a_secret_guards_nothing_before_its_first_code() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.ask(Method::POST, CONFIRM, &ann, json!({"code": "000000"})).await.is_problem(409);
    let begun = app.ask(Method::POST, TWO_FACTOR, &ann, Value::Null).await;
    assert_eq!((begun.status.as_u16(), begun.header("cache-control")), (200, Some("no-store")));
    let (uri, secret) =
        (begun.body["otpauth_uri"].as_str().unwrap(), begun.body["secret"].as_str().unwrap());
    assert!(uri.starts_with("otpauth://totp/Running%20Trainer:ann%40example.org?"), "{uri}");
    assert!(uri.contains(&format!("secret={secret}&")) && secret.len() == 32, "{uri}");
    let svg = begun.body["qr_svg"].as_str().unwrap();
    assert!(svg.starts_with("<svg") && !svg.contains("<script"), "{svg}");

    assert_eq!(app.login("ann@example.org").await.status, 200);
    let off = app.ask(Method::GET, TWO_FACTOR, &ann, Value::Null).await.body;
    assert_eq!(off, json!({"enabled": false, "enabled_at": null, "recovery_codes_left": 0}));

    // Beginning again gives another secret, and the first one is worth nothing.
    let first = Authenticator::scan(uri);
    let again = app.ask(Method::POST, TWO_FACTOR, &ann, Value::Null).await.body;
    assert_ne!(again["secret"], secret);
    let wrong = app.ask(Method::POST, CONFIRM, &ann, json!({"code": first.code(0)})).await;
    wrong.is_problem(422);
    assert_eq!(wrong.violations(), [("code", "wrong")]);
    let second = Authenticator::scan(again["otpauth_uri"].as_str().unwrap());
    let on = app.ask(Method::POST, CONFIRM, &ann, json!({"code": second.code(0)})).await;
    assert_eq!(on.status, 200, "{}", on.body);
    assert_eq!(on.body["recovery_codes"].as_array().unwrap().len(), 10);
    let on = app.ask(Method::GET, TWO_FACTOR, &ann, Value::Null).await.body;
    assert_eq!((&on["enabled"], &on["recovery_codes_left"]), (&json!(true), &json!(10)));
    app.ask(Method::POST, TWO_FACTOR, &ann, Value::Null).await.is_problem(409);
    app.ask(Method::POST, CONFIRM, &ann, json!({"code": second.code(1)})).await.is_problem(409);
}

#[tokio::test]
async fn a_login_takes_two_steps_then_and_one_for_everybody_else() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.register("bob@example.org").await;
    let (authenticator, _) = app.enrol(&ann).await;

    let asked = app.login("ann@example.org").await;
    asked.is_problem(403);
    assert_eq!(asked.body["type"], "urn:running-trainer:problem:second-factor-required");
    assert_eq!(asked.body["expires_in"], 300);
    assert_eq!(asked.header("cache-control"), Some("no-store"));
    assert!(asked.body["access_token"].is_null() && asked.body["refresh_token"].is_null());
    let wrong = json!({"email": "ann@example.org", "password": format!("{PASSWORD}!")});
    let refused = app.post("/api/v1/auth/login", wrong).await;
    refused.is_problem(401);
    assert!(refused.body["challenge"].is_null(), "who does not know the password learns nothing");

    let challenge = &asked.body["challenge"];
    app.complete(challenge, &authenticator.wrong_code()).await.is_problem(401);
    let missing = app.post(COMPLETE, json!({"challenge": challenge})).await;
    missing.is_problem(422);
    assert_eq!(missing.violations(), [("code", "required")]);
    let pair = app.complete(challenge, &authenticator.code(0)).await;
    assert_eq!(pair.status, 200, "{}", pair.body);
    assert_eq!(pair.header("cache-control"), Some("no-store"));
    let names: Vec<_> = pair.body.as_object().unwrap().keys().collect();
    let expected = ["access_token", "expires_in", "refresh_token", "token_type", "user_id"];
    assert_eq!(names, expected);
    assert_eq!(app.me(pair.body["access_token"].as_str().unwrap()).await.status, 200);
    assert_eq!(app.refresh(&pair.body["refresh_token"]).await.status, 200);

    assert_eq!(app.login("bob@example.org").await.status, 200);
    let expected =
        ["signed_in", "code_failed", "sign_in_failed", "code_asked", "two_factor_on", "signed_in"];
    // Who was refused does not wait for the note of it.
    let mut happened = app.activity(&ann).await;
    for _ in 0..200 {
        if happened.len() == expected.len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        happened = app.activity(&ann).await;
    }
    assert_eq!(happened, expected);
}

#[tokio::test]
async fn a_code_is_taken_once() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (authenticator, _) = app.enrol(&ann).await;
    let code = authenticator.code(0);
    assert_eq!(app.complete(&app.challenge().await, &code).await.status, 200);
    app.complete(&app.challenge().await, &code).await.is_problem(401);
    // Nor is one from before it.
    app.complete(&app.challenge().await, &authenticator.code(-1)).await.is_problem(401);
    let next = app.complete(&app.challenge().await, &authenticator.code(1)).await;
    assert_eq!(next.status, 200, "{}", next.body);

    app.forget_codes().await;
    let code = authenticator.code(0);
    let mut challenges = vec![];
    for _ in 0..6 {
        challenges.push(app.challenge().await);
    }
    let at_once = challenges.iter().map(|challenge| app.complete(challenge, &code));
    let answers = futures::future::join_all(at_once).await;
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_challenge_is_good_for_one_sign_in_five_attempts_and_five_minutes() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (authenticator, codes) = app.enrol(&ann).await;

    let used = app.challenge().await;
    assert_eq!(app.complete(&used, &authenticator.code(0)).await.status, 200);
    app.complete(&used, &codes[0]).await.is_problem(401);

    let tried = app.challenge().await;
    for _ in 0..5 {
        app.complete(&tried, "aaaa-aaaa-aaaa-aaaa").await.is_problem(401);
    }
    app.complete(&tried, &codes[0]).await.is_problem(401);

    let late = app.challenge().await;
    let past = "update auth.sign_in_challenges set expires_at = now() - interval '1 second'";
    app.execute(past).await;
    app.complete(&late, &codes[0]).await.is_problem(401);

    for made_up in [json!(""), json!("x"), json!("\u{0}"), ann["access_token"].clone()] {
        app.complete(&made_up, &codes[0]).await.is_problem(401);
    }
    let left: i64 = sqlx::query_scalar("select count(*) from auth.recovery_codes")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(left, 10, "no code was spent on them");
}

#[tokio::test]
async fn a_half_sign_in_ends_with_the_password_it_began_with_and_with_the_account_locked() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (authenticator, _) = app.enrol(&ann).await;
    let begun = app.challenge().await;
    let changed =
        json!({"current_password": PASSWORD, "new_password": "thorough bush, thorough brier"});
    let path = "/api/v1/auth/change-password";
    assert_eq!(app.ask(Method::POST, path, &ann, changed).await.status, 204);
    app.complete(&begun, &authenticator.code(0)).await.is_problem(401);

    let login = json!({"email": "ann@example.org", "password": "thorough bush, thorough brier"});
    let begun = app.post("/api/v1/auth/login", login).await.body["challenge"].clone();
    app.execute("update auth.users set locked_at = now()").await;
    app.complete(&begun, &authenticator.code(0)).await.is_problem(403);
}

#[tokio::test]
async fn a_recovery_code_is_good_once_and_new_ones_replace_all() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (_, codes) = app.enrol(&ann).await;
    let unique: std::collections::BTreeSet<_> = codes.iter().collect();
    assert_eq!(unique.len(), 10);

    let pair = app.complete(&app.challenge().await, &codes[0]).await;
    assert_eq!(pair.status, 200, "{}", pair.body);
    app.complete(&app.challenge().await, &codes[0]).await.is_problem(401);
    let shouted = codes[1].to_uppercase().replace('-', " ");
    assert_eq!(app.complete(&app.challenge().await, &shouted).await.status, 200);
    let status = app.ask(Method::GET, TWO_FACTOR, &ann, Value::Null).await.body;
    assert_eq!(status["recovery_codes_left"], 8);
    let happened = app.activity(&ann).await;
    assert_eq!(happened[..3], ["signed_in", "recovery_code_used", "code_asked"]);

    let replaced = app.ask(Method::POST, RECOVERY_CODES, &ann, Value::Null).await;
    assert_eq!(
        (replaced.status.as_u16(), replaced.header("cache-control")),
        (200, Some("no-store"))
    );
    let new: Vec<String> = serde_json::from_value(replaced.body["recovery_codes"].clone()).unwrap();
    assert!(new.len() == 10 && new.iter().all(|code| !codes.contains(code)));
    app.complete(&app.challenge().await, &codes[2]).await.is_problem(401);
    assert_eq!(app.complete(&app.challenge().await, &new[0]).await.status, 200);
    assert!(app.activity(&ann).await.contains(&"recovery_codes_made".to_owned()));
}

#[tokio::test]
async fn whoever_guesses_waits_longer_and_longer_and_the_owner_gets_in_all_the_same() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (authenticator, codes) = app.enrol(&ann).await;
    let guess = async || app.complete(&app.challenge().await, &authenticator.wrong_code()).await;
    for _ in 0..5 {
        guess().await.is_problem(401);
    }
    let mut longest = 0;
    for _ in 0..3 {
        // Even a right one is not looked at, so nobody learns which it is.
        let waiting = app.complete(&app.challenge().await, &authenticator.code(0)).await;
        waiting.is_problem(429);
        let wait: u64 = waiting.header("retry-after").unwrap().parse().unwrap();
        assert!(wait > longest, "{wait} after {longest}");
        longest = wait;
        app.execute("update auth.second_factors set blocked_until = now() - interval '1 second'")
            .await;
        guess().await.is_problem(401);
    }
    // Guessing keeps nobody out who has a recovery code, nor for ever anybody who has the app.
    assert_eq!(app.complete(&app.challenge().await, &codes[0]).await.status, 200);
    app.execute("update auth.second_factors set blocked_until = now() - interval '1 second'").await;
    let pair = app.complete(&app.challenge().await, &authenticator.code(0)).await;
    assert_eq!(pair.status, 200, "{}", pair.body);
    guess().await.is_problem(401);
    guess().await.is_problem(401);
}

#[tokio::test]
async fn guesses_that_come_at_once_are_counted_one_by_one() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (authenticator, _) = app.enrol(&ann).await;
    let mut challenges = vec![];
    for _ in 0..20 {
        challenges.push(app.challenge().await);
    }
    let code = authenticator.wrong_code();
    let at_once = challenges.iter().map(|challenge| app.complete(challenge, &code));
    let answers = futures::future::join_all(at_once).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((looked_at, refused), (5, 15));
}

#[tokio::test]
async fn without_it_the_password_is_enough_again() {
    let app = App::start().await;
    let ann = app.ann().await;
    let (_, codes) = app.enrol(&ann).await;
    let begun = app.challenge().await;
    for _ in 0..2 {
        let removed = app.ask(Method::DELETE, TWO_FACTOR, &ann, Value::Null).await;
        assert_eq!((removed.status.as_u16(), removed.body), (204, Value::Null));
    }
    assert_eq!(app.login("ann@example.org").await.status, 200);
    assert_eq!(app.activity(&ann).await.iter().filter(|kind| *kind == "two_factor_off").count(), 1);
    app.ask(Method::POST, RECOVERY_CODES, &ann, Value::Null).await.is_problem(409);
    // What began with it goes on without, and the old codes are gone with it.
    assert_eq!(app.post(COMPLETE, json!({"challenge": begun})).await.status, 200);
    app.enrol(&ann).await;
    app.complete(&app.challenge().await, &codes[0]).await.is_problem(401);
}

#[tokio::test]
async fn an_administrator_takes_away_what_somebody_has_lost_and_they_see_it() {
    let app = App::start().await;
    let (admin, ann) = (app.administrator().await, app.ann().await);
    app.enrol(&ann).await;
    let path = |user: &Value| {
        format!("/api/v1/admin/users/{}/two-factor", user["user_id"].as_str().unwrap())
    };
    app.ask(Method::DELETE, &path(&ann), &ann, Value::Null).await.is_problem(403);
    app.ask(Method::DELETE, &path(&admin), &ann, Value::Null).await.is_problem(403);
    app.ask(Method::DELETE, &path(&admin), &admin, Value::Null).await.is_problem(409);
    let nobody = json!({"user_id": uuid::Uuid::nil()});
    app.ask(Method::DELETE, &path(&nobody), &admin, Value::Null).await.is_problem(404);
    app.login("ann@example.org").await.is_problem(403);

    for _ in 0..2 {
        let removed = app.ask(Method::DELETE, &path(&ann), &admin, Value::Null).await;
        assert_eq!(removed.status, 204, "{}", removed.body);
    }
    assert_eq!(app.login("ann@example.org").await.status, 200);
    let seen = app.ask(Method::GET, "/api/v1/auth/activity", &ann, Value::Null).await.body;
    let removals: Vec<_> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|item| item["kind"] == "two_factor_off")
        .collect();
    assert_eq!(removals.len(), 1);
    assert_eq!(removals[0]["by_admin"], true);
}

#[tokio::test]
async fn with_the_account_all_of_it_is_gone() {
    let app = App::start().await;
    let ann = app.ann().await;
    app.enrol(&ann).await;
    app.challenge().await;
    app.execute(
        "insert into auth.links (issuer, subject, user_id, provider, linked_at)
         select 'https://id.example.org', '7', user_id, 'id', now() from auth.users",
    )
    .await;
    assert_eq!(app.ask(Method::DELETE, "/api/v1/auth/me", &ann, Value::Null).await.status, 204);
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from auth.second_factors) + (select count(*) from auth.recovery_codes)
              + (select count(*) from auth.sign_in_challenges) + (select count(*) from auth.links)
              + (select count(*) from auth.activity)",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn neither_secret_nor_code_is_stored_as_it_is() {
    let app = App::start().await;
    let ann = app.ann().await;
    let begun = app.ask(Method::POST, TWO_FACTOR, &ann, Value::Null).await.body;
    let authenticator = Authenticator::scan(begun["otpauth_uri"].as_str().unwrap());
    let code = json!({"code": authenticator.code(0)});
    let on = app.ask(Method::POST, CONFIRM, &ann, code).await.body;
    app.forget_codes().await;
    let challenge = app.challenge().await;
    let dump: String = sqlx::query_scalar(
        "select concat((select json_agg(f) from auth.second_factors f), (select json_agg(r) from auth.recovery_codes r),
                       (select json_agg(c) from auth.sign_in_challenges c), (select json_agg(a) from auth.activity a))",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    let secret = begun["secret"].as_str().unwrap();
    let raw = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap();
    let hex = data_encoding::HEXLOWER.encode(&raw);
    assert!(dump.contains("\\\\x") && !dump.contains(secret) && !dump.contains(&hex));
    for code in on["recovery_codes"].as_array().unwrap() {
        let code = code.as_str().unwrap();
        let hex = data_encoding::HEXLOWER.encode(code.replace('-', "").as_bytes());
        assert!(!dump.contains(code) && !dump.contains(&hex));
    }
    let challenge = challenge.as_str().unwrap();
    assert!(!dump.contains(challenge));

    // Another account cannot use what was sealed for Ann.
    app.register("bob@example.org").await;
    let bob = app.login("bob@example.org").await.body;
    app.enrol(&bob).await;
    app.execute(
        "update auth.second_factors set sealed_secret =
            (select f.sealed_secret from auth.second_factors f join auth.users u using (user_id) where u.email like 'ann%')",
    )
    .await;
    let login = app.login("bob@example.org").await;
    app.complete(&login.body["challenge"], &authenticator.code(0)).await.is_problem(500);
}
