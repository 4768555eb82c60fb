//! Text of a template or module outside its resources: descriptions, parameters and variables,
//! mappings, locals, outputs, metadata and comments.
//!
//! JSON and YAML are read once more, so that a value stands under its names; HCL and comments
//! are read line by line. Nothing is read where the source has no word of context and no part
//! of a credential. Linear in the source.

use sekisho_detect::{Confidence, credentials, identifiers};
use sekisho_estate::json::Limits;
use sekisho_estate::{Estate, Node, NodeId, StackIndex, Tree, json, yaml};
use sekisho_expr::{Frame, Seen, Val};

use crate::identifiers::Words;

/// What is looked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sought {
    /// What identifies a person by its form and the words for it.
    Identifier,
    /// What seems to name a patient.
    Name,
    /// A credential.
    Credential,
}

impl Sought {
    /// By its word in the control language.
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "identifier" => Some(Self::Identifier),
            "name" => Some(Self::Name),
            "credential" => Some(Self::Credential),
            _ => None,
        }
    }

    /// What is found of it in a text, each with its first byte.
    pub(crate) fn within(self, name: &str, text: &str) -> Vec<(&'static str, usize)> {
        match self {
            Self::Credential => credentials(text)
                .into_iter()
                .filter(|found| found.kind.confidence == Confidence::High)
                .map(|found| (found.kind.label[0], found.start))
                .collect(),
            _ => identifiers(name, text)
                .into_iter()
                .filter(|found| (found.confidence > Confidence::Low) == (self == Self::Identifier))
                .map(|found| (found.kind.label[0], found.start))
                .collect(),
        }
    }
}

/// Sections of a template, of Terraform's JSON, of a plan or of a state that are no resources.
const SECTIONS: [&str; 17] = [
    "Description",
    "Metadata",
    "Parameters",
    "Mappings",
    "Conditions",
    "Rules",
    "Outputs",
    "Globals",
    "variables",
    "outputs",
    "output_changes",
    "variable",
    "locals",
    "output",
    "data",
    "module",
    "provider",
];

/// Keys that say nothing of their value: the name above says what it is.
const PLAIN_KEYS: [&str; 6] = ["Default", "AllowedValues", "Value", "default", "value", "after"];

/// Whether text of a stack outside its resources holds what is sought.
pub(crate) fn holds<'a>(words: &Words, frame: &Frame<'_, 'a>, stack: StackIndex, sought: Sought) -> Val<'a> {
    let estate = frame.reader.estate;
    let this = estate.stack(stack);
    // A file that is used twice is told once.
    let before = &estate.stacks[..stack.0 as usize];
    if this.segments.is_empty() && before.iter().any(|other| other.file == this.file) {
        return Val::Bool(false);
    }
    let hits = words.of(estate, stack, sought);
    if hits.is_empty() {
        return Val::Bool(false);
    }
    let mut found: Vec<(u32, &'static str)> = Vec::new();
    let regions = regions(estate, stack);
    let source = this.tree.source();
    let starts = this.segments.iter().map(|segment| segment.start as usize).chain([source.len()]);
    let parts: Vec<(&str, usize, usize)> = match this.segments.is_empty() {
        true => vec![(&this.file, 0, source.len())],
        false => {
            let ends = starts.skip(1);
            this.segments
                .iter()
                .zip(ends)
                .map(|(part, end)| (&*part.file, part.start as usize, end))
                .collect()
        }
    };
    for (file, start, end) in parts {
        let text = source.get(start..end).unwrap_or_default();
        let terraform = sections(file, text, start, sought, &mut found);
        lines(text, start, &regions, terraform, sought, &mut found);
    }
    found.sort_unstable();
    found.dedup();
    for &(offset, what) in &found {
        frame.see(|| Seen::FoundAt(stack, offset, what));
    }
    Val::Bool(!found.is_empty())
}

/// Reads the sections of a file of JSON or YAML; true for HCL, which is read by lines.
fn sections(
    file: &str,
    text: &str,
    start: usize,
    sought: Sought,
    found: &mut Vec<(u32, &'static str)>,
) -> bool {
    let json = text.trim_start().starts_with('{');
    if !json && [".tf", ".tofu", ".tfvars"].iter().any(|end| file.ends_with(end)) {
        return true;
    }
    let document = match json {
        true => json::read(numbered(text), Limits::default()),
        false => yaml::read(text.to_owned(), Limits::default()),
    };
    let Ok(document) = document else { return false };
    let mut walk = Walk { tree: &document.tree, start: start as u32, sought, found };
    for entry in document.tree.map(document.root) {
        let key = document.tree.text(entry.key);
        if SECTIONS.contains(&key) {
            walk.node(entry.value, key, "", 0);
        }
        // A state as `terraform show` writes it.
        if key == "values"
            && let Some(outputs) = document.tree.get(entry.value, "outputs")
        {
            walk.node(outputs, "outputs", "", 0);
        }
    }
    false
}

/// JSON in which covered numbers of a plan (`***`) are numbers again, so that it can be read; every
/// offset stays.
fn numbered(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let digit = |char| {
        let was = (quoted, std::mem::take(&mut escaped));
        match (was, char) {
            ((false, _), '"') => quoted = true,
            ((true, false), '"') => quoted = false,
            ((true, false), '\\') => escaped = true,
            ((false, _), '*') => return '1',
            _ => {}
        }
        char
    };
    text.chars().map(digit).collect()
}

struct Walk<'w> {
    tree: &'w Tree,
    /// Where the text begins in the source of the stack.
    start: u32,
    sought: Sought,
    found: &'w mut Vec<(u32, &'static str)>,
}

