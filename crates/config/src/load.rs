//! From files to one merged, expanded tree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::env::{Env, MAX_FILE_BYTES};
use crate::expand::Expander;
use crate::merge::merge;
use crate::mistake::{Mistake, Mistakes, code};
use crate::source::{FileId, Sources, Span};
use crate::tree::{Node, Tree, Value};
use crate::yaml;

/// Most files loaded together.
const MAX_FILES: usize = 256;

/// One configuration text with its name.
#[derive(Clone, Debug)]
pub struct NamedText {
    /// As messages show it.
    pub name: String,
    /// The bytes of the file.
    pub bytes: Vec<u8>,
}

/// Loads files and directories (their `*.yaml` and `*.yml`, in the order of names) and merges them: maps
/// deeply, lists are replaced, the later wins.
///
/// The tree is missing when one of the files cannot be read as YAML. Otherwise it is there even when there
/// are errors: read the typed settings from it with [`crate::read`], adding to the same mistakes, so that all
/// are shown at once; then look at [`Mistakes::has_errors`]. Limits: 1 MiB a file, 256 files; together 50,000
/// values, 1,000 aliases, 64 levels, 10,000 `${…}`.
pub fn load(paths: &[PathBuf], env: &dyn Env) -> (Option<Tree>, Mistakes) {
    let mut texts = Vec::new();
    let mut unreadable = Vec::new();
    for path in paths {
        match files_of(path) {
            Ok(files) => files
                .iter()
                .for_each(|file| match env.read_file(file, MAX_FILE_BYTES) {
                    Ok(bytes) if texts.len() < MAX_FILES => {
                        texts.push(NamedText {
                            name: file.display().to_string(),
                            bytes,
                        });
                    }
                    Ok(_) => unreadable.push((file.clone(), format!("more than {MAX_FILES} files"))),
                    Err(error) => unreadable.push((file.clone(), error.to_string())),
                }),
            Err(error) => unreadable.push((path.clone(), error)),
        }
    }
    load_all(texts, unreadable, env)
}

/// Loads one text. Bounded in time and memory for any input.
pub fn load_str(name: &str, text: &str, env: &dyn Env) -> (Option<Tree>, Mistakes) {
    load_texts(
        vec![NamedText {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }],
        env,
    )
}

/// Loads several texts as [`load`] does, the later over the earlier.
pub fn load_texts(texts: Vec<NamedText>, env: &dyn Env) -> (Option<Tree>, Mistakes) {
    load_all(texts, Vec::new(), env)
}

fn files_of(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| error.to_string())?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| error.to_string())?.path();
        let is_yaml = file
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml && !file.is_dir() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err("the directory has no *.yaml or *.yml".to_owned());
    }
    files.sort();
    Ok(files)
}

fn load_all(
    texts: Vec<NamedText>,
    unreadable: Vec<(PathBuf, String)>,
    env: &dyn Env,
) -> (Option<Tree>, Mistakes) {
    let mut sources = Sources::new();
    let mut found = Vec::new();
    for (path, problem) in unreadable {
        let file = sources.add(path.display().to_string(), "");
        let message = format!("cannot read the file: {problem}");
        found.push(Mistake::error(Span::file_start(file), code::FILE, message));
    }
    let expected = texts.len() + found.len();
    let ids: Vec<FileId> = texts
        .into_iter()
        .filter_map(|text| add_text(text, &mut sources, &mut found))
        .collect();
    let sources = Arc::new(sources);
    let mut mistakes = Mistakes::new(Arc::clone(&sources));
    found.into_iter().for_each(|mistake| mistakes.push(mistake));

    let mut usage = yaml::Usage::default();
    let mut merged: Option<Node> = None;
    let mut parsed = 0;
    for id in ids {
        let Some(root) = yaml::parse(&sources, id, &mut usage, &mut mistakes) else {
            continue;
        };
        parsed += 1;
        merged = Some(match merged {
            Some(base) => merge(base, root),
            None => root,
        });
    }
    // After merging, as in the Collector: a variable in a value that is replaced need not be set.
    if let Some(root) = &mut merged {
        Expander::new(env, &sources).expand(root, &mut mistakes);
    }
    // With a file missing, everything that refers to it would be reported too.
    let root = merged.filter(|_| parsed == expected);
    (root.map(|root| Tree { root, sources }), mistakes)
}

/// Checks size and encoding; every file gets an id, so that its mistakes have a place.
fn add_text(text: NamedText, sources: &mut Sources, found: &mut Vec<Mistake>) -> Option<FileId> {
    if text.bytes.len() as u64 > MAX_FILE_BYTES {
        let file = sources.add(text.name, "");
        let message = format!("the file is larger than {MAX_FILE_BYTES} bytes");
        found.push(Mistake::error(Span::file_start(file), code::LIMIT, message));
        return None;
    }
    match String::from_utf8(text.bytes) {
        Ok(content) => Some(sources.add(text.name, content)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
            let readable = String::from_utf8_lossy(&bytes[..valid]).into_owned();
            let file = sources.add(text.name, readable);
            let span = sources.span(file, valid, valid);
            let mistake = Mistake::error(
                span,
                code::SYNTAX,
                format!("the file is not UTF-8 at byte {valid}"),
            );
            found.push(mistake.maybe_hint(utf16.then(|| "it is UTF-16; save it as UTF-8".to_owned())));
            None
        }
    }
}

impl Tree {
    /// A tree with nothing in it, for configurations that consist of defaults.
    pub fn empty() -> Self {
        let mut sources = Sources::new();
        let file = sources.add("(defaults)", "");
        Self {
            root: Node::new(Span::file_start(file), Value::Map(Vec::new())),
            sources: Arc::new(sources),
        }
    }
}
