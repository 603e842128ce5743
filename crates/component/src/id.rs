//! Names of components and pipelines as users write them: `otlp`, `otlp/second`, `traces/slow`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sidelight_config::{Kind, Node, Reader, Setting};
use sidelight_proto::Signal;

/// What a component does in a pipeline; also the section of `pipeline.yaml` it is declared in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Brings data in.
    Receiver,
    /// Changes, filters or holds data.
    Processor,
    /// Takes data out of one pipeline and brings it, or other data, into another.
    Connector,
    /// Takes data out.
    Exporter,
    /// Works beside the pipelines.
    Extension,
}

impl Role {
    /// The section of `pipeline.yaml`.
    pub fn section(self) -> &'static str {
        match self {
            Self::Receiver => "receivers",
            Self::Processor => "processors",
            Self::Connector => "connectors",
            Self::Exporter => "exporters",
            Self::Extension => "extensions",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.section().trim_end_matches('s'))
    }
}

/// `type` or `type/name`. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentId {
    full: Arc<str>,
    type_len: usize,
}

/// Why a text is no component id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing before the `/`, or nothing at all.
    #[error("a component id starts with the component's type, as in `otlp` or `otlp/second`")]
    NoType,
    /// A `/` with nothing behind it.
    #[error("nothing stands behind the `/`; leave the `/` out or give a name")]
    NoName,
    /// A type has other characters than letters, digits and `_`.
    #[error("a component's type consists of letters, digits and `_`")]
    BadType,
}

impl ComponentId {
    /// The part before the `/`: which component it is.
    pub fn type_name(&self) -> &str {
        &self.full[..self.type_len]
    }

    /// The part behind the `/`, if any.
    pub fn name(&self) -> Option<&str> {
        self.full.get(self.type_len + 1..)
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

impl FromStr for ComponentId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (type_name, name) = match text.split_once('/') {
            Some((t, n)) => (t.trim(), Some(n.trim())),
            None => (text.trim(), None),
        };
        if type_name.is_empty() {
            return Err(InvalidId::NoType);
        }
        if !type_name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(InvalidId::BadType);
        }
        let full: Arc<str> = match name {
            Some("") => return Err(InvalidId::NoName),
            Some(name) => format!("{type_name}/{name}").into(),
            None => type_name.into(),
        };
        Ok(Self {
            full,
            type_len: type_name.len(),
        })
    }
}

impl Setting for ComponentId {
    fn kind() -> Kind {
        Kind::String
    }

    fn read(node: &Node, cx: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = node.text().filter(|_| !node.is_null()) else {
            return cx.wrong_type(node, "a component's id");
        };
        match text.parse() {
            Ok(id) => Some(id),
            Err(e) => cx.invalid(node, &format!("is no component id: {e}"), None),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ComponentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

/// `traces`, `metrics/host`, …: the signal and an optional name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PipelineId {
    /// The signal that the pipeline carries.
    pub signal: Signal,
    full: Arc<str>,
}

impl PipelineId {
    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.full
    }
}

impl FromStr for PipelineId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let id: ComponentId = text.parse()?;
        let signal = id.type_name().parse().map_err(|_| InvalidId::BadType)?;
        Ok(Self {
            signal,
            full: id.full,
        })
    }
}

impl fmt::Display for PipelineId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_split_at_the_first_slash() {
        let id: ComponentId = "otlp/a/b".parse().expect("valid");
        assert_eq!((id.type_name(), id.name()), ("otlp", Some("a/b")));
        assert_eq!("otlp".parse::<ComponentId>().expect("valid").name(), None);
    }

    #[test]
    fn what_is_no_id_says_why() {
        for (text, error) in [
            ("", InvalidId::NoType),
            ("/x", InvalidId::NoType),
            ("otlp/", InvalidId::NoName),
            ("o-t", InvalidId::BadType),
        ] {
            assert_eq!(text.parse::<ComponentId>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn a_pipeline_is_named_by_its_signal() {
        let id: PipelineId = "traces/slow".parse().expect("valid");
        assert_eq!((id.signal, id.as_str()), (Signal::Traces, "traces/slow"));
        assert!("profiles".parse::<PipelineId>().is_err());
    }
}
