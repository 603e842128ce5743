use sidelight_component::{Budget, Payload};
use sidelight_proto::views::{DataView, MetricsView, NumberPointView, ValueView};

use super::*;
use crate::sampling::{Attr, HostIdentity, MetricSet, SampleWriter, Sampled, Semconv, Sink};

fn all() -> MetricSet<Heart> {
    MetricSet::of(|_, _| true)
}

fn writer(semconv: Semconv, budget: &Budget) -> SampleWriter {
    SampleWriter::new(budget.clone(), semconv, "sidelight/heart")
}

fn one_resource(semconv: Semconv, measure: impl FnOnce(&mut Sink<'_>)) -> Sampled {
    let mut writer = writer(semconv, &Budget::default());
    let mut sample = writer.begin(START);
    sample.resource(
        |resource| {
            resource.attribute("service.name", "heart");
        },
        measure,
    );
    sample.finish()
}

/// `name [key=value …] value start`, one line a point.
fn points(payload: &Payload) -> Vec<String> {
    let bytes = payload.to_contiguous();
    let mut lines = Vec::new();
    let scopes = MetricsView::new(&bytes)
        .resource_metrics()
        .flat_map(|resource| resource.scope_metrics());
    for metric in scopes.flat_map(|scope| scope.metrics()) {
        let line = |kind: &str, point: NumberPointView<'_>| {
            let attributes: Vec<String> = point
                .attributes()
                .map(|attribute| match attribute.value() {
                    ValueView::String(text) => format!("{}={text}", attribute.key()),
                    other => format!("{}={other:?}", attribute.key()),
                })
                .collect();
            assert_eq!(point.time_unix_nano(), START);
            let value = point
                .value()
                .map_or("none".to_owned(), |value| value.as_f64().to_string());
            let (flags, start) = (point.flags(), point.start_time_unix_nano());
            format!(
                "{} {kind} [{}] {value} {flags} {start}",
                metric.name(),
                attributes.join(" ")
            )
        };
        match metric.data() {
            DataView::Gauge(gauge) => lines.extend(gauge.data_points().map(|point| line("gauge", point))),
            DataView::Sum(sum) => {
                let kind = if sum.is_monotonic() { "counter" } else { "up-down" };
                lines.extend(sum.data_points().map(|point| line(kind, point)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lines.len(), payload.items());
    lines
}

fn everything(sink: &mut Sink<'_>) {
    sink.sums_start(5);
    sink.metric(all(), Heart::Beats, |points| {
        let wall: &[_] = &[(SIDE, LEFT.into()), (WALL, Attr::Numbered(1, "w1"))];
        points.add(7_u64, wall);
    });
    sink.metric(all(), Heart::Volume, |points| points.end(&[]));
    sink.metric(all(), Heart::Pressure, |points| {
        points.add(0.5, &[(SIDE, "right".into())])
    });
}

#[test]
fn each_spelling_has_its_names_and_both_together_do_not_double_a_sum() {
    let written = |semconv| points(&one_resource(semconv, everything).payload);
    assert_eq!(
        written(Semconv::V1),
        [
            "heart.beats counter [heart.side=left heart.wall=Int(1)] 7 0 5",
            "heart.volume up-down [] none 1 5",
            "heart.pressure gauge [heart.side=right] 0.5 0 0",
        ]
    );
    assert_eq!(
        written(Semconv::Legacy),
        [
            "heart.beats counter [side=l heart.wall=w1] 7 0 5",
            "heart.content up-down [] none 1 5",
            "heart.pressure gauge [side=right] 0.5 0 0",
        ]
    );
    assert_eq!(
        written(Semconv::Dup),
        [
            "heart.beats counter [heart.side=left side=l heart.wall=Int(1)] 7 0 5",
            "heart.volume up-down [] none 1 5",
            "heart.content up-down [] none 1 5",
            "heart.pressure gauge [heart.side=right side=right] 0.5 0 0",
        ]
    );
}

#[test]
fn what_is_written_is_canonical_and_says_whose_it_is() {
    let identity = HostIdentity {
        name: Some("box".into()),
        id: Some("abc".into()),
    };
    let mut writer = writer(Semconv::V1, &Budget::default());
    let mut sample = writer.begin(START);
    let instance = identity.instance("sidelight", "host");
    sample.resource(|resource| instance.write(resource), everything);
    let payload = sample.finish().payload;
    let bytes = payload.to_contiguous();
    let admitted = sidelight_proto::admit(sidelight_proto::Signal::Metrics, bytes.clone()).expect("valid");
    assert_eq!((admitted.items, admitted.bytes), (3, bytes.clone()));
    let resource = MetricsView::new(&bytes).resource_metrics().next().expect("one");
    assert_eq!(resource.schema_url(), "https://opentelemetry.io/schemas/1.44.0");
    let text = |key| match resource.resource().attributes().get(key) {
        Some(ValueView::String(text)) => text.to_owned(),
        other => panic!("{key}: {other:?}"),
    };
    assert_eq!(
        (text("service.name").as_str(), text("host.id").as_str()),
        ("sidelight", "abc")
    );
    assert_eq!(text("service.instance.id"), instance.id());
    let scope = resource.scope_metrics().next().expect("one");
    assert_eq!(
        (scope.scope().name(), scope.schema_url()),
        ("sidelight/heart", resource.schema_url())
    );
}

#[test]
fn metrics_and_resources_without_a_point_are_not_written() {
    let sampled = one_resource(Semconv::Dup, |sink| {
        sink.metric(all(), Heart::Beats, |_| {});
        sink.metric(MetricSet::default(), Heart::Volume, |points| {
            points.add(1_u64, &[])
        });
    });
    assert!(sampled.payload.is_empty() && sampled.refused == 0);
    let sampled = one_resource(Semconv::V1, |sink| {
        sink.metric(all(), Heart::Beats, |_| {});
        sink.metric(all(), Heart::Volume, |points| points.add(1_u64, &[]));
    });
    assert_eq!(points(&sampled.payload), ["heart.volume up-down [] 1 0 0"]);
}

#[test]
fn the_budget_is_charged_while_a_sample_is_kept_and_a_resource_without_room_is_refused_alone() {
    let budget = Budget::new(64 << 10);
    let mut writer = writer(Semconv::V1, &budget);
    let mut sample = writer.begin(START);
    let many = |count: u64| {
        move |sink: &mut Sink<'_>| {
            sink.metric(all(), Heart::Beats, |points| {
                for beat in 0..count {
                    points.add(beat, &[(SIDE, LEFT.into())]);
                }
            });
        }
    };
    sample.resource(|_| {}, many(10));
    sample.resource(|_| {}, many(5000));
    sample.resource(|_| {}, many(20));
    let sampled = sample.finish();
    assert_eq!((sampled.payload.items(), sampled.refused), (30, 5000));
    assert!(budget.used() >= sampled.payload.len());
    drop(sampled);
    assert_eq!(budget.used(), 0);

    let held = budget.charge(64 << 10).expect("all of it");
    let mut sample = writer.begin(START);
    sample.resource(|_| {}, many(10));
    let sampled = sample.finish();
    assert!(sampled.payload.is_empty() && sampled.refused > 0);
    drop(held);
}

#[test]
fn a_large_sample_is_several_requests_of_whole_resources() {
    let mut writer = writer(Semconv::V1, &Budget::default());
    for _ in 0..2 {
        let mut sample = writer.begin(START);
        for _ in 0..100 {
            sample.resource(
                |_| {},
                |sink| {
                    sink.metric(all(), Heart::Beats, |points| {
                        (0..1000_u64).for_each(|beat| points.add(beat, &[]));
                    });
                },
            );
        }
        let sampled = sample.finish();
        assert_eq!((sampled.payload.items(), sampled.refused), (100_000, 0));
        assert!(sampled.payload.chunks().len() > 1);
        for chunk in sampled.payload.chunks() {
            assert!(chunk.bytes.len() < 2 << 20);
            assert_eq!(chunk.items % 1000, 0);
            let found = MetricsView::new(&chunk.bytes).resource_metrics().count();
            assert_eq!(found * 1000, chunk.items);
        }
    }
}

#[test]
fn an_instance_is_the_same_for_ever_and_differs_by_host_service_and_selector() {
    let host = |id: &str| HostIdentity {
        name: Some("box".into()),
        id: Some(id.into()),
    };
    let id = |host: HostIdentity, service, selector| host.instance(service, selector).id().to_owned();
    let first = id(host("a"), "app", "x");
    assert_eq!(first, id(host("a"), "app", "x"));
    let others = [
        id(host("b"), "app", "x"),
        id(host("a"), "ap", "px"),
        id(host("a"), "app", "y"),
        id(HostIdentity::default(), "app", "x"),
    ];
    assert!(!others.contains(&first), "{others:?}");
    // RFC 9562: 8-4-4-4-12 digits, version 8, variant 10.
    let parts: Vec<&str> = first.split('-').collect();
    assert_eq!(
        parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
        [8, 4, 4, 4, 12]
    );
    assert!(
        parts[2].starts_with('8') && parts[3].starts_with(['8', '9', 'a', 'b']),
        "{first}"
    );
}

#[test]
fn a_host_is_read_below_its_root() {
    let root = tempfile::tempdir().expect("a folder");
    assert_eq!(HostIdentity::read(root.path()), HostIdentity::default());
    std::fs::create_dir(root.path().join("etc")).expect("made");
    std::fs::write(root.path().join("etc/hostname"), "inner\n").expect("written");
    std::fs::write(root.path().join("etc/machine-id"), "0123\n").expect("written");
    let found = HostIdentity::read(root.path());
    assert_eq!(
        (found.name.as_deref(), found.id.as_deref()),
        (Some("inner"), Some("0123"))
    );
    let here = HostIdentity::read(std::path::Path::new("/"));
    let hostname = std::process::Command::new("uname")
        .arg("-n")
        .output()
        .expect("run");
    assert_eq!(
        here.name.as_deref(),
        Some(String::from_utf8_lossy(&hostname.stdout).trim())
    );
}
