//! Who else may write the configuration decides where data and its secrets go.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use sidelight_config::{Mistake, Mistakes, Tree};

/// The code of the warning.
const CODE: &str = "writable_configuration";
/// Everybody may write.
const OTHERS_WRITE: u32 = 0o002;

/// Warns of files, and folders of files, that everybody may write. They are used all the same.
pub(crate) fn warn_of_writable(paths: &[PathBuf], tree: Option<&Tree>, mistakes: &mut Mistakes) {
    let Some(tree) = tree else { return };
    for path in paths.iter().flat_map(|path| with_files(path)) {
        let mode = fs::metadata(&path).map_or(0, |found| found.permissions().mode());
        if mode & OTHERS_WRITE != 0 {
            let message = format!("everybody on this machine can write `{}`", path.display());
            let hint = format!(
                "whoever does decides where data and its secrets go; say `chmod o-w {}`",
                path.display()
            );
            mistakes.push(Mistake::warning(tree.root.span, CODE, message).hint(hint));
        }
    }
}

/// The path, and where it is a folder the files in it.
fn with_files(path: &Path) -> Vec<PathBuf> {
    let inside = fs::read_dir(path).into_iter().flatten().flatten();
    let files = inside.map(|entry| entry.path()).filter(|path| path.is_file());
    std::iter::once(path.to_owned()).chain(files).collect()
}
