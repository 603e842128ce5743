//! The receiver at work: real sockets, good targets and bad ones.

mod comings_and_goings;
mod hostile;
mod requests;
mod rig;
