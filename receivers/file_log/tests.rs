//! Turns over real files, with a clock that the test moves.

mod any_order;
mod following;
mod receiving;
mod rig;
mod rotation;
