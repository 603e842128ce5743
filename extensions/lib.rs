//! What works beside the pipelines: one folder per extension, and the list of them.
//!
//! An extension is added with its folder and its two lines here; a test says so when one of them is missing.

use sidelight_component::registry;

pub mod file_storage;
pub mod health_check;

registry! { ExtensionEntry: file_storage, health_check }
