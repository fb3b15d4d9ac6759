//! The servers of other crates' tests.

use std::{collections::HashSet, thread};

use embedded::testing::{TestServers, shared};

use crate::data_folder::{ask, eventually, is_alive, notes, pids, publish, write};

#[test]
fn many_runtimes_share_one_pair_of_servers() {
    let one = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let url = shared().database().await;
            write(&url, "mine").await;
            assert_eq!(notes(&url).await, ["mine"]);
            assert_eq!(ask(&url, "show fsync").await, "on");
            (url, shared().servers().pg_pid())
        })
    };
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(one)).collect();
    let found: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let urls: HashSet<_> = found.iter().map(|(url, _)| url).collect();
    let processes: HashSet<_> = found.iter().map(|(_, pid)| pid).collect();
    assert_eq!((urls.len(), processes.len()), (4, 1));
}

#[tokio::test]
async fn each_account_has_a_jetstream_of_its_own() {
    let servers = shared();
    for url in [servers.nats_account(), servers.nats_account(), servers.nats_url()] {
        assert_eq!(publish(&url).await, 1);
        assert_eq!(publish(&url).await, 2);
    }
}

#[tokio::test]
async fn own_servers_are_gone_with_their_folder_when_dropped() {
    let servers = TestServers::start_own().await;
    let pids = pids(servers.servers());
    let folder = servers.servers().data_dir().to_owned();
    publish(&servers.nats_url()).await;
    servers.servers().kill_all().await.unwrap();
    servers.servers().start_all().await.unwrap();
    publish(&servers.nats_url()).await;
    drop(servers);
    eventually("the removal", || !folder.exists()).await;
    assert!(!pids.into_iter().any(is_alive));
}

#[tokio::test]
async fn own_servers_are_gone_with_their_folder_when_stopped() {
    let servers = TestServers::start_own().await;
    let folder = servers.servers().data_dir().to_owned();
    servers.servers().stop().await.unwrap();
    assert!(!folder.exists());
}
