//! TLS of one job's targets: read when it is first needed.

use std::path::PathBuf;

use sidelight_component::beside_the_workers;
use sidelight_net::tls::{ClientTls, ClientTlsSettings, MinVersion};
use tokio::sync::OnceCell;

use super::config::{TlsConfig, TlsVersion};

/// The TLS of a job.
#[derive(Debug)]
pub(super) struct Encryption {
    settings: TlsConfig,
    client: OnceCell<ClientTls>,
}

impl Encryption {
    pub(super) fn new(settings: &TlsConfig) -> Self {
        Self {
            settings: settings.clone(),
            client: OnceCell::new(),
        }
    }

    /// The TLS, read the first time. Where it cannot be used it is read again the next time.
    ///
    /// # Errors
    /// What is wrong with the files.
    pub(super) async fn client(&self) -> Result<ClientTls, String> {
        let load = async || {
            let settings = self.net_settings();
            beside_the_workers(move || ClientTls::load(&settings)).await
        };
        let client = self.client.get_or_try_init(load).await;
        client.cloned().map_err(|error| error.to_string())
    }

    fn net_settings(&self) -> ClientTlsSettings {
        let settings = &self.settings;
        let path = |text: &Option<String>| text.as_ref().map(PathBuf::from);
        ClientTlsSettings {
            ca_file: path(&settings.ca_file),
            include_system_ca_certs_pool: false,
            cert_file: path(&settings.cert_file),
            key_file: path(&settings.key_file),
            insecure_skip_verify: settings.insecure_skip_verify,
            server_name_override: settings.server_name.clone(),
            min_version: match settings.min_version {
                TlsVersion::Tls12 => MinVersion::Tls12,
                TlsVersion::Tls13 => MinVersion::Tls13,
            },
        }
    }
}
