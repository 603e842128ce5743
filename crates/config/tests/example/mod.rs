//! Settings of two made-up components, in the forms that real ones have.

// Each test binary uses a part of it.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::time::Duration;

use sidelight_config::{
    ByteSize, Check, Endpoint, FixedEnv, Mistakes, Owner, Read, Secret, Settings, Tree, load_texts, read,
    setting_enum, settings,
};

setting_enum! {
    /// Compression of a body.
    pub(crate) enum Compression {
        /// None at all.
        Identity = "none" | "",
        /// RFC 1952.
        Gzip = "gzip",
        /// RFC 8878.
        Zstd = "zstd",
    }
}

settings! {
    /// Settings every listener has.
    pub(crate) struct Listener {
        /// Address to listen on.
        endpoint: Endpoint = Endpoint::tcp("localhost", 4317),
        /// Largest message taken.
        max_message_size: ByteSize [ByteSize::kib(1)..=ByteSize::gib(1)] = ByteSize::mib(16),
    }
}

settings! {
    /// gRPC.
    pub(crate) struct Grpc {
        /// What every listener has.
        flatten listener: Listener,
        /// Streams of one connection.
        max_concurrent_streams: u32 [1..=1000] = 100,
    }
    aliases { max_streams => max_concurrent_streams "renamed in 2026" }
    unsupported {
        "middlewares" => "there are no middleware extensions; remove it",
        harmless "read_buffer_size" => "the system's buffers are used; remove it",
    }
}

settings! {
    /// HTTP.
    pub(crate) struct Http {
        /// What every listener has.
        flatten listener: Listener = Listener {
            endpoint: Endpoint::tcp("localhost", 4318),
            ..Listener::default()
        },
        /// Path of traces.
        traces_url_path: String = "/v1/traces",
    }
}

settings! {
    /// Which protocols are on.
    pub(crate) struct Protocols {
        /// OTLP over gRPC.
        grpc: Option<Grpc>,
        /// OTLP over HTTP.
        http: Option<Http>,
    }
}

settings! {
    /// Settings of the `listener` receiver.
    pub(crate) struct Receiver {
        /// The protocols; at least one.
        required protocols: Protocols,
    }
    validate Receiver::check;
}

impl Receiver {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.protocols.grpc.is_none() && self.protocols.http.is_none() {
            check.error_hint(
                "protocols",
                "turns no protocol on",
                "add `grpc:` or `http:` below it",
            );
        }
    }
}

settings! {
    /// Bounds of a batch.
    pub(crate) struct Batch {
        /// Items that make a batch full.
        min_size: u64 = 8192,
        /// Most items of a batch.
        max_size: u64 = 10_000,
    }
    validate Batch::check;
}

impl Batch {
    fn check(&self, check: &mut Check<'_, '_>) {
        if self.max_size < self.min_size {
            check.conflict("max_size", "min_size", "must not be smaller than `min_size`");
        }
    }
}

settings! {
    /// One of several targets.
    pub(crate) struct Target {
        /// Its name.
        required name: String,
        /// Its share of the load.
        weight: f64 = 1.0,
    }
}

settings! {
    /// Settings of the `shipper` exporter.
    pub(crate) struct Exporter {
        /// Where to.
        required endpoint: Endpoint,
        /// How long one attempt may take.
        timeout: Duration [Duration::from_millis(1)..] = Duration::from_secs(5),
        /// Compression of requests.
        compression: Compression = Compression::Gzip,
        /// Headers of every request.
        headers: BTreeMap<String, Secret>,
        /// Batches behind the queue.
        batch: Batch = Batch { min_size: 100, max_size: 200 },
        /// Names to resolve.
        targets: Vec<Target>,
        /// Tags of every batch.
        tags: Vec<String> = ["a", "b"],
        /// TLS or not.
        insecure: bool,
        /// Token; none by default.
        token: Option<Secret>,
        /// A key that is a word of Rust.
        r#type: String = "plain",
    }
}

/// An environment with a secret.
pub(crate) fn env() -> FixedEnv {
    FixedEnv::new()
        .with_var("API_TOKEN", "p4ssw0rd")
        .with_var("PORT", "4317")
        .with_var("BAD_PORT", "p4ssw0rd")
        .with_file("/run/secrets/token", "p4ssw0rd\n")
}

/// Loads texts under names.
pub(crate) fn load(texts: &[(&str, &str)]) -> (Option<Tree>, Mistakes) {
    let named = texts.iter().map(|(name, text)| sidelight_config::NamedText {
        name: (*name).to_owned(),
        bytes: text.as_bytes().to_vec(),
    });
    load_texts(named.collect(), &env())
}

/// Reads every entry of `receivers` as [`Receiver`] and of `exporters` as [`Exporter`].
pub(crate) fn check(texts: &[(&str, &str)]) -> Mistakes {
    let (tree, mut mistakes) = load(texts);
    if let Some(tree) = tree {
        read_all::<Receiver>(&tree, "receivers", "receiver", &mut mistakes);
        read_all::<Exporter>(&tree, "exporters", "exporter", &mut mistakes);
    }
    mistakes
}

fn read_all<T: Settings>(tree: &Tree, section: &str, role: &str, mistakes: &mut Mistakes) -> Vec<Read<T>> {
    let entries = tree.at(section).and_then(|node| node.as_map()).unwrap_or(&[]);
    let read_one = |(key, node): &(sidelight_config::Key, sidelight_config::Node)| {
        let owner = Owner {
            label: format!("{role} `{}`", key.name),
            readme: Some(format!("{section}/{}/README.md", key.name)),
            place: key.span,
        };
        read(node, owner, mistakes)
    };
    entries.iter().filter_map(read_one).collect()
}

/// Reads one text as the settings of the exporter `shipper`.
pub(crate) fn exporter(text: &str) -> (Option<Read<Exporter>>, Mistakes) {
    let (tree, mut mistakes) = load(&[("pipeline.yaml", text)]);
    let config = tree.and_then(|tree| {
        let owner = Owner {
            label: "exporter `shipper`".to_owned(),
            readme: None,
            place: tree.root.span,
        };
        read(&tree.root, owner, &mut mistakes)
    });
    (config, mistakes)
}
