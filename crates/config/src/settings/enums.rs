//! Settings that are one of a few words.

use super::Reader;
use super::reader::shown;
use crate::suggest::closest;
use crate::tree::{Node, Value};

/// Reads one of `words`; `names` are those shown in a message. For [`crate::setting_enum!`].
pub fn read_word<T: Copy>(
    names: &[&str],
    words: &[(&str, T)],
    node: &Node,
    cx: &mut Reader<'_>,
) -> Option<T> {
    let text = match &node.value {
        // A word such as `none`, or a number or boolean that is a word here.
        Value::List(_) | Value::Map(_) => None,
        Value::Null if !node.is_expanded() => None,
        _ => node.text(),
    };
    let Some(text) = text else {
        return cx.wrong_type(node, &one_of(names));
    };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Some(*value);
    }
    let hint = (!node.is_expanded())
        .then(|| closest(text, names.iter().copied()))
        .flatten()
        .map(|similar| format!("did you mean `{similar}`?"));
    cx.invalid(
        node,
        &format!("must be {}, not {}", one_of(names), shown(node)),
        hint,
    )
}

fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.join(""),
    }
}
