//! Against the processes of this machine, and against copies of `/proc` for what cannot be forced.

mod against_proc;
mod fixtures;
mod headline;
mod restarts;
mod rig;
mod running;
mod selecting;
mod settings;
