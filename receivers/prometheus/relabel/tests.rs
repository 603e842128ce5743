//! Every action, with the results that Prometheus gives.

use sidelight_component::Role;
use sidelight_config::settings;
use sidelight_testkit::component;

use super::*;

settings! {
    /// A list of steps.
    struct Steps {
        /// The steps.
        steps: Vec<RelabelConfig>,
    }
}

fn steps(yaml: &str) -> Relabelling {
    let steps: Steps = component::settings(Role::Receiver, "x", yaml).unwrap_or_else(|e| panic!("{e}"));
    Relabelling::new(&steps.steps, NameScheme::Utf8)
}

fn labels(text: &str) -> Labels {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').expect("a pair");
        (name.to_owned(), value.to_owned())
    };
    let pairs = text
        .split(' ')
        .filter(|part| !part.is_empty())
        .map(pair)
        .collect();
    Labels::from_unsorted(pairs).expect("unique")
}

#[test]
fn every_action_does_what_it_does_in_prometheus() {
    for (step, before, after) in [
        (
            "{source_labels: [a], regex: 'f(.*)', target_label: d, replacement: 'ch${1}-ch${1}'}",
            "a=foo b=bar",
            "a=foo b=bar d=choo-choo",
        ),
        (
            "{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'}",
            "a=foo b=bar",
            "a=boobam b=bar",
        ),
        (
            "{source_labels: [a], regex: 'x', target_label: a, replacement: y}",
            "a=xx",
            "a=xx",
        ),
        (
            "{source_labels: [a], regex: '(f).*', target_label: '${1}_new', replacement: '$1'}",
            "a=foo",
            "a=foo f_new=f",
        ),
        (
            "{source_labels: [a], regex: '(f).*', target_label: '', replacement: '$1', action: replace}",
            "a=foo",
            "",
        ),
        (
            "{source_labels: [a], target_label: a, replacement: ''}",
            "a=foo b=c",
            "b=c",
        ),
        ("{target_label: a, replacement: fixed}", "", "a=fixed"),
        ("{source_labels: [a], target_label: b}", "a=foo", "a=foo b=foo"),
        (
            "{source_labels: [a], target_label: b, replacement: 'x$1$1'}",
            "a=foo",
            "a=foo b=xfoofoo",
        ),
        (
            "{source_labels: [a], regex: '(.*)o', target_label: b, replacement: '$1x'}",
            "a=foo",
            "a=foo",
        ),
        ("{source_labels: [a], regex: foo, action: keep}", "a=foo", "a=foo"),
        (
            "{source_labels: [a], regex: fo, action: keep}",
            "a=foo",
            "dropped",
        ),
        (
            "{source_labels: [a], regex: '.*o', action: drop}",
            "a=foo",
            "dropped",
        ),
        ("{source_labels: [a], regex: 'b', action: drop}", "a=foo", "a=foo"),
        (
            "{source_labels: [a], target_label: b, action: keepequal}",
            "a=x b=x",
            "a=x b=x",
        ),
        (
            "{source_labels: [a], target_label: b, action: keepequal}",
            "a=x b=y",
            "dropped",
        ),
        (
            "{source_labels: [a], target_label: b, action: dropequal}",
            "a=x b=x",
            "dropped",
        ),
        (
            "{source_labels: [a], target_label: b, action: dropequal}",
            "a=x",
            "a=x",
        ),
        (
            "{source_labels: [c], target_label: d, action: hashmod, modulus: 1000}",
            "a=foo b=bar c=baz",
            "a=foo b=bar c=baz d=976",
        ),
        (
            "{source_labels: [a], target_label: d, action: hashmod, modulus: 1000}",
            "a=foo\nbar",
            "a=foo\nbar d=734",
        ),
        (
            "{regex: '(b.*)', action: labelmap, replacement: 'bar_${1}'}",
            "a=foo b1=bar b2=baz",
            "a=foo b1=bar b2=baz bar_b1=bar bar_b2=baz",
        ),
        (
            "{regex: '__meta_(.*)', action: labelmap}",
            "__meta_x=1",
            "__meta_x=1 x=1",
        ),
        (
            "{regex: '(b.*)', action: labeldrop}",
            "a=foo b1=bar b2=baz",
            "a=foo",
        ),
        (
            "{regex: '(b.*)', action: labelkeep}",
            "a=foo b1=bar b2=baz",
            "b1=bar b2=baz",
        ),
        (
            "{source_labels: [a], target_label: b, action: lowercase}",
            "a=FoÖ",
            "a=FoÖ b=foö",
        ),
        (
            "{source_labels: [a], target_label: b, action: uppercase}",
            "a=foö",
            "a=foö b=FOÖ",
        ),
    ] {
        if after.is_empty() {
            let refused = component::settings::<Steps>(Role::Receiver, "x", &format!("steps: [{step}]"));
            assert!(refused.is_err(), "{step}");
            continue;
        }
        let relabelling = steps(&format!("steps: [{step}]"));
        let mut found = labels(before);
        let kept = relabelling.apply(&mut found);
        match after {
            "dropped" => assert!(!kept, "{step} on {before}"),
            _ => assert_eq!((kept, found), (true, labels(after)), "{step} on {before}"),
        }
    }
}

