//! The receiver that CONTRIBUTING.md goes through is built and run, and what is printed there is this code.

use std::path::{Path, PathBuf};

use sidelight_component::registry;
use sidelight_pipeline::Catalog;
use sidelight_testkit::{example, readme};

pub mod heartbeat;

registry! { ReceiverEntry: heartbeat }

const CATALOG: Catalog = Catalog {
    receivers: COMPONENTS,
    processors: sidelight_processors::COMPONENTS,
    connectors: sidelight_connectors::COMPONENTS,
    exporters: sidelight_exporters::COMPONENTS,
    extensions: sidelight_extensions::COMPONENTS,
};

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/heartbeat")
}

/// The blocks of code of one language, without their fences.
fn blocks<'a>(text: &'a str, fence: &str, language: &str) -> Vec<&'a str> {
    let (open, close) = (format!("\n{fence}{language}\n"), format!("\n{fence}\n"));
    let starts = text.split(open.as_str()).skip(1);
    let blocks = starts.filter_map(|rest| rest.split_once(close.as_str()));
    blocks.map(|(block, _)| block).collect()
}

#[test]
fn contributing_prints_the_files_of_the_example() {
    let contributing =
        std::fs::read_to_string(here().join("../../../../CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let rust = blocks(&contributing, "```", "rust");
    let [settings, receiver, tests] = rust[..] else {
        panic!(
            "{} blocks of Rust, expected settings, receiver and tests",
            rust.len()
        )
    };
    let readme = blocks(&contributing, "````", "markdown");
    for (file, printed) in [
        ("README.md", readme.concat()),
        ("mod.rs", format!("{settings}\n\n{receiver}")),
        ("tests.rs", tests.to_owned()),
    ] {
        let text = std::fs::read_to_string(here().join(file)).expect("a file");
        let mut lines = text.lines().zip(printed.lines());
        if let Some((is, said)) = lines.find(|(is, said)| is != said) {
            panic!("{file} has {is:?} where CONTRIBUTING.md has {said:?}");
        }
        assert_eq!(text.trim_end().len(), printed.trim_end().len(), "{file} goes on");
    }
}

#[test]
fn its_readme_has_the_settings_of_the_code() {
    let path = here().join("README.md");
    let expected = readme::with_table(heartbeat::ABOUT.readme, &(COMPONENTS[0].table)()).expect("markers");
    if std::env::var_os("UPDATE_READMES").is_some() {
        std::fs::write(path, expected).expect("written");
    } else {
        assert_eq!(heartbeat::ABOUT.readme, expected);
    }
}

#[tokio::test]
async fn its_example_starts_and_drains() {
    let example = readme::example(heartbeat::ABOUT.readme).expect("an example");
    let plan = example::read(example, CATALOG, &std::env::temp_dir()).unwrap_or_else(|e| panic!("{e}"));
    example::start_and_drain(plan)
        .await
        .unwrap_or_else(|e| panic!("{e}"));
}
