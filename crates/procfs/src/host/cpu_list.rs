//! Lists of processors as `/sys/devices/system/cpu` and affinities have them: `0-3,8`.

use crate::fields::number;

/// How many processors are in the list; `None` where it is none.
pub fn count(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii();
    text.split(|byte| *byte == b',').try_fold(0_u64, |sum, range| {
        let mut ends = range.splitn(2, |byte| *byte == b'-').map(number);
        let first = ends.next()??;
        let last = ends.next().unwrap_or(Some(first))?;
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}
