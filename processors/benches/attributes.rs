//! What the processors cost per request: `cargo bench -p sidelight-processors --bench attributes`.

#![expect(clippy::expect_used, reason = "a bench stops where it fails")]

#[path = "../../proto/benches/payload.rs"]
mod payload;

use divan::Bencher;
use divan::counter::ItemsCount;
use sidelight_component::metrics::Registry;
use sidelight_component::{
    Ack, Batch, Budget, BuildContext, Chunk, Clock, Out, Outcome, Payload, Role, Signal, StatusBoard,
};
use sidelight_config::{FixedEnv, Owner, load_str};

fn main() {
    divan::main();
}

/// 1,000 spans of about 540 bytes through a processor, with the charge and its return.
fn spans(bencher: Bencher<'_, '_>, name: &str, settings: &str) {
    let entry = sidelight_processors::COMPONENTS
        .iter()
        .find(|e| e.about.name == name)
        .expect("registered");
    let (tree, mut mistakes) = load_str("bench.yaml", settings, &FixedEnv::new());
    let tree = tree.expect("YAML");
    let owner = Owner {
        label: name.to_owned(),
        readme: None,
        place: tree.root.span,
    };
    let (config, _) = (entry.read)(&tree.root, owner, &mut mistakes).expect("no mistakes");
    let id: sidelight_component::ComponentId = name.parse().expect("an id");
    let clock = Clock::virtual_at(0);
    let context = BuildContext {
        pipeline: Some("traces".parse().expect("a pipeline")),
        budget: Budget::default(),
        clock: clock.clone(),
        metrics: Registry::default(),
        status: StatusBoard::default().reporter(Role::Processor, id.clone()),
        state_dir: std::env::temp_dir(),
        workers: 1,
        id,
    };
    let mut processor = config.build(&context).expect("built");
    let chunk = Chunk {
        bytes: payload::traces(1_000).into(),
        items: 1_000,
    };
    bencher.counter(ItemsCount::new(chunk.items)).bench_local(|| {
        let (ack, _receipt) = Ack::new();
        let payload = Payload::new(chunk.clone());
        let mut out = Out::default();
        processor.process(
            Batch {
                signal: Signal::Traces,
                payload,
                ack,
                deadline: None,
            },
            clock.now(),
            &mut out,
        );
        out.take()
            .into_iter()
            .for_each(|batch| divan::black_box(batch).finish(Outcome::Done));
    });
}

#[divan::bench]
fn insert_one_delete_one(bencher: Bencher<'_, '_>) {
    let actions = "[{key: deployment.environment.name, value: production, action: insert}, \
                   {key: thread.name, action: delete}]";
    spans(bencher, "attributes", &format!("actions: {actions}"));
}

#[divan::bench]
fn insert_one_delete_one_of_included_spans(bencher: Bencher<'_, '_>) {
    let actions = "[{key: deployment.environment.name, value: production, action: insert}, \
                   {key: thread.name, action: delete}]";
    let include =
        "{match_type: regexp, services: [^check], span_names: [^SELECT], attributes: [{key: db.namespace}]}";
    spans(
        bencher,
        "attributes",
        &format!("actions: {actions}\ninclude: {include}"),
    );
}

#[divan::bench]
fn nothing_to_change(bencher: Bencher<'_, '_>) {
    spans(
        bencher,
        "attributes",
        "actions: [{key: no.such.key, action: delete}]",
    );
}

#[divan::bench]
fn all_spans_excluded_by_service(bencher: Bencher<'_, '_>) {
    let exclude = "exclude: {match_type: strict, services: [checkout]}";
    spans(
        bencher,
        "attributes",
        &format!("actions: [{{key: x, value: 1, action: insert}}]\n{exclude}"),
    );
}

#[divan::bench]
fn hash_one(bencher: Bencher<'_, '_>) {
    spans(bencher, "attributes", "actions: [{key: url.full, action: hash}]");
}

#[divan::bench]
fn delete_by_pattern(bencher: Bencher<'_, '_>) {
    spans(
        bencher,
        "attributes",
        "actions: [{pattern: '^thread[.]', action: delete}]",
    );
}

#[divan::bench]
fn resource_upsert(bencher: Bencher<'_, '_>) {
    spans(
        bencher,
        "resource",
        "attributes: [{key: host.name, value: node-7, action: upsert}]",
    );
}