impl Walk<'_> {
    fn node(&mut self, node: NodeId, name: &str, above: &str, depth: u32) {
        if depth > sekisho_estate::reader::MAX_DEPTH {
            return;
        }
        match self.tree.node(node) {
            Node::Map(range) => {
                for entry in self.tree.entries(range) {
                    let key = self.tree.text(entry.key);
                    for (what, _) in self.sought.within("", key) {
                        self.found.push((self.start + self.tree.key_offset(entry), what));
                    }
                    self.node(entry.value, key, name, depth + 1);
                }
            }
            Node::List(range) => {
                for &child in self.tree.children(range) {
                    self.node(child, name, above, depth + 1);
                }
            }
            _ => {
                let Some(text) = self.tree.string(node) else { return };
                let name = if PLAIN_KEYS.contains(&name) { above } else { name };
                for (what, _) in self.sought.within(name, text) {
                    self.found.push((self.start + self.tree.offset(node), what));
                }
            }
        }
    }
}

/// Byte ranges of the resources in the source of a stack, ascending.
pub(crate) fn regions(estate: &Estate, stack: StackIndex) -> Vec<(usize, usize)> {
    let this = estate.stack(stack);
    let source = this.tree.source();
    let mut starts: Vec<usize> = this.resources.iter().map(|resource| resource.offset as usize).collect();
    starts.sort_unstable();
    starts.dedup();
    let next = starts.iter().skip(1).copied().chain([source.len()]);
    starts.iter().zip(next).map(|(&start, next)| (start, end_of(&source[..next], start))).collect()
}

/// Where the section or block that begins before an offset ends: at the next line that begins
/// with anything but space or a comment.
pub(crate) fn end_of(source: &str, start: usize) -> usize {
    let bytes = source.as_bytes();
    let from = start.min(bytes.len());
    let ends = |at: &usize| {
        bytes
            .get(at + 1)
            .is_some_and(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'#' | b'/' | b'-'))
    };
    memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at).find(ends).map_or(bytes.len(), |at| at + 1)
}

