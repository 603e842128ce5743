//! The file of a Unix socket: made with narrow permissions, replaced only when nobody listens, removed at the end.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use super::BindError;

/// Removes the file on drop, if it is still the one that was made.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        // Another process may have replaced the file since; then it is theirs.
        if fs::symlink_metadata(&self.path).is_ok_and(|data| (data.dev(), data.ino()) == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Binds `path`. Between bind and chmod the file has the permissions of the umask, which by default lets nobody but
/// the owner connect.
pub(super) fn bind(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), BindError> {
    let io_error = |source| BindError::Io {
        endpoint: format!("unix://{}", path.display()),
        source,
    };
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => in_use(path),
        _ => io_error(error),
    })?;
    let data = fs::symlink_metadata(path).map_err(io_error)?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: (data.dev(), data.ino()),
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(io_error)?;
    listener.set_nonblocking(true).map_err(io_error)?;
    Ok((listener, file))
}

/// Removes a socket that a dead process left behind: one that refuses connections.
fn remove_stale(path: &Path) -> Result<(), BindError> {
    let Ok(data) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !data.file_type().is_socket() {
        return Err(BindError::NotASocket(path.to_owned()));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|source| BindError::Io {
                endpoint: format!("unix://{}", path.display()),
                source,
            })
        }
        // Somebody answers, or we may not even ask (then we may not remove it either).
        _ => Err(in_use(path)),
    }
}

fn in_use(path: &Path) -> BindError {
    let endpoint = format!("unix://{}", path.display());
    BindError::InUse {
        endpoint,
        find: format!("ss -lxp 'src = {}'", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_is_private_replaces_a_dead_one_and_goes_away() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("s.sock");
        // std does not remove the file: this is what a killed process leaves.
        drop(UnixListener::bind(&path).expect("bound"));
        let (listener, file) = bind(&path, 0o600).expect("stale file replaced");
        let mode = fs::metadata(&path).expect("exists").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(bind(&path, 0o600), Err(BindError::InUse { .. })));
        drop((listener, file));
        assert!(!path.exists());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("precious");
        fs::write(&path, "data").expect("written");
        assert!(matches!(bind(&path, 0o600), Err(BindError::NotASocket(_))));
        assert_eq!(fs::read(&path).expect("still there"), b"data");

        let path = folder.path().join("replaced.sock");
        let (_listener, file) = bind(&path, 0o600).expect("bound");
        fs::remove_file(&path).expect("removed");
        fs::write(&path, "data").expect("written");
        drop(file);
        assert!(path.exists(), "a file that replaced the socket is not removed");
    }
}
