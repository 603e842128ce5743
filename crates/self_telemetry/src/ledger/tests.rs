use proptest::prelude::*;

use super::*;

fn pipeline(id: &str) -> Row {
    Row::new(Edge::Pipeline(id.parse().expect("an id")))
}

fn exporter(id: &str) -> Row {
    Row::new(Edge::Exporter(id.parse().expect("an id"), Signal::Traces))
}

fn example() -> Ledger {
    let mut into = Row {
        accepted: 1_234_600,
        delivered: 1_234_000,
        ..pipeline("traces/slow")
    };
    into.filtered.insert("filter/health".to_owned(), 500);
    into.dropped.insert("no memory".to_owned(), 100);
    let out = Row {
        accepted: 1_234_000,
        delivered: 1_200_000,
        queued: 30_000,
        refused: 3_000,
        withdrawn: 1_000,
        maybe_duplicate: 7,
        ..exporter("otlp_grpc")
    };
    Ledger {
        rows: vec![into, out],
        lost_branches: 0,
    }
}

#[test]
fn the_table_shows_what_there_is_and_the_reasons() {
    let head = [
        "accepted",
        "delivered",
        "queued",
        "filtered",
        "dropped",
        "refused",
        "withdrawn",
        "maybe",
        "twice",
    ];
    let table = example().to_string();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].split_whitespace().eq(head), "{table}");
    assert_eq!(
        lines[1].split_whitespace().collect::<Vec<_>>()[..3],
        ["pipeline/traces/slow", "1,234,600", "1,234,000"]
    );
    assert_eq!(lines[2].split_whitespace().nth(3), Some("30,000"));
    // Columns end at the same place.
    assert!(
        lines[0].len() == lines[1].len() && lines[1].len() == lines[2].len(),
        "{table}"
    );
    assert_eq!(
        lines[3..],
        [
            "pipeline/traces/slow: 500 filtered by filter/health",
            "pipeline/traces/slow: 100 dropped: no memory",
            "every item is accounted for",
        ]
    );
    assert!(!table.contains("created") && !table.contains("merged"));
}

#[test]
fn what_is_missing_or_counted_twice_is_said_for_each_row() {
    let mut ledger = example();
    ledger.rows[0].delivered -= 2;
    ledger.rows[1].queued += 5;
    ledger.lost_branches = 1;
    let faults = ledger.balances().expect_err("faults");
    assert_eq!(
        faults,
        [
            "pipeline/traces/slow: 2 items are not accounted for (in: 1234600, found: 1234598)",
            "exporter/otlp_grpc/traces: 5 items are counted twice (in: 1234000, found: 1234005)",
            "1 batches ended without an answer",
        ]
    );
    assert!(
        ledger
            .to_string()
            .contains("DOES NOT BALANCE exporter/otlp_grpc/traces: 5 items")
    );
}

#[test]
fn figures_near_the_end_of_their_range_do_not_wrap() {
    let row = Row {
        accepted: u64::MAX,
        created: u64::MAX,
        delivered: u64::MAX,
        queued: u64::MAX,
        ..pipeline("logs")
    };
    assert_eq!(
        Ledger {
            rows: vec![row],
            lost_branches: 0
        }
        .balances(),
        Ok(())
    );
}

#[test]
fn every_figure_is_a_series() {
    let [items, lost] = example().families();
    let find = |labels: &[(&str, &str)]| {
        let labels: Labels = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        items
            .series
            .iter()
            .find(|(l, _)| *l == labels)
            .map(|(_, value)| *value)
    };
    assert_eq!(items.name, "sidelight_ledger_items");
    assert_eq!(
        find(&[("edge", "pipeline/traces/slow"), ("kind", "accepted")]),
        Some(1_234_600.0)
    );
    let filtered = [
        ("edge", "pipeline/traces/slow"),
        ("kind", "filtered"),
        ("by", "filter/health"),
    ];
    assert_eq!(find(&filtered), Some(500.0));
    let dropped = [
        ("edge", "pipeline/traces/slow"),
        ("kind", "dropped"),
        ("reason", "no memory"),
    ];
    assert_eq!(find(&dropped), Some(100.0));
    assert_eq!(
        find(&[("edge", "exporter/otlp_grpc/traces"), ("kind", "maybe_duplicate")]),
        Some(7.0)
    );
    assert_eq!(lost.series, [(Labels::new(), 0.0)]);
}

proptest! {
    #[test]
    fn a_row_balances_exactly_when_its_terms_do(
        parts in proptest::collection::vec(0_u64..1 << 40, 7), created in 0_u64..1000, off in -3_i64..=3,
    ) {
        let mut row = Row {
            delivered: parts[0], queued: parts[1], merged: parts[2], refused: parts[3], withdrawn: parts[4],
            ..pipeline("metrics")
        };
        row.filtered.insert("f".to_owned(), parts[5]);
        row.dropped.insert("d".to_owned(), parts[6]);
        let sum: u64 = parts.iter().sum::<u64>() + 2000;
        row.delivered += 2000;
        row.created = created;
        row.accepted = (sum - created).saturating_add_signed(off);
        let ledger = Ledger { rows: vec![row], lost_branches: 0 };
        prop_assert_eq!(ledger.balances().is_ok(), off == 0);
    }
}
