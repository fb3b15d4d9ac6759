//! The private servers, with the real programs.

#![allow(clippy::unwrap_used, reason = "a test that fails says where")]

mod crash;
mod data_folder;
mod folder;
mod second_process;
mod start;
mod throwaway;
