//! The receiver on real sockets, against real clients and wrong ones.
//!
//! The answers table of the README is `table`: one row for each cause and transport, held complete by
//! `completeness`.

mod clients;
mod completeness;
mod draining;
mod listening;
mod rig;
mod rows;
mod sdk_clients;
mod table;
