//! Which files a path with `*`, `?` or `[…]` in its last part stands for, as Go's `filepath.Match` reads it.

use std::io;
use std::path::{Path, PathBuf};

use crate::name_pattern::matches;

/// The files, in the order of their names. Blocks.
///
/// # Errors
/// Where the folder cannot be read.
pub(super) fn matching(pattern: &str) -> io::Result<Vec<PathBuf>> {
    let path = Path::new(pattern);
    let name = path.file_name().and_then(|name| name.to_str());
    let Some(name) = name.filter(|name| name.contains(['*', '?', '[', '\\'])) else {
        return Ok(path.try_exists()?.then(|| path.to_owned()).into_iter().collect());
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_here = folder.as_os_str().is_empty();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(if is_here { Path::new(".") } else { folder })? {
        let found = entry?.file_name();
        if found.to_str().is_some_and(|found| matches(name, found)) {
            files.push(folder.join(found));
        }
    }
    files.sort();
    Ok(files)
}
