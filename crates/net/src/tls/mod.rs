//! TLS for both directions: rustls with ring as the provider, from PEM files.
//!
//! Certificates are checked against the system's clock. TLS 1.2 is the least; the Collector's setting names are used
//! by the components that fill [`ServerTlsFiles`] and [`ClientTlsSettings`].

mod client;
mod pem;
mod server;

use std::path::PathBuf;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};

pub use client::{ClientTls, ClientTlsSettings};
pub use server::{ServerTls, ServerTlsFiles};

/// The cryptography of every connection, named in this one place.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The least version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MinVersion {
    /// TLS 1.2.
    #[default]
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl MinVersion {
    fn versions(self) -> &'static [&'static rustls::SupportedProtocolVersion] {
        static FROM_12: [&rustls::SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
        match self {
            MinVersion::Tls12 => &FROM_12,
            MinVersion::Tls13 => &FROM_12[..1],
        }
    }
}

/// A TLS configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {reason}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, without secrets.
        reason: String,
    },
    /// Settings that do not fit together.
    #[error("{0}")]
    Settings(&'static str),
    /// rustls refuses the combination, for example a key that does not belong to the certificate.
    #[error("TLS configuration: {0}")]
    Rustls(#[from] rustls::Error),
    /// The system has no usable root certificates.
    #[error("no usable root certificates on this system; give a ca_file")]
    NoRoots,
}

const ALPN_HTTP2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";
