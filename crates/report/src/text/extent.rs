//! How far a value reaches in its source.
//!
//! Read from the text alone: what was lowered from it (a reference, a choice) need not
//! know its extent. The answer only decides what is underlined, so a text that is written
//! strangely costs beauty and nothing else.

/// A value that is longer is underlined up to the end of its first line.
const LONGEST: usize = 64 * 1024;

/// Where the value that begins at an offset ends.
pub(crate) fn extent(source: &str, offset: usize) -> usize {
    let bytes = source.as_bytes();
    let offset = boundary(source, offset);
    let end = line_end(bytes, offset);
    match bytes.get(offset) {
        Some(b'{' | b'[') => brackets(bytes, offset).unwrap_or(end),
        Some(quote @ (b'"' | b'\'')) if !is_key(&source[offset..end]) => {
            quoted(bytes, offset, *quote).unwrap_or(end)
        }
        Some(_) if in_flow(source, offset) => {
            let inner = bytes[offset..end].iter().position(|b| matches!(b, b',' | b']' | b'}'));
            trim(bytes, offset, offset + inner.unwrap_or(end - offset))
        }
        Some(_) if is_key(&source[offset..end]) || source[offset..].starts_with("- ") => block(bytes, offset),
        Some(_) => {
            let comment = source[offset..end].find(" #").map_or(end, |at| offset + at);
            trim(bytes, offset, comment)
        }
        None => offset,
    }
}

/// Where the name that begins at an offset begins and ends, without quotes.
pub(crate) fn name_extent(source: &str, offset: usize) -> (usize, usize) {
    let bytes = source.as_bytes();
    let mut start = boundary(source, offset);
    if matches!(bytes.get(start), Some(b'"' | b'\'')) {
        start += 1;
    }
    let rest = &bytes[start..];
    let length = rest.iter().position(|b| matches!(b, b':' | b'"' | b'\'' | b'\n' | b'\r' | b' '));
    (start, start + length.unwrap_or(rest.len()))
}

/// The nearest boundary of characters at or before a byte.
pub(crate) fn boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The end of the line that holds an offset.
pub(crate) fn line_end(bytes: &[u8], offset: usize) -> usize {
    let end = memchr::memchr(b'\n', &bytes[offset..]).map_or(bytes.len(), |at| offset + at);
    if end > offset && bytes[end - 1] == b'\r' { end - 1 } else { end }
}

/// The beginning of the line that holds an offset.
pub(crate) fn line_start(bytes: &[u8], offset: usize) -> usize {
    memchr::memrchr(b'\n', &bytes[..offset]).map_or(0, |at| at + 1)
}

fn trim(bytes: &[u8], start: usize, mut end: usize) -> usize {
    while end > start && bytes[end - 1].is_ascii_whitespace() {
        end -= 1;
    }
    end
}

/// Whether a line begins with a key of a YAML block.
fn is_key(line: &str) -> bool {
    let rest = match line.chars().next() {
        Some(quote @ ('"' | '\'')) => match line[1..].find(quote) {
            Some(at) => &line[at + 2..],
            None => return false,
        },
        _ => match line.find([':', ' ', '#', '{', '[', '"', '\'']) {
            Some(0) | None => return false,
            Some(_) => {
                let end = line.find(": ").or_else(|| line.trim_end().strip_suffix(':').map(str::len));
                match end {
                    Some(end) if !line[..end].contains([' ', '{', '[', '"', '\'']) => &line[end..],
                    _ => return false,
                }
            }
        },
    };
    let rest = rest.trim_end();
    rest == ":" || rest.starts_with(": ")
}

