//! The lists of components: one explicit list per role, beside the components' folders.
//!
//! A list entry knows the names that users write, the README, the table of settings, and how to read
//! settings from the configuration and build the component from them.

use std::sync::Arc;

use sidelight_config::{Mistakes, Node, Owner, Settings, Spans, Table};
use sidelight_proto::Signal;

use crate::connector::ConnectorConfig;
use crate::context::{BuildContext, BuildError, Resource};
use crate::exporter::{Exporter, ExporterConfig};
use crate::extension::{Extension, ExtensionConfig};
use crate::processor::{AckBehaviour, Processor, ProcessorConfig, Sharding};
use crate::receiver::{Receiver, ReceiverConfig};
use crate::sample::Sampler;
use crate::sending::{BatchSettings, SendingSettings};
use crate::storage::StorageSettings;

/// What a component says about itself, next to its settings.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// The name in `pipeline.yaml`.
    pub name: &'static str,
    /// Older names that are accepted with a hint.
    pub aliases: &'static [&'static str],
    /// The signals it can carry; those that a connector takes.
    pub signals: &'static [Signal],
    /// The text of its README.
    pub readme: &'static str,
}

/// All three signals.
pub const ALL_SIGNALS: &[Signal] = &[Signal::Traces, Signal::Metrics, Signal::Logs];

/// Settings that were read, ready to build their receiver.
pub trait BuildReceiver: Send + Sync {
    /// See [`ReceiverConfig::resources`].
    fn resources(&self) -> Vec<Resource>;
    /// See [`ReceiverConfig::request_limits`].
    fn request_limits(&self) -> Vec<(usize, &'static str)>;
    /// See [`ReceiverConfig::holds_back`].
    fn holds_back(&self) -> bool;
    /// See [`ReceiverConfig::ends_the_program`].
    fn ends_the_program(&self) -> bool;
    /// See [`ReceiverConfig::sampler`].
    ///
    /// # Errors
    /// As there.
    fn sampler(&self, cx: &BuildContext) -> Result<Option<Box<dyn Sampler>>, BuildError>;
    /// See [`ReceiverConfig::build`].
    ///
    /// # Errors
    /// As there.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError>;
}

/// Settings that were read, ready to build their processor.
pub trait BuildProcessor: Send + Sync {
    /// See [`ProcessorConfig::acknowledgement`].
    fn acknowledgement(&self) -> AckBehaviour;
    /// See [`ProcessorConfig::sharding`].
    fn sharding(&self) -> Sharding;
    /// See [`ProcessorConfig::build`].
    ///
    /// # Errors
    /// As there.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError>;
    /// See [`ProcessorConfig::queue_batch`].
    fn queue_batch(&self) -> Option<BatchSettings>;
    /// See [`ProcessorConfig::check_signal`].
    ///
    /// # Errors
    /// As there.
    fn check_signal(&self, signal: Signal) -> Result<(), BuildError>;
}

/// Settings that were read, ready to build their connector.
pub trait BuildConnector: Send + Sync {
    /// See [`ConnectorConfig::JOINS`].
    fn joins(&self) -> &'static [(Signal, Signal)];
    /// See [`ConnectorConfig::acknowledgement`].
    fn acknowledgement(&self) -> AckBehaviour;
    /// See [`ConnectorConfig::sharding`].
    fn sharding(&self) -> Sharding;
    /// See [`ConnectorConfig::build`].
    ///
    /// # Errors
    /// As there.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError>;
}

/// Settings that were read, ready to build their exporter.
pub trait BuildExporter: Send + Sync {
    /// See [`ExporterConfig::sending`].
    fn sending(&self) -> SendingSettings;
    /// See [`ExporterConfig::resources`].
    fn resources(&self) -> Vec<Resource>;
    /// See [`ExporterConfig::build`].
    ///
    /// # Errors
    /// As there.
    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError>;
}

/// Settings that were read, ready to build their extension.
pub trait BuildExtension: Send + Sync {
    /// See [`ExtensionConfig::resources`].
    fn resources(&self) -> Vec<Resource>;
    /// See [`ExtensionConfig::storage`].
    fn storage(&self) -> Option<StorageSettings>;
    /// See [`ExtensionConfig::build`].
    ///
    /// # Errors
    /// As there.
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Extension>, BuildError>;
}

impl<T: ReceiverConfig> BuildReceiver for T {
    fn resources(&self) -> Vec<Resource> {
        ReceiverConfig::resources(self)
    }
    fn request_limits(&self) -> Vec<(usize, &'static str)> {
        ReceiverConfig::request_limits(self)
    }
    fn holds_back(&self) -> bool {
        ReceiverConfig::holds_back(self)
    }
    fn ends_the_program(&self) -> bool {
        ReceiverConfig::ends_the_program(self)
    }
    fn sampler(&self, cx: &BuildContext) -> Result<Option<Box<dyn Sampler>>, BuildError> {
        ReceiverConfig::sampler(self, cx)
    }
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Receiver>, BuildError> {
        ReceiverConfig::build(self, cx)
    }
}

impl<T: ProcessorConfig> BuildProcessor for T {
    fn acknowledgement(&self) -> AckBehaviour {
        ProcessorConfig::acknowledgement(self)
    }
    fn sharding(&self) -> Sharding {
        ProcessorConfig::sharding(self)
    }
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        ProcessorConfig::build(self, cx)
    }
    fn queue_batch(&self) -> Option<BatchSettings> {
        ProcessorConfig::queue_batch(self)
    }
    fn check_signal(&self, signal: Signal) -> Result<(), BuildError> {
        ProcessorConfig::check_signal(self, signal)
    }
}

