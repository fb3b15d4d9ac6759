//! Files of plans and runs, read into commands.

mod hostile;
mod plan;
mod real_data;
mod runs;
