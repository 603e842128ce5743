//! Stable names of the mistakes that this crate finds, for `validate --format json` and for tests.

/// The names.
pub mod code {
    /// A section that does not exist, is missing, or is no block.
    pub const SECTION: &str = "section";
    /// A text that is no component or pipeline id.
    pub const ID: &str = "id";
    /// A component under its former name.
    pub const RENAMED: &str = "renamed_component";
    /// A component type that the program was not built with.
    pub const UNKNOWN_COMPONENT: &str = "unknown_component";
    /// A pipeline or the service names a component that is not declared.
    pub const UNDECLARED: &str = "undeclared_component";
    /// A component that no pipeline uses.
    pub const UNUSED: &str = "unused_component";
    /// A component stands twice in one list.
    pub const REPEATED: &str = "repeated_component";
    /// A component in a pipeline of a signal that it cannot carry.
    pub const SIGNAL: &str = "unsupported_signal";
    /// A connector that joins nothing, or not these signals.
    pub const JOIN: &str = "connector_joins_nothing";
    /// Pipelines that feed each other in a circle.
    pub const CYCLE: &str = "pipeline_cycle";
    /// A pipeline without receivers or exporters, or no pipeline at all.
    pub const EMPTY: &str = "empty_pipeline";
    /// Two components want the same address or file.
    pub const RESOURCE: &str = "resource_conflict";
    /// A receiver takes larger requests than the memory budget could ever hold.
    pub const MEMORY: &str = "memory_budget";
    /// A receiver that cannot hold back feeds a queue that makes senders wait.
    pub const HOLDS_BACK: &str = "cannot_hold_back";
    /// A component that could not be started.
    pub const START: &str = "start";
    /// Two pipelines want the same queue to batch differently.
    pub const BATCH: &str = "batch_conflict";
}
