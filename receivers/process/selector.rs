//! Which process is meant.

use std::path::{Path, PathBuf};

use regex::bytes::Regex;
use sidelight_procfs::pid::{arguments, is_below, unified_path};

/// Says which process is meant.
#[derive(Clone, Debug)]
pub(super) enum Selector {
    /// Found in the command line.
    CommandLine(Regex),
    /// The name of the program.
    Executable(Box<str>),
    /// Found in the name of the program.
    ExecutablePattern(Regex),
    /// Written in a file.
    PidFile(PathBuf),
    /// By number.
    Pid(u32),
    /// Our own parent.
    Parent,
    /// In the control group of a unit.
    Unit(Box<str>),
    /// In this control group or below it.
    Cgroup(Box<str>),
}

/// Longest text that a name is made of.
const MAX_NAME: usize = 100;

/// The kernel's names of programs are cut after this many bytes (`TASK_COMM_LEN` less its NUL).
const COMM_BYTES: usize = 15;

/// Shells: the text after their `-c` is a program of its own and not what the process is.
const SHELLS: [&[u8]; 6] = [b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh"];

/// What makes a regular expression out of a text; a dot alone is too often just a dot.
const OPERATORS: [char; 12] = ['*', '+', '?', '\\', '[', '(', '{', '|', '^', '$', ')', ']'];

impl Selector {
    /// What is meant, as text that stays the same: what `service.instance.id` is made of.
    pub(super) fn text(&self) -> String {
        match self {
            Self::CommandLine(pattern) => format!("cmdline={pattern}"),
            Self::Executable(name) => format!("executable={name}"),
            Self::ExecutablePattern(pattern) => format!("executable~{pattern}"),
            Self::PidFile(path) => format!("pid_file={}", path.display()),
            Self::Pid(pid) => format!("pid={pid}"),
            Self::Parent => "parent".to_owned(),
            Self::Unit(unit) => format!("systemd_unit={unit}"),
            Self::Cgroup(path) => format!("cgroup={path}"),
        }
    }

    /// The name of the service: the one that was given, else one made of the selector.
    pub(super) fn name(&self, given: Option<&str>) -> String {
        if let Some(given) = given {
            return given.to_owned();
        }
        let stem = |path: &Path| {
            path.file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
        };
        let name = match self {
            Self::CommandLine(pattern) | Self::ExecutablePattern(pattern) => pattern.to_string(),
            Self::Executable(name) => name.to_string(),
            Self::PidFile(path) => stem(path),
            Self::Pid(pid) => format!("pid-{pid}"),
            Self::Parent => "parent".to_owned(),
            Self::Unit(unit) => stem(Path::new(&**unit)),
            Self::Cgroup(path) => stem(Path::new(&**path)),
        };
        name.chars().take(MAX_NAME).collect()
    }

    /// Whether the command line is that of the process that is meant.
    pub(super) fn matches_command_line(&self, cmdline: &[u8]) -> bool {
        let Self::CommandLine(pattern) = self else {
            return false;
        };
        let searched = without_script(cmdline).join(&b' ');
        if searched.is_empty() {
            return false;
        }
        // Who has the pattern itself in the command line looks for the process as we do: `pgrep -f`, an editor.
        // (A pattern that is plain text, or nearly so, is in the command line of the process that is meant.)
        let quotes = pattern.as_str().contains(OPERATORS)
            && memchr::memmem::find(&searched, pattern.as_str().as_bytes()).is_some();
        !quotes && pattern.is_match(&searched)
    }

    /// Whether a program of this name is meant. `comm` is the kernel's name of it, `file` that of its file, where it
    /// may be known.
    pub(super) fn matches_executable(&self, comm: &[u8], file: Option<&[u8]>) -> bool {
        let names = [Some(comm), file];
        match self {
            Self::Executable(name) => {
                let name = name.as_bytes();
                let cut = name.get(..COMM_BYTES).unwrap_or(name);
                // A longer name can only be known from the file.
                let by_comm = comm == cut && (cut.len() == name.len() || file.is_none());
                by_comm || file == Some(name)
            }
            Self::ExecutablePattern(pattern) => {
                names.into_iter().flatten().any(|name| pattern.is_match(name))
            }
            _ => false,
        }
    }

    /// Whether a process with this `/proc/<pid>/cgroup` is in the unit or group that is meant.
    pub(super) fn matches_cgroup_file(&self, text: &[u8]) -> bool {
        match self {
            Self::Unit(unit) => is_below(text, unit),
            Self::Cgroup(group) => unified_path(text)
                .and_then(|path| path.trim_start_matches('/').strip_prefix(&**group))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
            _ => false,
        }
    }
}

/// The arguments of a process, for a shell without the script after `-c`: in `sh -c 'app & exec other'` the shell is
/// not the app.
fn without_script(cmdline: &[u8]) -> Vec<&[u8]> {
    let mut words: Vec<&[u8]> = arguments(cmdline).collect();
    let program = words
        .first()
        .and_then(|program| program.rsplit(|byte| *byte == b'/').next());
    // A login shell has a dash before its name.
    let is_shell = program.is_some_and(|name| SHELLS.contains(&name.strip_prefix(b"-").unwrap_or(name)));
    if is_shell {
        let is_script =
            |word: &&[u8]| word.starts_with(b"-") && !word.starts_with(b"--") && word.ends_with(b"c");
        if let Some(option) = words.iter().position(is_script) {
            words.truncate(option + 1);
        }
    }
    words
}

/// Whether `parent` only starts `child` and waits for it: the arguments of the child are the last ones of the parent,
/// as with `sudo`, `timeout`, `nice`, `tini --`.
pub(super) fn launches(parent: &[u8], child: &[u8]) -> bool {
    let parent: Vec<&[u8]> = arguments(parent).collect();
    let child: Vec<&[u8]> = arguments(child).collect();
    !child.is_empty() && parent.len() > child.len() && parent.ends_with(&child)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<u8> {
        text.replace('|', "\0").into_bytes()
    }

    #[test]
    fn a_command_line_is_found_by_its_words_and_never_by_who_only_looks_for_it() {
        let selector = |pattern| Selector::CommandLine(Regex::new(pattern).expect("a pattern"));
        let wanted = "python.*main.py.*monitor";
        for (pattern, cmdline, expected) in [
            (wanted, "python3|main.py|--mode|monitor|", true),
            (wanted, "/usr/bin/python3.12|-u|/app/main.py|monitor|", true),
            (wanted, "python3|main.py|--mode|trade|", false),
            (wanted, "pgrep|-f|python.*main.py.*monitor|", false),
            (
                wanted,
                "sh|-c|python3 main.py monitor & exec sidelight run|",
                false,
            ),
            (wanted, "/bin/bash|-lc|python3 main.py monitor|", false),
            (wanted, "-bash|-c|python3 main.py monitor|", false),
            (wanted, "bash|run_python.sh|main.py|monitor|", true),
            ("app-1.main", "python3|app-1.main|", true),
            ("^sh -c", "sh|-c|anything|", true),
            ("main", "python3|main.py|", true),
            ("main.py$", "python3|main.py|", true),
            ("nginx: master", "nginx: master process /usr/sbin/nginx||||", true),
            (".", "", false),
        ] {
            let found = selector(pattern).matches_command_line(&line(cmdline));
            assert_eq!(found, expected, "{pattern} in {cmdline}");
        }
    }

    #[test]
    fn a_name_is_that_of_the_file_or_of_the_kernel_which_cuts_it() {
        let strict = |name: &str| Selector::Executable(name.into());
        let pattern = Selector::ExecutablePattern(Regex::new("^kw.*er").expect("a pattern"));
        for (selector, comm, file, expected) in [
            (strict("nginx"), "nginx", None, true),
            (strict("nginx"), "nginx-debug", None, false),
            (strict("python3.12"), "worker-main", Some("python3.12"), true),
            (strict("worker-main"), "worker-main", Some("python3.12"), true),
            (
                strict("a-very-long-program"),
                "a-very-long-pro",
                Some("a-very-long-program"),
                true,
            ),
            (
                strict("a-very-long-program"),
                "a-very-long-pro",
                Some("a-very-long-process"),
                false,
            ),
            (strict("a-very-long-program"), "a-very-long-pro", None, true),
            (pattern, "kworker/0:1", None, true),
        ] {
            let file = file.map(str::as_bytes);
            let found = selector.matches_executable(comm.as_bytes(), file);
            assert_eq!(found, expected, "{selector:?} {comm}");
        }
    }

    #[test]
    fn a_group_has_those_below_it_and_a_unit_is_a_whole_name() {
        let group = Selector::Cgroup("system.slice/web".into());
        let unit = Selector::Unit("web.service".into());
        for (text, in_group, in_unit) in [
            ("0::/system.slice/web\n", true, false),
            ("0::/system.slice/web/worker\n", true, false),
            ("0::/system.slice/web.service\n", false, true),
            ("1:name=systemd:/system.slice/web.service\n0::/\n", false, true),
            ("0::/\n", false, false),
        ] {
            assert_eq!(group.matches_cgroup_file(text.as_bytes()), in_group, "{text}");
            assert_eq!(unit.matches_cgroup_file(text.as_bytes()), in_unit, "{text}");
        }
    }

    #[test]
    fn a_launcher_ends_with_the_arguments_of_its_child() {
        for (parent, child, expected) in [
            ("sudo|-u|app|python3|main.py|", "python3|main.py|", true),
            ("tini|--|python3|main.py|", "python3|main.py|", true),
            ("python3|main.py|", "python3|main.py|", false),
            ("gunicorn|app:app|", "gunicorn|app:app|", false),
            ("python3|main.py|", "", false),
            ("python3|main.py|-x|", "main.py|", false),
        ] {
            assert_eq!(
                launches(&line(parent), &line(child)),
                expected,
                "{parent} {child}"
            );
        }
    }

    #[test]
    fn a_name_is_made_of_the_selector_where_none_is_given() {
        for (selector, name) in [
            (Selector::PidFile("/run/app/api.pid".into()), "api"),
            (Selector::Unit("postgresql.service".into()), "postgresql"),
            (Selector::Cgroup("system.slice/nginx.service".into()), "nginx"),
            (Selector::Pid(7), "pid-7"),
            (Selector::Executable("redis-server".into()), "redis-server"),
        ] {
            assert_eq!(selector.name(None), name);
            assert_eq!(selector.name(Some("mine")), "mine");
        }
    }
}
