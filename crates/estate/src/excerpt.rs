//! The line of a source that a problem points to, ready to be shown: a file that cannot be read
//! becomes no tree, so its text is gone when the report is written.
//!
//! Secrets are masked when the line is taken, by the text alone. A broken file has no structure
//! that could tell which value belongs to which name, so a name that says "secret" near the line
//! hides all its quoted text. Linear in the line and in the few lines around it.

use crate::secret::{is_secret_name, looks_secret};

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Bytes of a line before and after the place that are kept.
const AROUND: usize = 400;
/// Lines before and after in which a name can say that a value is secret.
const NEAR: (usize, usize) = (12, 3);
/// Bytes of the file around the line that are looked at for such names.
const NEAR_BYTES: usize = 4_096;
/// So many characters of one alphabet for keys, in mixed case and with digits, are taken for one.
const KEY: usize = 32;

/// A part of one source line, without its end, with secrets masked.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// Byte of the text that is meant; its length where the end of the line is meant.
    pub at: usize,
    /// Whether the line begins before the text.
    pub before: bool,
    /// Whether the line goes on behind the text.
    pub after: bool,
}

impl Excerpt {
    /// The line around a byte offset of a source; none where the source is empty.
    #[must_use]
    pub fn of(source: &str, offset: u32) -> Option<Self> {
        let offset = boundary(source, (offset as usize).min(source.len()));
        let start = source[..offset].rfind('\n').map_or(0, |feed| feed + 1);
        let end = source[offset..].find('\n').map_or(source.len(), |feed| offset + feed);
        let line = source[start..end].trim_end_matches('\r');
        if line.trim().is_empty() && source.trim().is_empty() {
            return None;
        }
        let at = (offset - start).min(line.len());
        let from = boundary(line, at.saturating_sub(AROUND));
        let to = boundary(line, (at + AROUND).min(line.len()));
        let masks = masks(&line[from..to], is_near_secret(source, start, end));
        let mut excerpt =
            Self { text: String::new(), at: at - from, before: from > 0, after: to < line.len() };
        let mut shown = 0;
        for (first, last) in masks {
            excerpt.text.push_str(&line[from + shown..from + first]);
            let (old, new) = (last - first, MASK.len());
            if at - from >= last {
                excerpt.at = excerpt.at + new - old;
            } else if at - from > first {
                excerpt.at = excerpt.text.len();
            }
            excerpt.text.push_str(MASK);
            shown = last;
        }
        excerpt.text.push_str(&line[from + shown..to]);
        Some(excerpt)
    }
}

/// The greatest boundary between characters that is not behind a byte.
fn boundary(text: &str, byte: usize) -> usize {
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Whether a name near a line says that what it names is secret.
fn is_near_secret(source: &str, start: usize, end: usize) -> bool {
    let before = &source[boundary(source, start.saturating_sub(NEAR_BYTES))..start];
    let after = &source[end..boundary(source, (end + NEAR_BYTES).min(source.len()))];
    let says = |line: &str| words(line).any(|(_, word)| is_secret_name(word));
    before.lines().rev().take(NEAR.0).any(says) || after.lines().take(NEAR.1 + 1).any(says)
}

/// Words as names are written, with the byte where each begins.
fn words(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    line.split(move |c| !is_name(c))
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - line.as_ptr() as usize, word))
}

