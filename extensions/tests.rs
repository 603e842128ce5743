//! What holds for every extension: it is in the list, and its README is that of the code.

use std::collections::BTreeSet;
use std::path::PathBuf;

use sidelight_component::registry::ExtensionEntry;
use sidelight_config::{FixedEnv, Owner, load_str, markdown_table};

use crate::COMPONENTS;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");
/// The role's section of `pipeline.yaml`.
const SECTION: &str = "extensions";

#[test]
fn every_folder_is_in_the_list() {
    let entries = std::fs::read_dir(FOLDER).expect("the folder of the extensions");
    let folders: BTreeSet<String> = entries
        .map(|entry| entry.expect("a folder can be read"))
        .filter(|entry| entry.path().join("mod.rs").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let listed: BTreeSet<String> = COMPONENTS
        .iter()
        .map(|entry| entry.about.name.to_owned())
        .collect();
    for name in &folders {
        assert!(
            listed.contains(name),
            "extensions/{name} is not in the list: add `pub mod {name};` and `{name}` inside `registry! {{ … }}` \
             in extensions/lib.rs, with `ABOUT.name` being \"{name}\""
        );
    }
    for name in &listed {
        assert!(
            folders.contains(name),
            "`{name}` is in the list of extensions/lib.rs but has no folder extensions/{name}"
        );
    }
    assert_eq!(
        listed.len(),
        COMPONENTS.len(),
        "a name stands twice in the list of extensions/lib.rs"
    );
}

#[test]
fn every_readme_has_the_parts_a_user_looks_for() {
    for entry in COMPONENTS {
        let (name, readme) = (entry.about.name, entry.about.readme);
        assert!(
            readme.starts_with(&format!("# `{name}` extension\n")),
            "the title of {}",
            path(entry).display()
        );
        for part in [
            "```yaml\n",
            "\n## Settings\n",
            "\n## Emitted telemetry\n",
            "\n## Limits\n",
        ] {
            assert!(readme.contains(part), "{} has no {part:?}", path(entry).display());
        }
    }
}

#[test]
fn the_table_of_settings_is_that_of_the_code() {
    for entry in COMPONENTS {
        let readme = entry.about.readme;
        let table = markdown_table(&(entry.table)());
        let written = readme
            .split_once("<!-- settings -->\n")
            .and_then(|(_, rest)| rest.split_once("<!-- /settings -->"))
            .map(|(table, _)| table);
        assert!(
            written == Some(table.as_str()),
            "put this between `<!-- settings -->` and `<!-- /settings -->` in {}:\n{table}",
            path(entry).display()
        );
    }
}

#[test]
fn the_example_of_every_readme_is_read_without_a_mistake() {
    for entry in COMPONENTS {
        let (_, rest) = entry.about.readme.split_once("```yaml\n").expect("an example");
        let (example, _) = rest.split_once("```").expect("the end of the example");
        let (tree, mut mistakes) = load_str("README.md", example, &FixedEnv::default());
        let tree = tree.expect("the example is YAML");
        let instances = tree
            .root
            .get(SECTION)
            .and_then(|section| section.as_map())
            .expect("the section");
        let mut found = 0;
        for (key, node) in instances
            .iter()
            .filter(|(key, _)| key.name.split('/').next() == Some(entry.about.name))
        {
            let owner = Owner {
                label: format!("extension `{}`", key.name),
                readme: None,
                place: key.span,
            };
            let read = (entry.read)(node, owner, &mut mistakes);
            assert!(
                read.is_some(),
                "{}:\n{}",
                path(entry).display(),
                mistakes.render_plain()
            );
            found += 1;
        }
        assert!(
            found > 0,
            "the example of {} does not use it",
            path(entry).display()
        );
        assert!(
            mistakes.is_empty(),
            "{}:\n{}",
            path(entry).display(),
            mistakes.render_plain()
        );
    }
}

fn path(entry: &ExtensionEntry) -> PathBuf {
    [FOLDER, entry.about.name, "README.md"].iter().collect()
}
