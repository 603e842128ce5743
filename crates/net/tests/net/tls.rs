//! Certificates that are right, and every way in which they are wrong, in both directions.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Uri, Version};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType, date_time_ymd};
use sidelight_net::ChunkedBody;
use sidelight_net::admission::Unlimited;
use sidelight_net::client::{Client, ClientSettings, PageClient, PageError, Protocol, SendError};
use sidelight_net::grpc::ReadLimits;
use sidelight_net::http_body;
use sidelight_net::tls::{ClientTls, ClientTlsSettings, MinVersion, ServerTls, ServerTlsFiles, TlsError};
use tempfile::TempDir;

use crate::otlp_server::{Options, OtlpServer};

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).expect("params");
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("key");
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).expect("signed"),
        }
    }

    /// Writes `<name>.pem` and `<name>.key` for a certificate of this authority.
    fn issue(&self, folder: &TempDir, name: &str, host: &str, expired: bool) -> (PathBuf, PathBuf) {
        let mut params = CertificateParams::new(vec![]).expect("params");
        let san = match host.parse() {
            Ok(ip) => SanType::IpAddress(ip),
            Err(_) => SanType::DnsName(host.try_into().expect("a name")),
        };
        params.subject_alt_names = vec![san];
        if expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let key = KeyPair::generate().expect("key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let write = |suffix: &str, text: String| {
            let path = folder.path().join(format!("{name}.{suffix}"));
            std::fs::write(&path, text).expect("written");
            path
        };
        (write("pem", certificate.pem()), write("key", key.serialize_pem()))
    }

    fn write(&self, folder: &TempDir, name: &str) -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, self.issuer.pem()).expect("written");
        path
    }
}

fn server_tls(files: (PathBuf, PathBuf), client_ca_file: Option<PathBuf>) -> ServerTls {
    let files = ServerTlsFiles {
        cert_file: files.0,
        key_file: files.1,
        client_ca_file,
        min_version: MinVersion::Tls12,
    };
    ServerTls::load(files).expect("usable files")
}

async fn post(
    server: &OtlpServer,
    settings: &ClientTlsSettings,
    protocol: Protocol,
) -> Result<(), SendError> {
    let target = format!("https://localhost:{}", server.address().port())
        .parse()
        .expect("target");
    let tls = ClientTls::load(settings).expect("usable settings");
    let client = Client::new(&target, ClientSettings::new(protocol), Some(tls)).expect("client");
    let request = Request::post("/v1/x")
        .body(ChunkedBody::from(Bytes::from_static(b"hello")))
        .expect("request");
    client
        .send(request, Duration::from_secs(20))
        .await
        .map(|answer| assert_eq!(answer.status, 200))
}

