//! The README's tables of metrics are the code's.

use super::super::process::Process;
use super::completeness::TABLES;
use crate::sampling::{MetricTable as _, readme_table};

#[test]
fn the_readme_has_the_metrics_of_the_code() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("host_metrics/README.md");
    let found = std::fs::read_to_string(&path).expect("a README");
    let mut expected = found.clone();
    for (scraper, metrics) in TABLES.into_iter().chain([("process", Process::METRICS)]) {
        let (start, end) = (format!("<!-- metrics: {scraper} -->"), "<!-- /metrics -->");
        expected = sidelight_testkit::readme::between(&expected, &start, end, &readme_table(metrics))
            .unwrap_or_else(|| panic!("the README has no {start}"));
    }
    if std::env::var_os("UPDATE_READMES").is_some() {
        std::fs::write(&path, expected).expect("written");
    } else {
        assert!(
            found == expected,
            "run UPDATE_READMES=1 cargo test -p sidelight-receivers readme"
        );
    }
}