impl<T: ConnectorConfig> BuildConnector for T {
    fn joins(&self) -> &'static [(Signal, Signal)] {
        T::JOINS
    }
    fn acknowledgement(&self) -> AckBehaviour {
        ConnectorConfig::acknowledgement(self)
    }
    fn sharding(&self) -> Sharding {
        ConnectorConfig::sharding(self)
    }
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Processor>, BuildError> {
        ConnectorConfig::build(self, cx)
    }
}

impl<T: ExporterConfig> BuildExporter for T {
    fn sending(&self) -> SendingSettings {
        ExporterConfig::sending(self)
    }
    fn resources(&self) -> Vec<Resource> {
        ExporterConfig::resources(self)
    }
    fn build(&self, cx: &BuildContext) -> Result<Arc<dyn Exporter>, BuildError> {
        ExporterConfig::build(self, cx)
    }
}

impl<T: ExtensionConfig> BuildExtension for T {
    fn resources(&self) -> Vec<Resource> {
        ExtensionConfig::resources(self)
    }
    fn storage(&self) -> Option<StorageSettings> {
        ExtensionConfig::storage(self)
    }
    fn build(&self, cx: &BuildContext) -> Result<Box<dyn Extension>, BuildError> {
        ExtensionConfig::build(self, cx)
    }
}

macro_rules! entry {
    ($(#[$doc:meta])* $entry:ident, $config:ident, $build:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $entry {
            /// What the component says about itself.
            pub about: About,
            /// Its table of settings.
            pub table: fn() -> Table,
            /// Reads its settings and their places; `None` where there are mistakes.
            pub read: fn(&Node, Owner, &mut Mistakes) -> Option<(Arc<dyn $build>, Spans)>,
        }

        impl $entry {
            /// The entry of the component with these settings.
            pub const fn of<T: $config + 'static>(about: About) -> Self {
                Self {
                    about,
                    table: <T as Settings>::table,
                    read: |node, owner, mistakes| {
                        let read = sidelight_config::read::<T>(node, owner, mistakes)?;
                        Some((Arc::new(read.config) as Arc<dyn $build>, read.spans))
                    },
                }
            }
        }
    };
}

entry! {
    /// One line in the list of receivers.
    ReceiverEntry, ReceiverConfig, BuildReceiver
}
entry! {
    /// One line in the list of processors.
    ProcessorEntry, ProcessorConfig, BuildProcessor
}
entry! {
    /// One line in the list of connectors.
    ConnectorEntry, ConnectorConfig, BuildConnector
}
entry! {
    /// One line in the list of exporters.
    ExporterEntry, ExporterConfig, BuildExporter
}
entry! {
    /// One line in the list of extensions.
    ExtensionEntry, ExtensionConfig, BuildExtension
}

/// The list of a role: `registry! { ReceiverEntry: otlp, file_log }`. Each module has a `Config` (the
/// settings) and an `ABOUT`.
#[macro_export]
macro_rules! registry {
    ($entry:ident : $($module:ident),* $(,)?) => {
        /// Every component of this role, in the order of the list.
        pub static COMPONENTS: &[$crate::registry::$entry] =
            &[$($crate::registry::$entry::of::<$module::Config>($module::ABOUT)),*];
    };
}
