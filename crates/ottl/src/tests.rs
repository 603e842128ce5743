use crate::{Condition, Context, Expression, Field, Fields, Item, Path, Value};

/// A record with a body, a severity and two attributes.
struct Record;

impl Fields for Record {
    fn get<'a>(&'a self, path: Path, keys: &[String]) -> Value<'a> {
        let key = keys.first().map(String::as_str);
        match (path.item, path.field, key) {
            (Item::Log, Field::Body, None) => Value::Text("order 7 failed: timeout after 30 ms".into()),
            (Item::Log, Field::Attributes, Some("level")) => Value::Text("ERROR".into()),
            (Item::Log, Field::Attributes, Some("took")) => Value::Int(30),
            (Item::Log, Field::Attributes, Some("ratio")) => Value::Double(0.5),
            (Item::Log, Field::Attributes, Some("is")) => Value::Bool(true),
            (Item::Log, Field::Attributes, None) => {
                let entries = ["level", "took", "ratio", "is"]
                    .map(|key| (key.into(), self.get(path, &[key.to_owned()])));
                Value::Map(entries.into())
            }
            (Item::Resource, Field::Attributes, Some("service.name")) => Value::Text("app".into()),
            (Item::Log, Field::SeverityNumber, None) => Value::Int(17),
            _ => Value::Nil,
        }
    }
}

