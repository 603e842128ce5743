//! The series of one request: what is sent of each.

use std::collections::HashMap;

use super::native::NativeHistogram;

/// A number at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    /// Unix milliseconds.
    pub(super) time: i64,
    pub(super) value: f64,
    /// When it began to count, in Unix milliseconds; 0 when unknown or without a meaning.
    pub(super) start: i64,
}

/// A histogram at a time.
#[derive(Clone, Debug)]
pub(super) struct HistogramSample {
    pub(super) time: i64,
    pub(super) start: i64,
    pub(super) histogram: NativeHistogram,
}

/// A measurement that stands for a sample.
#[derive(Clone, Debug)]
pub(super) struct Exemplar {
    pub(super) time: i64,
    pub(super) value: f64,
    /// Labels on the wire, see [`super::labels`].
    pub(super) labels: Vec<u8>,
}

/// What a family is; numbers of remote write's `MetricType` in both versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FamilyType {
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
    Summary = 5,
    Info = 6,
}

/// What is said of a family of series.
#[derive(Clone, Debug)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) family_type: FamilyType,
    pub(super) help: String,
    /// In words.
    pub(super) unit: String,
}

/// One series.
#[derive(Debug)]
pub(super) struct Series {
    /// Index into the families.
    pub(super) family: usize,
    pub(super) samples: Vec<Sample>,
    pub(super) histograms: Vec<HistogramSample>,
    pub(super) exemplars: Vec<Exemplar>,
}

/// All series of a request, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct SeriesSet {
    /// By the labels on the wire.
    places: HashMap<Vec<u8>, usize>,
    series: Vec<Series>,
    families: Vec<Family>,
    family_places: HashMap<String, usize>,
    /// About what the request will take, in bytes.
    size: usize,
}

/// Bytes of a sample, histogram bucket or exemplar besides its labels.
const SAMPLE_BYTES: usize = 24;

impl SeriesSet {
    /// The place of a family; the first of a name counts.
    pub(super) fn family(&mut self, name: &str, make: impl FnOnce() -> Family) -> usize {
        if let Some(place) = self.family_places.get(name) {
            return *place;
        }
        let place = self.families.len();
        self.families.push(make());
        self.family_places.insert(name.to_owned(), place);
        place
    }

    /// The series with these labels.
    fn series(&mut self, labels: Vec<u8>, family: usize) -> Option<&mut Series> {
        let next = self.series.len();
        let bytes = labels.len();
        let place = *self.places.entry(labels).or_insert(next);
        if place == next {
            self.size += bytes + SAMPLE_BYTES;
            self.series.push(Series {
                family,
                samples: Vec::new(),
                histograms: Vec::new(),
                exemplars: Vec::new(),
            });
        }
        self.series.get_mut(place)
    }

    pub(super) fn add_sample(
        &mut self,
        labels: Vec<u8>,
        family: usize,
        sample: Sample,
        exemplars: Vec<Exemplar>,
    ) {
        self.size += SAMPLE_BYTES
            + exemplars
                .iter()
                .map(|e| e.labels.len() + SAMPLE_BYTES)
                .sum::<usize>();
        if let Some(series) = self.series(labels, family) {
            series.samples.push(sample);
            series.exemplars.extend(exemplars);
        }
    }

    pub(super) fn add_histogram(
        &mut self,
        labels: Vec<u8>,
        family: usize,
        sample: HistogramSample,
        exemplars: Vec<Exemplar>,
    ) {
        let histogram = 3 * SAMPLE_BYTES + 4 * sample.histogram.buckets();
        self.size += histogram
            + exemplars
                .iter()
                .map(|e| e.labels.len() + SAMPLE_BYTES)
                .sum::<usize>();
        if let Some(series) = self.series(labels, family) {
            series.histograms.push(sample);
            series.exemplars.extend(exemplars);
        }
    }

    /// About what the request will take, in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    pub(super) fn families(&self) -> &[Family] {
        &self.families
    }

    /// Puts what each series has in the order of time. Of two at one time the later counts: receivers refuse a request
    /// for the other, and some all of it.
    pub(super) fn put_in_order(&mut self) {
        for series in &mut self.series {
            put_in_order(&mut series.samples, |sample| sample.time);
            put_in_order(&mut series.histograms, |sample| sample.time);
            series.exemplars.sort_by_key(|exemplar| exemplar.time);
        }
    }

    /// The series with their labels, in the order in which they came.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &Series)> {
        let mut labels: Vec<&[u8]> = vec![&[]; self.series.len()];
        for (bytes, place) in &self.places {
            if let Some(slot) = labels.get_mut(*place) {
                *slot = bytes;
            }
        }
        labels.into_iter().zip(&self.series)
    }
}

fn put_in_order<T>(samples: &mut Vec<T>, time: impl Fn(&T) -> i64) {
    if samples.len() < 2 {
        return;
    }
    samples.sort_by_key(&time);
    // `dedup_by` keeps the first of equals; the last is wanted.
    samples.reverse();
    samples.dedup_by(|a, b| time(a) == time(b));
    samples.reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_in_the_order_of_time_and_the_later_of_two_counts() {
        let mut set = SeriesSet::default();
        for (time, value) in [(3, 1.0), (1, 2.0), (3, 3.0), (2, 4.0)] {
            let sample = Sample {
                time,
                value,
                start: 0,
            };
            set.add_sample(b"labels".to_vec(), 0, sample, Vec::new());
        }
        set.put_in_order();
        let (_, series) = set.iter().next().expect("one");
        let samples: Vec<_> = series
            .samples
            .iter()
            .map(|sample| (sample.time, sample.value))
            .collect();
        assert_eq!(samples, [(1, 2.0), (2, 4.0), (3, 3.0)]);
    }
}
