//! A folder of a role and its list name the same components.

use std::collections::BTreeSet;
use std::path::Path;

/// What is missing on either side, as sentences that say what to add.
///
/// # Errors
/// The folder cannot be read.
pub fn differences(root: &Path, section: &str, listed: &[&str]) -> std::io::Result<Vec<String>> {
    let mut folders = BTreeSet::new();
    for entry in std::fs::read_dir(root.join(section))? {
        let entry = entry?;
        if entry.path().join("mod.rs").is_file() {
            folders.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    let listed: BTreeSet<String> = listed.iter().map(|name| (*name).to_owned()).collect();
    let unlisted = folders.difference(&listed).map(|name| {
        format!("{section}/{name} is in no list: add `pub mod {name};` and its name in `registry!` to {section}/lib.rs")
    });
    let homeless = listed.difference(&folders).map(|name| {
        format!("{section}/lib.rs lists `{name}`, which has no folder: add {section}/{name}/mod.rs")
    });
    Ok(unlisted.chain(homeless).collect())
}
