//! What a process is: the attributes of its resource.

use sidelight_procfs::ProcDir;
use sidelight_procfs::pid::{Stat, Status, arguments};
use sidelight_proto::encode::ResourceEncoder;

use crate::sampling::{Users, creation_time, cut};

/// An attribute that can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Command,
    ExecutableName,
    ExecutablePath,
    Owner,
    ParentPid,
}

/// A process that is looked up.
pub(super) struct Describing<'d> {
    pub(super) dir: ProcDir<'d>,
    pub(super) stat: &'d Stat<'d>,
    /// When it started, in Unix nanoseconds.
    pub(super) started: u64,
    pub(super) attributes: &'d [Attribute],
}

/// What it is.
#[derive(Debug)]
pub(super) struct Described {
    pid: u32,
    creation_time: String,
    parent: Option<u32>,
    texts: Vec<(&'static str, Box<str>)>,
}

impl Attribute {
    pub(super) const ALL: [Self; 5] = [
        Self::Command,
        Self::ExecutableName,
        Self::ExecutablePath,
        Self::Owner,
        Self::ParentPid,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Command => "process.command",
            Self::ExecutableName => "process.executable.name",
            Self::ExecutablePath => "process.executable.path",
            Self::Owner => "process.owner",
            Self::ParentPid => "process.parent_pid",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|attribute| attribute.name() == name)
    }
}

impl Describing<'_> {
    /// Its name: that of its program, or what the kernel calls it where the program is not shown, as for threads of the
    /// kernel.
    pub(super) fn name(&self) -> String {
        let path = self.path();
        let name = path
            .as_deref()
            .and_then(|path| path.rsplit('/').next())
            .filter(|name| !name.is_empty());
        name.map_or_else(|| cut(&String::from_utf8_lossy(self.stat.comm)), cut)
    }

    fn path(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let link = self.dir.link(self.stat.pid, "exe", &mut buffer).ok()?;
        let path = String::from_utf8_lossy(link);
        Some(path.strip_suffix(" (deleted)").unwrap_or(&path).to_owned())
    }

    /// The first argument: the command as it was given. The others may hold secrets. A process that writes its title
    /// there has one argument with spaces; its first word is taken.
    fn command(&self) -> Option<String> {
        let mut buffer = [0; 4096];
        let line = self.dir.read(self.stat.pid, "cmdline", &mut buffer).ok()?;
        let mut all = arguments(line);
        let (first, others) = (all.next()?, all.next());
        let first = String::from_utf8_lossy(first);
        let word = match others {
            Some(_) => &*first,
            None => first.split(' ').next().unwrap_or_default(),
        };
        (!word.is_empty()).then(|| cut(word))
    }

    fn owner(&self, users: &mut Users) -> Option<Box<str>> {
        let mut buffer = [0; 4096];
        let status = self
            .dir
            .read(self.stat.pid, "status", &mut buffer)
            .ok()
            .and_then(Status::parse)?;
        Some(users.name(status.effective_uid))
    }

    /// Looks it up. What cannot be read is left out: the rights may be missing, or it has ended.
    pub(super) fn describe(&self, name: String, users: &mut Users) -> Described {
        let mut texts = Vec::new();
        let mut parent = None;
        for attribute in self.attributes {
            let text: Option<Box<str>> = match attribute {
                Attribute::Command => self.command().map(Into::into),
                Attribute::ExecutableName => Some(name.as_str().into()),
                Attribute::ExecutablePath => self.path().map(|path| cut(&path).into()),
                Attribute::Owner => self.owner(users),
                Attribute::ParentPid => {
                    parent = Some(self.stat.parent);
                    None
                }
            };
            texts.extend(text.map(|text| (attribute.name(), text)));
        }
        Described {
            pid: self.stat.pid,
            creation_time: creation_time(self.started),
            parent,
            texts,
        }
    }
}

impl Described {
    /// Writes it.
    pub(super) fn write(&self, resource: &mut ResourceEncoder<'_>) {
        resource.attribute("process.pid", self.pid);
        resource.attribute("process.creation.time", self.creation_time.as_str());
        if let Some(parent) = self.parent {
            resource.attribute("process.parent_pid", parent);
        }
        for (key, text) in &self.texts {
            resource.attribute(key, &**text);
        }
    }
}
