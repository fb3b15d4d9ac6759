//! Servers and programs that die.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use embedded::{Lifetime, Options, Supervision, start};

use crate::data_folder::{
    DataFolder, ask, eventually, is_alive, kill_hard, notes, options, pids, port, publish, write,
};

#[tokio::test]
async fn servers_that_were_killed_start_again_on_the_same_data() {
    let folder = DataFolder::new();
    let options = Options { supervision: Supervision::Off, ..folder.options() };
    let servers = start(options.clone()).await.unwrap();
    let url = servers.database_url().to_owned();
    write(&url, "before").await;
    publish(servers.nats_url()).await;
    for pid in pids(&servers) {
        kill_hard(pid);
    }
    eventually("the death of both", || servers.pg_pid().is_none() && servers.nats_pid().is_none())
        .await;
    drop(servers);

    let servers = start(options).await.unwrap();
    assert_eq!(notes(&url).await, ["before"]);
    assert_eq!(publish(servers.nats_url()).await, 2);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_busy_session_of_a_killed_server_does_not_stop_the_next_start() {
    let folder = DataFolder::new();
    let options = Options { supervision: Supervision::Off, ..folder.options() };
    let servers = start(options).await.unwrap();
    let url = servers.database_url().to_owned();
    let busy = tokio::spawn(async move {
        ask(&url, "select count(*)::text from generate_series(1, 2000000000)").await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill_hard(servers.pg_pid().unwrap());
    eventually("the death of Postgres", || servers.pg_pid().is_none()).await;
    servers.start_postgres().await.unwrap();
    assert_eq!(ask(servers.database_url(), "select 'again'").await, "again");
    busy.await.unwrap_err();
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn kill_all_ends_every_process_and_start_all_brings_the_data_back() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    write(servers.database_url(), "before").await;
    let pids = pids(&servers);
    servers.kill_all().await.unwrap();
    assert!(!pids.into_iter().any(is_alive));
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(
        (servers.pg_pid(), servers.nats_pid()),
        (None, None),
        "the supervisor leaves them dead"
    );
    servers.start_all().await.unwrap();
    assert_eq!(notes(servers.database_url()).await, ["before"]);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_dies_by_itself_is_started_again() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let [postgres, nats] = pids(&servers);
    kill_hard(nats);
    eventually("a new nats-server", || servers.nats_pid().is_some_and(|pid| pid != nats)).await;
    kill_hard(postgres);
    eventually("a new Postgres", || servers.pg_pid().is_some_and(|pid| pid != postgres)).await;
    while embedded::connect(&folder.path()).await.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ask(servers.database_url(), "select 'again'").await, "again");
    assert_eq!(publish(servers.nats_url()).await, 1);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_server_that_was_stopped_stays_stopped() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let nats_url = servers.nats_url().to_owned();
    publish(&nats_url).await;
    servers.stop_nats().await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(servers.nats_pid(), None);
    servers.start_nats().await.unwrap();
    assert_eq!(publish(&nats_url).await, 2);
    servers.wipe_nats_store().await.unwrap();
    assert_eq!(publish(&nats_url).await, 1);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn servers_that_outlive_their_program_are_taken_over() {
    let folder = DataFolder::new();
    let mut program = program("outlive", &folder);
    let urls = loop {
        if let Some(urls) =
            embedded::connect(&folder.path()).await.filter(|urls| urls.nats_pid.is_some())
        {
            break urls;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    eventually("the start", || folder.path().join("started").exists()).await;
    write(&urls.database_url, "before").await;
    program.kill().unwrap();
    program.wait().unwrap();
    assert_eq!(embedded::connect(&folder.path()).await.as_ref(), Some(&urls), "they go on");

    let servers = start(folder.options()).await.unwrap();
    assert!(!servers.attached());
    assert_eq!(Some(pids(&servers)), urls.nats_pid.map(|nats_pid| [urls.pg_pid, nats_pid]));
    assert_eq!(notes(servers.database_url()).await, ["before"]);
    servers.stop().await.unwrap();
    assert!(!is_alive(urls.pg_pid));
}

#[tokio::test]
async fn a_program_killed_at_any_moment_of_its_first_start_leaves_a_good_folder() {
    for after_ms in [20, 300, 600, 800, 1000] {
        let folder = DataFolder::new();
        let mut program = program("outlive", &folder);
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        program.kill().unwrap();
        program.wait().unwrap();

        let servers = start(folder.options()).await.unwrap();
        write(servers.database_url(), "whole").await;
        assert_eq!(notes(servers.database_url()).await, ["whole"]);
        assert_eq!(publish(servers.nats_url()).await, 1);
        servers.stop().await.unwrap();
        let left = fs::read_dir(folder.path()).unwrap().flatten();
        let unfinished =
            left.filter(|entry| entry.file_name().to_str().unwrap().contains("unfinished"));
        assert_eq!(unfinished.count(), 0, "killed after {after_ms} ms");
    }
}

#[tokio::test]
async fn a_program_killed_while_its_database_is_made_leaves_a_good_folder() {
    let folder = DataFolder::new();
    let mut program = program("outlive", &folder);
    // A cluster begins with three databases, each a folder of its own.
    let databases = folder.path().join("postgres").join("base");
    let deadline = Instant::now() + Duration::from_secs(180);
    while fs::read_dir(&databases).map_or(0, Iterator::count) <= 3 {
        assert!(Instant::now() < deadline, "no database is being made");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    program.kill().unwrap();
    program.wait().unwrap();

    let servers = start(folder.options()).await.unwrap();
    write(servers.database_url(), "whole").await;
    assert_eq!(notes(servers.database_url()).await, ["whole"]);
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn servers_left_on_another_port_move_to_the_configured_one() {
    let folder = DataFolder::new();
    let options = Options { lifetime: Lifetime::Outlive, ..folder.options() };
    let first = start(options.clone()).await.unwrap();
    let earlier = pids(&first);
    let wanted = port(first.database_url()) + 1;
    drop(first);
    assert!(earlier.into_iter().all(is_alive), "dropped, they go on");

    let servers = start(Options { pg_port: Some(wanted), ..options }).await.unwrap();
    assert_eq!(port(servers.database_url()), wanted);
    assert_eq!(servers.nats_pid(), Some(earlier[1]));
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn servers_that_die_with_their_program_are_gone_when_it_is_killed() {
    let folder = DataFolder::new();
    let mut program = program("die", &folder);
    eventually("the start", || folder.path().join("started").exists()).await;
    let urls = embedded::connect(&folder.path()).await.unwrap();
    program.kill().unwrap();
    program.wait().unwrap();
    eventually("the end of both", || {
        !is_alive(urls.pg_pid) && !urls.nats_pid.is_some_and(is_alive)
    })
    .await;
    assert!(folder.path().join("postgres/PG_VERSION").exists(), "lasting data stays");
    eventually("an orderly shutdown", || !folder.path().join("postgres/postmaster.pid").exists())
        .await;
}

#[tokio::test]
async fn a_process_file_that_names_another_program_is_stale() {
    let folder = DataFolder::new();
    let servers = start(folder.options()).await.unwrap();
    let note = folder.path().join("postgres/postmaster.pid");
    let text = fs::read_to_string(&note).unwrap();
    servers.stop().await.unwrap();

    // As after a restart of the machine: the id now belongs to this test.
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(&note, format!("{}\n{rest}", std::process::id())).unwrap();
    let servers = start(folder.options()).await.unwrap();
    assert_eq!(ask(servers.database_url(), "select 'started'").await, "started");
    servers.stop().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn servers_whose_death_nobody_asks_about_start_again() {
    // Orphans become children of this process, which collects none of them.
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    let folder = DataFolder::new();
    let mut program = program("outlive", &folder);
    eventually("the start", || folder.path().join("started").exists()).await;
    let urls = embedded::connect(&folder.path()).await.unwrap();
    write(&urls.database_url, "before").await;
    program.kill().unwrap();
    program.wait().unwrap();
    for pid in [urls.pg_pid, urls.nats_pid.unwrap()] {
        kill_hard(pid);
        eventually("a death", || !is_alive(pid)).await;
        assert!(Path::new(&format!("/proc/{pid}")).exists(), "it keeps its id");
    }

    let servers = start(folder.options()).await.unwrap();
    assert_eq!(notes(servers.database_url()).await, ["before"]);
    servers.stop().await.unwrap();
}

/// This test program again, as another process that starts servers and is then killed.
fn program(lifetime: &str, folder: &DataFolder) -> std::process::Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::a_program_that_starts_servers", "--ignored"])
        .env("TEST_LIFETIME", lifetime)
        .env("TEST_PARENT", folder.parent())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "run by other tests, as a process of its own"]
async fn a_program_that_starts_servers() {
    let (Some(parent), Ok(lifetime)) = (env::var_os("TEST_PARENT"), env::var("TEST_LIFETIME"))
    else {
        return;
    };
    let lifetime = match lifetime.as_str() {
        "outlive" => Lifetime::Outlive,
        _ => Lifetime::DieWithParent,
    };
    let servers = start(options(Path::new(&parent), lifetime)).await.unwrap();
    fs::write(servers.data_dir().join("started"), "").unwrap();
    std::future::pending::<()>().await;
}
