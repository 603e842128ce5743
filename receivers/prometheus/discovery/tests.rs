//! Files with targets on a real file system.

use std::path::Path;

use sidelight_component::Role;
use sidelight_testkit::component;

use super::group::parse;
use super::*;

fn discovery(folder: &Path, rest: &str) -> Discovery {
    let yaml = format!(
        "job_name: j\nfile_sd_configs: [{{files: ['{}/*.json', '{}/*.yml']}}]\n{rest}",
        folder.display(),
        folder.display()
    );
    let job: ScrapeConfig = component::settings(Role::Receiver, "x", &yaml).unwrap_or_else(|e| panic!("{e}"));
    Discovery::new(&job)
}

fn addresses(labels: &[Labels]) -> Vec<&str> {
    labels.iter().map(|labels| labels.get("__address__")).collect()
}

#[tokio::test]
async fn files_are_read_again_when_they_change_and_keep_their_targets_while_they_are_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    let id: ComponentId = "prometheus".parse().expect("an id");
    let json = folder.path().join("a.json");
    std::fs::write(
        &json,
        "[\n{\"targets\": [\"a:1\", \"a:2\"],\n\"labels\": {\"x\": \"y$1\"}}\n]",
    )
    .expect("written");
    let mut discovery = discovery(folder.path(), "static_configs: [{targets: ['s:1']}]\n");
    let found = discovery.look(&id).await.expect("the first time");
    assert_eq!(addresses(&found), ["s:1", "a:1", "a:2"]);
    assert_eq!(found[1].get("x"), "y$1");
    assert_eq!(
        found[0].get("__meta_filepath"),
        "",
        "written down in the configuration"
    );
    assert_eq!(found[1].get("__meta_filepath"), json.display().to_string());
    assert_eq!(discovery.look(&id).await, None, "nothing changed");

    std::fs::write(
        folder.path().join("b.yml"),
        "---\n- targets:\n  - b:1\n- targets: ['b:2']\n  labels: {n: 1}\n",
    )
    .expect("written");
    let found = discovery.look(&id).await.expect("a new file");
    assert_eq!(addresses(&found), ["s:1", "a:1", "a:2", "b:1", "b:2"]);
    assert_eq!(found[4].get("n"), "1");

    std::fs::write(&json, "[{\"targets\": [\"a:1\", ").expect("written");
    assert_eq!(discovery.look(&id).await, None, "half a file changes nothing");
    std::fs::remove_file(&json).expect("removed");
    assert_eq!(
        addresses(&discovery.look(&id).await.expect("a file less")),
        ["s:1", "b:1", "b:2"]
    );
}

#[test]
fn a_mistake_in_a_file_has_its_line() {
    for (name, text, expected) in [
        (
            "a.yml",
            "- targets: [a]\n- tragets: [b]\n",
            "line 2: unknown setting `tragets` in `groups.1` of the file",
        ),
        (
            "a.yml",
            "- targets: x\n",
            "line 1: `groups.0.targets` of the file must be a list, not `x`",
        ),
        ("a.json", "[{]", "key must be a string at line 1 column 3"),
    ] {
        assert_eq!(parse(name, text).expect_err(text), expected);
    }
    assert!(parse("a.json", "[]").expect("empty").is_empty());
    assert!(parse("a.yml", "[]").expect("empty").is_empty());
}
