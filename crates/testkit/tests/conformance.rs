//! Every registered component, held against what all of them have to keep.

use std::path::{Path, PathBuf};

use sidelight_component::Role;
use sidelight_config::Settings;
use sidelight_pipeline::{Catalog, EngineBlock};
use sidelight_testkit::{Subject, example, folders, readme};

const CATALOG: Catalog = Catalog {
    receivers: sidelight_receivers::COMPONENTS,
    processors: sidelight_processors::COMPONENTS,
    connectors: sidelight_connectors::COMPONENTS,
    exporters: sidelight_exporters::COMPONENTS,
    extensions: sidelight_extensions::COMPONENTS,
};

const ROLES: [Role; 5] = [
    Role::Receiver,
    Role::Processor,
    Role::Connector,
    Role::Exporter,
    Role::Extension,
];

fn subjects() -> Vec<Subject> {
    let mut subjects = Vec::new();
    macro_rules! add {
        ($role:expr, $list:expr) => {
            subjects.extend($list.iter().map(|e| Subject {
                role: $role,
                about: e.about,
                table: (e.table)(),
            }))
        };
    }
    add!(Role::Receiver, CATALOG.receivers);
    add!(Role::Processor, CATALOG.processors);
    add!(Role::Connector, CATALOG.connectors);
    add!(Role::Exporter, CATALOG.exporters);
    add!(Role::Extension, CATALOG.extensions);
    subjects
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a file with what it should be, or writes it where that is asked for.
fn hold(path: &Path, found: &str, expected: &str) {
    if std::env::var_os("UPDATE_READMES").is_some() {
        assert!(
            std::fs::write(path, expected).is_ok(),
            "{} cannot be written",
            path.display()
        );
    } else {
        let line = found
            .lines()
            .zip(expected.lines())
            .position(|(a, b)| a != b)
            .map_or(0, |line| line + 1);
        assert!(
            found == expected,
            "{}:{line} differs from the code: run UPDATE_READMES=1 cargo test -p sidelight-testkit",
            path.display()
        );
    }
}

#[test]
fn every_readme_has_the_settings_of_the_code() {
    for subject in subjects()
        .into_iter()
        .filter(|subject| !subject.table.rows.is_empty())
    {
        let path = root().join(subject.readme_path());
        let text = std::fs::read_to_string(&path).expect("a README");
        let expected = readme::with_table(&text, &subject.table);
        let expected = expected.unwrap_or_else(|| panic!("{} has no settings markers", path.display()));
        hold(&path, &text, &expected);
    }
}

#[test]
fn every_readme_has_the_parts_a_user_looks_for() {
    for subject in subjects() {
        let (path, readme) = (subject.readme_path(), subject.about.readme);
        let title = format!("# `{}` {}\n", subject.about.name, subject.role);
        assert!(readme.starts_with(&title), "{path} does not start with {title:?}");
        for part in ["## Emitted telemetry", "## Limits"] {
            assert!(readme.contains(part), "{path} has no part `{part}`");
        }
    }
}

#[test]
fn the_main_readme_has_the_engines_settings() {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).expect("a README");
    let table = sidelight_config::markdown_table(&EngineBlock::table());
    let expected = readme::between(&text, "<!-- settings: engine -->", "<!-- /settings -->", &table);
    hold(&path, &text, &expected.expect("markers"));
}

#[test]
fn every_folder_is_listed_and_every_listed_component_has_a_folder() {
    for role in ROLES {
        let subjects = subjects();
        let listed: Vec<&str> = subjects
            .iter()
            .filter(|s| s.role == role)
            .map(|s| s.about.name)
            .collect();
        let differences = folders::differences(&root(), role.section(), &listed).expect("a folder");
        assert!(differences.is_empty(), "{}", differences.join("\n"));
    }
}

#[test]
fn names_and_aliases_are_unique_within_a_role() {
    for role in ROLES {
        let mut names: Vec<&str> = subjects()
            .iter()
            .filter(|s| s.role == role)
            .flat_map(|s| s.about.aliases.iter().copied().chain([s.about.name]))
            .collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{role}: {names:?}");
    }
}

/// The example of every README is read without a mistake or warning, started and drained in time, twice: the
/// second start finds everything given back.
#[tokio::test]
async fn every_example_starts_and_drains_twice() {
    for subject in subjects() {
        let path = subject.readme_path();
        let example =
            readme::example(subject.about.readme).unwrap_or_else(|| panic!("{path} has no example"));
        let scratch = std::env::temp_dir().join(format!("sidelight-conformance-{}", std::process::id()));
        std::fs::create_dir_all(&scratch).expect("a scratch folder");
        for _ in 0..2 {
            let plan = example::read(example, CATALOG, &scratch).unwrap_or_else(|e| panic!("{path}:\n{e}"));
            example::start_and_drain(plan)
                .await
                .unwrap_or_else(|e| panic!("{path}: {e}"));
        }
        std::fs::remove_dir_all(&scratch).expect("removed");
    }
}

#[test]
fn the_shipped_pipeline_has_no_mistake() {
    let text = std::fs::read_to_string(root().join("pipeline.yaml")).expect("pipeline.yaml");
    let scratch = std::env::temp_dir();
    example::read(&text, CATALOG, &scratch).unwrap_or_else(|e| panic!("{e}"));
}
