use crate::end::{End, Outcome};

/// Outcome, first ordinal, ordinal behind the last, bytes, records.
const ENTRY_LEN: usize = 1 + 4 * 8;

pub(crate) fn encode_ends(ends: &[End], into: &mut Vec<u8>) {
    for end in ends {
        into.push(end.outcome as u8);
        for number in [end.items.start, end.items.end, end.bytes, end.records] {
            into.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// `None` where this is nothing that [`encode_ends`] writes.
pub(crate) fn decode_ends(payload: &[u8]) -> Option<impl Iterator<Item = End>> {
    let (entries, rest) = payload.as_chunks::<ENTRY_LEN>();
    let good = rest.is_empty() && entries.iter().all(|entry| decode(entry).is_some());
    good.then(|| entries.iter().filter_map(decode))
}

fn decode(entry: &[u8; ENTRY_LEN]) -> Option<End> {
    let (numbers, _) = entry[1..].as_chunks::<8>();
    let [start, end, bytes, records] = numbers else {
        return None;
    };
    let items = u64::from_le_bytes(*start)..u64::from_le_bytes(*end);
    (items.start < items.end).then_some(End {
        items,
        outcome: Outcome::from_number(entry[0])?,
        bytes: u64::from_le_bytes(*bytes),
        records: u64::from_le_bytes(*records),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_back_and_nothing_else_is_taken_for_them() {
        let ends = Outcome::ALL.map(|outcome| End {
            items: 7..u64::MAX,
            outcome,
            bytes: u64::MAX,
            records: 1,
        });
        let mut payload = Vec::new();
        encode_ends(&ends, &mut payload);
        assert_eq!(decode_ends(&payload).unwrap().collect::<Vec<_>>(), ends);

        assert!(decode_ends(&payload[1..]).is_none(), "cut");
        payload[0] = 13;
        assert!(decode_ends(&payload).is_none(), "no such outcome");
        payload[0] = 0;
        payload[1..9].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(decode_ends(&payload).is_none(), "an empty range");
    }
}
