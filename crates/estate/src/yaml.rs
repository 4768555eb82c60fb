//! YAML into a [`Tree`], with tags and the offset of every value.
//!
//! Scalars are read as YAML 1.1 has them, as CloudFormation does (`yes`, `Off`,
//! `True` are booleans), with one exception: a whole number with a leading zero
//! stays text, because in templates it is an account id or a phone number and
//! never octal. Aliases share their node; what they would repeat is counted
//! against [`Limits::nodes`], so that a bomb of aliases is refused, not expanded.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use crate::json::{Document, Limits, Source, SyntaxError, Unattached, check_size, find_duplicates};
use crate::tree::{Entry, Node, NodeId, Span, Tree, key_hash};

/// Most nodes that aliases may repeat in one document.
const MAX_REPEATED: usize = 1_000_000;

/// Reads the first document of a YAML text. On a syntax error the source comes back with it.
///
/// # Errors
/// The first place where the text is not YAML, or where a limit is passed.
pub fn read(source: String, limits: Limits) -> Result<Document, (SyntaxError, String)> {
    match parse(&source, limits) {
        Ok(parsed) => Ok(parsed.attach(source)),
        Err(error) => Err((error, source)),
    }
}

/// [`read`] for a text that is attached later.
///
/// # Errors
/// The first place where the text is not YAML, or where a limit is passed.
pub fn parse(source: &str, limits: Limits) -> Result<Unattached, SyntaxError> {
    check_size(source, limits)?;
    match attempt(source, &[], limits) {
        Ok(parsed) => Ok(parsed),
        Err(error) => unindented(source, &error, limits).ok_or(error),
    }
}

/// Reads a text in which the quoted scalars at some offsets have tabs for line breaks.
fn attempt(source: &str, unfolded: &[u32], limits: Limits) -> Result2<Unattached> {
    let mut tree = Tree::detached(source.len());
    tree.reserve(source.len());
    let mut reader = YamlReader {
        parser: Parser::new_from_str(source),
        source: Source::new(source),
        cursor: Cursor { text: source, ascii: source.is_ascii(), chars: 0, bytes: 0 },
        tree,
        limits,
        duplicates: Vec::new(),
        anchors: HashMap::new(),
        repeated: 0,
        unfolded,
    };
    let root = reader.document()?;
    let YamlReader { tree, source: Source { decoded, .. }, duplicates, .. } = reader;
    Ok(Unattached { tree, root, duplicates, decoded })
}

/// Reads a text whose quoted scalars go on in lines that are indented no deeper than their key.
///
/// YAML forbids it, libyaml and SnakeYAML accept it, and so does CloudFormation: AWS's own
/// templates have it. Each such scalar is put on one line, byte for byte, and read again.
fn unindented(source: &str, first: &SyntaxError, limits: Limits) -> Option<Unattached> {
    const MESSAGE: &str = "invalid indentation in quoted scalar";
    const MAX_BYTES: usize = 32 << 20;
    const MAX_SCALARS: usize = 200;
    let mut bytes = source.as_bytes().to_vec();
    let mut unfolded: Vec<u32> = Vec::new();
    let mut at = (first.message == MESSAGE).then_some(first.offset)?;
    while unfolded.len() < MAX_SCALARS.min(MAX_BYTES / source.len().max(1)) {
        let start = at as usize;
        let quote = *bytes.get(start).filter(|b| matches!(b, b'\'' | b'"'))?;
        let mut end = start + 1;
        while *bytes.get(end)? != quote || (quote == b'\'' && bytes.get(end + 1) == Some(&quote)) {
            end += if bytes[end] == quote || (quote == b'"' && bytes[end] == b'\\') { 2 } else { 1 };
        }
        for byte in &mut bytes[start..end] {
            match byte {
                b'\n' => *byte = b'\t',
                b'\r' => *byte = b' ',
                _ => {}
            }
        }
        unfolded.push(at);
        unfolded.sort_unstable();
        match attempt(std::str::from_utf8(&bytes).ok()?, &unfolded, limits) {
            Ok(parsed) => return Some(parsed),
            Err(error) if error.message == MESSAGE && !unfolded.contains(&error.offset) => at = error.offset,
            Err(_) => return None,
        }
    }
    None
}

/// Folds a text whose line breaks are tabs: one is a space, more are one line break less.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(tab) = rest.find('\t') {
        out.push_str(rest[..tab].trim_end_matches(' '));
        let after = rest[tab..].trim_start_matches([' ', '\t']);
        let breaks = rest[tab..rest.len() - after.len()].matches('\t').count();
        match breaks {
            1 => out.push(' '),
            more => out.extend(std::iter::repeat_n('\n', more - 1)),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Turns the parser's character indices, which never go back far, into byte offsets.
struct Cursor<'s> {
    text: &'s str,
    ascii: bool,
    chars: usize,
    bytes: usize,
}