#[test]
fn steps_are_taken_in_order_until_one_drops() {
    let relabelling = steps(
        "steps:\n- {source_labels: [a], target_label: b}\n- {source_labels: [b], regex: foo, action: drop}\n\
         - {target_label: c, replacement: never}\n",
    );
    let mut found = labels("a=foo");
    assert!(!relabelling.apply(&mut found));
    assert_eq!(found, labels("a=foo b=foo"));
}

#[test]
fn settings_without_a_meaning_are_mistakes() {
    for (step, expected) in [
        (
            "{action: hashmod, target_label: a}",
            "`steps.0.modulus` of receiver `x` must be given for `hashmod`, and not be 0",
        ),
        (
            "{action: labeldrop, regex: a, separator: x}",
            "`steps.0.separator` of receiver `x` has no meaning for `labeldrop`",
        ),
        (
            "{action: keepequal, target_label: a, regex: x}",
            "`steps.0.regex` of receiver `x` has no meaning for `keepequal`",
        ),
        (
            "{regex: '(', target_label: a}",
            "`steps.0.regex` of receiver `x` is no regular expression: unclosed group",
        ),
        ("{action: keeep}", "did you mean `keep`?"),
    ] {
        let error =
            component::settings::<Steps>(Role::Receiver, "x", &format!("steps: [{step}]")).expect_err(step);
        assert!(error.contains(expected), "{error}");
    }
}