#[tokio::test]
async fn certificates_are_checked_in_both_directions() {
    let folder = tempfile::tempdir().expect("folder");
    let (ours, other) = (Authority::new("one"), Authority::new("another"));
    let (our_ca, other_ca) = (ours.write(&folder, "ours.pem"), other.write(&folder, "other.pem"));
    let trusting = |ca: &PathBuf| ClientTlsSettings {
        ca_file: Some(ca.clone()),
        ..ClientTlsSettings::default()
    };
    let showing = |files: (PathBuf, PathBuf)| ClientTlsSettings {
        cert_file: Some(files.0),
        key_file: Some(files.1),
        ..trusting(&our_ca)
    };
    let skip = ClientTlsSettings {
        insecure_skip_verify: true,
        ..ClientTlsSettings::default()
    };
    let renamed = ClientTlsSettings {
        server_name_override: Some("localhost".to_owned()),
        ..trusting(&our_ca)
    };
    let misnamed = ClientTlsSettings {
        server_name_override: Some("elsewhere".to_owned()),
        ..trusting(&our_ca)
    };
    let newest = ClientTlsSettings {
        min_version: MinVersion::Tls13,
        ..trusting(&our_ca)
    };

    let good = || ours.issue(&folder, "good", "localhost", false);
    let expired = || ours.issue(&folder, "expired", "localhost", true);
    let misnamed_server = || ours.issue(&folder, "misnamed", "elsewhere", false);
    let mutual = || server_tls(good(), Some(our_ca.clone()));
    let client =
        |authority: &Authority, name, expired| showing(authority.issue(&folder, name, "client", expired));
    let table = [
        (
            "right authority",
            server_tls(good(), None),
            trusting(&our_ca),
            None,
        ),
        ("TLS 1.3 only", server_tls(good(), None), newest, None),
        (
            "wrong authority",
            server_tls(good(), None),
            trusting(&other_ca),
            Some("UnknownIssuer"),
        ),
        (
            "expired",
            server_tls(expired(), None),
            trusting(&our_ca),
            Some("expired"),
        ),
        (
            "wrong name",
            server_tls(misnamed_server(), None),
            trusting(&our_ca),
            Some("not valid for name"),
        ),
        (
            "system's authorities",
            server_tls(good(), None),
            ClientTlsSettings::default(),
            Some("UnknownIssuer"),
        ),
        ("name overridden", server_tls(good(), None), renamed, None),
        (
            "name overridden wrongly",
            server_tls(good(), None),
            misnamed,
            Some("not valid for name"),
        ),
        ("unchecked", server_tls(expired(), None), skip.clone(), None),
        ("mutual", mutual(), client(&ours, "c1", false), None),
        (
            "mutual, no certificate",
            mutual(),
            trusting(&our_ca),
            Some("CertificateRequired"),
        ),
        (
            "mutual, other authority",
            mutual(),
            client(&other, "c2", false),
            Some(""),
        ),
        (
            "mutual, expired",
            mutual(),
            client(&ours, "c3", true),
            Some("CertificateExpired"),
        ),
        (
            "mutual, unchecked and without",
            mutual(),
            skip,
            Some("CertificateRequired"),
        ),
    ];
    for (name, tls, settings, refused) in table {
        let server = OtlpServer::start(Options {
            tls: Some(tls),
            ..Options::default()
        })
        .await;
        for protocol in [Protocol::Http2, Protocol::Http1OrNegotiated] {
            match (post(&server, &settings, protocol).await, refused) {
                (Ok(()), None) => {}
                (Err(error), Some(words)) => {
                    assert!(error.message.contains(words), "{name} {protocol:?}: {error:?}");
                }
                (result, _) => panic!("{name} {protocol:?}: {result:?}"),
            }
        }
    }
}

/// Gets a page twice and reads it to its end.
async fn get_twice(client: &mut PageClient) -> Result<(), PageError> {
    for _ in 0..2 {
        let response = client.get(&HeaderMap::new(), &Uri::from_static("/page")).await?;
        assert_eq!(response.version(), Version::HTTP_11);
        let (head, body) = response.into_parts();
        let body = http_body::read_answer(&head.headers, body, ReadLimits::default(), &Unlimited).await;
        body.expect("to its end");
    }
    Ok(())
}

#[tokio::test]
async fn a_page_comes_over_one_http1_connection_and_its_servers_certificate_is_checked() {
    let folder = tempfile::tempdir().expect("folder");
    let (ours, other) = (Authority::new("one"), Authority::new("another"));
    let tls = server_tls(ours.issue(&folder, "good", "localhost", false), None);
    let options = Options {
        tls: Some(tls),
        ..Options::default()
    };
    let server = OtlpServer::start(options).await;
    let target = format!("https://localhost:{}", server.address().port())
        .parse()
        .expect("target");
    for (authority, refused) in [(&ours, None), (&other, Some("UnknownIssuer"))] {
        let settings = ClientTlsSettings {
            ca_file: Some(authority.write(&folder, "ca.pem")),
            ..ClientTlsSettings::default()
        };
        let tls = ClientTls::load(&settings).expect("usable settings");
        let mut client = PageClient::new(&target, Some(tls)).expect("no socket file");
        match (get_twice(&mut client).await, refused) {
            (Ok(()), None) => {}
            (Err(PageError::Connect(words)), Some(expected)) => assert!(words.contains(expected), "{words}"),
            (result, _) => panic!("{result:?}"),
        }
    }
    assert_eq!(server.peers.lock().len(), 1);
}

