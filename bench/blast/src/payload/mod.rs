//! The requests of a run: encoded, compressed and numbered before the clock starts.

pub(crate) mod encode;
mod generate;
pub(crate) mod id;
mod vocabulary;
pub(crate) mod wire;

use anyhow::{Result, ensure};
use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::args::{Args, Protocol, Signal};
use encode::Encoding;
use generate::{Encoded, Shape};
use wire::Kind;

/// Requests that differ in every value that differs between requests of a real service.
pub(crate) struct Corpus {
    requests: Vec<Request>,
    encoding: Encoding,
    items: usize,
    /// Uncompressed protobuf bytes per item.
    pub(crate) bytes_per_item: f64,
    /// Bytes per item as sent.
    pub(crate) wire_bytes_per_item: f64,
    /// How much gzip level 6 makes of at least 1,000 items.
    pub(crate) gzip_ratio: f64,
}

struct Request {
    /// The message in protobuf, to compare with what arrives.
    protobuf: Bytes,
    /// The message in OTLP/JSON, if that is what is sent.
    json: Option<Bytes>,
    items: Vec<Item>,
    /// What goes out: compressed, with the gRPC prefix where there is one.
    body: Bytes,
}

/// Where an item lies in the protobuf message, and where its id lies in what is sent.
struct Item {
    kind: Kind,
    start: u32,
    end: u32,
    id_at: u32,
}

impl Corpus {
    pub(crate) fn build(args: &Args) -> Result<Self> {
        ensure!(
            args.requests > 0 && args.items > 0,
            "a run needs requests and items"
        );
        ensure!(
            (1..=args.items).contains(&args.resources),
            "each resource needs an item"
        );
        let encoding = Encoding {
            grpc: args.protocol == Protocol::Grpc,
            compression: args.compression,
        };
        let shape = Shape {
            items: args.items,
            attributes: args.attributes(),
            resources: args.resources,
            json: args.protocol == Protocol::Json,
        };
        let mut rng = StdRng::seed_from_u64(args.seed);
        let mut requests = Vec::with_capacity(args.requests);
        for i in 0..args.requests {
            let first_id = (i * args.items) as u64 + 1;
            let encoded = match args.signal {
                Signal::Traces => generate::traces(&mut rng, shape, first_id),
                Signal::Logs => generate::logs(&mut rng, shape, first_id),
                Signal::Metrics => generate::metrics(&mut rng, shape, first_id),
            }?;
            requests.push(Request::new(encoded, args, encoding, first_id)?);
        }
        let total = (requests.len() * args.items) as f64;
        let size = |f: fn(&Request) -> usize| requests.iter().map(f).sum::<usize>() as f64 / total;
        Ok(Self {
            bytes_per_item: size(|r| r.protobuf.len()),
            wire_bytes_per_item: size(|r| r.body.len()),
            gzip_ratio: gzip_ratio(&requests, args.items)?,
            requests,
            encoding,
            items: args.items,
        })
    }

    pub(crate) fn items_per_request(&self) -> usize {
        self.items
    }

    /// The body of the `n`th request, taking the requests in turn.
    pub(crate) fn body(&self, n: u64) -> Bytes {
        self.requests[n as usize % self.requests.len()].body.clone()
    }

    /// The body of the `n`th request with items numbered `n * items + 1` and on: no id comes twice in a run.
    pub(crate) fn body_with_own_ids(&self, n: u64) -> Result<Bytes> {
        let request = &self.requests[n as usize % self.requests.len()];
        let first = n * self.items as u64 + 1;
        let mut copy = request.json.as_ref().unwrap_or(&request.protobuf).to_vec();
        for (item, id) in request.items.iter().zip(first..) {
            let at = item.id_at as usize;
            if request.json.is_some() {
                let text = id::to_json(item.kind, id);
                copy[at..at + text.len()].copy_from_slice(text.as_bytes());
            } else {
                copy[at..at + 8].copy_from_slice(&id::to_wire(item.kind, id));
            }
        }
        self.encoding.encode(copy.into())
    }

    /// The protobuf bytes from which the item with this id was made.
    pub(crate) fn original(&self, id: u64) -> Option<(Kind, &[u8])> {
        let number = id.checked_sub(1)? as usize;
        let request = &self.requests[number / self.items % self.requests.len()];
        let item = request.items.get(number % self.items)?;
        Some((
            item.kind,
            request.protobuf.get(item.start as usize..item.end as usize)?,
        ))
    }
}

