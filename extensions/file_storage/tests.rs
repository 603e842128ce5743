//! What the settings say of the storage.

use std::path::PathBuf;

use sidelight_component::{Durability, ExtensionConfig, Resource};
use sidelight_config::{FixedEnv, Owner, Style, load_str};

use super::Config;

fn config(yaml: &str) -> Result<Config, String> {
    let (tree, mut mistakes) = load_str("pipeline.yaml", yaml, &FixedEnv::default());
    let tree = tree.expect("valid YAML");
    let owner = Owner {
        label: "extension `file_storage`".into(),
        readme: None,
        place: tree.root.span,
    };
    let read = sidelight_config::read::<Config>(&tree.root, owner, &mut mistakes);
    read.map(|read| read.config)
        .ok_or_else(|| mistakes.render(Style::Plain))
}

#[test]
fn the_collectors_word_for_fsync_is_ours() {
    let storage = config("fsync: true").expect("good").storage().expect("a storage");
    assert_eq!(storage.durability, Durability::Fsync);
    let storage = config("{}").expect("good").storage().expect("a storage");
    assert_eq!(storage.durability, Durability::Write);
    assert_eq!(storage.directory, None);
}

#[test]
fn what_contradicts_itself_is_said() {
    let mistakes = config("fsync: true\nsync: write").expect_err("a contradiction");
    assert!(mistakes.contains("contradicts `sync`"), "{mistakes}");
    let mistakes = config("compaction: {on_start: true}").expect_err("not supported");
    assert!(mistakes.contains("compaction"), "{mistakes}");
}

#[test]
fn the_folder_is_owned() {
    let owned = config("directory: /var/lib/x").expect("good").resources();
    let path = PathBuf::from("/var/lib/x");
    assert_eq!(
        owned,
        [Resource::Write {
            path,
            setting: "directory".into()
        }]
    );
}
