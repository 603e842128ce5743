//! Reading PEM files.

use std::io::Read;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

/// Far above any certificate bundle (the system's is about 220 kB), far below what would hurt.
const MAX_FILE_BYTES: u64 = 8 << 20;

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let error = |source| TlsError::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(error)?;
    let mut content = Vec::new();
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut content)
        .map_err(error)?;
    Ok(content)
}

fn content_error(path: &Path, reason: impl ToString) -> TlsError {
    TlsError::Content {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// All certificates of a file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&read(path)?)
        .collect::<Result<_, _>>()
        .map_err(|error| content_error(path, error))?;
    match certificates.is_empty() {
        true => Err(content_error(path, "no certificate in PEM format found")),
        false => Ok(certificates),
    }
}

/// The first private key of a file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|_| {
        content_error(
            path,
            "no private key in PEM format found (encrypted keys are not supported)",
        )
    })
}

/// The certificates of a file as authorities.
pub(super) fn authorities(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| content_error(path, error))?;
    }
    Ok(roots)
}
