//! The real program, as an operator starts it and as a client reaches it.

mod client;
mod doors;
mod runner;
mod test_folder;
mod trainer;

pub(crate) use client::{Answer, Ask, Client, Lost};
pub(crate) use doors::Doors;
pub(crate) use runner::{PASSWORD, Runner};
pub(crate) use test_folder::{TestFolder, output, output_of};
pub(crate) use trainer::Trainer;
