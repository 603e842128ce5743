//! Several files as one configuration.

use std::collections::HashMap;

use crate::tree::{Key, Node, Value};

/// Lays `over` on `base`: maps deeply, everything else is replaced. Each value keeps its own place; a block in
/// both files keeps its place in the first.
pub(crate) fn merge(base: Node, over: Node) -> Node {
    match (base.value, over.value) {
        (Value::Map(entries), Value::Map(overlay)) => {
            Node::new(base.span, Value::Map(merge_entries(entries, overlay)))
        }
        (_, value) => Node { value, ..over },
    }
}

fn merge_entries(base: Vec<(Key, Node)>, over: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
    let index: HashMap<String, usize> = base
        .iter()
        .enumerate()
        .map(|(at, (key, _))| (key.name.clone(), at))
        .collect();
    let mut slots: Vec<Option<(Key, Node)>> = base.into_iter().map(Some).collect();
    for (key, value) in over {
        let slot = index.get(&key.name).and_then(|at| slots.get_mut(*at));
        match slot {
            Some(slot) => {
                *slot = slot.take().map(|(base_key, base_value)| {
                    let both_maps = base_value.as_map().is_some() && value.as_map().is_some();
                    // A replaced value belongs to the key that gave it.
                    (if both_maps { base_key } else { key }, merge(base_value, value))
                });
            }
            None => slots.push(Some((key, value))),
        }
    }
    slots.into_iter().flatten().collect()
}