#[tokio::test]
async fn a_reload_reaches_new_connections_and_a_broken_one_changes_nothing() {
    let folder = tempfile::tempdir().expect("folder");
    let (old, new) = (Authority::new("one"), Authority::new("another"));
    let trusting = |authority: &Authority, name| ClientTlsSettings {
        ca_file: Some(authority.write(&folder, name)),
        ..ClientTlsSettings::default()
    };
    let (old_ca, new_ca) = (trusting(&old, "old.pem"), trusting(&new, "new.pem"));
    let tls = server_tls(old.issue(&folder, "leaf", "localhost", false), None);
    let server = OtlpServer::start(Options {
        tls: Some(tls.clone()),
        ..Options::default()
    })
    .await;
    post(&server, &old_ca, Protocol::Http2)
        .await
        .expect("old certificate");

    std::fs::write(folder.path().join("leaf.key"), "half written").expect("written");
    assert!(matches!(tls.reload(), Err(TlsError::Content { .. })));
    post(&server, &old_ca, Protocol::Http2)
        .await
        .expect("still the old certificate");

    new.issue(&folder, "leaf", "localhost", false);
    tls.reload().expect("good again");
    post(&server, &new_ca, Protocol::Http2)
        .await
        .expect("new certificate");
    post(&server, &old_ca, Protocol::Http2)
        .await
        .expect_err("the old authority is of no use now");
}

#[test]
fn unusable_files_are_named() {
    let folder = tempfile::tempdir().expect("folder");
    let authority = Authority::new("one");
    let (cert, key) = authority.issue(&folder, "a", "localhost", false);
    let (_, other_key) = authority.issue(&folder, "b", "localhost", false);
    let load = |cert_file: &PathBuf, key_file: &PathBuf| {
        let files = ServerTlsFiles {
            cert_file: cert_file.clone(),
            key_file: key_file.clone(),
            client_ca_file: None,
            min_version: MinVersion::Tls12,
        };
        ServerTls::load(files).expect_err("unusable").to_string()
    };
    let missing = folder.path().join("missing.pem");
    assert!(load(&missing, &key).contains("missing.pem"));
    assert!(load(&key, &key).contains("no certificate"));
    assert!(load(&cert, &cert).contains("no private key"));
    assert!(load(&cert, &other_key).contains("TLS configuration"));
    let half = ClientTlsSettings {
        cert_file: Some(cert),
        ..ClientTlsSettings::default()
    };
    assert!(matches!(ClientTls::load(&half), Err(TlsError::Settings(_))));
}

#[tokio::test]
async fn a_client_in_cleartext_does_not_disturb_a_tls_listener() {
    let folder = tempfile::tempdir().expect("folder");
    let authority = Authority::new("one");
    let tls = server_tls(authority.issue(&folder, "a", "localhost", false), None);
    let server = OtlpServer::start(Options {
        tls: Some(tls),
        ..Options::default()
    })
    .await;
    let target = format!("http://{}", server.address()).parse().expect("target");
    let client = Client::new(&target, ClientSettings::new(Protocol::Http2), None).expect("client");
    let request = Request::post("/v1/x")
        .body(ChunkedBody::default())
        .expect("request");
    client
        .send(request, Duration::from_secs(20))
        .await
        .expect_err("no answer");
    let settings = ClientTlsSettings {
        ca_file: Some(authority.write(&folder, "ca.pem")),
        ..ClientTlsSettings::default()
    };
    post(&server, &settings, Protocol::Http1OrNegotiated)
        .await
        .expect("served");
}
