//! Processes that go away and come back.

use std::time::Duration;

use http::Method;
use tokio::net::{TcpListener, TcpSocket};

use super::house::{House, eventually};
use super::role::Role;

#[tokio::test]
async fn one_that_goes_is_left_alone_and_one_that_comes_back_is_asked_again() {
    let (one, two) = (Role::new("one"), Role::new("two"));
    let (first, second) = (one.start().await, two.start().await);
    let house = House::in_front_of(&[first.address, second.address]).await;
    for _ in 0..10 {
        house.get("/api/v1/plans/1").await.must_be(200);
    }
    assert!(one.asked() > 0 && two.asked() > 0, "both have their turns");

    let address = first.stop().await;
    eventually("nobody was asked, and it is known all the same", async || {
        house.health().await[0].0 == "open"
    })
    .await;
    let report = house.get("/health").await.json();
    assert_eq!(report["upstreams"][0]["role"], "role");
    assert_eq!(report["upstreams"][0]["address"], address.to_string());
    let metrics = house.get("/metrics").await.text();
    let gauge = format!(r#"trainer_upstream_breaker{{role="role",upstream="{address}"}} 2"#);
    assert!(metrics.contains(&gauge), "{metrics}");
    let before = two.asked();
    for _ in 0..10 {
        house.send(Method::POST, "/api/v1/plans", &[], "{}").await.must_be(201);
    }
    assert_eq!(two.asked() - before, 10);

    let again = one.start_at(address).await;
    eventually("it is back", async || house.health().await[0] == ("closed".to_owned(), true)).await;
    let before = one.asked();
    for _ in 0..4 {
        house.get("/api/v1/plans/1").await.must_be(200);
    }
    assert!(one.asked() > before);
    again.stop().await;
}

#[tokio::test]
async fn without_anybody_requests_are_refused_until_somebody_is_back() {
    let role = Role::new("one");
    let running = role.start().await;
    let house = House::in_front_of(&[running.address]).await;
    house.get("/api/v1/plans/1").await.must_be(200);
    let address = running.stop().await;
    eventually("it is known", async || house.health().await[0].0 == "open").await;
    house.get("/api/v1/plans/1").await.must_be(503);
    let again = role.start_at(address).await;
    eventually("it is back", async || house.get("/api/v1/plans/1").await.status == 200).await;
    again.stop().await;
}

/// Connections are accepted by the system, and nobody ever reads from them.
fn stands_still() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    socket.listen(64).unwrap()
}

#[tokio::test]
async fn one_that_stands_still_is_not_waited_for_by_reads() {
    let frozen = stands_still();
    let role = Role::new("two");
    let running = role.start().await;
    let house = House::patient(&[frozen.local_addr().unwrap(), running.address]).await;
    let reads = futures::future::join_all((0..8).map(|_| house.get("/api/v1/plans/1")));
    let answers = tokio::time::timeout(Duration::from_secs(60), reads).await;
    for answer in answers.expect("they wait for who stands still") {
        assert_eq!(answer.must_be(200).json()["role"], "two");
    }
    eventually("it is known", async || house.health().await[0].0 == "open").await;
    drop(frozen);
}

#[tokio::test]
async fn a_write_that_one_who_stands_still_has_got_goes_elsewhere_only_with_a_key() {
    for (key, statuses, asked) in
        [(&[][..], [201, 503], 1), (&[("idempotency-key", "k")], [201; 2], 2)]
    {
        let frozen = stands_still();
        let role = Role::new("two");
        let running = role.start().await;
        // Nobody looks after them: it is not known which one stands still.
        let house = House::blindfolded(&[frozen.local_addr().unwrap(), running.address]).await;
        let writes = (0..2).map(|_| house.send(Method::POST, "/api/v1/plans", key, "{}"));
        let answers = futures::future::join_all(writes).await;
        let mut seen: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
        seen.sort_unstable();
        assert_eq!(seen, statuses, "{answers:?}");
        assert_eq!(role.asked(), asked, "with a key: {}", !key.is_empty());
        running.stop().await;
        drop(frozen);
    }
}

#[tokio::test]
async fn the_last_one_is_asked_as_long_as_it_may_only_be_slow() {
    // It says nothing for longer than others may, and then everything.
    let role = Role::new("one");
    let frozen = stands_still();
    let address = frozen.local_addr().unwrap();
    let house = House::patient(&[address]).await;
    let waiting = house.get("/api/v1/plans/1");
    let thaws = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        role.start_on(frozen).await
    };
    let (answer, running) = futures::join!(waiting, thaws);
    answer.must_be(200);
    assert_eq!(house.health().await[0].0, "closed");
    running.stop().await;
}
