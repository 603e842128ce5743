//! Which devices, interfaces, mount points and processes are looked at.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};
use sidelight_config::{Check, setting_enum, settings};

/// Most bytes of one compiled expression, and of what matching it keeps.
const COMPILED_LIMIT_BYTES: usize = 1 << 20;

setting_enum! {
    /// How names are compared.
    pub enum MatchType {
        /// The whole name.
        Strict = "strict",
        /// A regular expression that is found somewhere in the name.
        Regexp = "regexp",
    }
}

/// Names to look at, and others to leave out.
#[derive(Debug, Default)]
pub(super) struct Filter {
    include: Option<Names>,
    exclude: Option<Names>,
}

#[derive(Debug)]
pub(super) enum Names {
    Strict(HashSet<Box<str>>),
    Regexp(Vec<Regex>),
}

impl Filter {
    /// From two blocks of settings.
    pub(super) fn new(include: Option<Names>, exclude: Option<Names>) -> Self {
        Self { include, exclude }
    }

    /// Whether what has this name is looked at.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.include.as_ref().is_none_or(|names| names.contain(name))
            && !self.exclude.as_ref().is_some_and(|names| names.contain(name))
    }
}

impl Names {
    /// From the settings; expressions that do not compile were refused with them.
    pub(super) fn new(names: &[String], match_type: MatchType) -> Self {
        match match_type {
            MatchType::Strict => Self::Strict(names.iter().map(|name| name.as_str().into()).collect()),
            MatchType::Regexp => Self::Regexp(names.iter().filter_map(|name| compile(name).ok()).collect()),
        }
    }

    fn contain(&self, name: &str) -> bool {
        match self {
            Self::Strict(names) => names.contains(name),
            Self::Regexp(expressions) => expressions.iter().any(|expression| expression.is_match(name)),
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern)
        .size_limit(COMPILED_LIMIT_BYTES)
        .dfa_size_limit(COMPILED_LIMIT_BYTES)
        .build()
}

/// Reports expressions that are none.
fn check_names(setting: &str, names: &[String], match_type: MatchType, check: &mut Check<'_, '_>) {
    for (nth, name) in names.iter().enumerate() {
        if match_type == MatchType::Regexp && compile(name).is_err() {
            check.error_hint(
                &format!("{setting}.{nth}"),
                "is no regular expression, or one that needs more than 1 MiB",
                "give an expression, or `match_type: strict` for names as they are",
            );
        }
    }
}

/// A block of names and how they are compared.
macro_rules! names {
    ($Block:ident, $setting:ident, $doc:literal) => {
        settings! {
            /// Names, and how they are compared.
            pub struct $Block {
                #[doc = $doc]
                required $setting: Vec<String>,
                /// `strict`: the whole name; `regexp`: a regular expression that is found somewhere in it.
                required match_type: MatchType,
            }
            unsupported {
                harmless "regexp" => "compiled expressions need no cache; remove it",
            }
            validate $Block::check;
        }

        impl $Block {
            fn check(&self, check: &mut Check<'_, '_>) {
                check_names(stringify!($setting), &self.$setting, self.match_type, check);
            }

            /// The names, ready to be compared. None at all is no filter, as in the Collector.
            pub(super) fn names(&self) -> Option<Names> {
                (!self.$setting.is_empty()).then(|| Names::new(&self.$setting, self.match_type))
            }
        }
    };
}

names!(
    Devices,
    devices,
    "Names of devices, such as `sda`; for file systems such as `/dev/sda1`."
);
names!(Interfaces, interfaces, "Names of network interfaces.");
names!(FsTypes, fs_types, "Types of file systems, such as `ext4`.");
names!(MountPoints, mount_points, "Mount points, as the host sees them.");

names!(
    ProcessNames,
    names,
    "Names of processes: of the program, or what the kernel calls it."
);

/// A filter of an optional block each.
macro_rules! filter {
    ($include:expr, $exclude:expr) => {
        $crate::host_metrics::filter::Filter::new(
            $include.as_ref().and_then(|block| block.names()),
            $exclude.as_ref().and_then(|block| block.names()),
        )
    };
}
pub(super) use filter;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exclusion_wins_over_inclusion_and_no_names_are_no_filter() {
        let block = |devices: &[&str], match_type| {
            Some(Devices {
                devices: devices.iter().map(|name| (*name).to_owned()).collect(),
                match_type,
            })
        };
        let none: Option<Devices> = None;
        let filter = filter!(
            block(&["^sd", "vda"], MatchType::Regexp),
            block(&["sdb"], MatchType::Strict)
        );
        for (name, taken) in [
            ("sda", true),
            ("sdb", false),
            ("xvda1", true),
            ("nvme0", false),
            ("sdb1", true),
        ] {
            assert_eq!(filter.takes(name), taken, "{name}");
        }
        assert!(filter!(none, none).takes("anything"));
        assert!(filter!(block(&[], MatchType::Strict), none).takes("anything"));
        assert!(!filter!(block(&["a"], MatchType::Strict), none).takes("ab"));
    }
}
