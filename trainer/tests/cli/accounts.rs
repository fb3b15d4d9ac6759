//! `trainer user` and `trainer auth`.

use crate::operator::{Operator, create_account, must_fail, must_succeed};
use crate::program::{Ask, PASSWORD, Runner, TestFolder, output};

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

#[test]
fn a_second_factor_is_taken_away_only_where_there_is_one() {
    let operator = Operator::shared();
    let email = operator.account();
    let remove = |email: &str| {
        output(&mut operator.folder.command(&["user", "remove-second-factor", "--email", email]))
    };
    let message = must_fail(remove(&email));
    assert!(message.contains("no second factor guards the account"), "{message}");
    let message = must_fail(remove("nobody@example.org"));
    assert!(message.contains("there is no account with this e-mail address"), "{message}");
}

#[test]
fn what_is_wrong_with_a_provider_is_said_before_anything_starts() {
    let folder = TestFolder::new();
    let google = [("TRAINER_GOOGLE_CLIENT_ID", "us"), ("TRAINER_GOOGLE_CLIENT_SECRET", "hidden")];
    let oidc = [("TRAINER_OIDC_CLIENT_ID", "us"), ("TRAINER_OIDC_CLIENT_SECRET", "hidden")];
    let (home, plain) = ("https://runs.example.org", "http://runs.example.org");
    let work = [
        ("TRAINER_PUBLIC_URL", home),
        ("TRAINER_OIDC_PROVIDERS", "work"),
        ("TRAINER_OIDC_WORK_ISSUER", "https://id.work.example"),
        ("TRAINER_OIDC_WORK_CLIENT_ID", "us"),
        ("TRAINER_OIDC_WORK_CLIENT_SECRET", "hidden"),
    ];
    let without = |name: &str| -> Vec<(&str, &str)> {
        work.into_iter().filter(|(other, _)| *other != name).collect()
    };
    let with = |name, value| [&work[..], &[(name, value)]].concat();
    for (environment, said) in [
        (vec![google[0]], "TRAINER_GOOGLE_CLIENT_SECRET"),
        (vec![google[1]], "TRAINER_GOOGLE_CLIENT_ID"),
        (google.to_vec(), "TRAINER_PUBLIC_URL"),
        ([&google[..], &[("TRAINER_PUBLIC_URL", plain)]].concat(), "https"),
        ([&oidc[..], &[("TRAINER_PUBLIC_URL", home)]].concat(), "TRAINER_OIDC_ISSUER"),
        (
            [&oidc[..], &[("TRAINER_PUBLIC_URL", home), ("TRAINER_OIDC_ISSUER", plain)]].concat(),
            "the issuer",
        ),
        (
            [&google[..], &[("TRAINER_PUBLIC_URL", home), ("TRAINER_SIGN_IN_REDIRECTS", "x")]]
                .concat(),
            "an address to return to",
        ),
        (without("TRAINER_PUBLIC_URL"), "TRAINER_PUBLIC_URL"),
        (without("TRAINER_OIDC_WORK_ISSUER"), "TRAINER_OIDC_WORK_ISSUER"),
        (without("TRAINER_OIDC_WORK_CLIENT_ID"), "TRAINER_OIDC_WORK_CLIENT_ID"),
        (without("TRAINER_OIDC_WORK_CLIENT_SECRET"), "TRAINER_OIDC_WORK_CLIENT_SECRET"),
        (with("TRAINER_OIDC_PROVIDERS", "work,work"), "each name once"),
        (with("TRAINER_OIDC_PROVIDERS", "Work"), "lower-case"),
        (with("TRAINER_OIDC_WORK_TITLE", "a\nb"), "the title"),
        (with("TRAINER_OIDC_WORK_CLIENT_SECRET_FILE", "/nowhere"), "not both"),
        (
            [
                &without("TRAINER_OIDC_WORK_CLIENT_SECRET")[..],
                &[("TRAINER_OIDC_WORK_CLIENT_SECRET_FILE", "/nowhere")],
            ]
            .concat(),
            "/nowhere",
        ),
    ] {
        let mut command = folder.command(&["up"]);
        let message = must_fail(output(command.envs(environment.iter().copied())));
        assert!(
            message.contains(said) && !message.contains("hidden"),
            "{environment:?}: {message}"
        );
    }
}
