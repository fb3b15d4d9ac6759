//! Waiting for the read models, on a real database and a real nats-server.

use std::time::{Duration, Instant};

use domain::Part;
use embedded::testing::shared;
use futures::future::join_all;
use service::{ReadModels, Waited, checkpoint_subject};
use sqlx::PgPool;

const LONG: Duration = Duration::from_secs(20);

fn part() -> Part {
    Part::from_number(7).expect("a part")
}

async fn database() -> PgPool {
    let pool = PgPool::connect(&shared().database().await).await.expect("a connection");
    sqlx::migrate!("../migrations").run(&pool).await.expect("migrations");
    pool
}

async fn commit(pool: &PgPool, projection: &str, position: i64) {
    sqlx::query("update projector.checkpoints set position = $2 where projection = $1 and generation = 'live'")
        .bind(projection)
        .bind(position)
        .execute(pool)
        .await
        .expect("an update");
}

async fn commit_all(pool: &PgPool, position: i64) {
    sqlx::query("update projector.checkpoints set position = $1 where generation = 'live'")
        .bind(position)
        .execute(pool)
        .await
        .expect("an update");
}

async fn projections(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("select projection from projector.checkpoints where generation = 'live'")
        .fetch_all(pool)
        .await
        .expect("projections")
}

#[tokio::test]
async fn what_is_reached_is_not_waited_for() {
    let models = ReadModels::new(database().await);
    assert_eq!(models.wait_for(part(), 0, Duration::ZERO).await, Waited::Reached);
}

#[tokio::test]
async fn the_database_is_asked_when_nobody_says_anything() {
    let pool = database().await;
    let models = ReadModels::new(pool.clone());
    let waiting = tokio::spawn({
        let models = models.clone();
        async move { models.wait_for(part(), 5, LONG).await }
    });
    commit_all(&pool, 5).await;
    let began = Instant::now();
    assert_eq!(waiting.await.expect("a result"), Waited::Reached);
    assert!(began.elapsed() < LONG / 2, "{:?}", began.elapsed());
    assert_eq!(models.position(part()), 5);
}

#[tokio::test]
async fn every_projection_must_be_there() {
    let pool = database().await;
    let models = ReadModels::new(pool.clone());
    commit(&pool, "plans", 5).await;
    assert_eq!(models.wait_for(part(), 5, Duration::from_millis(300)).await, Waited::TimedOut);
    commit_all(&pool, 5).await;
    assert_eq!(models.wait_for(part(), 5, LONG).await, Waited::Reached);
}

#[tokio::test]
async fn what_is_announced_needs_no_database() {
    let pool = database().await;
    let models = ReadModels::new(pool.clone());
    commit_all(&pool, 1).await;
    assert_eq!(models.wait_for(part(), 1, LONG).await, Waited::Reached);
    let names = projections(&pool).await;
    pool.close().await;
    let waiting = join_all((1..=500).map(|position| models.wait_for(part(), position, LONG)));
    let announcing = async {
        for position in 1..=500 {
            for name in &names {
                models.announce(name, u64::MAX, position);
            }
            tokio::task::yield_now().await;
        }
    };
    let (waited, ()) = tokio::join!(waiting, announcing);
    assert!(waited.iter().all(|waited| *waited == Waited::Reached));
    assert_eq!(models.wait_for(part(), 501, Duration::from_millis(50)).await, Waited::TimedOut);
}

#[tokio::test]
async fn what_another_process_announces_is_heard() {
    let pool = database().await;
    let names = projections(&pool).await;
    let models = ReadModels::new(pool.clone());
    commit_all(&pool, 1).await;
    assert_eq!(models.wait_for(part(), 1, LONG).await, Waited::Reached);
    pool.close().await;

    let nats = nats().await;
    let following = tokio::spawn({
        let (models, nats) = (models.clone(), nats.clone());
        async move { models.follow_nats(nats).await }
    });
    let waiting = models.wait_for(part(), 9, LONG);
    let announcing = async {
        // Not before the subscription is there; core NATS keeps nothing.
        for _ in 0..50 {
            for name in &names {
                nats.publish(checkpoint_subject(name), "rubbish".into()).await.expect("published");
                nats.publish(checkpoint_subject(name), "9 ffffffffffffffff".into())
                    .await
                    .expect("published");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (waited, ()) = tokio::join!(waiting, announcing);
    assert_eq!(waited, Waited::Reached);
    following.abort();
}

async fn nats() -> async_nats::Client {
    let url = shared().nats_account();
    // scheme://user:password@address; the client takes no password out of a URL.
    let (login, address) = url.trim_start_matches("nats://").split_once('@').expect("a login");
    let (user, password) = login.split_once(':').expect("a password");
    async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
        .connect(address)
        .await
        .expect("a connection")
}

#[tokio::test]
async fn a_database_that_is_away_is_asked_again() {
    let url = shared().database().await;
    let pool = PgPool::connect(&url).await.expect("a connection");
    // No tables yet: the first questions fail.
    let models = ReadModels::new(pool.clone());
    assert_eq!(models.wait_for(part(), 1, Duration::from_millis(100)).await, Waited::TimedOut);
    sqlx::migrate!("../migrations").run(&pool).await.expect("migrations");
    commit_all(&pool, 1).await;
    assert_eq!(models.wait_for(part(), 1, LONG).await, Waited::Reached);
}

#[tokio::test]
async fn who_hangs_up_leaves_nothing_behind() {
    let pool = database().await;
    let models = ReadModels::new(pool.clone());
    for _ in 0..100 {
        let waiting = models.wait_for(part(), 7, LONG);
        assert!(tokio::time::timeout(Duration::from_millis(1), waiting).await.is_err());
    }
    assert!(format!("{models:?}").contains("waiters: {}"));
}