/// Reads the lines outside the resources: comments, and in HCL whatever stands there.
fn lines(
    text: &str,
    begins: usize,
    regions: &[(usize, usize)],
    hcl: bool,
    sought: Sought,
    found: &mut Vec<(u32, &'static str)>,
) {
    let mut start = begins;
    let mut region = 0;
    let (mut block, mut commented) = (String::new(), false);
    for line in text.split_inclusive('\n') {
        let at = start;
        start += line.len();
        while regions.get(region).is_some_and(|&(_, end)| end <= at) {
            region += 1;
        }
        let text = line.trim_end();
        if hcl {
            if commented || text.trim_start().starts_with("/*") {
                commented = !text.contains("*/");
                if !inside(regions, region, at) {
                    whole(sought.within("comment", text), at + text.len() - text.trim_start().len(), found);
                }
                continue;
            }
            if !text.starts_with([' ', '\t', '}', '#']) && text.ends_with('{') {
                block = text.split('"').skip(1).step_by(2).last().unwrap_or_default().to_owned();
            }
        }
        if inside(regions, region, at) {
            continue;
        }
        let comment = comment_of(text, hcl);
        if let Some(from) = comment {
            whole(sought.within("comment", &text[from..]), at + from, found);
        }
        let code = &text[..comment.unwrap_or(text.len())];
        if hcl && !code.trim().is_empty() {
            let (name, value, from) = assigned(code);
            let name = if PLAIN_KEYS.contains(&name) { block.as_str() } else { name };
            whole(sought.within(name, value), at + from, found);
        }
    }
}

fn inside(regions: &[(usize, usize)], region: usize, at: usize) -> bool {
    regions.get(region).is_some_and(|&(from, end)| from <= at && at < end)
}

/// Notes what was found in a text by where the text begins, so that all of it can be masked.
fn whole(hits: Vec<(&'static str, usize)>, at: usize, found: &mut Vec<(u32, &'static str)>) {
    found.extend(hits.into_iter().map(|(what, _)| (at as u32, what)));
}

/// Where the comment of a line begins: a sign for it outside quotes, behind space.
fn comment_of(line: &str, hcl: bool) -> Option<usize> {
    let bytes = line.as_bytes();
    let (mut quote, mut before) = (None, b' ');
    for (at, &byte) in bytes.iter().enumerate() {
        match quote {
            Some(sign) if byte == sign && before != b'\\' => quote = None,
            Some(_) => {}
            None if byte == b'"' || (byte == b'\'' && !hcl) => quote = Some(byte),
            None if before.is_ascii_whitespace() => {
                let slashes = hcl && byte == b'/' && bytes.get(at + 1) == Some(&b'/');
                if byte == b'#' || slashes {
                    return Some(at);
                }
            }
            None => {}
        }
        before = byte;
    }
    None
}

/// Name and value of a line of HCL, and where the value begins; the whole line without a name.
fn assigned(line: &str) -> (&str, &str, usize) {
    let Some((name, value)) = line.split_once('=').filter(|(name, value)| {
        !value.starts_with('=')
            && name.trim().bytes().all(|b| b.is_ascii_alphanumeric() || b"_-\"".contains(&b))
    }) else {
        return ("", line, 0);
    };
    let trimmed = value.trim_start().trim_start_matches('"');
    let from = line.len() - trimmed.len();
    (name.trim().trim_matches('"'), trimmed.trim_end().trim_end_matches('"'), from)
}

#[cfg(test)]
mod tests {
    use super::{Sought, assigned, comment_of, end_of, lines};

    #[test]
    fn comments_stand_outside_quotes() {
        for (line, hcl, expected) in [
            ("a: b # mrn", false, Some("# mrn")),
            ("a: 'b # c'", false, None),
            ("a: b#c", false, None),
            ("x = \"http://a//b\" // note", true, Some("// note")),
            ("x = 'it # s", true, Some("# s")),
        ] {
            assert_eq!(comment_of(line, hcl).map(|at| &line[at..]), expected, "{line}");
        }
    }

    #[test]
    fn a_line_of_hcl_has_a_name_and_a_value() {
        assert_eq!(assigned("  default = \"4471902\"").0, "default");
        assert_eq!(assigned("  default = \"4471902\"").1, "4471902");
        assert_eq!(assigned("  condition = a == b").0, "condition");
        assert_eq!(assigned("  a == b"), ("", "  a == b", 0));
    }

    #[test]
    fn covered_numbers_can_be_read() {
        let text = r#"{"a": **, "b\" *": "*\\", "c": [*]}"#;
        assert_eq!(super::numbered(text), r#"{"a": 11, "b\" *": "*\\", "c": [1]}"#);
    }

    #[test]
    fn a_section_ends_where_the_next_begins() {
        let text = "Resources:\n  A:\n    Type: x\n\n# note\nOutputs:\n";
        assert_eq!(&text[end_of(text, 12)..], "Outputs:\n");
    }

    #[test]
    fn variables_locals_and_comments_of_hcl() {
        let text = "# MRN 4471902 came from the pilot\nvariable \"patient_mrn\" {\n  default = \"4471902\"\n}\nlocals {\n  note = \"SSN 519-43-8812\"\n  build = \"4471902\"\n}\nresource \"x\" \"y\" {\n  mrn = \"4471903\"\n}\n";
        let start = text.find("resource").unwrap_or_default();
        let mut found = Vec::new();
        lines(text, 0, &[(start, text.len())], true, Sought::Identifier, &mut found);
        let shown: Vec<(&str, &str)> = found
            .iter()
            .map(|&(at, what)| (text[at as usize..].split('\n').next().unwrap_or(""), what))
            .collect();
        assert_eq!(shown.len(), 3, "{shown:?}");
        assert!(shown[1].0.starts_with("4471902"), "{shown:?}");
    }
}
