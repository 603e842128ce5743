use crate::{Condition, Fields, Root, Value};

/// A record with a body, a severity and two attributes.
struct Record;

impl Fields for Record {
    fn get<'a>(&'a self, root: Root, keys: &[String]) -> Value<'a> {
        let key = keys.first().map(String::as_str);
        match (root, key) {
            (Root::Body, None) => Value::Text("order 7 failed: timeout after 30 ms".into()),
            (Root::Attributes, Some("level")) => Value::Text("ERROR".into()),
            (Root::Attributes, Some("took")) => Value::Int(30),
            (Root::Attributes, Some("ratio")) => Value::Double(0.5),
            (Root::Attributes, Some("is")) => Value::Bool(true),
            (Root::Attributes, None) => Value::Map(4),
            (Root::Resource, Some("service.name")) => Value::Text("app".into()),
            (Root::SeverityNumber, None) => Value::Int(17),
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
        let condition = Condition::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
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
        ("body in [\"a\"]", 5, "lists are not there yet"),
        ("body == 1 2", 10, "nothing more"),
        ("severity_number[\"x\"] == 1", 0, "has no keys"),
        ("1x == 1", 0, "is no number"),
    ] {
        let error = Condition::parse(text).expect_err(text);
        assert!(
            error.at == at && error.message.contains(expected),
            "{text}: {error:?}"
        );
    }
    assert!(Condition::parse(&"(".repeat(100_000)).is_err());
    assert!(Condition::parse(&"not ".repeat(100_000)).is_err());
    assert!(Condition::parse(&"-".repeat(100_000)).is_err());
}

#[test]
fn what_has_no_answer_says_so() {
    for (text, expected) in [
        ("body", "a text is neither true nor false"),
        ("attributes[\"took\"] / 0 == 1", "no integer"),
        ("body + 1 == 2", "cannot be calculated with"),
        ("Len(severity_number) == 1", "has no length"),
    ] {
        let error = Condition::parse(text)
            .expect("good")
            .matches(&Record)
            .expect_err(text);
        assert!(error.0.contains(expected), "{text}: {error}");
    }
}
