//! Every type of metric, and labels, in one scrape.

use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use sidelight_exposition::parse::Format;

use super::super::RecordError;
use super::rig::{Rig, START, attributes};

#[test]
fn every_type_of_prometheus_has_its_place_in_otlp() {
    let page = "\
# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{code=\"200\"} 7
requests_total{code=\"500\"} 1
# TYPE temperature gauge
temperature -3.5
untyped_total{a=\"\"} 4
# TYPE latency histogram
latency_bucket{path=\"/\",le=\"0.1\"} 1
latency_bucket{path=\"/\",le=\"1\"} 3
latency_bucket{path=\"/\",le=\"+Inf\"} 4
latency_sum{path=\"/\"} 5.5
latency_count{path=\"/\"} 4
# TYPE rpc summary
rpc{quantile=\"0.5\"} 1
rpc{quantile=\"0.9\"} NaN
rpc_sum 10
rpc_count 3
";
    let scraped = Rig::plain().scrape(page);
    assert_eq!(
        scraped.lines(),
        [
            "requests_total counter code=200 7",
            "requests_total counter code=500 1",
            "temperature gauge -3.5",
            "untyped_total gauge 4",
            "latency histogram path=/ count=4 sum=Some(5.5) [0.1, 1.0] [1, 2, 1] flags=0",
            "rpc summary count=3 sum=10 [(0.5, 1.0), (0.9, NaN)] flags=0",
        ]
    );
    assert_eq!(
        (scraped.counts.scraped, scraped.counts.kept, scraped.counts.added),
        (13, 13, 13)
    );
    let requests = scraped.metric("requests_total");
    assert_eq!(requests.description, "Requests.");
    let types: Vec<String> = scraped
        .metrics()
        .map(|metric| attributes(&metric.metadata))
        .collect();
    assert!(
        types.contains(&" prometheus.type=counter".to_owned()),
        "{types:?}"
    );
    assert_eq!(
        attributes(&scraped.metric("untyped_total").metadata),
        " prometheus.type=unknown"
    );
    let Some(Data::Sum(sum)) = &requests.data else {
        panic!()
    };
    let point = &sum.data_points[0];
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano), (START, START));
    assert!(
        point.attributes.iter().any(|attribute| attribute.key == "zone"),
        "labels of the target"
    );
}

#[test]
fn openmetrics_brings_units_starts_exemplars_info_and_states() {
    let page = "\
# TYPE jobs_seconds counter
# UNIT jobs_seconds seconds
jobs_seconds_total{q=\"a\"} 5 # {trace_id=\"0102030405060708090a0b0c0d0e0f10\",span_id=\"0102030405060708\",user=\"x\"} 0.5 1799999999.5
jobs_seconds_created{q=\"a\"} 1799999990.25
# TYPE build info
build_info{version=\"1\"} 1
# TYPE state stateset
state{state=\"on\"} 1
# TYPE load gaugehistogram
load_bucket{le=\"+Inf\"} 2
load_gcount 2
load_gsum 3
# TYPE odd histogram
odd_bucket{le=\"1\"} 2 # {trace_id=\"short\"} 0.25
odd_bucket{le=\"+Inf\"} 2
odd_created 1799999991
# EOF
";
    let scraped = Rig::plain().scrape_as(page.as_bytes(), Format::OpenMetrics);
    assert_eq!(
        scraped.lines(),
        [
            "jobs_seconds_total counter q=a 5",
            "build_info sum version=1 1",
            "state sum state=on 1",
            "load_bucket gauge le=+Inf 2",
            "load_gcount gauge 2",
            "load_gsum gauge 3",
            "odd histogram count=2 sum=None [1.0] [2, 0] flags=0",
        ]
    );
    let metric = scraped.metric("jobs_seconds_total");
    assert_eq!(metric.unit, "s");
    let Some(Data::Sum(sum)) = &metric.data else {
        panic!()
    };
    let point = &sum.data_points[0];
    assert_eq!(point.start_time_unix_nano, 1_799_999_990_250_000_000);
    let exemplar = &point.exemplars[0];
    assert_eq!(exemplar.time_unix_nano, 1_799_999_999_500_000_000);
    assert_eq!((exemplar.trace_id.len(), exemplar.span_id.len()), (16, 8));
    assert_eq!(attributes(&exemplar.filtered_attributes), " user=x");
    let Some(Data::Histogram(odd)) = &scraped.metric("odd").data else {
        panic!()
    };
    let point = &odd.data_points[0];
    assert_eq!(point.start_time_unix_nano, 1_799_999_991_000_000_000);
    assert_eq!(
        attributes(&point.exemplars[0].filtered_attributes),
        " trace_id=short"
    );
    assert_eq!(point.exemplars[0].time_unix_nano, START);
}

#[test]
fn resource_and_scope_come_from_the_target_and_from_info_metrics() {
    let page = "\
# TYPE target_info gauge
target_info{host_name=\"h\",service_version=\"2\"} 1
# TYPE otel_scope_info gauge
otel_scope_info{otel_scope_name=\"lib\",otel_scope_version=\"1\",kind=\"x\"} 1
a 1
b{otel_scope_name=\"lib\",otel_scope_version=\"1\",c=\"d\"} 2
";
    let scraped = Rig::plain().scrape(page);
    let resource = scraped.resource(0).resource.as_ref().expect("there");
    assert_eq!(
        attributes(&resource.attributes),
        " service.name=shop service.instance.id=web-1:8080 url.scheme=http server.address=web-1 \
         server.port=Some(IntValue(8080)) host_name=h service_version=2"
    );
    let scopes = &scraped.resource(0).scope_metrics;
    assert_eq!(scopes.len(), 2);
    assert!(scopes[0].scope.is_none(), "what names no scope has none");
    let scope = scopes[1].scope.as_ref().expect("there");
    assert_eq!((scope.name.as_str(), scope.version.as_str()), ("lib", "1"));
    assert_eq!(attributes(&scope.attributes), " kind=x");
    assert_eq!(scraped.lines(), ["a gauge 1", "b gauge c=d 2"]);
}

#[test]
fn labels_of_the_target_win_or_give_way_as_the_job_says() {
    let page =
        "a{job=\"mine\",instance=\"i\",zone=\"z\"} 1\nb{instance=\"\",exported_zone=\"e\",zone=\"z\"} 2\n";
    let scraped = Rig::plain().scrape(page);
    assert_eq!(
        scraped.lines(),
        [
            "a gauge exported_instance=i exported_job=mine exported_zone=z 1",
            "b gauge exported_exported_zone=z exported_zone=e 2",
        ]
    );
    let honored = Rig::new("honor_labels: true", "").scrape(page);
    assert_eq!(honored.request.resource_metrics.len(), 2);
    let names: Vec<String> = honored
        .request
        .resource_metrics
        .iter()
        .map(|resource| attributes(&resource.resource.as_ref().expect("there").attributes[..2]))
        .collect();
    assert_eq!(names[1], " service.name=mine service.instance.id=i");
    assert_eq!(honored.lines(), ["b gauge exported_zone=e 2", "a gauge 1"]);
}

#[test]
fn histograms_are_put_together_in_any_order_and_repaired_where_they_contradict_themselves() {
    let page = "\
# TYPE h histogram
h_sum 9
h_bucket{le=\"+Inf\"} 7
h_bucket{le=\"2\"} 5
h_bucket{le=\"1\"} 6
h_count 4
# TYPE only_sum histogram
only_sum_sum 1
# TYPE no_inf histogram
no_inf_bucket{le=\"1\"} 2
no_inf_count 3
# TYPE nothing histogram
nothing_bucket{le=\"1\"} 2
# TYPE plain histogram
plain_count 3
# TYPE s summary
s{quantile=\"0.5\"} 1
# TYPE bad histogram
bad_bucket{le=\"x\"} 1
bad 2
bad_bucket 3
";
    let scraped = Rig::plain().scrape(page);
    assert_eq!(
        scraped.lines(),
        [
            "h histogram count=6 sum=Some(9.0) [1.0, 2.0] [6, 0, 0] flags=0",
            "no_inf histogram count=3 sum=None [1.0] [2, 1] flags=0",
            "plain histogram count=3 sum=None [] [3] flags=0",
            "bad_bucket gauge le=x 1",
            "bad_bucket gauge 3",
            "bad gauge 2",
        ]
    );
    assert_eq!(scraped.incomplete, 3, "only_sum, nothing and s");
}

#[test]
fn relabelling_drops_renames_and_keeps_the_type_of_what_it_renames() {
    let job = "\
metric_relabel_configs:
- {source_labels: [__name__], regex: 'drop_.*', action: drop}
- {source_labels: [__name__], regex: 'old_(.*)', target_label: __name__, replacement: 'new_$1'}
- {source_labels: [__name__], regex: 'h_bucket', target_label: __name__, replacement: 'buckets'}
- {regex: secret, action: labeldrop}";
    let page = "\
drop_a 1
# TYPE old_x_total counter
# HELP old_x_total Help.
old_x_total{secret=\"s\"} 2
# TYPE h histogram
h_bucket{le=\"1\"} 3
h_count 3
";
    let scraped = Rig::new(job, "").scrape(page);
    let expected = [
        "new_x_total counter 2",
        "buckets gauge le=1 3",
        "h histogram count=3 sum=None [] [3] flags=0",
    ];
    assert_eq!(scraped.lines(), expected);
    assert_eq!(scraped.metric("new_x_total").description, "Help.");
    assert_eq!(
        (scraped.counts.scraped, scraped.counts.kept, scraped.counts.added),
        (4, 3, 3)
    );
}

#[test]
fn suffixes_are_trimmed_and_external_labels_added_where_asked_for() {
    let page = "# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{zone=\"z\"} 1\n# EOF\n";
    let mut rig = Rig::new(
        "scrape_interval: 10s",
        "trim_metric_suffixes: true\nreport_extra_scrape_metrics: true",
    );
    let scraped = rig.scrape_as(page.as_bytes(), Format::OpenMetrics);
    assert_eq!(scraped.lines(), ["a counter exported_zone=z 1"]);
    let reports = scraped
        .metrics()
        .filter(|metric| metric.name.starts_with("scrape_"))
        .count();
    assert_eq!(reports, 7);
}

#[test]
fn a_page_over_a_limit_or_with_a_wrong_label_fails_as_a_whole() {
    for (job, page, expected) in [
        (
            "sample_limit: 1",
            "a 1\nb 2\n",
            "more than 1 samples (`sample_limit`)",
        ),
        (
            "label_limit: 4",
            "a{b=\"c\"} 1\n",
            "a sample is over the limit of 4 (`label_limit`)",
        ),
        (
            "label_name_length_limit: 8",
            "a{too_long=\"\",too_lonnng=\"c\"} 1\n",
            "(`label_name_length_limit`)",
        ),
        (
            "label_value_length_limit: 10",
            "a{b=\"ccccccccccc\"} 1\n",
            "(`label_value_length_limit`)",
        ),
        (
            "metric_name_validation_scheme: legacy",
            "{\"a.b\"} 1\n",
            "`a.b` is no valid name",
        ),
        (
            "scrape_interval: 10s",
            "a{b=\"c\",b=\"d\"} 1\n",
            "the label `b` stands twice in one series",
        ),
        ("scrape_interval: 10s", "{b=\"c\"} 1\n", "a sample has no name"),
        (
            "scrape_interval: 10s",
            "a 1\nb\n",
            "line 2, column 2: expected a number behind the series",
        ),
    ] {
        let mut rig = Rig::new(job, "");
        let error = rig.record(page.as_bytes(), Format::Text).expect_err(job);
        assert!(error.to_string().contains(expected), "{error}");
        let scraped = rig.write(rig.state.counts(), false);
        assert!(
            scraped.lines().is_empty(),
            "none of it is used: {:?}",
            scraped.lines()
        );
    }
    let mut limited = Rig::new(
        "sample_limit: 1\nmetric_relabel_configs: [{source_labels: [__name__], regex: b, action: drop}]",
        "",
    );
    assert!(
        limited.record(b"a 1\nb 2\n", Format::Text).is_ok(),
        "what is dropped does not count"
    );
}

#[test]
fn what_there_is_no_room_for_fails_and_is_forgotten() {
    let mut rig = Rig::plain();
    rig.state = {
        let small = sidelight_component::Budget::new(20_000);
        SeriesStateOf::fresh(&rig, &small)
    };
    let page: String = (0..1000)
        .map(|number| format!("a{{b=\"{number}\"}} 1\n"))
        .collect();
    assert!(matches!(
        rig.record(page.as_bytes(), Format::Text),
        Err(RecordError::Memory(_))
    ));
}

struct SeriesStateOf;

impl SeriesStateOf {
    fn fresh(rig: &Rig, budget: &sidelight_component::Budget) -> super::super::SeriesState {
        super::super::SeriesState::new(rig.state.job.clone(), rig.state.target.clone(), budget)
    }
}
