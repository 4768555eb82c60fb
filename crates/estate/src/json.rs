//! JSON into a [`Tree`], with the offset of every value.
//!
//! RFC 8259, plus what hand-written templates need to be told about: where
//! exactly it is wrong, and which keys stand twice. One pass, no recursion limit
//! of the machine's stack: depth is bounded by [`Limits::depth`].

use foldhash::{HashSet, HashSetExt};

use crate::tree::{Entry, Node, NodeId, Span, Tree, key_hash};

/// Bounds on untrusted documents.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Deepest nesting of lists and maps.
    pub depth: u32,
    /// Most nodes, counting those that aliases repeat.
    pub nodes: usize,
    /// Most bytes of source.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, nodes: 50_000_000, bytes: 512 << 20 }
    }
}

/// A syntax error or a remark at a byte offset.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Byte offset in the source.
    pub offset: u32,
    /// What is wrong.
    pub message: String,
}

/// A document that was read.
#[derive(Debug)]
pub struct Document {
    /// Its arena.
    pub tree: Tree,
    /// Its root.
    pub root: NodeId,
    /// Keys that stand twice in one map; the later one counts.
    pub duplicates: Vec<SyntaxError>,
}

/// A document that was read from a borrowed text and is not yet attached to it.
///
/// So something else can look at the text at the same time, and no copy of it is made.
#[derive(Debug)]
pub struct Unattached {
    pub(crate) tree: Tree,
    pub(crate) root: NodeId,
    pub(crate) duplicates: Vec<SyntaxError>,
    /// Text that had to be decoded; its spans lie behind the source.
    pub(crate) decoded: String,
}

impl Unattached {
    /// The document over the text that it was read from.
    #[must_use]
    pub fn attach(self, source: String) -> Document {
        let Self { tree, root, duplicates, decoded } = self;
        Document { tree: tree.attach(source, &decoded), root, duplicates }
    }
}

/// Reads a JSON text. On a syntax error the source comes back with it, for messages.
///
/// # Errors
/// The first place where the text is not JSON, or where a limit is passed.
pub fn read(source: String, limits: Limits) -> Result<Document, (SyntaxError, String)> {
    match parse(&source, limits) {
        Ok(read) => Ok(read.attach(source)),
        Err(error) => Err((error, source)),
    }
}

/// [`read`] for a text that is attached later.
///
/// # Errors
/// The first place where the text is not JSON, or where a limit is passed.
pub fn parse(source: &str, limits: Limits) -> Result<Unattached, SyntaxError> {
    check_size(source, limits)?;
    let mut tree = Tree::detached(source.len());
    tree.reserve(source.len());
    let mut reader = JsonReader {
        bytes: source.as_bytes(),
        source: Source::new(source),
        at: if source.starts_with('\u{FEFF}') { 3 } else { 0 },
        tree: &mut tree,
        limits,
        duplicates: Vec::new(),
        children: Vec::new(),
        entries: Vec::new(),
    };
    let result = reader.value(0).and_then(|root| {
        reader.space();
        if reader.at < reader.bytes.len() {
            return Err(reader.error("text after the end of the document"));
        }
        Ok(root)
    });
    let duplicates = std::mem::take(&mut reader.duplicates);
    let decoded = std::mem::take(&mut reader.source.decoded);
    Ok(Unattached { tree, root: result?, duplicates, decoded })
}

pub(crate) fn check_size(source: &str, limits: Limits) -> Result2<()> {
    if source.len() > limits.bytes {
        return Err(SyntaxError { offset: 0, message: format!("larger than {} bytes", limits.bytes) });
    }
    Ok(())
}

/// The source of a document with the text that had to be decoded, addressed as one.
pub(crate) struct Source<'s> {
    pub(crate) text: &'s str,
    pub(crate) decoded: String,
}

impl<'s> Source<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self { text, decoded: String::new() }
    }

    /// Adds decoded text; its span lies behind the source.
    pub(crate) fn add(&mut self, text: &str) -> Span {
        let start = (self.text.len() + self.decoded.len()) as u32;
        self.decoded.push_str(text);
        Span { start, len: text.len() as u32 }
    }

    #[inline]
    pub(crate) fn get(&self, span: Span) -> &str {
        let (start, end) = (span.start as usize, (span.start + span.len) as usize);
        match start.checked_sub(self.text.len()) {
            None => &self.text[start..end],
            Some(start) => &self.decoded[start..end - self.text.len()],
        }
    }
}

struct JsonReader<'s, 't> {
    bytes: &'s [u8],
    source: Source<'s>,
    at: usize,
    tree: &'t mut Tree,
    limits: Limits,
    duplicates: Vec<SyntaxError>,
    /// Stacks of the lists and maps that are open; finished ones move to the tree in one piece.
    children: Vec<NodeId>,
    entries: Vec<Entry>,
}

type Result2<T> = std::result::Result<T, SyntaxError>;

