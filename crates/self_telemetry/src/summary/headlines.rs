//! What components see, in their own words.

use std::fmt::Write as _;

use sidelight_config::escaped;

use super::Headlines;

/// Lines of one component that are shown.
const MAX_LINES: usize = 10;

/// Each component's lines, the name before the first of them.
pub(super) fn push(text: &mut String, headlines: &[Headlines]) {
    let width = headlines
        .iter()
        .map(|of| of.component.chars().count())
        .max()
        .unwrap_or(0);
    for of in headlines {
        let mut name = of.component.as_str();
        for line in of.lines.iter().take(MAX_LINES) {
            let _ = writeln!(text, "  see  {name:<width$}   {}", escaped(line));
            name = "";
        }
        if of.lines.len() > MAX_LINES {
            let more = of.lines.len() - MAX_LINES;
            let _ = writeln!(text, "       {:<width$}   and {more} more", "");
        }
    }
}
