//! Whether a file has the content of another one, and up to which place.

use super::content::{Content, Got};
use super::file::KnownFile;
use super::identity::{Mark, PLACE_BYTES};

/// The place at which a plain file goes on where another one was read, whose beginning it has. `None`: it has other
/// content.
///
/// A file that is shorter than what was read may be a copy that was made before the last lines were read: it goes on at
/// its end, where the bytes there are known, else at the last place that it has.
pub(super) fn place_in_plain(size: u64, content: &Content, old: &KnownFile) -> Option<u64> {
    let has = |place: u64, was_read: &dyn Fn(&[u8]) -> bool| {
        let before = content.before(place, PLACE_BYTES);
        before.is_ok_and(|before| was_read(&before)).then_some(place)
    };
    let position = old.position();
    if size >= position {
        return has(position, &|before| old.was_read_up_to(before));
    }
    if let Some(old) = old.open.as_ref().filter(|_| !old.is_packed) {
        // Both are there to be compared.
        let before = old.content.before(size, PLACE_BYTES).ok()?;
        return has(size, &|bytes| bytes == before);
    }
    let remains = old.remains.as_deref()?;
    has(size, &|before| remains.has_before(position - size, before)).or_else(|| {
        let (place, mark) = remains.places.iter().rev().find(|(place, _)| *place <= size)?;
        has(*place, &|before| mark.ends(before))
    })
}

/// The same of a packed file. It is unpacked up to the place: this blocks for as long as that takes.
pub(super) fn place_in_packed(content: &mut Content, old: &KnownFile) -> Option<u64> {
    let position = old.position();
    let mut places: Vec<(u64, Mark)> = Vec::new();
    if let Some(remains) = old.remains.as_deref() {
        places.extend(remains.places.iter().filter(|(place, _)| *place < position));
    }
    places.push((position, old.read.mark));
    let (first, mark) = *places.first()?;
    let mut before = Vec::new();
    let from = first.saturating_sub(u64::from(mark.len));
    if !read_on(content, from, first, &mut before) || !mark.ends(&before) {
        return None;
    }
    let mut verified = first;
    for (place, mark) in &places[1..] {
        if !read_on(content, verified, *place, &mut before) {
            let end = verified.max(from + before.len() as u64);
            let is_known = old
                .remains
                .as_deref()
                .is_some_and(|remains| remains.has_before(position.saturating_sub(end), &before));
            return Some(if is_known { end } else { verified });
        }
        if !mark.ends(&before) {
            return None;
        }
        verified = *place;
    }
    Some(verified)
}

/// Reads what lies between two places behind the bytes before. False where it ends before.
fn read_on(content: &mut Content, from: u64, to: u64, bytes: &mut Vec<u8>) -> bool {
    let mut at = from;
    let mut piece = [0; 4096];
    while at < to {
        let wanted = usize::try_from(to - at).unwrap_or(piece.len()).min(piece.len());
        match content.read_at(at, &mut piece[..wanted]) {
            Ok(Got::OnTheWay) => {}
            Ok(Got::Bytes(read)) if read > 0 => {
                bytes.extend_from_slice(&piece[..read]);
                at += read as u64;
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::path::Path;

    use super::super::config::Compression;
    use super::super::identity::FileKey;
    use super::super::open_file::Remains;
    use super::*;

    fn text(lines: std::ops::Range<u32>) -> String {
        lines.map(|number| format!("line {number:04}\n")).collect()
    }

    /// A file of 300 lines that was read in three pieces and then cut, or is just gone.
    fn old(was_cut: bool) -> KnownFile {
        let all = text(0..300);
        let mut file = KnownFile::new(1, FileKey::default(), Path::new("/a.log"));
        let mark = |lines: u32| Mark::of_place(&all.as_bytes()[..lines as usize * 10]);
        (file.read.offset, file.read.mark) = (3000, mark(300));
        if was_cut {
            file.remains = Some(Box::new(Remains {
                cut: std::time::Instant::now(),
                recent: all.as_bytes()[1000..].to_vec(),
                places: [(500, mark(50)), (900, mark(90)), (3000, mark(300))].into(),
            }));
        }
        file
    }

    fn open(folder: &Path, text: &str, is_packed: bool) -> Content {
        let path = folder.join("new");
        let mut bytes = text.as_bytes().to_vec();
        if is_packed {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(&bytes).expect("written");
            bytes = encoder.finish().expect("written");
        }
        std::fs::write(&path, bytes).expect("written");
        Content::open(&path, Compression::Auto, false).expect("opened").0
    }

    #[test]
    fn a_copy_goes_on_where_the_other_was_read_and_other_content_does_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let other = |lines: u32| text(0..lines) + &text(5000..5300);
        for (was_cut, content, expected) in [
            (true, text(0..310), Some(3000)),
            (true, text(0..300), Some(3000)),
            // Made before the last lines were read.
            (true, text(0..290), Some(2900)),
            // Where the bytes at its end are not remembered: the last place.
            (true, text(0..95), Some(900)),
            (true, text(0..20), None),
            (false, text(0..310), Some(3000)),
            (false, text(0..290), None),
            (true, other(10), None),
            (false, other(10), None),
        ] {
            let old = old(was_cut);
            let len = content.len() as u64;
            let what = format!("{was_cut} {} bytes", content.len());
            let plain = open(folder.path(), &content, false);
            assert_eq!(place_in_plain(len, &plain, &old), expected, "{what}");
            let mut packed = open(folder.path(), &content, true);
            assert_eq!(place_in_packed(&mut packed, &old), expected, "{what}, packed");
        }
    }
}
