//! Both messages as another library decodes them, and what they say in one form.

use std::collections::BTreeMap;

use prost::Message;
use sidelight_component::Request;

pub(super) mod v1 {
    //! `prompb/remote.proto` and `prompb/types.proto`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct WriteRequest {
        #[prost(message, repeated, tag = "1")]
        pub(in super::super) timeseries: Vec<TimeSeries>,
        #[prost(message, repeated, tag = "3")]
        pub(in super::super) metadata: Vec<Metadata>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct Metadata {
        #[prost(int32, tag = "1")]
        pub(in super::super) metric_type: i32,
        #[prost(string, tag = "2")]
        pub(in super::super) metric_family_name: String,
        #[prost(string, tag = "4")]
        pub(in super::super) help: String,
        #[prost(string, tag = "5")]
        pub(in super::super) unit: String,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct TimeSeries {
        #[prost(message, repeated, tag = "1")]
        pub(in super::super) labels: Vec<Label>,
        #[prost(message, repeated, tag = "2")]
        pub(in super::super) samples: Vec<super::Sample>,
        #[prost(message, repeated, tag = "3")]
        pub(in super::super) exemplars: Vec<Exemplar>,
        #[prost(message, repeated, tag = "4")]
        pub(in super::super) histograms: Vec<super::Histogram>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct Label {
        #[prost(string, tag = "1")]
        pub(in super::super) name: String,
        #[prost(string, tag = "2")]
        pub(in super::super) value: String,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct Exemplar {
        #[prost(message, repeated, tag = "1")]
        pub(in super::super) labels: Vec<Label>,
        #[prost(double, tag = "2")]
        pub(in super::super) value: f64,
        #[prost(int64, tag = "3")]
        pub(in super::super) timestamp: i64,
    }
}

pub(super) mod v2 {
    //! `prompb/io/prometheus/write/v2/types.proto`.
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct Request {
        #[prost(string, repeated, tag = "4")]
        pub(in super::super) symbols: Vec<String>,
        #[prost(message, repeated, tag = "5")]
        pub(in super::super) timeseries: Vec<TimeSeries>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct TimeSeries {
        #[prost(uint32, repeated, tag = "1")]
        pub(in super::super) labels_refs: Vec<u32>,
        #[prost(message, repeated, tag = "2")]
        pub(in super::super) samples: Vec<super::Sample>,
        #[prost(message, repeated, tag = "3")]
        pub(in super::super) histograms: Vec<super::Histogram>,
        #[prost(message, repeated, tag = "4")]
        pub(in super::super) exemplars: Vec<Exemplar>,
        #[prost(message, optional, tag = "5")]
        pub(in super::super) metadata: Option<Metadata>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct Exemplar {
        #[prost(uint32, repeated, tag = "1")]
        pub(in super::super) labels_refs: Vec<u32>,
        #[prost(double, tag = "2")]
        pub(in super::super) value: f64,
        #[prost(int64, tag = "3")]
        pub(in super::super) timestamp: i64,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(in super::super) struct Metadata {
        #[prost(int32, tag = "1")]
        pub(in super::super) metric_type: i32,
        #[prost(uint32, tag = "3")]
        pub(in super::super) help_ref: u32,
        #[prost(uint32, tag = "4")]
        pub(in super::super) unit_ref: u32,
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Sample {
    #[prost(double, tag = "1")]
    pub(super) value: f64,
    #[prost(int64, tag = "2")]
    pub(super) timestamp: i64,
    /// 2.0 only.
    #[prost(int64, tag = "3")]
    pub(super) start_timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    pub(super) count_int: Option<u64>,
    #[prost(double, tag = "3")]
    pub(super) sum: f64,
    #[prost(sint32, tag = "4")]
    pub(super) schema: i32,
    #[prost(double, tag = "5")]
    pub(super) zero_threshold: f64,
    #[prost(uint64, optional, tag = "6")]
    pub(super) zero_count_int: Option<u64>,
    #[prost(message, repeated, tag = "8")]
    pub(super) negative_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "9")]
    pub(super) negative_deltas: Vec<i64>,
    #[prost(message, repeated, tag = "11")]
    pub(super) positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    pub(super) positive_deltas: Vec<i64>,
    #[prost(int64, tag = "15")]
    pub(super) timestamp: i64,
    /// 2.0 only.
    #[prost(int64, tag = "17")]
    pub(super) start_timestamp: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Span {
    #[prost(sint32, tag = "1")]
    pub(super) offset: i32,
    #[prost(uint32, tag = "2")]
    pub(super) length: u32,
}

/// Names and values in the order in which they stood.
pub(super) type Labels = Vec<(String, String)>;

/// A series whichever message it came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) samples: Vec<Sample>,
    pub(super) histograms: Vec<Histogram>,
    /// Labels, value, time.
    pub(super) exemplars: Vec<(Labels, f64, i64)>,
    /// Type, help and unit; 2.0 only.
    pub(super) metadata: Option<(i32, String, String)>,
}

impl Series {
    /// `name{a="1"}` for comparisons.
    pub(super) fn key(&self) -> String {
        let labels: BTreeMap<&str, &str> = self.labels.iter().map(|(k, v)| (&**k, &**v)).collect();
        assert_eq!(
            labels.len(),
            self.labels.len(),
            "no name stands twice: {labels:?}"
        );
        assert!(self.labels.is_sorted(), "ordered: {labels:?}");
        let others = labels.iter().filter(|(name, _)| **name != "__name__");
        let others: Vec<String> = others.map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{}{{{}}}", labels["__name__"], others.join(","))
    }
}

fn inflated(piece: &[u8]) -> Vec<u8> {
    snap::raw::Decoder::new().decompress_vec(piece).expect("snappy")
}

/// The series of every request of 1.0, and its metadata.
pub(super) fn read_v1(request: &Request) -> Vec<(Vec<Series>, Vec<v1::Metadata>)> {
    let labels = |labels: Vec<v1::Label>| labels.into_iter().map(|l| (l.name, l.value)).collect::<Labels>();
    let one = |piece: &bytes::Bytes| {
        let message = v1::WriteRequest::decode(&inflated(piece)[..]).expect("a message");
        let series = message.timeseries.into_iter().map(|series| Series {
            labels: labels(series.labels),
            samples: series.samples,
            histograms: series.histograms,
            exemplars: series
                .exemplars
                .into_iter()
                .map(|exemplar| (labels(exemplar.labels), exemplar.value, exemplar.timestamp))
                .collect(),
            metadata: None,
        });
        (series.collect(), message.metadata)
    };
    request.body.iter().map(one).collect()
}

/// The series of every request of 2.0.
pub(super) fn read_v2(request: &Request) -> Vec<Vec<Series>> {
    let one = |piece: &bytes::Bytes| {
        let message = v2::Request::decode(&inflated(piece)[..]).expect("a message");
        assert_eq!(message.symbols[0], "", "the first symbol is empty");
        let text = |number: u32| message.symbols[number as usize].clone();
        let labels = |refs: &[u32]| -> Labels {
            let (pairs, rest) = refs.as_chunks::<2>();
            assert!(rest.is_empty(), "pairs");
            pairs
                .iter()
                .map(|[name, value]| (text(*name), text(*value)))
                .collect()
        };
        let series = message.timeseries.iter().map(|series| Series {
            labels: labels(&series.labels_refs),
            samples: series.samples.clone(),
            histograms: series.histograms.clone(),
            exemplars: series
                .exemplars
                .iter()
                .map(|exemplar| (labels(&exemplar.labels_refs), exemplar.value, exemplar.timestamp))
                .collect(),
            metadata: series
                .metadata
                .as_ref()
                .map(|meta| (meta.metric_type, text(meta.help_ref), text(meta.unit_ref))),
        });
        series.collect()
    };
    request.body.iter().map(one).collect()
}
