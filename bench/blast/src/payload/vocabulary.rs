//! Attribute values as instrumented services send them: a few words that repeat and a few that never do.

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE"];
const STATUS: &[i64] = &[200, 200, 200, 200, 200, 201, 204, 304, 400, 404, 500, 503];
const HOSTS: &[&str] = &[
    "orders",
    "fills",
    "quotes",
    "risk",
    "accounts",
    "positions",
    "reports",
    "ledger",
];
/// `#` becomes a digit and `?` a hexadecimal digit, so that the literals of a statement never repeat.
const STATEMENTS: &[&str] = &[
    "SELECT o.id, o.symbol, o.side, o.price FROM orders o WHERE o.account = 'A########' AND o.created_at > '2026-11-20 ##:##:##.######'",
    "INSERT INTO fills (order_id, price, quantity, executed_at) VALUES ('????????????????', ####.##, ###, '2026-11-20 ##:##:##.######')",
    "UPDATE positions SET quantity = quantity + ###, average_price = ####.####, updated_at = now() WHERE account = 'A########' AND id = ######",
    "SELECT symbol, sum(quantity * price) AS exposure FROM positions WHERE account IN ('A########', 'A########') GROUP BY symbol",
    "DELETE FROM sessions WHERE expires_at < '2026-11-20 ##:##:##.######' AND tenant = ##### AND token = '????????????????' RETURNING id",
    "SELECT id, bid, ask, last, volume FROM quotes WHERE symbol = '######.SH' AND taken_at > '2026-11-20 ##:##:##.######' LIMIT ###",
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.####.##",
    "Mozilla/5.0 (Macintosh; Mac OS X 15_#) Safari/618.#",
    "python-requests/2.32.# desk-client/4.##.# (linux)",
    "Go-http-client/2.0 risk-engine/1.9 (build ????????)",
    "okhttp/5.1.# (Android 1#; build 26##; desk mobile)",
];
const SYMBOLS: &[&str] = &[
    "600519.SH",
    "AAPL",
    "MSFT",
    "000858.SZ",
    "NVDA",
    "0700.HK",
    "SAP.DE",
    "ASML.AS",
];
const STRATEGIES: &[&str] = &[
    "RSI_Strategy",
    "MeanReversion",
    "Momentum_20d",
    "PairsTrading",
    "MarketMaker",
];

/// The attribute keys in the order in which `--attrs` takes them; past the end there are plain ones.
const KEYS: &[&str] = &[
    "http.request.method",
    "url.path",
    "http.response.status_code",
    "server.address",
    "db.system.name",
    "db.query.text",
    "user_agent.original",
    "network.peer.port",
    "client.address",
    "thread.id",
    "strategy.name",
    "symbol",
    "http.route",
    "url.scheme",
    "server.port",
    "db.operation.name",
];

/// The keys on log records, which describe where the line came from.
const LOG_KEYS: &[&str] = &[
    "thread.id",
    "code.function.name",
    "symbol",
    "strategy.name",
    "client.address",
];

/// The keys on data points: few values each, as metrics have.
const POINT_KEYS: &[&str] = &[
    "http.request.method",
    "http.response.status_code",
    "server.address",
    "symbol",
];

pub(crate) fn pick<'a>(rng: &mut StdRng, words: &[&'a str]) -> &'a str {
    words.choose(rng).copied().unwrap_or_default()
}

/// Puts random digits into a template.
fn fill(rng: &mut StdRng, template: &str) -> String {
    let digit = |c: char| match c {
        '#' => char::from_digit(rng.random_range(0..10), 10).unwrap_or('0'),
        '?' => char::from_digit(rng.random_range(0..16), 16).unwrap_or('0'),
        c => c,
    };
    template.chars().map(digit).collect()
}

pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}

/// `n` attributes as spans have them.
pub(crate) fn span_attributes(rng: &mut StdRng, n: usize) -> Vec<KeyValue> {
    from_keys(rng, KEYS, n)
}

/// `n` attributes as log records have them.
pub(crate) fn log_attributes(rng: &mut StdRng, n: usize) -> Vec<KeyValue> {
    from_keys(rng, LOG_KEYS, n)
}

/// `n` attributes as data points have them.
pub(crate) fn point_attributes(rng: &mut StdRng, n: usize) -> Vec<KeyValue> {
    from_keys(rng, POINT_KEYS, n)
}

fn from_keys(rng: &mut StdRng, keys: &[&str], n: usize) -> Vec<KeyValue> {
    (0..n)
        .map(|i| match keys.get(i) {
            Some(key) => attribute(key, value(rng, key)),
            None => text(
                &format!("extra.attribute.{i}"),
                format!("value {} of ordinary length", rng.random_range(0..1000)),
            ),
        })
        .collect()
}

fn value(rng: &mut StdRng, key: &str) -> Value {
    let text = match key {
        "http.request.method" => pick(rng, METHODS).to_owned(),
        "url.path" => fill(rng, "/api/v1/orders/????????????????/fills"),
        "server.address" => format!("{}.internal.example", pick(rng, HOSTS)),
        "db.system.name" => "postgresql".to_owned(),
        "db.query.text" => {
            let statement = pick(rng, STATEMENTS);
            fill(rng, statement)
        }
        "user_agent.original" => {
            let agent = pick(rng, AGENTS);
            fill(rng, agent)
        }
        "client.address" => format!("203.0.{}.{}", rng.random_range(0..256), rng.random_range(1..255)),
        "strategy.name" => pick(rng, STRATEGIES).to_owned(),
        "symbol" => pick(rng, SYMBOLS).to_owned(),
        "http.route" => "/api/v1/orders/{id}/positions".to_owned(),
        "url.scheme" => "https".to_owned(),
        "db.operation.name" => "SELECT".to_owned(),
        "code.function.name" => format!("trading.{}.on_fill", pick(rng, HOSTS)),
        "http.response.status_code" => return Value::IntValue(STATUS.choose(rng).copied().unwrap_or(200)),
        "thread.id" => return Value::IntValue(139_000_000 + rng.random_range(0..64) * 8192),
        _ => return Value::IntValue(rng.random_range(32_768..61_000)),
    };
    Value::StringValue(text)
}

/// The body of a log record: a Python logging line of about 130 bytes.
pub(crate) fn log_line(rng: &mut StdRng) -> String {
    format!(
        "2026-11-20 10:15:{:02},{:03} - trading.engine - INFO - order filled symbol={} side={} qty={} price={}.{:02} latency={}.{}ms",
        rng.random_range(0..60),
        rng.random_range(0..1000),
        pick(rng, SYMBOLS),
        pick(rng, &["BUY", "SELL"]),
        rng.random_range(1..20) * 100,
        rng.random_range(10..2000),
        rng.random_range(0..100),
        rng.random_range(0..40),
        rng.random_range(0..10)
    )
}

pub(crate) fn resource(i: usize) -> Resource {
    Resource {
        attributes: vec![
            text("service.name", format!("order-service-{i}")),
            text("service.version", "1.42.0"),
            text("service.instance.id", format!("627cc493-f310-47de-96bd-{i:012}")),
            text("host.name", "ip-10-0-3-17"),
            text("telemetry.sdk.language", "python"),
        ],
        ..Default::default()
    }
}

pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "opentelemetry.instrumentation.flask".into(),
        version: "0.58b0".into(),
        ..Default::default()
    }
}
