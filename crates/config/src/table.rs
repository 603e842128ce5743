//! The table of a block of settings: what documentation, schema, suggestions and the reader share.

use std::fmt;
use std::sync::Arc;

/// All settings of a block. Made by [`crate::settings!`].
#[derive(Clone, Debug)]
pub struct Table {
    /// The block's description.
    pub doc: String,
    /// One row per setting, in the order of the declaration.
    pub rows: Vec<Row>,
    /// Former names.
    pub aliases: Vec<Alias>,
    /// Settings the Collector has and we have not.
    pub unsupported: Vec<Unsupported>,
}

/// One setting.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its key in `pipeline.yaml`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The default as text; `None` when the setting must be given.
    pub default: Option<String>,
    /// The bounds of its value as text: `1 to 10`.
    pub bounds: Option<String>,
    /// Its meaning.
    pub doc: String,
}

/// A former name of a setting, accepted with a warning.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The former name.
    pub old: &'static str,
    /// The name now.
    pub new: &'static str,
    /// Since when, or why.
    pub reason: &'static str,
}

/// A setting of the Collector's component that does not exist here.
#[derive(Clone, Debug)]
pub struct Unsupported {
    /// Its name.
    pub name: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    /// True: a warning, leaving it away changes nothing that matters. False: an error.
    pub harmless: bool,
}

/// What values a setting takes.
#[derive(Clone)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds.
    Int {
        /// Smallest.
        min: i128,
        /// Largest.
        max: i128,
    },
    /// Any number.
    Float,
    /// Text.
    String,
    /// `300ms`, `1h30m`.
    Duration,
    /// `10MiB`, or bytes.
    ByteSize,
    /// `host:port` or `unix:///path`.
    Endpoint,
    /// Text that is never shown.
    Secret,
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Several values.
    List(Box<Kind>),
    /// Values under names that the user chooses.
    Map(Box<Kind>),
    /// A value or nothing.
    Optional(Box<Kind>),
    /// Settings one level deeper.
    Block(BlockKind),
    /// Text of a form of its own, for [`crate::Setting`]s outside this crate: its name in the documentation.
    Text(&'static str),
    /// Any YAML.
    Any,
}

/// A nested block, whose table is made when asked for (blocks may contain themselves).
#[derive(Clone)]
pub struct BlockKind(Arc<dyn Fn() -> Table + Send + Sync>);

/// Depth to which nested blocks are written down or searched; a block may contain itself.
pub(crate) const MAX_BLOCK_DEPTH: usize = 6;

// === impl Table ===

impl Table {
    /// The row of a setting.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The names of all settings.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.rows.iter().map(|row| row.name)
    }

    /// Adds the settings of another block to this level.
    pub fn flatten(&mut self, other: Table) {
        self.rows.extend(other.rows);
        self.aliases.extend(other.aliases);
        self.unsupported.extend(other.unsupported);
    }

    /// The dotted paths below this block that end in `name`, nearest first, at most `limit`.
    pub(crate) fn nested_paths(&self, name: &str, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut level: Vec<(String, Table)> = self.child_blocks("");
        for _ in 0..MAX_BLOCK_DEPTH {
            let mut deeper = Vec::new();
            for (path, table) in &level {
                if table.row(name).is_some() {
                    found.push(format!("{path}.{name}"));
                }
                deeper.extend(table.child_blocks(path));
            }
            if !found.is_empty() || deeper.is_empty() || deeper.len() > MAX_SEARCHED_BLOCKS {
                break;
            }
            level = deeper;
        }
        found.truncate(limit);
        found
    }

    fn child_blocks(&self, path: &str) -> Vec<(String, Table)> {
        let join = |name: &str| {
            if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            }
        };
        let blocks = self
            .rows
            .iter()
            .filter_map(|row| Some((join(row.name), row.kind.direct_block()?)));
        blocks.collect()
    }
}

/// Bound on the breadth of [`Table::nested_paths`].
const MAX_SEARCHED_BLOCKS: usize = 500;

// === impl Kind ===

impl Kind {
    /// The nested block when values are written directly under the key (not in a list or under names).
    pub(crate) fn direct_block(&self) -> Option<Table> {
        match self {
            Kind::Block(block) => Some(block.table()),
            Kind::Optional(inner) => inner.direct_block(),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    /// The type as the documentation names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Bool => f.write_str("bool"),
            Kind::Int { .. } => f.write_str("int"),
            Kind::Float => f.write_str("number"),
            Kind::String => f.write_str("string"),
            Kind::Duration => f.write_str("duration"),
            Kind::ByteSize => f.write_str("size"),
            Kind::Endpoint => f.write_str("endpoint"),
            Kind::Secret => f.write_str("secret"),
            Kind::Enum(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                f.write_str(&words.join(", "))
            }
            Kind::List(inner) => write!(f, "list of {inner}"),
            Kind::Map(inner) => write!(f, "map of {inner}"),
            Kind::Optional(inner) => write!(f, "{inner}"),
            Kind::Block(_) => f.write_str("block"),
            Kind::Text(name) => f.write_str(name),
            Kind::Any => f.write_str("any"),
        }
    }
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// === impl BlockKind ===

impl BlockKind {
    /// A block whose table the function makes.
    pub fn new(table: impl Fn() -> Table + Send + Sync + 'static) -> Self {
        Self(Arc::new(table))
    }

    /// Its table.
    pub fn table(&self) -> Table {
        (self.0)()
    }
}
