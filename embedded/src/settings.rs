//! The settings of the private Postgres cluster.

use crate::Options;

/// The file the settings are written to, anew at every start. What an operator writes below the
/// include in `postgresql.conf`, or sets by `alter system`, wins over it.
pub(crate) const FILE: &str = "running-trainer.conf";

/// The text of the settings file.
pub(crate) fn text(options: &Options, log_folder: &str) -> String {
    let Options { max_connections, shared_buffers_mb, max_wal_mb, .. } = options;
    let min_wal_mb = (max_wal_mb / 8).max(32);
    let log_folder = quoted(log_folder);
    format!(
        "\
# Written at every start. Put your own settings at the end of postgresql.conf.
cluster_name = 'running-trainer'
max_connections = {max_connections}
password_encryption = 'scram-sha-256'

# An acknowledged command is on disk.
fsync = on
synchronous_commit = on
full_page_writes = on

shared_buffers = {shared_buffers_mb}MB
wal_compression = on
max_wal_size = {max_wal_mb}MB
min_wal_size = {min_wal_mb}MB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
# Short statements: compiling one takes longer than running it.
jit = off

timezone = 'UTC'
log_timezone = 'UTC'

logging_collector = on
log_destination = 'stderr'
log_directory = {log_folder}
log_filename = 'postgres-%Y%m%d-%H%M%S.log'
log_file_mode = 0600
log_rotation_size = 10MB
log_rotation_age = 0
log_line_prefix = '%m [%p] '
# Details quote rows, and rows are people's health.
log_error_verbosity = terse
"
    )
}

/// A text as a value in a configuration file of Postgres.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Storage;

    #[test]
    fn durability_is_on_whatever_the_storage() {
        for storage in [Storage::Lasting, Storage::Throwaway] {
            let text = text(&Options { storage, ..Options::new("data") }, "/data/logs");
            for setting in ["fsync = on", "synchronous_commit = on", "full_page_writes = on"] {
                assert!(text.contains(setting), "{setting}");
            }
        }
    }

    #[test]
    fn a_quote_in_a_path_does_not_end_the_value() {
        assert_eq!(quoted(r"/it's\here"), r"'/it''s\\here'");
    }
}
