//! Folders for state: nobody else may look into them, or put something in their place.

use std::fs::{DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::Path;

/// Makes the folder, and those above it that are missing, with mode 0700, and checks it as
/// [`check_private_directory`] does.
///
/// # Errors
/// What the system said, or a sentence that names the folder and what is wrong with it.
pub fn make_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    check_private_directory(path)
}

/// Checks a folder for state, if it is there: it must be a folder, not a symbolic link, and others must not be able to
/// write to it. Whoever could would decide which file is written, or is believed to be ours.
///
/// A link that root has made is followed by programs that are not root: systemd's `DynamicUser=` makes
/// `/var/lib/<name>` one (systemd.exec(5)).
///
/// # Errors
/// A sentence that names the folder and what is wrong with it.
pub fn check_private_directory(path: &Path) -> io::Result<()> {
    let found = match std::fs::symlink_metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found?,
    };
    // The owner of a process's folder in /proc is its effective user (proc(5)).
    let us = std::fs::metadata("/proc/self").map_or(0, |process| process.uid());
    let trouble = match found.is_symlink() {
        true if !is_of_root(&found, us) => Some("is a symbolic link; name the folder itself"),
        true => trouble_with(&std::fs::metadata(path)?, us),
        false => trouble_with(&found, us),
    };
    match trouble {
        Some(trouble) => Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            format!("{} {trouble}", path.display()),
        )),
        None => Ok(()),
    }
}

fn is_of_root(link: &Metadata, us: u32) -> bool {
    link.uid() == 0 && us != 0
}

fn trouble_with(folder: &Metadata, us: u32) -> Option<&'static str> {
    const OTHERS_WRITE: u32 = 0o002;
    if !folder.is_dir() {
        return Some("is no folder");
    }
    if folder.mode() & OTHERS_WRITE != 0 {
        return Some("can be written by everybody; say `chmod 700` to it");
    }
    if folder.uid() != us && folder.uid() != 0 && us != 0 {
        return Some("belongs to another user");
    }
    None
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn it_is_made_for_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b");
        make_private_directory(&path).expect("made");
        for made in [path.clone(), folder.path().join("a")] {
            let mode = std::fs::metadata(made).expect("there").mode();
            assert_eq!(mode & 0o777, 0o700);
        }
        make_private_directory(&path).expect("there already");
    }

    #[test]
    fn what_others_could_replace_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let (open, file, link) = (
            folder.path().join("open"),
            folder.path().join("file"),
            folder.path().join("link"),
        );
        std::fs::create_dir(&open).expect("made");
        set_permissions(&open, Permissions::from_mode(0o777)).expect("allowed");
        std::fs::write(&file, "").expect("written");
        symlink(folder.path(), &link).expect("made");
        for (path, says) in [
            (&open, "can be written by everybody"),
            (&link, "is a symbolic link"),
        ] {
            for refused in [make_private_directory(path), check_private_directory(path)] {
                let refused = refused.expect_err(says).to_string();
                assert!(
                    refused.contains(says) && refused.contains(&path.display().to_string()),
                    "{refused}"
                );
            }
        }
        let refused = check_private_directory(&file).expect_err("no folder").to_string();
        assert!(refused.contains("is no folder"), "{refused}");
        check_private_directory(&folder.path().join("missing")).expect("nothing is wrong yet");
    }
}
