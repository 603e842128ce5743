use super::encoder;

encoder! {
    /// Writes a resource.
    ResourceEncoder {
        set {
            /// Attributes that were left out.
            dropped_attributes_count: uint32(2) <- u32,
        }
        open {
            /// Opens a reference to an entity.
            entity_ref: nested(3, 1) -> EntityRefEncoder,
        }
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(1)
        }
    }
}

encoder! {
    /// Writes an instrumentation scope.
    ScopeEncoder {
        set {
            /// Name of the library.
            name: text(1) <- &str,
            /// Its version.
            version: text(2) <- &str,
            /// Attributes that were left out.
            dropped_attributes_count: uint32(4) <- u32,
        }
        open {}
        attributes {
            /// Appends an attribute; keys must not repeat.
            attribute(3)
        }
    }
}

encoder! {
    /// Writes a reference to an entity.
    EntityRefEncoder {
        set {
            /// Schema of the entity's keys.
            schema_url: text(1) <- &str,
            /// Type of the entity.
            entity_type: text(2) <- &str,
            /// Appends a key that identifies it.
            id_key: repeated_text(3) <- &str,
            /// Appends a key that describes it.
            description_key: repeated_text(4) <- &str,
        }
        open {}
        attributes {}
    }
}
