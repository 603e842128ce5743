//! One scrape after the other: starts, resets, ends, times of the target's own, forgetting.

use opentelemetry_proto::tonic::metrics::v1::metric::Data;

use super::super::Counts;
use super::rig::{Rig, START, STEP, Scraped};

fn start_and_time(scraped: &Scraped, name: &str) -> (u64, u64) {
    match &scraped.metric(name).data {
        Some(Data::Sum(sum)) => (
            sum.data_points[0].start_time_unix_nano,
            sum.data_points[0].time_unix_nano,
        ),
        Some(Data::Gauge(gauge)) => (
            gauge.data_points[0].start_time_unix_nano,
            gauge.data_points[0].time_unix_nano,
        ),
        Some(Data::Histogram(h)) => (
            h.data_points[0].start_time_unix_nano,
            h.data_points[0].time_unix_nano,
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_counter_keeps_its_start_until_it_is_reset() {
    let mut rig = Rig::plain();
    let page = |value: u32| format!("# TYPE a counter\na {value}\n# TYPE h histogram\nh_count {value}\n");
    let times = |scraped: &Scraped| [start_and_time(scraped, "a"), start_and_time(scraped, "h")];
    assert_eq!(times(&rig.scrape(&page(5))), [(START, START); 2]);
    assert_eq!(times(&rig.scrape(&page(9))), [(START, START + STEP); 2]);
    rig.fail();
    assert_eq!(
        times(&rig.scrape(&page(10))),
        [(START, START + 3 * STEP); 2],
        "an outage is no reset"
    );
    assert_eq!(
        times(&rig.scrape(&page(1))),
        [(START + 3 * STEP, START + 4 * STEP); 2]
    );
}

#[test]
fn what_is_gone_is_marked_once() {
    let mut rig = Rig::plain();
    let whole = "\
a 1
# TYPE c counter
c 1
# TYPE h histogram
h_bucket{le=\"1\"} 1
h_bucket{le=\"+Inf\"} 1
h_count 1
# TYPE s summary
s{quantile=\"0.5\"} 1
s_count 1
";
    rig.scrape(whole);
    let ended = [
        "a gauge none flags=1",
        "c counter none flags=1",
        "h histogram count=0 sum=None [1.0] [0, 0] flags=1",
        "s summary count=0 sum=0 [(0.5, 0.0)] flags=1",
    ];
    assert_eq!(rig.scrape("b 1\n").lines(), [&ended[..], &["b gauge 1"]].concat());
    assert_eq!(rig.scrape("b 1\n").lines(), ["b gauge 1"]);
    assert_eq!(
        rig.scrape(whole).lines().len(),
        5,
        "all are back, and b has ended"
    );
    assert_eq!(rig.fail().lines(), ended);
    assert!(rig.fail().lines().is_empty());
}

#[test]
fn a_target_that_is_gone_ends_with_all_its_series() {
    let mut rig = Rig::plain();
    rig.scrape("a 1\n");
    rig.now += STEP;
    rig.state.fail(rig.now);
    let gone = rig.write_report(None, Counts::default());
    assert_eq!(gone.lines(), ["a gauge none flags=1"]);
    let Some(Data::Gauge(up)) = &gone.metric("up").data else {
        panic!()
    };
    assert_eq!((up.data_points[0].value, up.data_points[0].flags), (None, 1));
}

#[test]
fn times_of_the_target_are_taken_in_order_or_not_at_all() {
    let millis = START / 1_000_000;
    let mut rig = Rig::plain();
    let at = |time: u64| format!("a 1 {time}\nb 2\n");
    assert_eq!(
        start_and_time(&rig.scrape(&at(millis - 5)), "a").1,
        START - 5_000_000
    );
    assert_eq!(
        rig.scrape(&at(millis - 5)).lines(),
        ["b gauge 2"],
        "it has nothing new to say"
    );
    let earlier = rig.scrape(&at(millis - 6));
    assert_eq!(
        (earlier.lines(), earlier.counts.out_of_order),
        (vec!["b gauge 2".to_owned()], 1)
    );
    let future = rig.scrape(&at(millis + 3_600_000));
    assert_eq!(
        (future.lines(), future.counts.out_of_bounds),
        (vec!["b gauge 2".to_owned()], 1)
    );
    assert_eq!(start_and_time(&rig.scrape(&at(millis)), "a").1, START);
    assert_eq!(
        rig.scrape("b 2\n").lines(),
        ["b gauge 2"],
        "its end is not marked"
    );

    let mut tracked = Rig::new("track_timestamps_staleness: true", "");
    tracked.scrape(&at(millis));
    assert_eq!(
        tracked.scrape("b 2\n").lines(),
        ["a gauge none flags=1", "b gauge 2"]
    );
    let mut ignored = Rig::new("honor_timestamps: false", "");
    assert_eq!(start_and_time(&ignored.scrape(&at(7)), "a").1, START);
}

#[test]
fn a_series_that_stands_twice_counts_once_and_the_first_wins() {
    let mut rig = Rig::plain();
    let page = "a{b=\"c\"} 1\na{b=\"c\"} 2\na{ b=\"c\" } 3\n# TYPE h histogram\nh_count 1\nh_count 2\n";
    for _ in 0..2 {
        let scraped = rig.scrape(page);
        assert_eq!(
            scraped.lines(),
            ["a gauge b=c 1", "h histogram count=1 sum=None [] [1] flags=0"]
        );
        assert_eq!((scraped.counts.scraped, scraped.counts.duplicate), (5, 3));
    }
}

#[test]
fn a_type_that_changes_or_comes_late_counts_from_then_on() {
    let mut rig = Rig::plain();
    assert_eq!(rig.scrape("a 1\n# TYPE a counter\n").lines(), ["a gauge 1"]);
    assert_eq!(
        rig.scrape("a 1\n# TYPE a counter\n").lines(),
        ["a gauge none flags=1", "a counter 1"]
    );
    assert_eq!(rig.scrape("a 1\n# TYPE a counter\n").lines(), ["a counter 1"]);
    assert_eq!(
        rig.scrape("# TYPE a gauge\na 1\n").lines(),
        ["a gauge 1", "a counter none flags=1"]
    );
    let late = "h_count 2\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\n";
    assert_eq!(rig.scrape(late).lines()[1..], ["h_count gauge 2"]);
    let settled = rig.scrape(late);
    assert_eq!(
        settled.lines(),
        [
            "h_count gauge none flags=1",
            "h histogram count=2 sum=None [1.0] [1, 1] flags=0"
        ]
    );
}

#[test]
fn series_that_come_and_go_are_forgotten_and_their_memory_is_given_back() {
    let mut rig = Rig::plain();
    let page = |round: usize| -> String {
        let lines = (0..300).map(|number| {
            format!("# TYPE m{round}_{number} counter\nm{round}_{number}{{otel_scope_name=\"s{round}\",b=\"{number}\"}} 1\n")
        });
        lines.chain(["stays 1\n".to_owned()]).collect()
    };
    let mut used = Vec::new();
    for round in 0..20 {
        let scraped = rig.scrape(&page(round));
        let ended = if round == 0 { 0 } else { 300 };
        assert_eq!(scraped.lines().len(), 301 + ended, "round {round}");
        assert!(scraped.lines().contains(&"stays gauge 1".to_owned()));
        used.push(rig.budget.used());
    }
    assert!(rig.state.entries.len() <= 602, "{}", rig.state.entries.len());
    assert!(
        rig.state.places.scopes.len() <= 4 && rig.state.metadata.len() <= 1202,
        "{}",
        rig.state.metadata.len()
    );
    assert!(used[19] < 2 * used[3], "{used:?}");
    for _ in 0..11 {
        rig.fail();
    }
    assert!(
        rig.state.entries.is_empty(),
        "a target that stays away is forgotten"
    );
    assert!(
        rig.budget.used() < used[0] / 4,
        "{} of {used:?}",
        rig.budget.used()
    );
    assert_eq!(rig.scrape("a 1\n").lines(), ["a gauge 1"]);
}

#[test]
fn a_request_that_finds_no_room_marks_the_ends_the_next_time() {
    let mut rig = Rig::plain();
    rig.scrape("a 1\n");
    rig.record(b"b 1\n", sidelight_exposition::parse::Format::Text)
        .expect("read");
    let full = sidelight_component::Budget::new(1);
    assert!(rig.state.write(None, &full).is_err());
    assert_eq!(rig.scrape("b 1\n").lines(), ["a gauge none flags=1", "b gauge 1"]);
}
