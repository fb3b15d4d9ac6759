//! `trainer user create` and `trainer auth`.

use crate::operator::{Operator, create_account, must_fail, must_succeed};
use crate::program::{Ask, PASSWORD, Runner, output};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_an_operator_makes_can_sign_in() {
    let operator = Operator::shared();
    let arguments =
        ["--email", "Olga@example.org", "--name", "Olga", "--role", "athlete", "--role", "admin"];
    let printed = must_succeed(create_account(&operator.folder, &arguments, PASSWORD));

    let me = operator.see("olga@example.org", "/api/v1/auth/me").await;
    assert_eq!(me["user_id"], printed.trim(), "the id is all that is printed");
    assert_eq!((&me["name"], &me["email"]), (&"Olga".into(), &"Olga@example.org".into()));
    assert_eq!(me["roles"], serde_json::json!(["athlete", "admin"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_password_may_come_from_the_environment() {
    let operator = Operator::shared();
    let mut command = operator.folder.command(&["user", "create", "--email", "env@example.org"]);
    must_succeed(output(command.env("TRAINER_USER_PASSWORD", PASSWORD)));
    assert_eq!(
        operator.see("env@example.org", "/api/v1/auth/me").await["roles"],
        serde_json::json!(["athlete"])
    );
}

#[test]
fn what_is_wrong_with_an_account_is_said() {
    let operator = Operator::shared();
    let taken = operator.account();
    for (arguments, password, said) in [
        (vec!["--email", "short@example.org"], "short", "password"),
        (vec!["--email", "common@example.org"], "password123", "password"),
        (vec!["--email", "nobody"], PASSWORD, "e-mail"),
        (vec!["--email", &taken], PASSWORD, "already"),
        (
            vec!["--email", "boss@example.org", "--role", "boss"],
            PASSWORD,
            "boss is not a role: athlete, coach or admin",
        ),
        (vec![], PASSWORD, "--email"),
    ] {
        let message = must_fail(create_account(&operator.folder, &arguments, password));
        assert!(message.contains(said), "{arguments:?}: {message}");
        assert!(!message.contains(PASSWORD), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotated_keys_sign_and_nobody_is_signed_out() {
    let operator = Operator::new();
    let email = operator.account();
    let runner = Runner::login(operator.trainer.address, &email).await;
    let key_id = operator.folder.prints(&["auth", "rotate-keys"]);
    let mut client = runner.client(operator.trainer.address);
    let keys = client.send(&Ask::get("/.well-known/jwks.json")).await.unwrap().must_be(200).json();
    assert_eq!(keys["keys"][0]["kid"], key_id.trim());
    assert_eq!(keys["keys"].as_array().unwrap().len(), 2);
    client.send(&Ask::get("/api/v1/auth/me")).await.unwrap().must_be(200);
}
