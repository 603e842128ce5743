//! The ledger of another process, read from its metrics.

use std::collections::BTreeMap;

use sidelight_exposition::parse::text::{Event, Page, Sample};
use sidelight_exposition::parse::{Format, ParseError};

use super::{Edge, Ledger, Row};

/// Rows that are read at most. A configuration has a row for each pipeline and each queue.
const MAX_ROWS: usize = 10_000;

/// Why a page holds no ledger.
#[derive(Debug, thiserror::Error)]
pub enum NoLedger {
    /// It is no page of metrics.
    #[error("this is no page of metrics: {0}")]
    NoPage(#[from] ParseError),
    /// It is the page of something else.
    #[error("there is no ledger on the page: it is not Sidelight's")]
    NotThere,
    /// It has something on it that this version does not know, so the sum would be wrong.
    #[error("this version of the program cannot read the ledger on the page: {0}")]
    Unknown(String),
}

impl Ledger {
    /// Reads what [`Ledger::families`] shows, from a page in the text format. Figures beyond 2^53 are not exact there.
    ///
    /// # Errors
    /// [`NoLedger`].
    pub fn of_page(page: &[u8]) -> Result<Self, NoLedger> {
        let mut page = Page::new(page, Format::Text)?;
        let mut ledger = Self::default();
        let mut is_there = false;
        while let Some(event) = page.next()? {
            let Event::Sample(sample) = event else { continue };
            match &*sample.series.name() {
                "sidelight_ledger_items" => ledger.enter(&sample)?,
                "sidelight_ledger_lost_batches" | "sidelight_ledger_lost_batches_total" => {
                    is_there = true;
                    ledger.lost_branches = count(&sample);
                }
                _ => {}
            }
        }
        if is_there {
            Ok(ledger)
        } else {
            Err(NoLedger::NotThere)
        }
    }

    fn enter(&mut self, sample: &Sample<'_>) -> Result<(), NoLedger> {
        let labels: BTreeMap<_, _> = sample.series.labels().collect();
        let label = |name: &str| {
            labels
                .get(name)
                .map(|value| value.to_string())
                .unwrap_or_default()
        };
        let unknown = |what: &str| NoLedger::Unknown(format!("{what} in {}", sample.series.as_str()));
        let edge = edge(&label("edge")).ok_or_else(|| unknown("an unknown edge"))?;
        let row = self.row(edge).ok_or_else(|| unknown("too many rows"))?;
        let items = count(sample);
        let place = match label("kind").as_str() {
            "accepted" => &mut row.accepted,
            "created" => &mut row.created,
            "delivered" => &mut row.delivered,
            "queued" => &mut row.queued,
            "merged" => &mut row.merged,
            "refused" => &mut row.refused,
            "withdrawn" => &mut row.withdrawn,
            "maybe_duplicate" => &mut row.maybe_duplicate,
            "filtered" => row.filtered.entry(label("by")).or_default(),
            "dropped" => row.dropped.entry(label("reason")).or_default(),
            _ => return Err(unknown("an unknown kind")),
        };
        *place = items;
        Ok(())
    }

    fn row(&mut self, edge: Edge) -> Option<&mut Row> {
        // The figures of a row stand together.
        let at = match self.rows.iter().rposition(|row| row.edge == edge) {
            Some(at) => at,
            None if self.rows.len() < MAX_ROWS => {
                self.rows.push(Row::new(edge));
                self.rows.len() - 1
            }
            None => return None,
        };
        self.rows.get_mut(at)
    }
}

/// `pipeline/traces/slow`, `connector/log_metrics/logs/metrics`, or `exporter/otlp_grpc/second/traces`.
fn edge(text: &str) -> Option<Edge> {
    let (kind, id) = text.split_once('/')?;
    match kind {
        "pipeline" => Some(Edge::Pipeline(id.parse().ok()?)),
        "exporter" => {
            let (exporter, signal) = id.rsplit_once('/')?;
            Some(Edge::Exporter(exporter.parse().ok()?, signal.parse().ok()?))
        }
        "connector" => {
            let (id, to) = id.rsplit_once('/')?;
            let (connector, from) = id.rsplit_once('/')?;
            Some(Edge::Connector(
                connector.parse().ok()?,
                from.parse().ok()?,
                to.parse().ok()?,
            ))
        }
        _ => None,
    }
}

/// Negative numbers and NaN become 0, what is too large the largest.
fn count(sample: &Sample<'_>) -> u64 {
    sample.tail.value as u64
}

#[cfg(test)]
mod tests {
    use sidelight_component::Signal;

