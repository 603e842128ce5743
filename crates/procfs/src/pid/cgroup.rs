//! `/proc/<pid>/cgroup`, cgroups(7).

use crate::fields::lines;

/// The path of the process below the root of the version 2 hierarchy: `/system.slice/nginx.service`.
///
/// `None` where it is in none, or outside what this cgroup namespace shows (`/../…`).
pub fn unified_path(text: &[u8]) -> Option<&str> {
    let path = lines(text).find_map(|line| line.strip_prefix(b"0::"))?;
    let path = std::str::from_utf8(path).ok()?;
    let is_inside = path.starts_with('/') && path.split('/').all(|part| part != "..");
    is_inside.then_some(path)
}

/// Whether one of the process's paths goes through a folder of this name, in any hierarchy: systemd names the folder
/// of a unit after it, whatever slice it is in.
pub fn is_below(text: &[u8], folder: &str) -> bool {
    lines(text)
        .filter_map(|line| line.splitn(3, |byte| *byte == b':').nth(2))
        .any(|path| {
            path.split(|byte| *byte == b'/')
                .any(|part| part == folder.as_bytes())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unified_path_is_the_line_without_controllers() {
        for (text, expected) in [
            ("0::/system.slice/a.service\n", Some("/system.slice/a.service")),
            ("4:memory:/x\n0::/\n", Some("/")),
            ("4:memory:/x\n", None),
            ("0::/../../other\n", None),
            ("0::\n", None),
        ] {
            assert_eq!(unified_path(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn a_unit_is_found_by_the_whole_name_of_its_folder() {
        let text = b"9:name=systemd:/user.slice/app@1.service/sub\n0::/\n";
        assert!(is_below(text, "app@1.service"));
        assert!(!is_below(text, "app@1"));
        assert!(is_below(b"0::/a:b.service\n", "a:b.service"));
    }
}
