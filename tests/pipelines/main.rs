//! The built program from outside: its commands, its end, and bad input at every door.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot be set up fails"
)]

mod bad_input;
mod clients;
mod commands;
mod explaining;
mod forwarding;
mod hostile;
mod joining;
mod log_lines;
mod own_spans;
mod program;
mod retrying;
mod sink;
mod starting;
mod stopping;
mod stored;
mod top;
