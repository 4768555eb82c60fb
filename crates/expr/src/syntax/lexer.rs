//! Tokens of an expression.

use super::{ExpressionError, Span};

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Name(String),
    /// Up to 2^63, for the sake of the smallest whole number, whose sign is a token of its own.
    Int(u64),
    Double(f64),
    String(String),
    Symbol(&'static str),
    End,
}

/// Said of whole numbers beyond 64 bits.
pub(super) const NUMBER_TOO_LARGE: &str = "not a number that fits 64 bits";

/// Longer symbols stand before their beginnings.
const SYMBOLS: [&str; 25] = [
    "&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "<", ">", "!", "+",
    "-", "*", "/", "%", ";",
];

pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Span)>, ExpressionError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        let token = match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                at += bytes[at..].iter().position(|&b| b == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            b'r' | b'R' if matches!(bytes.get(at + 1), Some(b'"' | b'\'')) => string(text, &mut at, true)?,
            b'"' | b'\'' => string(text, &mut at, false)?,
            b'0'..=b'9' => number(text, &mut at)?,
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                while at < bytes.len() && (bytes[at] == b'_' || bytes[at].is_ascii_alphanumeric()) {
                    at += 1;
                }
                Token::Name(text[start..at].to_owned())
            }
            _ => match SYMBOLS.iter().find(|symbol| text[at..].starts_with(**symbol)) {
                Some(symbol) => {
                    at += symbol.len();
                    Token::Symbol(symbol)
                }
                None => {
                    let end = at + text[at..].chars().next().map_or(1, char::len_utf8);
                    let message = format!("{} has no meaning here", &text[at..end]);
                    return Err(ExpressionError::new(Span { start: at, end }, message));
                }
            },
        };
        tokens.push((token, Span { start, end: at }));
    }
    tokens.push((Token::End, Span { start: text.len(), end: text.len() }));
    Ok(tokens)
}

fn number(text: &str, at: &mut usize) -> Result<Token, ExpressionError> {
    let start = *at;
    let bytes = text.as_bytes();
    let error = |end: usize| ExpressionError::new(Span { start, end }, NUMBER_TOO_LARGE);
    let fits = |number: &u64| *number <= i64::MIN.unsigned_abs();
    if text[start..].starts_with("0x") || text[start..].starts_with("0X") {
        *at += 2;
        while bytes.get(*at).is_some_and(u8::is_ascii_hexdigit) {
            *at += 1;
        }
        let number = u64::from_str_radix(&text[start + 2..*at], 16).ok().filter(fits);
        return number.map(Token::Int).ok_or_else(|| error(*at));
    }
    let digits = |at: &mut usize| {
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
    };
    digits(at);
    let mut whole = true;
    if bytes.get(*at) == Some(&b'.') && bytes.get(*at + 1).is_some_and(u8::is_ascii_digit) {
        whole = false;
        *at += 1;
        digits(at);
    }
    if matches!(bytes.get(*at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(*at + 1), Some(b'+' | b'-')));
        if bytes.get(*at + 1 + sign).is_some_and(u8::is_ascii_digit) {
            whole = false;
            *at += 1 + sign;
            digits(at);
        }
    }
    let text = &text[start..*at];
    if whole {
        text.parse().ok().filter(fits).map(Token::Int).ok_or_else(|| error(*at))
    } else {
        text.parse().ok().filter(|f: &f64| f.is_finite()).map(Token::Double).ok_or_else(|| error(*at))
    }
}

fn string(text: &str, at: &mut usize, raw: bool) -> Result<Token, ExpressionError> {
    let start = *at;
    let mut chars = text[start..].char_indices().skip(usize::from(raw)).peekable();
    let quote = chars.next().map_or('"', |(_, c)| c);
    let error = |end: usize, message: &str| ExpressionError::new(Span { start, end: start + end }, message);
    let mut out = String::new();
    while let Some((offset, c)) = chars.next() {
        match c {
            c if c == quote => {
                *at = start + offset + 1;
                return Ok(Token::String(out));
            }
            '\n' => return Err(error(offset, "the text is not closed on its line")),
            '\\' if !raw => {
                let (_, escape) = chars.next().ok_or_else(|| error(offset, "the text is not closed"))?;
                match escape {
                    'n' => out.push('\n'),
                    't' => out.push('\t'),
                    'r' => out.push('\r'),
                    '\\' | '"' | '\'' | '`' | '?' => out.push(escape),
                    'x' | 'u' | 'U' => {
                        let digits = match escape {
                            'x' => 2,
                            'u' => 4,
                            _ => 8,
                        };
                        let mut code = 0_u32;
                        for _ in 0..digits {
                            let digit = chars.next().and_then(|(_, d)| d.to_digit(16));
                            code = code * 16
                                + digit.ok_or_else(|| error(offset + 2, "expected hexadecimal digits"))?;
                        }
                        out.push(char::from_u32(code).ok_or_else(|| error(offset + 2, "not a character"))?);
                    }
                    _ => return Err(error(offset + 1 + escape.len_utf8(), "unknown escape in a text")),
                }
            }
            c => out.push(c),
        }
    }
    Err(error(text.len() - start, "the text is not closed"))
}