    use super::*;
    use crate::exposition::{Style, render};

    fn page_of(ledger: &Ledger, style: Style) -> Vec<u8> {
        render(
            &ledger.families(),
            &Vec::new(),
            crate::exposition::Format::Text,
            style,
        )
    }

    fn example() -> Ledger {
        let mut pipeline = Row {
            accepted: 12,
            created: 1,
            delivered: 9,
            merged: 1,
            ..Row::new(Edge::Pipeline("traces/slow".parse().expect("an id")))
        };
        pipeline.filtered.insert("filter/\"a\\b\"".to_owned(), 2);
        pipeline.dropped.insert("no memory".to_owned(), 1);
        let exporter = Row {
            accepted: 1 << 53,
            delivered: (1 << 53) - 6,
            queued: 1,
            refused: 2,
            withdrawn: 3,
            maybe_duplicate: 4,
            ..Row::new(Edge::Exporter(
                "otlp_grpc/a/b".parse().expect("an id"),
                Signal::Logs,
            ))
        };
        let connector = Row {
            accepted: 5,
            merged: 5,
            ..Row::new(Edge::Connector(
                "log_metrics/a".parse().expect("an id"),
                Signal::Logs,
                Signal::Metrics,
            ))
        };
        Ledger {
            rows: vec![pipeline, connector, exporter],
            lost_branches: 7,
        }
    }

    #[test]
    fn a_ledger_is_read_back_from_its_page() {
        for type_suffix in [false, true] {
            let page = page_of(&example(), Style { type_suffix });
            let read = Ledger::of_page(&page).expect("a ledger");
            assert_eq!(read, example());
        }
        let empty = page_of(&Ledger::default(), Style::default());
        assert_eq!(Ledger::of_page(&empty).expect("a ledger"), Ledger::default());
    }

    #[test]
    fn a_page_without_one_says_what_it_is() {
        for (page, expected) in [
            ("", "it is not Sidelight's"),
            ("up 1\n", "it is not Sidelight's"),
            ("<html>", "this is no page of metrics"),
            (
                "sidelight_ledger_items{edge=\"pipeline/traces\",kind=\"eaten\"} 1\n",
                "an unknown kind",
            ),
            (
                "sidelight_ledger_items{edge=\"cellar\",kind=\"accepted\"} 1\n",
                "an unknown edge",
            ),
            ("sidelight_ledger_items 1\n", "an unknown edge"),
        ] {
            let told = Ledger::of_page(page.as_bytes()).expect_err(page).to_string();
            assert!(told.contains(expected), "{page}: {told}");
        }
    }

    #[test]
    fn figures_that_are_none_do_not_wrap() {
        let page = |value: &str| {
            format!(
                "sidelight_ledger_items{{edge=\"pipeline/logs\",kind=\"accepted\"}} {value}\nsidelight_ledger_lost_batches 0\n"
            )
        };
        for (value, expected) in [
            ("-1", 0),
            ("NaN", 0),
            ("+Inf", u64::MAX),
            ("1e300", u64::MAX),
            ("3", 3),
        ] {
            let ledger = Ledger::of_page(page(value).as_bytes()).expect("a ledger");
            assert_eq!(ledger.rows[0].accepted, expected, "{value}");
        }
    }
}
