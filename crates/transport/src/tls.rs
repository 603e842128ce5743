//! TLS settings, as `configtls` has them.

use std::path::PathBuf;

use sidelight_component::BuildError;
use sidelight_config::{Check, setting_enum, settings};
use sidelight_net::tls::{ClientTls, ClientTlsSettings, MinVersion, ServerTls, ServerTlsFiles};

setting_enum! {
    /// The least version of TLS.
    pub enum TlsVersion {
        /// TLS 1.2.
        V1_2 = "1.2",
        /// TLS 1.3.
        V1_3 = "1.3",
    }
}

impl From<TlsVersion> for MinVersion {
    fn from(version: TlsVersion) -> Self {
        match version {
            TlsVersion::V1_2 => Self::Tls12,
            TlsVersion::V1_3 => Self::Tls13,
        }
    }
}

settings! {
    /// Encryption of a listener.
    pub struct TlsServer {
        /// The certificate chain, PEM, leaf first.
        required cert_file: String,
        /// Its private key, PEM.
        required key_file: String,
        /// Clients must show a certificate that one of these authorities signed, PEM.
        client_ca_file: Option<String>,
        /// The least version.
        min_version: TlsVersion = TlsVersion::V1_2,
    }
    unsupported {
        "cert_pem" => "give the certificate as a file, with `cert_file`",
        "key_pem" => "give the key as a file, with `key_file`",
        "cipher_suites" => "the suites of rustls are used, all of them good; remove it",
        harmless "reload_interval" => "certificates are not read again while the program runs; restart it",
        harmless "max_version" => "the highest version both sides know is used",
    }
}

impl TlsServer {
    /// Reads the files.
    ///
    /// # Errors
    /// [`BuildError`] at `setting` where a file is missing or does not hold what it should.
    pub fn load(&self, setting: &str) -> Result<ServerTls, BuildError> {
        let files = ServerTlsFiles {
            cert_file: PathBuf::from(&self.cert_file),
            key_file: PathBuf::from(&self.key_file),
            client_ca_file: self.client_ca_file.as_ref().map(PathBuf::from),
            min_version: self.min_version.into(),
        };
        ServerTls::load(files).map_err(|e| BuildError::at(setting, e.to_string()))
    }
}

settings! {
    /// Encryption of a connection to a destination.
    pub struct TlsClient {
        /// True: no encryption. For endpoints with a scheme, `http://` and `https://` decide.
        insecure: bool = false,
        /// True: the destination's certificate is not checked. For trials only.
        insecure_skip_verify: bool = false,
        /// Authorities whose certificates are accepted, PEM. Without a value: the system's.
        ca_file: Option<String>,
        /// True: the system's authorities are accepted besides those of `ca_file`.
        include_system_ca_certs_pool: bool = false,
        /// Our certificate chain, PEM, where the destination asks for one.
        cert_file: Option<String>,
        /// Its private key, PEM.
        key_file: Option<String>,
        /// The name that the destination's certificate must have, where it is not the endpoint's.
        server_name_override: Option<String>,
        /// The least version.
        min_version: TlsVersion = TlsVersion::V1_2,
    }
    unsupported {
        "ca_pem" => "give the authorities as a file, with `ca_file`",
        "cert_pem" => "give the certificate as a file, with `cert_file`",
        "key_pem" => "give the key as a file, with `key_file`",
        "cipher_suites" => "the suites of rustls are used, all of them good; remove it",
        harmless "reload_interval" => "certificates are not read again while the program runs; restart it",
        harmless "max_version" => "the highest version both sides know is used",
    }
    validate TlsClient::check;
}

impl TlsClient {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.cert_file.is_some() != self.key_file.is_some() {
            check.conflict(
                "cert_file",
                "key_file",
                "goes together with `key_file`: give both or none",
            );
        }
    }

    /// Reads the files.
    ///
    /// # Errors
    /// [`BuildError`] at `setting` where a file is missing or does not hold what it should.
    pub fn load(&self, setting: &str) -> Result<ClientTls, BuildError> {
        let path = |text: &Option<String>| text.as_ref().map(PathBuf::from);
        let settings = ClientTlsSettings {
            ca_file: path(&self.ca_file),
            include_system_ca_certs_pool: self.include_system_ca_certs_pool,
            cert_file: path(&self.cert_file),
            key_file: path(&self.key_file),
            insecure_skip_verify: self.insecure_skip_verify,
            server_name_override: self.server_name_override.clone(),
            min_version: self.min_version.into(),
        };
        ClientTls::load(&settings).map_err(|e| BuildError::at(setting, e.to_string()))
    }
}
