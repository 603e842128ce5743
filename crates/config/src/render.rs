//! Mistakes as people and machines read them.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value as Json, json};

use crate::escape::escaped;
use crate::mistake::{Mistake, Mistakes, Severity};
use crate::source::{Sources, Span};

/// Longest line of a file that is shown whole, in bytes; of longer ones the part around the place.
const MAX_SHOWN_LINE: usize = 300;

/// How mistakes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Text only: files, logs, pipes.
    Plain,
    /// With colours: a terminal.
    Coloured,
}

impl Mistakes {
    /// All mistakes with their lines, and how many there are:
    ///
    /// ```text
    /// pipeline.yaml:14:7: unknown setting `intervall` in receiver `heartbeat/app`
    /// 14 │       intervall: 5s
    ///    │       ━━━━━━━━━ did you mean `interval`?
    ///    │
    ///    ╰ note: settings: interval, metric – see receivers/heartbeat/README.md
    /// ```
    pub fn render(&self, style: Style) -> String {
        let mut out = String::new();
        for mistake in self.iter() {
            out.push_str(&heading(mistake, &self.sources, style));
            out.push('\n');
            out.push_str(&body(mistake, &self.sources, style));
            out.push_str("\n\n");
        }
        if !self.is_empty() {
            out.push_str(&self.summary());
            out.push('\n');
        }
        out
    }

    /// [`Mistakes::render`] without colours.
    pub fn render_plain(&self) -> String {
        self.render(Style::Plain)
    }

    /// One line per mistake, for editors and log lines:
    /// ``pipeline.yaml:14:7: error[unknown_setting]: unknown setting `intervall` …; did you mean `interval`?``
    pub fn lines(&self) -> Vec<String> {
        let line = |mistake: &Mistake| {
            let place = self.sources.place(mistake.span);
            let (severity, code) = (severity_name(mistake.severity), mistake.code);
            let hint = mistake
                .hint
                .as_ref()
                .map_or_else(String::new, |hint| format!("; {hint}"));
            escaped(&format!("{place}: {severity}[{code}]: {}{hint}", mistake.message)).into_owned()
        };
        self.iter().map(line).collect()
    }

    /// `{"errors": 1, "warnings": 0, "mistakes": [{"severity", "code", "message", "hint", "notes", "file",
    /// "start": {"line", "column", "offset"}, "end": …, "related": […]}]}`. Lines and columns begin with 1,
    /// columns count characters, offsets bytes.
    pub fn to_json(&self) -> Json {
        let mistakes: Vec<Json> = self
            .iter()
            .map(|mistake| mistake_json(mistake, &self.sources))
            .collect();
        json!({
            "errors": self.error_count(),
            "warnings": self.warning_count(),
            "mistakes": mistakes,
        })
    }

    fn summary(&self) -> String {
        let count = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            _ => format!("{count} {noun}s"),
        };
        let (errors, warnings) = (self.error_count(), self.warning_count());
        let mut parts = Vec::new();
        if errors > 0 {
            parts.push(count(errors, "error"));
        }
        if warnings > 0 {
            parts.push(count(warnings, "warning"));
        }
        let omitted = match self.omitted() {
            0 => String::new(),
            omitted => format!(" ({omitted} not shown)"),
        };
        format!("{}{omitted}", parts.join(", "))
    }
}

fn heading(mistake: &Mistake, sources: &Sources, style: Style) -> String {
    let place = sources.place(mistake.span).to_string();
    let severity = match mistake.severity {
        Severity::Error => "",
        Severity::Warning => "warning: ",
    };
    let message = escaped(&mistake.message);
    match style {
        Style::Plain => format!("{place}: {severity}{message}"),
        Style::Coloured => {
            let colour = match mistake.severity {
                Severity::Error => annotate_snippets::renderer::DEFAULT_ERROR_STYLE,
                Severity::Warning => annotate_snippets::renderer::DEFAULT_WARNING_STYLE,
            };
            format!("{place}: {colour}{severity}{message}{colour:#}")
        }
    }
}