impl JsonReader<'_, '_> {
    #[cold]
    fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError { offset: self.at as u32, message: message.into() }
    }

    #[inline]
    fn space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => {
                    self.at += 1;
                    self.indentation();
                }
                b' ' | b'\r' | b'\t' => self.at += 1,
                _ => break,
            }
        }
    }

    /// Spaces at the beginning of a line, a third of many templates: eight at a time.
    #[inline]
    fn indentation(&mut self) {
        while let Some(word) = self.bytes[self.at..].first_chunk::<8>() {
            let other = u64::from_le_bytes(*word) ^ SPACES;
            if other != 0 {
                self.at += other.trailing_zeros() as usize / 8;
                break;
            }
            self.at += 8;
        }
    }

    fn value(&mut self, depth: u32) -> Result2<NodeId> {
        self.space();
        let offset = self.at as u32;
        if self.tree.len() >= self.limits.nodes {
            return Err(self.error(format!("more than {} values", self.limits.nodes)));
        }
        match self.bytes.get(self.at) {
            Some(b'"') => {
                let span = self.string()?;
                Ok(self.tree.push(Node::String(span), offset))
            }
            Some(b'{') => self.object(depth, offset),
            Some(b'[') => self.array(depth, offset),
            Some(b'-' | b'0'..=b'9') => self.number(offset),
            Some(b't') => self.word("true", Node::Bool(true), offset),
            Some(b'f') => self.word("false", Node::Bool(false), offset),
            Some(b'n') => self.word("null", Node::Null, offset),
            Some(_) => Err(self.error("expected a value")),
            None => Err(self.error("the document ends where a value is expected")),
        }
    }

    fn word(&mut self, word: &str, node: Node, offset: u32) -> Result2<NodeId> {
        if self.bytes[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(self.tree.push(node, offset))
        } else {
            Err(self.error("expected a value"))
        }
    }

    fn object(&mut self, depth: u32, offset: u32) -> Result2<NodeId> {
        if depth >= self.limits.depth {
            return Err(self.error(format!("nested deeper than {} levels", self.limits.depth)));
        }
        self.at += 1;
        let id = self.tree.push(Node::Null, offset);
        let first = self.entries.len();
        self.space();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
        } else {
            loop {
                self.space();
                if self.bytes.get(self.at) != Some(&b'"') {
                    return Err(self.error("expected a key in quotes"));
                }
                let key = self.string()?;
                self.space();
                if self.bytes.get(self.at) != Some(&b':') {
                    return Err(self.error("expected : after the key"));
                }
                self.at += 1;
                let value = self.value(depth + 1)?;
                let hash = key_hash(self.source.get(key).as_bytes());
                self.entries.push(Entry { hash, key, value });
                self.space();
                match self.bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(b'}') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.error("expected , or } after the value")),
                }
            }
        }
        find_duplicates(&self.source, &self.entries[first..], &mut self.duplicates);
        let range = self.tree.add_entries(&self.entries[first..]);
        self.entries.truncate(first);
        self.tree.set(id, Node::Map(range));
        Ok(id)
    }

    fn array(&mut self, depth: u32, offset: u32) -> Result2<NodeId> {
        if depth >= self.limits.depth {
            return Err(self.error(format!("nested deeper than {} levels", self.limits.depth)));
        }
        self.at += 1;
        let id = self.tree.push(Node::Null, offset);
        let first = self.children.len();
        self.space();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
        } else {
            loop {
                let value = self.value(depth + 1)?;
                self.children.push(value);
                self.space();
                match self.bytes.get(self.at) {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(self.error("expected , or ] after the value")),
                }
            }
        }
        let range = self.tree.add_children(&self.children[first..]);
        self.children.truncate(first);
        self.tree.set(id, Node::List(range));
        Ok(id)
    }

    fn number(&mut self, offset: u32) -> Result2<NodeId> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while let Some(b'0'..=b'9') = reader.bytes.get(reader.at) {
                reader.at += 1;
            }
            reader.at > from
        };
        if self.bytes.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        let leading_zero = self.bytes.get(self.at) == Some(&b'0');
        let integer = self.at;
        if !digits(self) || (leading_zero && self.at > integer + 1) {
            self.at = start;
            return Err(self.error("not a JSON number"));
        }
        let mut whole = true;
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            whole = false;
            if !digits(self) {
                return Err(self.error("expected a digit after the decimal point"));
            }
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            whole = false;
            if let Some(b'+' | b'-') = self.bytes.get(self.at) {
                self.at += 1;
            }
            if !digits(self) {
                return Err(self.error("expected a digit in the exponent"));
            }
        }
        let text = &self.source.text[start..self.at];
        let node = match text.parse::<i64>() {
            Ok(int) if whole => Node::Int(int),
            _ => Node::Float(text.parse().map_err(|_| self.error("not a JSON number"))?),
        };
        Ok(self.tree.push(node, offset))
    }

    /// A string from its opening quote. Without escapes it is a span of the source.
    fn string(&mut self) -> Result2<Span> {
        let start = self.at + 1;
        let Some(found) = find_special(&self.bytes[start..]) else {
            return Err(self.error("the string is not closed"));
        };
        let end = start + found;
        match self.bytes[end] {
            b'"' => {
                self.at = end + 1;
                Ok(Span { start: start as u32, len: found as u32 })
            }
            b'\\' => self.escaped(start, end),
            _ => {
                self.at = end;
                Err(self.error("a control character inside a string; write it as \\u00XX"))
            }
        }
    }

    fn escaped(&mut self, start: usize, mut at: usize) -> Result2<Span> {
        let mut decoded = String::from(&self.source.text[start..at]);
        loop {
            match self.bytes.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(self.source.add(&decoded));
                }
                Some(b'\\') => {
                    self.at = at;
                    let escape =
                        *self.bytes.get(at + 1).ok_or_else(|| self.error("the string is not closed"))?;
                    at += 2;
                    match escape {
                        b'"' | b'\\' | b'/' => decoded.push(escape as char),
                        b'b' => decoded.push('\u{8}'),
                        b'f' => decoded.push('\u{c}'),
                        b'n' => decoded.push('\n'),
                        b'r' => decoded.push('\r'),
                        b't' => decoded.push('\t'),
                        b'u' => {
                            let mut code = self.hex(at)?;
                            at += 4;
                            if (0xD800..0xDC00).contains(&code) && self.bytes[at..].starts_with(b"\\u") {
                                let low = self.hex(at + 2)?;
                                if (0xDC00..0xE000).contains(&low) {
                                    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                                    at += 6;
                                }
                            }
                            decoded.push(
                                char::from_u32(code).ok_or_else(|| self.error("half of a surrogate pair"))?,
                            );
                        }
                        _ => return Err(self.error("unknown escape in a string")),
                    }
                }
                Some(..0x20) => {
                    self.at = at;
                    return Err(self.error("a control character inside a string; write it as \\u00XX"));
                }
                Some(_) => {
                    let run = find_special(&self.bytes[at..]).unwrap_or(self.bytes.len() - at);
                    decoded.push_str(&self.source.text[at..at + run]);
                    at += run;
                }
                None => return Err(self.error("the string is not closed")),
            }
        }
    }

    fn hex(&self, at: usize) -> Result2<u32> {
        self.bytes
            .get(at..at + 4)
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.error("expected four hexadecimal digits after \\u"))
    }
}

