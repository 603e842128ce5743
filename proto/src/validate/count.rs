use crate::{
    Signal,
    wire::{Fields, Value},
};

/// Items in an admitted request: spans, data points or log records. Nothing is looked at below them.
///
/// On bytes that were not admitted the count is of what can be read.
pub fn count_items(signal: Signal, request: &[u8]) -> usize {
    messages(request, 1)
        .map(|resource| items_of_resource(signal, resource))
        .sum()
}

/// Items of one `Resource…` message.
pub(crate) fn items_of_resource(signal: Signal, resource: &[u8]) -> usize {
    messages(resource, 2)
        .map(|scope| items_of_scope(signal, scope))
        .sum()
}

/// Items of one `Scope…` message.
pub(crate) fn items_of_scope(signal: Signal, scope: &[u8]) -> usize {
    match signal {
        Signal::Metrics => messages(scope, 2).map(data_points).sum(),
        Signal::Traces | Signal::Logs => messages(scope, 2).count(),
    }
}

/// Whether an admitted request holds no item. Stops at the first one.
pub fn is_empty(signal: Signal, request: &[u8]) -> bool {
    !messages(request, 1)
        .flat_map(|resource| messages(resource, 2))
        .flat_map(|scope| messages(scope, 2))
        .any(|item| signal != Signal::Metrics || data_points(item) > 0)
}

/// Data points of one metric, of whichever type.
pub(crate) fn data_points(metric: &[u8]) -> usize {
    Fields::new(metric)
        .filter_map(|field| match (field.number, field.value) {
            (5 | 7 | 9 | 10 | 11, Value::Len(data)) => Some(messages(data, 1).count()),
            _ => None,
        })
        .sum()
}

#[inline]
fn messages(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    Fields::new(message).filter_map(move |field| match field.value {
        Value::Len(content) if field.number == number => Some(content),
        _ => None,
    })
}
