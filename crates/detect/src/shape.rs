//! Values by how they are written.

/// Byte ranges of a text that one of the shapes describes, from one boundary to the next.
/// Linear in the text for each shape.
pub(crate) fn find(text: &str, shapes: &[&str]) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !begins(bytes, at) {
            at += 1;
            continue;
        }
        let longest = shapes.iter().filter_map(|shape| fits(bytes, at, shape.as_bytes())).max();
        match longest {
            Some(end) => {
                found.push((at, end));
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Whether a value may begin here: behind something that is no letter, digit or dot of ASCII.
fn begins(bytes: &[u8], at: usize) -> bool {
    let opens = bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'(' | b'+');
    opens && at.checked_sub(1).is_none_or(|before| !joins(bytes, before))
}

/// Whether the byte before a value makes it a part of something longer.
fn joins(bytes: &[u8], at: usize) -> bool {
    let byte = bytes[at];
    byte.is_ascii_alphanumeric()
        // `3.14159265`, `12-34567890`: the digits before belong to it.
        || (matches!(byte, b'.' | b'-')
            && at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_digit()))
}

/// The end of a value of this shape.
fn fits(bytes: &[u8], start: usize, shape: &[u8]) -> Option<usize> {
    let end = start + shape.len();
    let value = bytes.get(start..end)?;
    let all = value.iter().zip(shape).all(|(byte, form)| match form {
        b'#' => byte.is_ascii_digit(),
        b'A' => byte.is_ascii_alphabetic(),
        b'&' => byte.is_ascii_alphanumeric(),
        literal => byte == literal,
    });
    let runs_on = |after: &u8| {
        after.is_ascii_alphanumeric()
            || (matches!(after, b'.' | b'-' | b':' | b'/')
                && bytes.get(end + 1).is_some_and(u8::is_ascii_digit))
    };
    let closed = !bytes.get(end).is_some_and(runs_on);
    (all && closed).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn values_end_where_something_else_begins() {
        for (text, shapes, expected) in [
            ("ssn 519-43-8812.", &["###-##-####"][..], &["519-43-8812"][..]),
            ("1519-43-8812", &["###-##-####"], &[]),
            ("519-43-88123", &["###-##-####"], &[]),
            ("3.14159265", &["########"], &[]),
            ("mrn-448190", &["######"], &["448190"]),
            ("v448190", &["######"], &[]),
            ("10.0.0.448190", &["######"], &[]),
            ("患者番号448190です", &["######"], &["448190"]),
            ("12:448190:30", &["######"], &[]),
        ] {
            let found: Vec<&str> = find(text, shapes).into_iter().map(|(from, to)| &text[from..to]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
