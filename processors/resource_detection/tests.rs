//! The processor with detectors that look at a folder of the test's, and resolvers that take their time.

use std::net::IpAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use sidelight_component::{Ack, Chunk, Clock, Payload, Role, Signal};
use sidelight_proto::encode::LogsEncoder;
use sidelight_proto::views::LogsView;
use sidelight_testkit::component;

use super::detectors::{Environment, Names};
use super::*;

/// A resolver that knows nothing.
struct Silent;

impl Names for Silent {
    fn canonical(&self, _: &str) -> Option<(Option<String>, Vec<IpAddr>)> {
        None
    }

    fn of_address(&self, _: IpAddr) -> Option<String> {
        None
    }
}

/// A host of files, without environment and resolver. The folder goes with the first part.
pub(super) fn surroundings(files: &[(&str, &str)]) -> (tempfile::TempDir, Surroundings) {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, content) in files {
        write(&folder, path, content);
    }
    let at = Surroundings {
        root: folder.path().to_owned(),
        environment: Environment::default(),
        names: Arc::new(Silent),
    };
    (folder, at)
}

fn write(folder: &tempfile::TempDir, path: &str, content: &str) {
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    std::fs::write(path, content).expect("written");
}

struct Rig {
    processor: ResourceDetection,
    clock: Clock,
    context: BuildContext,
}

fn rig(settings: &str, at: Surroundings) -> Rig {
    let config: Config =
        component::settings(Role::Processor, "resource_detection", settings).expect("settings");
    let clock = Clock::virtual_at(0);
    let mut context = component::context(Role::Processor, "resource_detection");
    context.clock = clock.clone();
    Rig {
        processor: ResourceDetection::new(&config, &context, at),
        clock,
        context,
    }
}

impl Rig {
    /// A log record with this resource, through the processor.
    fn process(&mut self, resource: &[(&str, &str)]) -> (Payload, Payload) {
        let mut logs = LogsEncoder::default();
        {
            let mut resource_logs = logs.resource_logs();
            {
                let mut encoder = resource_logs.resource();
                for (key, value) in resource {
                    encoder.attribute(key, *value);
                }
            }
            resource_logs.scope_logs().log_record().body("x");
        }
        let before = Payload::new(Chunk {
            bytes: logs.finish(),
            items: 1,
        });
        let batch = Batch {
            signal: Signal::Logs,
            payload: before.clone(),
            ack: Ack::new().0,
            deadline: None,
        };
        let mut out = Out::default();
        self.processor.process(batch, self.clock.now(), &mut out);
        (before, out.take().pop().expect("one").payload)
    }

    /// The attributes of the resource behind the processor.
    fn attributes(&mut self, resource: &[(&str, &str)]) -> Vec<String> {
        let (_, after) = self.process(resource);
        let bytes = after.to_contiguous();
        let resource = LogsView::new(&bytes)
            .resource_logs()
            .next()
            .expect("one")
            .resource();
        let shown = |(key, value): (&str, sidelight_proto::views::ValueView<'_>)| {
            format!("{key}={}", value.as_str().unwrap_or("?"))
        };
        let mut attributes: Vec<String> = resource
            .attributes()
            .map(|attribute| shown(attribute.into()))
            .collect();
        attributes.sort();
        attributes
    }

    fn is_admitted(&mut self) -> bool {
        let load = Load {
            incoming_bytes: 1,
            pipeline_bytes: 0,
            budget_used: 0,
        };
        self.processor.admit(load, self.clock.now()).is_ok()
    }

    fn failures(&self) -> f64 {
        let families = self.context.metrics.snapshot();
        let failures = families
            .iter()
            .find(|family| family.name == "sidelight_resource_detection_failed");
        failures
            .into_iter()
            .flat_map(|family| &family.series)
            .map(|(_, value)| value)
            .sum()
    }
}

const HOST: &[(&str, &str)] = &[("proc/sys/kernel/hostname", "web1\n")];

fn with_environment(attributes: &str, service_name: Option<&str>) -> (tempfile::TempDir, Surroundings) {
    let (folder, mut at) = surroundings(HOST);
    at.environment = Environment {
        attributes: Some(attributes.to_owned()),
        service_name: service_name.map(str::to_owned),
    };
    (folder, at)
}

#[test]
fn the_first_detector_that_knows_an_attribute_counts() {
    for (detectors, expected) in [
        ("[env, system]", "host.name=of-env"),
        ("[system, env]", "host.name=web1"),
    ] {
        let (_folder, at) = with_environment("host.name=of-env", None);
        let mut rig = rig(&format!("detectors: {detectors}"), at);
        let attributes = rig.attributes(&[]);
        assert!(attributes.contains(&expected.to_owned()), "{attributes:?}");
    }
}

#[test]
fn what_a_resource_says_is_replaced_or_kept_as_the_settings_want() {
    for (settings, expected) in [("{}", "a=detected"), ("override: false", "a=own")] {
        let (_folder, at) = with_environment("a=detected,b=2", None);
        let attributes = rig(settings, at).attributes(&[("a", "own"), ("c", "3")]);
        assert_eq!(attributes, [expected, "b=2", "c=3"]);
    }
}