#[test]
fn conditions_hold_or_not() {
    for (text, expected) in [
        (r#"attributes["level"] == "ERROR""#, true),
        (
            r#"attributes["level"] == "INFO" or severity_number >= SEVERITY_NUMBER_WARN"#,
            true,
        ),
        (r#"not (log.attributes["took"] > 10) or false"#, false),
        (
            r#"IsMatch(body, "timeout after [0-9]+ ms") and resource.attributes["service.name"] == "app""#,
            true,
        ),
        (
            r#"attributes["nothing"] == nil and attributes["level"] != nil"#,
            true,
        ),
        (r#"attributes["took"] * 2 + 1 == 61"#, true),
        (r#"attributes["took"] == 30.0 and attributes["ratio"] < 1"#, true),
        (r#"attributes["took"] == "30""#, false),
        (r#"attributes["level"] < 5"#, false),
        (
            r#"HasPrefix(body, "order") and not HasSuffix(body, "order")"#,
            true,
        ),
        (
            r#"Len(attributes) == 4 and Len(body) > 10 and IsMap(attributes) and IsInt(attributes["took"])"#,
            true,
        ),
        (
            r#"ToLowerCase(attributes["level"]) == "error" and Int("7") == 7 and Double("1.5") == 1.5"#,
            true,
        ),
        (r#"severity_number == -17 + 34"#, true),
        (r#"attributes["is"]"#, true),
        (r#"attributes["is"] == true and scope.name == nil"#, true),
        (
            r#"attributes["level"] in ["WARN", "ERROR"] and not (attributes["took"] in [1, 2])"#,
            true,
        ),
        (
            r#"ExtractPatterns(body, "order (?P<id>[0-9]+)")["id"] == "7""#,
            true,
        ),
        (
            r#"ExtractPatterns(body, "nothing (?P<id>[0-9]+)")["id"] == nil"#,
            true,
        ),
        (
            r#"Split(body, " ")[2] == "failed:" and Len(Split(body, " ")) == 7"#,
            true,
        ),
        (
            r#"Concat([attributes["level"], attributes["took"], nil], "-") == "ERROR-30-<nil>""#,
            true,
        ),
        (
            r#"Substring(body, 0, 5) == "order" and Index(body, "failed") == 8 and Index([1, 2], 3) == -1"#,
            true,
        ),
        (
            r#"IsInCIDR("10.1.2.3", ["192.168.0.0/16", "10.0.0.0/8"]) and not IsInCIDR("::1", ["10.0.0.0/8"])"#,
            true,
        ),
        (
            r#"Duration("1h30m") == 5400000000000 and Seconds(Duration("250ms")) == 0.25"#,
            true,
        ),
        (
            r#"ParseInt("ff", 16) == 255 and Trim("  a ") == "a" and ConvertCase("a", "upper") == "A""#,
            true,
        ),
        (
            r#"TraceID(0x00000000000000000000000000000000) == nil and SpanID(0x00F067AA0BA902B7) == "00f067aa0ba902b7""#,
            true,
        ),
        (
            r#"MessagePattern(body) == "order <num> failed: timeout after <num> ms""#,
            true,
        ),
        (
            r#"[1, "a", nil] == [1.0, "a", nil] and body.string == body"#,
            true,
        ),
        // What the Collector's operators have.
        (r#"body matches "^order \\d+""#, true),
        (
            r#"$body contains 'failed' && !(attributes.level == 'INFO') || false"#,
            true,
        ),
        (
            r#"attributes.level startsWith "ERR" and resource["service.name"] endsWith "pp""#,
            true,
        ),
        ("body matches `\\bms$`", true),
    ] {
        let condition =
            Condition::parse(Context::LOG, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(condition.matches(&Record), Ok(expected), "{text}");
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, at, expected) in [
        ("", 0, "a value is expected"),
        (r#"attributes["a"] = "b""#, 16, "no meaning"),
        (r#"attributes["a" == 1"#, 15, "`]` is expected"),
        ("bdy == 1", 0, "no field `bdy`"),
        ("ismatch(body, \"x\")", 0, "no function `ismatch`"),
        ("isstring(body)", 0, "did you mean `IsString`?"),
        ("IsMatch(body, \"(\")", 14, "no regular expression"),
        ("IsMatch(body, body)", 14, "in quotes"),
        ("Len(body, 1) == 2", 0, "takes 1 arguments, not 2"),
        ("body == \"a", 8, "not closed"),
        ("severity_number > SEVERITY_NUMBER_LOUD", 18, "no severity `LOUD`"),
        ("body in [\"a\"", 12, "`,` is expected"),
        ("span.name == 1", 0, "no field `span` in a log record"),
        ("body == 1 2", 10, "nothing more"),
        ("severity_number[\"x\"] == 1", 0, "has no keys"),
        ("1x == 1", 0, "is no number"),
    ] {
        let error = Condition::parse(Context::LOG, text).expect_err(text);
        assert!(
            error.at == at && error.message.contains(expected),
            "{text}: {error:?}"
        );
    }
    assert!(Condition::parse(Context::LOG, &"(".repeat(100_000)).is_err());
    assert!(Condition::parse(Context::LOG, &"not ".repeat(100_000)).is_err());
    assert!(Condition::parse(Context::LOG, &"-".repeat(100_000)).is_err());
}

#[test]
fn what_has_no_answer_says_so() {
    for (text, expected) in [
        ("body", "a text is neither true nor false"),
        ("attributes[\"took\"] / 0 == 1", "no integer"),
        ("body + 1 == 2", "cannot be calculated with"),
        ("Len(severity_number) == 1", "has no length"),
    ] {
        let error = Condition::parse(Context::LOG, text)
            .expect("good")
            .matches(&Record)
            .expect_err(text);
        assert!(error.0.contains(expected), "{text}: {error}");
    }
}

#[test]
fn expressions_have_values() {
    for (text, expected) in [
        ("attributes[\"took\"] * 1.5", Value::Double(45.0)),
        (
            "Double(ExtractPatterns(body, \"after (?P<ms>[0-9]+) ms\")[\"ms\"]) / 1000",
            Value::Double(0.03),
        ),
        ("attributes[\"nothing\"]", Value::Nil),
        ("attributes[\"level\"]", Value::Text("ERROR".into())),
    ] {
        let expression =
            Expression::parse(Context::LOG, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(expression.value(&Record), Ok(expected), "{text}");
    }
}

#[test]
fn what_a_condition_is_asked_of_is_seen_from_its_fields() {
    let contexts = [
        Context::RESOURCE,
        Context::SCOPE,
        Context::SPAN,
        Context::SPAN_EVENT,
    ];
    for (text, expected) in [
        ("resource.attributes[\"a\"] == 1", Item::Resource),
        ("resource.attributes[\"a\"] == scope.version", Item::Scope),
        ("span.name == \"resource.a\" or IsRootSpan()", Item::Span),
        ("spanevent.name == span.name", Item::SpanEvent),
        ("true", Item::Resource),
    ] {
        let condition = Condition::infer(&contexts, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(condition.item(), expected, "{text}");
    }
    let error = Condition::infer(&contexts, "name == \"x\"").expect_err("whose?");
    assert!(
        error.message.contains("say whose it is: `spanevent.name`"),
        "{error}"
    );
}