/// Ranges of a line that are not shown, in order and apart from each other.
fn masks(line: &str, near: bool) -> Vec<(usize, usize)> {
    let mut masks = Vec::new();
    for (at, word) in words(line) {
        let rest = line[at + word.len()..].trim_start_matches(['"', '\'', ' ', '\t']);
        // In an ARN the word is a part of a name.
        let begins = !line[..at].ends_with([':', '/', '.']);
        if begins
            && is_secret_name(word)
            && let Some(value) = rest.strip_prefix([':', '='])
        {
            let value = value.trim_start_matches(['>', ' ', '\t']);
            masks.push((line.len() - value.len(), line.len()));
        }
    }
    if near {
        let mut quotes = line.match_indices('"').map(|(at, _)| at);
        let mut quoted = false;
        while let Some(open) = quotes.next() {
            quoted = true;
            masks.push((open + 1, quotes.next().unwrap_or(line.len())));
        }
        if !quoted && let Some(at) = line.find([':', '=']) {
            let value = line[at + 1..].trim_start();
            masks.push((line.len() - value.len(), line.len()));
        }
    }
    for token in line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',')) {
        let at = token.as_ptr() as usize - line.as_ptr() as usize;
        if looks_secret(token) || is_key(token) {
            masks.push((at, at + token.len()));
        }
    }
    if masks.is_empty() && looks_secret(line) {
        masks.push((line.len() - line.trim_start().len(), line.len()));
    }
    masks.retain(|(start, end)| start < end);
    masks.sort_unstable();
    masks.dedup_by(|next, kept| {
        let touches = next.0 <= kept.1;
        if touches {
            kept.1 = kept.1.max(next.1);
        }
        touches
    });
    masks
}

/// Whether a token is a key or a line of one by its form.
fn is_key(token: &str) -> bool {
    let has = |is: fn(&u8) -> bool| token.as_bytes().iter().any(is);
    token.len() >= KEY
        && token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(source: &str, mark: &str) -> (String, usize) {
        let excerpt = Excerpt::of(source, source.find(mark).unwrap() as u32).unwrap();
        (excerpt.text, excerpt.at)
    }

    #[test]
    fn the_line_and_the_byte_in_it() {
        let source = "a {\n  b = \"x\" y\r\n}\n";
        assert_eq!(shown(source, "y"), ("  b = \"x\" y".to_owned(), 10));
        assert_eq!(Excerpt::of(source, 999).unwrap().text, "");
        assert_eq!(Excerpt::of(" \n", 0), None);
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let source = format!("{{{}!{}}}", "\"é\": 1, ".repeat(500), "\"b\": 2, ".repeat(500));
        let excerpt = Excerpt::of(&source, source.find('!').unwrap() as u32).unwrap();
        assert!(excerpt.before && excerpt.after && excerpt.text.len() < 900);
        assert_eq!(&excerpt.text[excerpt.at..=excerpt.at], "!");
    }

    #[test]
    fn secrets_are_masked_by_the_text_alone() {
        for (source, mark, expected, at) in [
            ("password = \"hunter2\" !", "!", "password = ***", 11),
            ("  DB_PASSWORD: hunter2 !", "!", "  DB_PASSWORD: ***", 15),
            ("{\"MasterUserPassword\": \"hunter2\" !}", "!", "{\"MasterUserPassword\": ***", 23),
            ("variable \"db_password\" {\n  default = \"hunter2\" !", "!", "  default = \"***\" !", 18),
            ("- Name: DB_PASSWORD\n  Value: hunter2 !", "!", "  Value: ***", 9),
            ("  Value: hunter2 !\n  Name: DB_PASSWORD", "!", "  Value: ***", 9),
            ("x = \"postgres://app:pw@db/x\" !", "!", "x = \"***\" !", 10),
            ("x = AKIAIOSFODNN7EXAMPLE !", "!", "x = *** !", 8),
            ("MIIEpAIBAAKCAQEA7bq3fJ2mP1xkZ9sQd8 !", "!", "*** !", 4),
            ("export TOKEN='abcdef' !", "!", "export TOKEN=***", 13),
        ] {
            let (text, byte) = shown(source, mark);
            assert!(!text.contains("hunter2") && !text.contains("abcdef"), "{text}");
            assert_eq!((text.as_str(), byte), (expected, at), "{source}");
        }
    }

    #[test]
    fn what_only_points_to_a_secret_is_shown() {
        let source = "secret_arn = \"arn:aws:secretsmanager:eu-west-1:1:secret:x\" !";
        assert_eq!(shown(source, "!").0, source);
    }
}
