//! Sizes as `prometheus.yml` has them.

use sidelight_config::{ByteSize, Kind, Node, Reader, Setting};

/// A number of bytes in Prometheus' syntax, in which `KB` and `KiB` both are 1,024 bytes. 0 means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BodySize(pub u64);

impl BodySize {
    fn parse(text: &str) -> Option<u64> {
        let binary = match text.trim_end_matches(['B', 'b']) {
            bare if bare.ends_with(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']) => format!("{bare}iB"),
            _ => text.to_owned(),
        };
        ByteSize::parse(&binary).ok().map(ByteSize::bytes)
    }
}

impl Setting for BodySize {
    fn kind() -> Kind {
        Kind::ByteSize
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        match node.text().and_then(Self::parse) {
            Some(bytes) => Some(Self(bytes)),
            None => cx.wrong_type(node, "a size such as `10MB`, or `0` for no limit"),
        }
    }

    fn show(&self) -> String {
        ByteSize(self.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_binary() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("100", Some(100)),
            ("100B", Some(100)),
            ("1KB", Some(1024)),
            ("1KiB", Some(1024)),
            ("10MB", Some(10 << 20)),
            ("2GB", Some(2 << 30)),
            ("1TB", Some(1 << 40)),
            ("-1", None),
            ("x", None),
        ] {
            assert_eq!(BodySize::parse(text), bytes, "{text}");
        }
    }
}