fn body(mistake: &Mistake, sources: &Sources, style: Style) -> String {
    let level = match mistake.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let hint = mistake.hint.as_deref().map(|hint| escaped(hint).into_owned());
    let has_text = sources
        .file(mistake.span.file)
        .is_some_and(|file| !file.text().is_empty());
    let mut group = Group::with_level(level);
    match (has_text, hint) {
        (true, hint) => {
            group = group.element(snippet(
                mistake.span,
                AnnotationKind::Primary,
                hint,
                sources,
                false,
            ))
        }
        (false, Some(hint)) => group = group.element(Level::HELP.message(hint)),
        (false, None) => {}
    }
    for related in &mistake.related {
        let label = Some(escaped(&related.label).into_owned());
        let other_file = related.span.file != mistake.span.file;
        group = group.element(snippet(
            related.span,
            AnnotationKind::Context,
            label,
            sources,
            other_file,
        ));
    }
    for note in &mistake.notes {
        group = group.element(Level::NOTE.message(escaped(note).into_owned()));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    let rendered = renderer.decor_style(DecorStyle::Unicode).render(&[group]);
    // The renderer begins with the place, which the heading has already said.
    let is_content = |line: &&str| !line.contains("╭▸");
    let lines: Vec<&str> = rendered.lines().filter(is_content).map(str::trim_end).collect();
    lines.join("\n")
}

/// The line of a place (the first, when it has several), with the place underlined.
fn snippet<'a>(
    span: Span,
    kind: AnnotationKind,
    label: Option<String>,
    sources: &Sources,
    name_file: bool,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let line = sources
        .file(span.file)
        .map_or("", |file| file.line(span.start.line));
    let line_offset = sources
        .file(span.file)
        .map_or(0, |file| file.line_offset(span.start.line));
    let mut start = (span.start.offset as usize)
        .saturating_sub(line_offset)
        .min(line.len());
    let mut end = (span.end.offset as usize)
        .saturating_sub(line_offset)
        .clamp(start, line.len());
    let mut shown = line;
    if line.len() > MAX_SHOWN_LINE {
        let from = line.floor_char_boundary(start.saturating_sub(MAX_SHOWN_LINE / 3));
        let to = line.floor_char_boundary((from + MAX_SHOWN_LINE).min(line.len()));
        shown = &line[from..to];
        start -= from;
        end = (end - from).min(shown.len());
    }
    let annotation = kind.span(start..end.max(start)).label(label);
    // A snippet's text without any character has no line to point at.
    let text = if shown.is_empty() {
        " ".to_owned()
    } else {
        shown.to_owned()
    };
    let name = sources
        .file(span.file)
        .map(|file| escaped(file.name()).into_owned());
    Snippet::source(text)
        .line_start(span.start.line as usize)
        .path(name.filter(|_| name_file))
        .annotation(annotation)
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn mistake_json(mistake: &Mistake, sources: &Sources) -> Json {
    let related: Vec<Json> = mistake
        .related
        .iter()
        .map(|related| {
            let mut place = place_json(related.span, sources);
            place["label"] = json!(related.label);
            place
        })
        .collect();
    let mut out = place_json(mistake.span, sources);
    out["severity"] = json!(severity_name(mistake.severity));
    out["code"] = json!(mistake.code);
    out["message"] = json!(mistake.message);
    out["hint"] = json!(mistake.hint);
    out["notes"] = json!(mistake.notes);
    out["related"] = json!(related);
    out
}

fn place_json(span: Span, sources: &Sources) -> Json {
    let position = |at: crate::Position| json!({"line": at.line, "column": at.column, "offset": at.offset});
    json!({
        "file": sources.file(span.file).map(crate::SourceFile::name),
        "start": position(span.start),
        "end": position(span.end),
    })
}