#[test]
fn the_sidecars_own_service_and_container_never_replace_the_applications() {
    let (folder, at) = with_environment("", Some("sidecar"));
    let id = "ab".repeat(32);
    write(&folder, "proc/self/cgroup", &format!("0::/docker/{id}"));
    let mut rig = rig("detectors: [env, container]", at);
    let own = [("container.id", "app"), ("service.name", "shop")];
    assert_eq!(rig.attributes(&own), ["container.id=app", "service.name=shop"]);
    let added = [format!("container.id={id}"), "service.name=sidecar".to_owned()];
    assert_eq!(rig.attributes(&[]), added);
}

#[test]
fn a_batch_that_says_it_already_goes_on_as_the_same_bytes() {
    let (_folder, at) = with_environment("a=1", None);
    let mut rig = rig("{}", at);
    let (before, after) = rig.process(&[("a", "1")]);
    assert_eq!(
        before.chunks()[0].bytes.as_ptr(),
        after.chunks()[0].bytes.as_ptr()
    );
}

#[test]
fn a_detector_that_fails_is_counted_and_the_others_go_on() {
    let (_folder, at) = with_environment("broken", None);
    let mut rig = rig("detectors: [env, system]", at);
    assert!(rig.is_admitted());
    assert_eq!(rig.attributes(&[]), ["host.name=web1", "os.type=linux"]);
    assert_eq!(rig.failures(), 1.0);
}

/// Answers when it is told to.
struct Slow {
    asked: Mutex<Sender<()>>,
    answer: Mutex<Receiver<String>>,
}

impl Names for Slow {
    fn canonical(&self, _: &str) -> Option<(Option<String>, Vec<IpAddr>)> {
        self.asked
            .lock()
            .expect("no panic")
            .send(())
            .expect("the test waits");
        let answer = self.answer.lock().expect("no panic").recv();
        Some((Some(answer.expect("an answer")), Vec::new()))
    }

    fn of_address(&self, _: IpAddr) -> Option<String> {
        None
    }
}

/// A host whose resolver waits: how to see that it is asked, and to answer.
fn slow() -> (tempfile::TempDir, Surroundings, Receiver<()>, Sender<String>) {
    let (folder, mut at) = with_environment("a=1", None);
    let (asked, is_asked) = channel();
    let (answering, answer) = channel();
    at.names = Arc::new(Slow {
        asked: Mutex::new(asked),
        answer: Mutex::new(answer),
    });
    (folder, at, is_asked, answering)
}

async fn complete(rig: &Rig) {
    while !rig.processor.detection.is_complete() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn data_waits_for_a_slow_detector_as_long_as_the_settings_say() {
    let (_folder, at, is_asked, answering) = slow();
    let mut rig = rig("detectors: [env, system]\ntimeout: 2s", at);
    while is_asked.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    assert!(!rig.is_admitted());
    rig.clock.advance(Duration::from_secs(2));
    assert!(rig.is_admitted());
    assert_eq!(rig.attributes(&[]), ["a=1"], "what is known by then");
    answering.send("web1.example.org".to_owned()).expect("it waits");
    complete(&rig).await;
    assert_eq!(
        rig.attributes(&[]),
        ["a=1", "host.name=web1.example.org", "os.type=linux"]
    );
}

#[tokio::test]
async fn a_later_detection_brings_what_is_new_and_keeps_what_it_does_not_find() {
    let (folder, at) = surroundings(&[HOST[0], ("etc/machine-id", "m1")]);
    let settings = "detectors: [system]\nrefresh_interval: 10s\nsystem: {hostname_sources: [os], resource_attributes: \
                    {os.type: {enabled: false}, host.id: {enabled: true}}}";
    let mut rig = rig(settings, at);
    complete(&rig).await;
    assert_eq!(rig.attributes(&[]), ["host.id=m1", "host.name=web1"]);
    let due = rig.clock.now().instant + Duration::from_secs(10);
    assert_eq!(rig.processor.next_timer(), Some(due));
    write(&folder, "proc/sys/kernel/hostname", "web2\n");
    std::fs::remove_file(folder.path().join("etc/machine-id")).expect("removed");
    rig.clock.advance(Duration::from_secs(10));
    rig.processor.on_timer(rig.clock.now(), &mut Out::default());
    while rig.attributes(&[]) != ["host.id=m1", "host.name=web2"] {
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.processor.next_timer(), Some(due + Duration::from_secs(10)));
    assert_eq!(rig.failures(), 1.0);
}

#[test]
fn settings_that_are_not_supported_say_what_to_do() {
    for (settings, expected) in [
        ("detectors: [gcp]", "metadata services are not asked"),
        ("detectors: [env, k8snode]", "downward API"),
        ("detectors: [process]", "a sidecar cannot know"),
        ("detectors: [sytem]", "detectors: env, system, container"),
        ("detectors: [env, env]", "is given twice"),
        ("detectors: []", "is empty"),
        ("attributes: [host.name]", "the Collector has removed it"),
        (
            "system: {resource_attributes: {host.nam: {enabled: true}}}",
            "attributes: host.name, os.type",
        ),
    ] {
        let error = component::settings::<Config>(Role::Processor, "resource_detection", settings);
        let error = error.expect_err(settings);
        assert!(error.contains(expected), "{settings}: {error}");
    }
}
