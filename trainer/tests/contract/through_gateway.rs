//! The contract in front of processes of each role, through a gateway.

use std::process::Command;

use crate::program::DOOR;

/// What is said in HTTP before anybody looks at plans and runs, where a gateway could differ: these parts once more.
/// `TRAINER_TEST_DOOR=gateway cargo test --test contract` runs all of them.
const PARTS: [&str; 14] = [
    "activity::",
    "api_keys::",
    "documents::",
    "health::",
    "hostile::",
    "idempotency::",
    "limits::",
    "lists::",
    "refusals::",
    "requests::",
    "sweep::",
    "tokens::",
    "two_factor::",
    "versions::",
];

#[test]
fn what_the_contract_says_of_http_holds_through_a_gateway() {
    if std::env::var_os(DOOR).is_some() {
        return;
    }
    let tests = Command::new(std::env::current_exe().unwrap())
        .args(PARTS)
        .env(DOOR, "gateway")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tests.stdout);
    println!("{said}");
    let said_wrong = String::from_utf8_lossy(&tests.stderr);
    assert!(tests.status.success(), "{said}{said_wrong}");
    assert!(!said.contains("running 0 tests"), "{said}");
}