/// The chains of Prometheus' own test of relabelling, written anew.
#[test]
fn chains_of_steps_give_what_prometheus_gives() {
    for (list, before, after) in [
        (
            "[{source_labels: [a, b], regex: 'f(.*);(.*)r', target_label: a, replacement: 'b${1}${2}m'}, \
             {source_labels: [c, a], regex: '(b).*b(.*)ba(.*)', target_label: d, replacement: '$1$2$2$3'}]",
            "a=foo b=bar c=baz",
            "a=boobam b=bar c=baz d=boooom",
        ),
        (
            "[{source_labels: [a], regex: '.*o.*', action: drop}, \
             {source_labels: [a], regex: 'f(.*)', target_label: d, replacement: 'ch$1-ch$1'}]",
            "a=foo",
            "dropped",
        ),
        (
            "[{source_labels: [a], regex: 'f|o', action: drop}]",
            "a=foo",
            "a=foo",
        ),
        (
            "[{source_labels: [a], regex: '(f).*', target_label: $1, replacement: $2}]",
            "a=foo f=baz",
            "a=foo",
        ),
        (
            "[{source_labels: [a], regex: 'some-([^-]+)-([^,]+)', replacement: '${2}', target_label: '${1}'}]",
            "a=some-name-value",
            "a=some-name-value name=value",
        ),
        (
            "[{source_labels: [a], regex: 'some-([^-]+)-([^,]+)', replacement: '${1}', target_label: '${3}'}]",
            "a=some-name-0",
            "a=some-name-0",
        ),
        (
            "[{source_labels: [t], regex: '(?:.+,|^)path:(/[^,]+).*', replacement: '${1}', target_label: __metrics_path__}, \
             {source_labels: [t], regex: '(?:.+,|^)job:([^,]+).*', replacement: '${1}', target_label: job}, \
             {source_labels: [t], regex: '(?:.+,|^)label:([^=]+)=([^,]+).*', replacement: '${2}', target_label: '${1}'}]",
            "t=path:/secret,job:some-job,label:foo=bar",
            "t=path:/secret,job:some-job,label:foo=bar __metrics_path__=/secret foo=bar job=some-job",
        ),
        (
            "[{regex: '^port_name$', action: labeldrop}, \
             {source_labels: [metrics_port], regex: '(.+)', replacement: metrics, target_label: port_name}, \
             {source_labels: [port_name], regex: '^metrics$', action: keep}]",
            "port_name=foo metrics_port=9091",
            "metrics_port=9091 port_name=metrics",
        ),
        (
            "[{source_labels: [a], regex: 'x.*y', target_label: d, replacement: 'match${1}'}]",
            "a=x\ny",
            "a=x\ny d=match",
        ),
        (
            "[{source_labels: [utf-8.label], regex: 'l.*', target_label: 'other.${1}', replacement: 'm$$'}]",
            "utf-8.label=line",
            "utf-8.label=line other.=m$",
        ),
        (
            "[{source_labels: [a], regex: '(x).*(?<second>y)', target_label: 'l_$1', replacement: 'v_$second'}]",
            "a=x-y",
            "a=x-y l_x=v_y",
        ),
        // `()` is no group that is there; a name without a character is none.
        ("[{regex: 'b(.*)', action: labelmap}]", "a=1 b=2", "a=1 b=2"),
        (
            "[{source_labels: [a], target_label: b, action: UPPERCASE}]",
            "a=straße b=x",
            "a=straße b=STRAßE",
        ),
    ] {
        let relabelling = steps(&format!("steps: {}", list.replace("$$", "$$$$")));
        let mut found = labels(before);
        match (relabelling.apply(&mut found), after) {
            (false, "dropped") => {}
            (kept, _) => assert_eq!((kept, found), (true, labels(after)), "{list} on {before}"),
        }
    }
}

#[test]
fn what_a_step_does_not_change_costs_no_memory() {
    let relabelling = steps(
        "steps:\n- {source_labels: [__name__], regex: 'go_.*|process_.*', action: drop}\n\
         - {source_labels: [__name__, code], regex: 'http_.*;5..', target_label: failed, replacement: 'yes'}\n\
         - {source_labels: [path], regex: '/api/([a-z]+)/.*', target_label: api}\n\
         - {regex: 'pod_(.+)', action: labelmap}\n- {regex: 'tmp_.*', action: labeldrop}\n\
         - {source_labels: [a, b], target_label: c, action: dropequal}\n",
    );
    let mut found = labels("__name__=http_requests_total code=200 path=/ c=x");
    assert!(
        relabelling.apply(&mut found),
        "and the expressions have what they need for matching"
    );
    let measured = allocation_counter::measure(|| assert!(relabelling.apply(&mut found)));
    assert_eq!(measured.count_total, 0);
}

proptest::proptest! {
    #[test]
    fn any_step_takes_any_labels(
        pairs in proptest::collection::btree_map("[a-z_]{1,3}", ".{0,6}", 0..5),
        action in 0..11_usize,
        regex in "[a-z.*()|$^]{0,6}",
        text in r"[a-z$\{\}0-9]{0,6}",
    ) {
        use Action::*;
        let config = RelabelConfig {
            source_labels: vec!["a".to_owned(), "b".to_owned()],
            separator: ";".to_owned(),
            regex: Pattern::new(&regex).ok(),
            modulus: 0,
            target_label: text.clone(),
            replacement: text,
            action: [
                Replace, Keep, Drop, KeepEqual, DropEqual, HashMod, LabelMap, LabelDrop, LabelKeep, Lowercase, Uppercase,
            ][action],
        };
        let mut labels = Labels::from(&pairs);
        Relabelling::new(&[config], NameScheme::Utf8).apply(&mut labels);
        let names: Vec<&str> = labels.iter().map(|(name, _)| name).collect();
        proptest::prop_assert!(names.is_sorted_by(|a, b| a < b));
        proptest::prop_assert!(labels.iter().all(|(_, value)| !value.is_empty()));
    }
}