impl Cursor<'_> {
    fn offset(&mut self, chars: usize) -> u32 {
        if self.ascii {
            return chars.min(self.text.len()) as u32;
        }
        if chars < self.chars {
            (self.chars, self.bytes) = (0, 0);
        }
        let ahead = &self.text[self.bytes..];
        let step = ahead.char_indices().nth(chars - self.chars).map_or(ahead.len(), |(at, _)| at);
        self.chars = chars;
        self.bytes += step;
        self.bytes as u32
    }
}

struct YamlReader<'s> {
    parser: Parser<'s, saphyr_parser::StrInput<'s>>,
    source: Source<'s>,
    cursor: Cursor<'s>,
    tree: Tree,
    limits: Limits,
    duplicates: Vec<SyntaxError>,
    /// Node and size of each anchor; none while it is still open.
    anchors: HashMap<usize, Option<(NodeId, usize)>>,
    repeated: usize,
    /// Offsets of quoted scalars that have tabs for line breaks, sorted.
    unfolded: &'s [u32],
}

type Result2<T> = Result<T, SyntaxError>;

impl<'s> YamlReader<'s> {
    fn next(&mut self) -> Result2<(Event<'s>, u32)> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => Ok((event, self.cursor.offset(span.start.index()))),
            Some(Err(error)) => Err(SyntaxError {
                offset: self.cursor.offset(error.marker().index()),
                message: error.info().to_owned(),
            }),
            None => Err(SyntaxError {
                offset: self.source.text.len() as u32,
                message: "the document ends too early".into(),
            }),
        }
    }

    fn document(&mut self) -> Result2<NodeId> {
        loop {
            let (event, offset) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
                Event::StreamEnd => return Ok(self.tree.push(Node::Null, offset)),
                event => {
                    let root = self.value(event, offset, 0)?;
                    self.rest()?;
                    return Ok(root);
                }
            }
        }
    }

    /// Reads on to the end, so that an error behind the document is found and a second one reported.
    fn rest(&mut self) -> Result2<()> {
        let mut more = false;
        loop {
            let (event, offset) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(_) if !more => {
                    more = true;
                    self.duplicates.push(SyntaxError {
                        offset,
                        message: "a second YAML document begins here; only the first is read".into(),
                    });
                }
                _ => {}
            }
        }
    }

    fn value(&mut self, event: Event<'s>, offset: u32, depth: u32) -> Result2<NodeId> {
        if depth >= self.limits.depth {
            let message = format!("nested deeper than {} levels", self.limits.depth);
            return Err(SyntaxError { offset, message });
        }
        if self.tree.len() >= self.limits.nodes {
            return Err(SyntaxError { offset, message: format!("more than {} values", self.limits.nodes) });
        }
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let before = self.tree.len();
                let id = self.scalar(&text, style, tag.as_deref(), offset);
                self.anchor(anchor, id, before);
                Ok(id)
            }
            Event::SequenceStart(anchor, tag) => {
                let before = self.open(anchor);
                let id = self.tree.push(Node::Null, offset);
                let mut children = Vec::new();
                loop {
                    let (event, at) = self.next()?;
                    if event == Event::SequenceEnd {
                        break;
                    }
                    children.push(self.value(event, at, depth + 1)?);
                }
                let range = self.tree.add_children(&children);
                self.tree.set(id, Node::List(range));
                Ok(self.close(id, tag, anchor, before, offset))
            }
            Event::MappingStart(anchor, tag) => {
                let before = self.open(anchor);
                let id = self.tree.push(Node::Null, offset);
                let entries = self.entries(depth)?;
                let range = self.tree.add_entries(&entries);
                self.tree.set(id, Node::Map(range));
                Ok(self.close(id, tag, anchor, before, offset))
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor) {
                Some(Some((node, size))) => {
                    self.repeated += size;
                    if self.repeated > MAX_REPEATED {
                        let message = format!("aliases repeat more than {MAX_REPEATED} values");
                        return Err(SyntaxError { offset, message });
                    }
                    Ok(*node)
                }
                _ => Err(SyntaxError {
                    offset,
                    message: "an alias inside the value that it stands for".into(),
                }),
            },
            _ => Err(SyntaxError { offset, message: "expected a value".into() }),
        }
    }

    fn entries(&mut self, depth: u32) -> Result2<Vec<Entry>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut merged: Vec<NodeId> = Vec::new();
        loop {
            let (event, offset) = self.next()?;
            let (text, style) = match event {
                Event::MappingEnd => break,
                Event::Scalar(text, style, ..) => (text, style),
                _ => return Err(SyntaxError { offset, message: "a key must be plain text".into() }),
            };
            let text = if self.is_unfolded(offset) { Cow::Owned(fold(&text)) } else { text };
            let key = self.span(&text, style, offset);
            let (event, at) = self.next()?;
            let value = self.value(event, at, depth + 1)?;
            if text == "<<" && style == ScalarStyle::Plain {
                merged.push(value);
            } else {
                entries.push(Entry { hash: key_hash(text.as_bytes()), key, value });
            }
        }
        find_duplicates(&self.source, &entries, &mut self.duplicates);
        for node in merged {
            self.merge(node, &mut entries);
        }
        Ok(entries)
    }

    /// Adds the entries of a merged map (`<<`) that are not written in this one.
    fn merge(&self, node: NodeId, entries: &mut Vec<Entry>) {
        let maps = match self.tree.node(node) {
            Node::List(range) => self.tree.children(range),
            _ => &[node][..],
        };
        for &map in maps {
            for entry in self.tree.map(map) {
                let key = self.source.get(entry.key);
                if !entries.iter().any(|e| e.hash == entry.hash && self.source.get(e.key) == key) {
                    entries.push(*entry);
                }
            }
        }
    }

    fn open(&mut self, anchor: usize) -> usize {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.tree.len() + self.repeated
    }

    fn close(
        &mut self,
        id: NodeId,
        tag: Option<Cow<'s, Tag>>,
        anchor: usize,
        before: usize,
        offset: u32,
    ) -> NodeId {
        let id = match tag.as_deref().and_then(local) {
            Some(name) => {
                let tag = self.tree.intern(name);
                self.tree.push(Node::Tagged { tag, child: id }, offset)
            }
            None => id,
        };
        self.anchor(anchor, id, before);
        id
    }

    fn anchor(&mut self, anchor: usize, id: NodeId, before: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Some((id, self.tree.len() + self.repeated - before)));
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, offset: u32) -> NodeId {
        let folded;
        let text = if self.is_unfolded(offset) {
            folded = fold(text);
            &folded
        } else {
            text
        };
        if let Some(name) = tag.and_then(local) {
            // The parser's span of a tagged scalar begins at its tag.
            let span = self.source.add(text);
            let child = self.tree.push(Node::String(span), offset);
            let tag = self.tree.intern(name);
            return self.tree.push(Node::Tagged { tag, child }, offset);
        }
        let text_only =
            style != ScalarStyle::Plain || tag.is_some_and(|t| t.is_yaml_core_schema() && t.suffix == "str");
        let node = match plain(text) {
            Some(node) if !text_only => node,
            _ => Node::String(self.span(text, style, offset)),
        };
        self.tree.push(node, offset)
    }

    /// Whether the scalar that begins at an offset, perhaps with a tag, has tabs for line breaks.
    fn is_unfolded(&self, offset: u32) -> bool {
        let next = self.unfolded.partition_point(|&at| at < offset);
        self.unfolded.get(next).is_some_and(|&at| {
            let before = &self.source.text[offset as usize..at as usize];
            before.is_empty() || (before.starts_with(['!', '&']) && !before.contains(['\n', '\'', '"']))
        })
    }

    /// A span of the source where the text stands there as it is, else of decoded text.
    fn span(&mut self, text: &str, style: ScalarStyle, offset: u32) -> Span {
        // Such a scalar stands otherwise in the source than in the text that was read.
        if self.is_unfolded(offset) {
            return self.source.add(text);
        }
        let start = match style {
            ScalarStyle::Plain => offset as usize,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => offset as usize + 1,
            ScalarStyle::Literal | ScalarStyle::Folded => return self.source.add(text),
        };
        match self.source.text.get(start..start + text.len()) {
            Some(same) if same == text => Span { start: start as u32, len: text.len() as u32 },
            _ => self.source.add(text),
        }
    }
}

/// Name of a local tag (`!Sub`), none for the tags of YAML itself.
fn local(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() {
        None
    } else {
        Some(tag.suffix.trim_start_matches('!')).filter(|s| !s.is_empty())
    }
}

/// What a plain scalar means in YAML 1.1, none for text.
fn plain(text: &str) -> Option<Node> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Node::Null),
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Some(Node::Bool(true));
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Some(Node::Bool(false));
        }
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first = *unsigned.as_bytes().first()?;
    if !first.is_ascii_digit() && first != b'.' {
        return None;
    }
    if unsigned.bytes().all(|b| b.is_ascii_digit()) {
        let leading_zero = first == b'0' && unsigned.len() > 1;
        return if leading_zero { None } else { text.parse().ok().map(Node::Int) };
    }
    let digits = unsigned.bytes().filter(u8::is_ascii_digit).count();
    let float = digits > 0
        && unsigned.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'))
        && unsigned.bytes().filter(|&b| b == b'.').count() == 1;
    if float { text.parse().ok().filter(|f: &f64| f.is_finite()).map(Node::Float) } else { None }
}
