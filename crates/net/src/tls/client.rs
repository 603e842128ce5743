//! The client's side.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::{ALPN_HTTP1, ALPN_HTTP2, MinVersion, TlsError, pem, provider};

/// What a client's TLS is made from, under the Collector's names. All empty: the system's authorities, no certificate.
#[derive(Debug, Clone, Default)]
pub struct ClientTlsSettings {
    /// Trusted authorities; the system's when there is none.
    pub ca_file: Option<PathBuf>,
    /// Trust the system's authorities as well as `ca_file`.
    pub include_system_ca_certs_pool: bool,
    /// The certificate to show, leaf first; with `key_file`.
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    pub key_file: Option<PathBuf>,
    /// Takes any certificate: the connection is encrypted, but to whom is unknown.
    pub insecure_skip_verify: bool,
    /// The name to ask for and to check, in place of the endpoint's host.
    pub server_name_override: Option<String>,
    /// The least version.
    pub min_version: MinVersion,
}

/// A client's TLS, checked and ready.
#[derive(Debug, Clone)]
pub struct ClientTls {
    http2_only: Arc<ClientConfig>,
    http1_or_2: Arc<ClientConfig>,
    http1_only: Arc<ClientConfig>,
    server_name: Option<ServerName<'static>>,
}

impl ClientTls {
    /// Reads and checks the files. Blocks for as long as reading takes (the system's authorities: a few ms).
    pub fn load(settings: &ClientTlsSettings) -> Result<Self, TlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(settings.min_version.versions())?
            .dangerous()
            .with_custom_certificate_verifier(verifier(settings)?);
        let mut config = match (&settings.cert_file, &settings.key_file) {
            (Some(cert), Some(key)) => {
                builder.with_client_auth_cert(pem::certificates(cert)?, pem::private_key(key)?)?
            }
            (None, None) => builder.with_no_client_auth(),
            _ => {
                return Err(TlsError::Settings(
                    "cert_file and key_file must be given together",
                ));
            }
        };
        let server_name = settings
            .server_name_override
            .clone()
            .map(ServerName::try_from)
            .transpose();
        let server_name = server_name
            .map_err(|_| TlsError::Settings("server_name_override is neither a host name nor an address"))?;
        config.alpn_protocols = vec![ALPN_HTTP2.to_vec()];
        let http2_only = Arc::new(config.clone());
        config.alpn_protocols = vec![ALPN_HTTP1.to_vec()];
        let http1_only = Arc::new(config.clone());
        config.alpn_protocols.insert(0, ALPN_HTTP2.to_vec());
        Ok(Self {
            http2_only,
            http1_or_2: Arc::new(config),
            http1_only,
            server_name,
        })
    }

    pub(crate) fn config(&self, http2_only: bool) -> Arc<ClientConfig> {
        if http2_only {
            self.http2_only.clone()
        } else {
            self.http1_or_2.clone()
        }
    }

    pub(crate) fn http1_config(&self) -> Arc<ClientConfig> {
        self.http1_only.clone()
    }

    /// The name to check for a connection to `host`.
    pub(crate) fn server_name(&self, host: &str) -> Option<ServerName<'static>> {
        self.server_name
            .clone()
            .or_else(|| ServerName::try_from(host.to_owned()).ok())
    }
}

fn verifier(settings: &ClientTlsSettings) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    if settings.insecure_skip_verify {
        return Ok(Arc::new(AnyCertificate(provider())));
    }
    let mut roots = match &settings.ca_file {
        Some(path) => pem::authorities(path)?,
        None => RootCertStore::empty(),
    };
    if settings.ca_file.is_none() || settings.include_system_ca_certs_pool {
        // Single broken certificates of the system are passed over; none at all is an error.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    verifier
        .map(|verifier| verifier as Arc<dyn ServerCertVerifier>)
        .map_err(|_| TlsError::NoRoots)
}

/// Believes every certificate, but still checks that the peer has its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
