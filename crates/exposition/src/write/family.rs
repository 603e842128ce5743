//! The family that is being written, in the words of the format.

use std::borrow::Cow;

use super::{FamilyHead, FamilyType, LabelTexts};
use crate::escape::{escape_name, is_legacy_metric_name, push_quoted};
use crate::format::{Escaping, Format};
use crate::labels::{LabelTextBuilder, Labels};

/// Name and type as the format wants them.
#[derive(Debug)]
pub(super) struct Family {
    /// The name that samples have, without `_bucket` and such.
    pub(super) sample_name: String,
    /// The name in HELP, TYPE and UNIT.
    pub(super) meta_name: String,
    /// Names stand between quotation marks, inside the braces.
    pub(super) quoted: bool,
    pub(super) family_type: FamilyType,
    escaping: Escaping,
    /// Labels in another escaping than they were kept in.
    rewritten: LabelTextBuilder,
}

impl Family {
    pub(super) fn new(head: &FamilyHead<'_>, format: Format, escaping: Escaping) -> Self {
        let name = escape_name(head.name, escaping, true);
        let (meta_name, family_type) = match (format, head.family_type) {
            (Format::OpenMetrics { .. }, FamilyType::Counter) => match name.strip_suffix("_total") {
                Some(family) => (family.to_owned(), FamilyType::Counter),
                // OpenMetrics has no counters without the suffix, and a series has one name in all formats.
                None => (name.clone().into_owned(), FamilyType::Unknown),
            },
            (Format::OpenMetrics { .. }, FamilyType::Info) => match name.strip_suffix("_info") {
                Some(family) => (family.to_owned(), FamilyType::Info),
                None => (name.clone().into_owned(), FamilyType::Gauge),
            },
            (_, FamilyType::Info) => (name.clone().into_owned(), FamilyType::Gauge),
            (_, family_type) => (name.clone().into_owned(), family_type),
        };
        Self {
            quoted: !is_legacy_metric_name(&name),
            sample_name: name.into_owned(),
            meta_name,
            family_type,
            escaping,
            rewritten: LabelTextBuilder::default(),
        }
    }

    /// Appends a name, between quotation marks where it needs them.
    pub(super) fn push_meta_name(&self, out: &mut Vec<u8>) {
        if self.quoted {
            out.push(b'"');
            push_quoted(out, &self.meta_name);
            out.push(b'"');
        } else {
            out.extend_from_slice(self.meta_name.as_bytes());
        }
    }

    /// The label texts in the escaping that was asked for. Texts of legacy names are used as they are; the scheme
    /// with dots changes those, too.
    pub(super) fn labels<'a>(&'a mut self, labels: LabelTexts<'a>) -> LabelTexts<'a> {
        // In a label text only names begin with a quotation mark behind a comma or at the beginning.
        let has_quoted = |text: &str| text.starts_with('"') || text.contains(",\"");
        let as_it_is = match self.escaping {
            Escaping::AllowUtf8 => true,
            Escaping::Dots => false,
            Escaping::Underscores | Escaping::Values => !labels.0.into_iter().any(has_quoted),
        };
        if as_it_is {
            return labels;
        }
        self.rewritten.clear();
        for (name, value) in labels.0.into_iter().flat_map(Labels::new) {
            let name: Cow<'_, str> = escape_name(&name, self.escaping, false);
            self.rewritten.label(&name, &value);
        }
        LabelTexts([self.rewritten.text(), ""])
    }
}
