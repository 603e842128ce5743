//! Turns over real files, with a clock that the test moves.

mod following;
mod rig;
mod rotation;
