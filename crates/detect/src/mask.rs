//! What a machine wrote, where no identifier of a person is looked for.

/// Byte ranges of ARNs, unique ids, digests, ids that AWS assigned, and moments of time.
/// Linear in the text.
pub(crate) fn machine_made(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_token(bytes[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && is_token(bytes[at]) {
            at += 1;
        }
        let token = &text[start..at];
        if is_arn(token) || is_digest(token) || is_assigned(token) || is_unique_id(token) || is_moment(token)
        {
            found.push((start, at));
        }
    }
    found
}

/// Bytes of which such tokens consist.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":-_./+*${}".contains(&byte)
}

fn is_arn(token: &str) -> bool {
    token.starts_with("arn:") || token.contains(".amazonaws.com") || token.contains(".cloudfront.net")
}

/// Sixteen hexadecimal digits or more, a letter among them.
fn is_digest(token: &str) -> bool {
    let hex = token.strip_prefix("sha256:").unwrap_or(token);
    hex.len() >= 16
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
        && hex.bytes().any(|b| b.is_ascii_alphabetic())
        && hex.bytes().any(|b| b.is_ascii_digit())
}

/// `sg-0a1b2c3d`, `vpc-…`: a short word and 8 or 17 hexadecimal digits.
fn is_assigned(token: &str) -> bool {
    token.split_once('-').is_some_and(|(kind, id)| {
        (1..=8).contains(&kind.len())
            && kind.bytes().all(|b| b.is_ascii_lowercase())
            && matches!(id.len(), 8 | 17)
            && id.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
            && id.bytes().any(|b| b.is_ascii_alphabetic())
    })
}

/// `8-4-4-4-12` hexadecimal digits.
fn is_unique_id(token: &str) -> bool {
    let parts: Vec<usize> = token.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && token.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// `2026-01-31T10:20:30Z`.
fn is_moment(token: &str) -> bool {
    let bytes = token.as_bytes();
    bytes.len() > 15
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[13] == b':'
}

#[cfg(test)]
mod tests {
    use super::machine_made;

    #[test]
    fn what_machines_wrote() {
        for (text, expected) in [
            ("arn:aws:s3:::x and y", &["arn:aws:s3:::x"][..]),
            ("in sg-0a1b2c3d4e5f60718", &["sg-0a1b2c3d4e5f60718"]),
            ("mrn-448190", &[]),
            ("at 2026-01-31T10:20:30Z", &["2026-01-31T10:20:30Z"]),
            ("born 1980-01-31", &[]),
            ("0f8fad5b-d9cb-469f-a165-70867728950e", &["0f8fad5b-d9cb-469f-a165-70867728950e"]),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", &["da39a3ee5e6b4b0d3255bfef95601890afd80709"]),
        ] {
            let found: Vec<&str> = machine_made(text).into_iter().map(|(from, to)| &text[from..to]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
