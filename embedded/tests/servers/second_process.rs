//! More than one program on the same data.

use embedded::{EmbeddedError, start};

use crate::data_folder::{DataFolder, ask, is_alive, pids};

#[tokio::test]
async fn of_two_starts_at_once_one_owns_the_servers_and_the_other_joins() {
    let folder = DataFolder::new();
    let (one, other) = tokio::join!(start(folder.options()), start(folder.options()));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one.attached(), other.attached());
    assert_eq!(pids(&one), pids(&other));
    assert_eq!(one.database_url(), other.database_url());
    assert_eq!(one.nats_url(), other.nats_url());
    for servers in [one, other] {
        servers.stop().await.unwrap();
    }
}

#[tokio::test]
async fn a_guest_reaches_the_servers_but_never_stops_them() {
    let folder = DataFolder::new();
    assert_eq!(embedded::connect(&folder.path()).await, None);
    let owner = start(folder.options()).await.unwrap();
    let pids = pids(&owner);

    let guest = start(folder.options()).await.unwrap();
    assert!(guest.attached());
    assert_eq!(ask(guest.database_url(), "select 'hello'").await, "hello");
    assert!(matches!(guest.stop_nats().await, Err(EmbeddedError::Attached)));
    assert!(matches!(guest.kill_all().await, Err(EmbeddedError::Attached)));
    guest.stop().await.unwrap();
    drop(guest);
    assert!(pids.into_iter().all(is_alive));

    let urls = embedded::connect(&folder.path()).await.unwrap();
    assert_eq!(
        (urls.database_url.as_str(), urls.nats_url.as_str()),
        (owner.database_url(), owner.nats_url())
    );
    owner.stop().await.unwrap();
}

#[tokio::test]
async fn who_waited_for_an_owner_that_left_becomes_the_owner() {
    let folder = DataFolder::new();
    let owner = start(folder.options()).await.unwrap();
    let (stopped, next) = tokio::join!(owner.stop(), async {
        // Postgres goes last, so until then it can only be joined.
        while embedded::connect(&folder.path()).await.is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        start(folder.options()).await
    });
    stopped.unwrap();
    let next = next.unwrap();
    assert!(!next.attached());
    next.stop().await.unwrap();
}
