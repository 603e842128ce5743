//! The table of settings of a README.

use crate::table::{Kind, MAX_BLOCK_DEPTH, Table};

/// The settings as a Markdown table: `| setting | type | default | meaning |`, nested blocks as dotted names
/// (`<name>` for names the user chooses, `[]` for items of a list). A test of every component holds it against
/// its README. A block that contains itself is written down to a few levels.
pub fn markdown_table(table: &Table) -> String {
    let mut out = String::from("| setting | type | default | meaning |\n|---|---|---|---|\n");
    write_rows(table, "", MAX_BLOCK_DEPTH, &mut out);
    out
}

fn write_rows(table: &Table, prefix: &str, depth: usize, out: &mut String) {
    for row in &table.rows {
        let name = format!("{prefix}{}", row.name);
        let default = match row.default.as_deref() {
            None => "required".to_owned(),
            Some("") => String::new(),
            Some("none") if matches!(row.kind, Kind::Optional(_)) => "none".to_owned(),
            Some(text) => format!("`{}`", cell(text)),
        };
        let kind = match &row.bounds {
            Some(bounds) => format!("{}, {bounds}", row.kind),
            None => row.kind.to_string(),
        };
        let doc = cell(&row.doc);
        out.push_str(&format!("| `{name}` | {} | {default} | {doc} |\n", cell(&kind)));
        if let (Some((suffix, nested)), true) = (nested_block(&row.kind), depth > 1) {
            write_rows(&nested, &format!("{name}{suffix}."), depth - 1, out);
        }
    }
}

/// The block inside of a kind, and how its place is written after the setting's name.
pub(crate) fn nested_block(kind: &Kind) -> Option<(String, Table)> {
    match kind {
        Kind::Block(block) => Some((String::new(), block.table())),
        Kind::Optional(inner) => nested_block(inner),
        Kind::List(inner) => nested_block(inner).map(|(suffix, table)| (format!("[]{suffix}"), table)),
        Kind::Map(inner) => nested_block(inner).map(|(suffix, table)| (format!(".<name>{suffix}"), table)),
        _ => None,
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
