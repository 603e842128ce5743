//! The server's side, with certificates that can be replaced while connections go on.

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

use super::{ALPN_HTTP1, ALPN_HTTP2, MinVersion, TlsError, pem, provider};

/// What a server's TLS is made from.
#[derive(Debug, Clone)]
pub struct ServerTlsFiles {
    /// The certificate chain, leaf first.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Clients must show a certificate of one of these authorities.
    pub client_ca_file: Option<PathBuf>,
    /// The least version.
    pub min_version: MinVersion,
}

/// A server's TLS. Clones share it, so that a reload reaches every listener that uses it.
#[derive(Debug, Clone)]
pub struct ServerTls {
    files: Arc<ServerTlsFiles>,
    config: Arc<ArcSwap<ServerConfig>>,
}

impl ServerTls {
    /// Reads and checks the files. Blocks for as long as reading takes.
    pub fn load(files: ServerTlsFiles) -> Result<Self, TlsError> {
        let config = build(&files)?;
        Ok(Self {
            files: Arc::new(files),
            config: Arc::new(ArcSwap::from_pointee(config)),
        })
    }

    /// Reads the files again. New connections use what was read; when it cannot be used, the old certificate stays.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.config.store(Arc::new(build(&self.files)?));
        Ok(())
    }

    /// The files, for whoever watches them.
    pub fn files(&self) -> &ServerTlsFiles {
        &self.files
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.config.load_full())
    }
}

fn build(files: &ServerTlsFiles) -> Result<ServerConfig, TlsError> {
    let chain = pem::certificates(&files.cert_file)?;
    let key = pem::private_key(&files.key_file)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(files.min_version.versions())?;
    let builder = match &files.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(pem::authorities(path)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider())
                .build()
                .map_err(|error| TlsError::Content {
                    path: path.clone(),
                    reason: error.to_string(),
                })?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![ALPN_HTTP2.to_vec(), ALPN_HTTP1.to_vec()];
    Ok(config)
}
