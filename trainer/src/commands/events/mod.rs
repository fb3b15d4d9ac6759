//! `trainer events`: what has happened, shown, written to files, read from them, and published again.

mod end;
mod export;
mod import;
mod json_line;
mod output;
mod parquet_file;
mod replay;
mod show;
mod source;
mod stretch;
mod subcommands;
mod tail;

pub(crate) use subcommands::{EventsArgs, events};
