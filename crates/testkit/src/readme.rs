//! A README's table of settings is the code's.

use sidelight_config::{Table, markdown_table};

const START: &str = "<!-- settings -->";
const END: &str = "<!-- /settings -->";

/// The README with the table that the code has between the markers; `None` without markers.
pub fn with_table(readme: &str, table: &Table) -> Option<String> {
    between(readme, START, END, &markdown_table(table))
}

/// The text with `content` between two markers.
pub fn between(text: &str, start: &str, end: &str, content: &str) -> Option<String> {
    let (head, rest) = text.split_once(start)?;
    let (_, tail) = rest.split_once(end)?;
    Some(format!("{head}{start}\n\n{}\n\n{end}{tail}", content.trim()))
}

/// The first complete configuration in a README: the first `yaml` block with a `service:` section.
pub fn example(readme: &str) -> Option<&str> {
    readme
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```").map(|(block, _)| block))
        .find(|block| block.lines().any(|line| line == "service:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_first_complete_configuration() {
        let readme = "a\n```yaml\nreceivers:\n```\nb\n```yaml\nx:\nservice:\n  y\n```\n";
        assert_eq!(example(readme), Some("x:\nservice:\n  y\n"));
        assert_eq!(example("no block"), None);
    }

    #[test]
    fn what_stands_between_the_markers_is_replaced() {
        assert_eq!(
            between("a<s>old<e>b", "<s>", "<e>", "new").as_deref(),
            Some("a<s>\n\nnew\n\n<e>b")
        );
        assert_eq!(between("no markers", "<s>", "<e>", "new"), None);
    }
}
