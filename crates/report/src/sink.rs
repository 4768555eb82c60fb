//! Writes JSON as text, without a value in between.

use std::io::{self, Write};

/// Bytes that are gathered before they go out.
const BUFFER: usize = 1 << 16;

/// A writer of JSON that puts the commas.
pub(crate) struct Sink<'w, W> {
    buffer: String,
    out: &'w mut W,
    comma: bool,
}

impl<'w, W: Write> Sink<'w, W> {
    pub(crate) fn new(out: &'w mut W) -> Self {
        Self { buffer: String::with_capacity(BUFFER + BUFFER / 4), out, comma: false }
    }

    /// Sends on what was gathered, when it is much. Called once for each item.
    #[inline]
    pub(crate) fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() >= BUFFER { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> io::Result<()> {
        self.out.write_all(self.buffer.as_bytes())?;
        self.buffer.clear();
        Ok(())
    }

    /// Ends the text with a line feed and sends all of it.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.buffer.push('\n');
        self.send()?;
        self.out.flush()
    }

    #[inline]
    fn separate(&mut self) {
        if self.comma {
            self.buffer.push(',');
        }
        self.comma = true;
    }

    /// Text as it is: JSON that was made before, which ends a value.
    #[inline]
    pub(crate) fn raw(&mut self, json: &str) {
        self.separate();
        self.buffer.push_str(json);
    }

    /// A line break between values.
    pub(crate) fn line(&mut self) {
        if self.comma {
            self.buffer.push(',');
            self.comma = false;
        }
        self.buffer.push('\n');
    }

    /// The end of a line in a file of lines.
    pub(crate) fn end_line(&mut self) {
        self.buffer.push('\n');
        self.comma = false;
    }

    /// Begins an object or list.
    #[inline]
    pub(crate) fn open(&mut self, bracket: char) {
        self.separate();
        self.buffer.push(bracket);
        self.comma = false;
    }

    /// Ends it.
    #[inline]
    pub(crate) fn close(&mut self, bracket: char) {
        self.buffer.push(bracket);
        self.comma = true;
    }

    /// Ends it on a line of its own.
    pub(crate) fn close_line(&mut self, bracket: char) {
        self.buffer.push('\n');
        self.close(bracket);
    }

    /// A key that needs no escape.
    #[inline]
    pub(crate) fn key(&mut self, key: &'static str) {
        self.separate();
        self.buffer.push('"');
        self.buffer.push_str(key);
        self.buffer.push_str("\":");
        self.comma = false;
    }

    #[inline]
    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        quote(&mut self.buffer, text);
    }

    pub(crate) fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.raw("null"),
        }
    }

    /// A value that a function writes as JSON.
    #[inline]
    pub(crate) fn direct(&mut self, write: impl FnOnce(&mut String)) {
        self.separate();
        write(&mut self.buffer);
    }

    #[inline]
    pub(crate) fn number(&mut self, number: usize) {
        self.separate();
        digits(&mut self.buffer, number);
    }

    pub(crate) fn boolean(&mut self, is: bool) {
        self.raw(if is { "true" } else { "false" });
    }

    // Pairs, which most of the text is.

    #[inline]
    pub(crate) fn text(&mut self, key: &'static str, text: &str) {
        self.key(key);
        self.string(text);
    }

    pub(crate) fn maybe(&mut self, key: &'static str, text: Option<&str>) {
        self.key(key);
        self.optional(text);
    }

    #[inline]
    pub(crate) fn count(&mut self, key: &'static str, number: usize) {
        self.key(key);
        self.number(number);
    }

    /// A line or column, null where it is zero: where the whole file or line is meant.
    #[inline]
    pub(crate) fn place(&mut self, key: &'static str, number: u32) {
        self.key(key);
        if number == 0 { self.raw("null") } else { self.number(number as usize) }
    }

    pub(crate) fn strings<S: AsRef<str>>(&mut self, key: &'static str, texts: impl IntoIterator<Item = S>) {
        self.key(key);
        self.open('[');
        for text in texts {
            self.string(text.as_ref());
        }
        self.close(']');
    }
}

/// Appends a number.
#[inline]
pub(crate) fn digits(out: &mut String, mut number: usize) {
    let mut text = [0_u8; 20];
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&text[at..]).unwrap_or_default());
}

/// Appends a string with quotes.
#[inline]
pub(crate) fn quote(out: &mut String, text: &str) {
    if text.bytes().fold(true, |plain, b| plain & (b >= 0x20) & (b != b'"') & (b != b'\\')) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        sekisho_estate::json::quote_into(out, text);
    }
}

/// Appends a string without quotes.
pub(crate) fn escape(out: &mut String, text: &str) {
    if text.bytes().fold(true, |plain, b| plain & (b >= 0x20) & (b != b'"') & (b != b'\\')) {
        out.push_str(text);
    } else {
        let mut quoted = String::new();
        sekisho_estate::json::quote_into(&mut quoted, text);
        out.push_str(&quoted[1..quoted.len() - 1]);
    }
}
