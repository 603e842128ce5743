use super::{Attributes, Repeated, Strings, view};

view! {
    /// The entity that produces telemetry.
    ResourceView {
        /// What describes it, `service.name` and so on.
        attributes: repeated(1) -> Attributes<'a>,
        /// Attributes that the sender left out.
        dropped_attributes_count: uint32(2) -> u32,
        /// Which attributes identify which entities.
        entity_refs: repeated(3) -> Repeated<'a, EntityRefView<'a>>,
    }
}

view! {
    /// The library that produces telemetry.
    ScopeView {
        /// Its name; empty when unknown.
        name: text(1) -> &'a str,
        /// Its version.
        version: text(2) -> &'a str,
        /// What else describes it.
        attributes: repeated(3) -> Attributes<'a>,
        /// Attributes that the sender left out.
        dropped_attributes_count: uint32(4) -> u32,
    }
}

view! {
    /// An entity within a resource.
    EntityRefView {
        /// Schema of the entity's keys.
        schema_url: text(1) -> &'a str,
        /// Type of the entity, such as `service`.
        entity_type: text(2) -> &'a str,
        /// Keys of the resource's attributes that identify it.
        id_keys: strings(3) -> Strings<'a>,
        /// Keys of the resource's attributes that describe it.
        description_keys: strings(4) -> Strings<'a>,
    }
}