impl Request {
    fn new(encoded: Encoded, args: &Args, encoding: Encoding, first_id: u64) -> Result<Self> {
        let protobuf = Bytes::from(encoded.protobuf);
        let mut items = Vec::with_capacity(args.items);
        let walked = wire::items(&protobuf, args.signal, |kind, range| {
            let id_at = wire::id_at(&protobuf, kind, range.clone()).unwrap_or(0) as u32;
            items.push(Item {
                kind,
                start: range.start as u32,
                end: range.end as u32,
                id_at,
            });
        });
        ensure!(
            walked.is_ok() && items.len() == args.items,
            "{} items in a request",
            items.len()
        );
        let json = encoded.json.map(Bytes::from);
        if let Some(json) = &json {
            locate_ids(json, &mut items, first_id)?;
        }
        let body = encoding.encode(json.clone().unwrap_or_else(|| protobuf.clone()))?;
        Ok(Self {
            protobuf,
            json,
            items,
            body,
        })
    }
}

/// Finds the ids in a JSON body: they come in the order of the items.
fn locate_ids(json: &[u8], items: &mut [Item], first_id: u64) -> Result<()> {
    let mut from = 0;
    for (item, id) in items.iter_mut().zip(first_id..) {
        let key: &[u8] = match item.kind {
            Kind::Span | Kind::LogRecord => b"\"spanId\":\"",
            _ => b"\"timeUnixNano\":\"",
        };
        let found = json[from..].windows(key.len()).position(|w| w == key);
        let at = from + found.unwrap_or(json.len()) + key.len();
        let text = id::to_json(item.kind, id);
        ensure!(
            json.get(at..at + text.len()) == Some(text.as_bytes()),
            "the JSON lacks the id of item {id}"
        );
        item.id_at = at as u32;
        from = at;
    }
    Ok(())
}

fn gzip_ratio(requests: &[Request], items: usize) -> Result<f64> {
    let plain: Vec<u8> = requests
        .iter()
        .take(1000usize.div_ceil(items))
        .flat_map(|r| r.protobuf.iter().copied())
        .collect();
    let gzip = encode::compress(crate::args::Compression::Gzip(6), plain.clone().into())?;
    Ok(plain.len() as f64 / gzip.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    fn corpus(args: &[&str]) -> (Args, Corpus) {
        let args = Args::parse_from([&["blast", "--requests", "20"], args].concat());
        let corpus = Corpus::build(&args).unwrap();
        (args, corpus)
    }

    #[test]
    fn items_have_the_size_and_the_entropy_of_real_ones() {
        for (signal, size) in [
            ("traces", 520.0..560.0),
            ("logs", 320.0..360.0),
            ("metrics", 100.0..400.0),
        ] {
            let (_, c) = corpus(&["--signal", signal]);
            assert!(
                size.contains(&c.bytes_per_item),
                "{signal}: {} B",
                c.bytes_per_item
            );
            assert!(
                (4.0..8.0).contains(&c.gzip_ratio),
                "{signal}: gzip makes 1/{} of it",
                c.gzip_ratio
            );
        }
    }

    #[test]
    fn no_two_requests_are_alike() {
        let (_, c) = corpus(&["--items", "10"]);
        let distinct: std::collections::HashSet<_> = (0..20).map(|n| c.body(n)).collect();
        assert_eq!(distinct.len(), 20);
    }

    #[test]
    fn every_item_of_a_run_has_its_own_id_in_every_signal() {
        for signal in ["traces", "logs", "metrics"] {
            let (args, c) = corpus(&["--signal", signal, "--items", "30", "--resources", "3"]);
            let mut ids = Vec::new();
            for n in 0..41 {
                let body = c.body_with_own_ids(n).unwrap();
                let message = &body[5..];
                wire::items(message, args.signal, |kind, range| {
                    let at = wire::id_at(message, kind, range).unwrap();
                    ids.push(id::from_wire(kind, message[at..at + 8].try_into().unwrap()).unwrap());
                })
                .unwrap();
            }
            assert_eq!(ids, (1..=41 * 30).collect::<Vec<u64>>());
        }
    }

    #[test]
    fn json_carries_the_ids_of_its_items() {
        for (signal, key) in [
            ("traces", "spanId"),
            ("logs", "spanId"),
            ("metrics", "timeUnixNano"),
        ] {
            let (_, c) = corpus(&["--signal", signal, "--items", "30", "--protocol", "json"]);
            let body = c.body_with_own_ids(25).unwrap();
            serde_json::from_slice::<serde_json::Value>(&body).unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            for id in 25 * 30 + 1..=26 * 30 {
                let expected = format!("\"{key}\":\"{}\"", id::to_json(c.original(id).unwrap().0, id));
                assert!(text.contains(&expected), "{expected}");
            }
        }
    }

    #[test]
    fn the_original_of_an_id_is_found_in_later_rounds_too() {
        let (_, c) = corpus(&["--items", "10"]);
        assert_eq!(c.original(1), c.original(1 + 200));
        assert_ne!(c.original(1), c.original(2));
        assert_eq!(c.original(0), None);
    }
}
