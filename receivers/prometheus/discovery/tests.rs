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

#[tokio::test]
async fn a_file_that_was_replaced_by_one_of_the_same_size_and_time_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let id: ComponentId = "prometheus".parse().expect("an id");
    let (path, next) = (folder.path().join("a.json"), folder.path().join("next"));
    let old = std::time::SystemTime::UNIX_EPOCH;
    let mut discovery = discovery(folder.path(), "");
    for (file, address) in [(&path, "a:1"), (&next, "b:1")] {
        std::fs::write(file, format!("[{{\"targets\":[\"{address}\"]}}]")).expect("written");
        let file = std::fs::File::options().write(true).open(file).expect("opened");
        file.set_modified(old).expect("set");
    }
    assert_eq!(
        addresses(&discovery.look(&id).await.expect("the first time")),
        ["a:1"]
    );
    std::fs::rename(&next, &path).expect("renamed");
    assert_eq!(addresses(&discovery.look(&id).await.expect("replaced")), ["b:1"]);
}

#[tokio::test]
async fn targets_stay_while_their_folder_cannot_be_read_and_go_when_it_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let id: ComponentId = "prometheus".parse().expect("an id");
    let inner = folder.path().join("inner");
    let mut discovery = discovery(&inner, "");
    let none: [&str; 0] = [];
    assert_eq!(
        addresses(&discovery.look(&id).await.expect("the first time")),
        none
    );
    assert_eq!(discovery.look(&id).await, None, "it is still not there");

    std::fs::create_dir(&inner).expect("made");
    std::fs::write(inner.join("a.json"), "[{\"targets\":[\"a:1\"]}]").expect("written");
    assert_eq!(addresses(&discovery.look(&id).await.expect("there now")), ["a:1"]);

    let aside = folder.path().join("aside");
    std::fs::rename(&inner, &aside).expect("renamed");
    std::fs::write(&inner, "no folder").expect("written");
    assert_eq!(discovery.look(&id).await, None, "it cannot be read");
    std::fs::remove_file(&inner).expect("removed");
    assert_eq!(addresses(&discovery.look(&id).await.expect("gone")), none);
}

#[tokio::test]
async fn a_long_list_in_json_is_taken_up_to_the_limit_and_the_rest_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let id: ComponentId = "prometheus".parse().expect("an id");
    let all: Vec<String> = (0..MAX_TARGETS + 7)
        .map(|number| format!("\"host-{number}:9100\""))
        .collect();
    let text = format!("[{{\"targets\": [{}]}}]", all.join(","));
    assert!(text.len() > 1 << 20);
    std::fs::write(folder.path().join("a.json"), text).expect("written");
    let mut discovery = discovery(folder.path(), "");
    assert_eq!(
        discovery.look(&id).await.expect("the first time").len(),
        MAX_TARGETS
    );
    assert_eq!(discovery.left_out(), 7);
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
        (
            "a.json",
            "[{},\n{\"tragets\": []}]",
            "unknown field `tragets`, expected `targets` or `labels` at line 2 column 10",
        ),
        (
            "a.json",
            "[{\"labels\": {\"a\": 1}}]",
            "invalid type: integer `1`, expected a string at line 1 column 19",
        ),
        ("a.json", "[{\"labels\": {\"\": \"x\"}}]", "a label has no name"),
        (
            "a.json",
            "[null]",
            "invalid type: null, expected a group with `targets` and `labels` at line 1 column 5",
        ),
    ] {
        assert_eq!(parse(name, text).expect_err(text), expected);
    }
    assert!(parse("a.json", "[]").expect("empty").is_empty());
    assert!(parse("a.yml", "[]").expect("empty").is_empty());
}