/// Eight spaces.
const SPACES: u64 = u64::from_le_bytes([b' '; 8]);

/// First quote, backslash or control character: eight bytes at a time.
#[inline]
fn find_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGH;
    let mut chunks = bytes.chunks_exact(8);
    let mut at = 0;
    for chunk in &mut chunks {
        let mut buffer = [0; 8];
        buffer.copy_from_slice(chunk);
        let word = u64::from_le_bytes(buffer);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let hit = zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | control;
        if hit != 0 {
            // Borrows run upward only, so the lowest hit is exact.
            return Some(at + hit.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    chunks.remainder().iter().position(|&b| b == b'"' || b == b'\\' || b < 0x20).map(|rest| at + rest)
}

/// Reports keys that stand twice. Small maps are compared pairwise, large ones through a set.
pub(crate) fn find_duplicates(source: &Source<'_>, entries: &[Entry], found: &mut Vec<SyntaxError>) {
    let mut report = |entry: &Entry| {
        let key = source.get(entry.key);
        found.push(SyntaxError {
            offset: entry.key.start.min(source.text.len() as u32),
            message: format!("key {key} stands twice; the later one counts"),
        });
    };
    if entries.len() <= 12 {
        // Different hashes almost always differ in these bits too; then no key stands twice.
        let (mut low, mut high) = (0_u64, 0_u64);
        let differ = entries.iter().all(|entry| {
            let (a, b) = (1 << (entry.hash & 63), 1 << (entry.hash >> 26));
            let new = low & a == 0 || high & b == 0;
            low |= a;
            high |= b;
            new
        });
        if differ {
            return;
        }
        for (index, entry) in entries.iter().enumerate() {
            let twice = entries[..index].iter().any(|earlier| {
                earlier.hash == entry.hash && source.get(earlier.key) == source.get(entry.key)
            });
            if twice {
                report(entry);
            }
        }
    } else {
        let mut seen = HashSet::with_capacity(entries.len());
        for entry in entries {
            if !seen.insert(source.get(entry.key)) {
                report(entry);
            }
        }
    }
}

/// A string as JSON text with quotes.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    quote_into(&mut out, text);
    out
}

/// Appends a string as JSON text with quotes.
pub fn quote_into(out: &mut String, text: &str) {
    out.push('"');
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = find_special(&bytes[from..]) {
        let at = from + found;
        out.push_str(&text[from..at]);
        match bytes[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => out.push_str(&format!("\\u{control:04x}")),
        }
        from = at + 1;
    }
    out.push_str(&text[from..]);
    out.push('"');
}