/// Whether an offset stands inside brackets or in JSON.
fn in_flow(source: &str, offset: usize) -> bool {
    if is_json(source) {
        return true;
    }
    let bytes = source.as_bytes();
    let mut depth = 0_i32;
    let mut quote = None;
    for &byte in &bytes[line_start(bytes, offset)..offset] {
        match (quote, byte) {
            (Some(open), b) if b == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{' | b'[') => depth += 1,
            (None, b'}' | b']') => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

/// Whether a source is JSON, for which YAML would be the wrong thing to suggest.
pub(crate) fn is_json(source: &str) -> bool {
    source.trim_start_matches('\u{feff}').trim_start().starts_with('{')
}

fn quoted(bytes: &[u8], offset: usize, quote: u8) -> Option<usize> {
    let limit = bytes.len().min(offset + LONGEST);
    let mut at = offset + 1;
    while at < limit {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 1,
            byte if byte == quote => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}

fn brackets(bytes: &[u8], offset: usize) -> Option<usize> {
    let limit = bytes.len().min(offset + LONGEST);
    let mut depth = 0_u32;
    let mut at = offset;
    while at < limit {
        match bytes[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            quote @ (b'"' | b'\'') => at = quoted(bytes, at, quote)? - 1,
            _ => {}
        }
        at += 1;
    }
    None
}

/// The end of a block of YAML: the last line that is indented as its first.
fn block(bytes: &[u8], offset: usize) -> usize {
    let column = offset - line_start(bytes, offset);
    let limit = bytes.len().min(offset + LONGEST);
    let mut end = trim(bytes, offset, line_end(bytes, offset));
    let mut at = line_end(bytes, offset);
    while at < limit {
        let Some(start) = memchr::memchr(b'\n', &bytes[at..]).map(|feed| at + feed + 1) else { break };
        let stop = line_end(bytes, start.min(bytes.len()));
        let line = &bytes[start.min(stop)..stop];
        let indent = line.iter().take_while(|b| **b == b' ').count();
        if indent < line.len() {
            let comment = line[indent] == b'#';
            let list = bytes[offset] == b'-' || line[indent] != b'-';
            if indent < column && !comment || indent == column && !list {
                break;
            }
            if indent >= column && !comment {
                end = trim(bytes, start, stop);
            }
        }
        at = stop;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'s>(source: &'s str, from: &str) -> &'s str {
        let offset = source.find(from).unwrap();
        &source[offset..extent(source, offset)]
    }

    #[test]
    fn scalars() {
        assert_eq!(of("a: false  # no\nb: 1\n", "false"), "false");
        assert_eq!(of("a: !Ref Env\r\nb: 1\n", "!Ref"), "!Ref Env");
        assert_eq!(of("a: 'it''s' # x", "'it"), "'it''s'");
        assert_eq!(of("a: {b: true, c: x y}", "true"), "true");
        assert_eq!(of("a: {b: true, c: x y}", "x y"), "x y");
        assert_eq!(of("{\"a\": false,\"b\":1}", "false"), "false");
        assert_eq!(of("{\"a\": \"x\\\"y\",\"b\":1}", "\"x"), "\"x\\\"y\"");
        assert_eq!(of("a: arn:aws:s3:::b", "arn"), "arn:aws:s3:::b");
        assert_eq!(extent("", 0), 0);
        assert_eq!(extent("a", 9), 1);
    }

    #[test]
    fn flows_and_blocks() {
        assert_eq!(of("a: {b: [1, '}'], c: 2} # x", "{b"), "{b: [1, '}'], c: 2}");
        assert_eq!(of("{\"a\":\n {\"b\": 1\n }\n}", "{\"b"), "{\"b\": 1\n }");
        let yaml =
            "S:\n  - Effect: Allow\n    Principal: '*'\n\n    # all\n    Action: x\n  - Effect: Deny\nT: 1\n";
        assert_eq!(
            of(yaml, "Effect: Allow"),
            "Effect: Allow\n    Principal: '*'\n\n    # all\n    Action: x"
        );
        assert_eq!(of(yaml, "- Effect: Allow"), &yaml[5..yaml.find("\nT").unwrap()]);
        assert_eq!(of("a: {b: [1, 2", "{b"), "{b: [1, 2");
    }

    proptest::proptest! {
        #[test]
        fn every_text_and_offset_has_an_extent(text in "[a-b关é:# \\-\\[\\]{}'\"\\\\,!|\r\n]{0,60}", offset in 0_usize..80) {
            let end = extent(&text, offset);
            proptest::prop_assert!(text.get(boundary(&text, offset)..end).is_some());
            let (start, end) = name_extent(&text, offset);
            proptest::prop_assert!(text.get(start..end).is_some());
        }
    }

    #[test]
    fn names() {
        assert_eq!(name_extent("\"Db\": {}", 0), (1, 3));
        assert_eq!(name_extent("Db:\n", 0), (0, 2));
        assert_eq!(name_extent("", 3), (0, 0));
    }
}
