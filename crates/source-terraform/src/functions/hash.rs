//! Hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Call, Function, differs, known};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    known("base64sha256", 1, 1, |call| Ok(base64(&Sha256::digest(call.text(0)?.as_bytes())))),
    known("base64sha512", 1, 1, |call| Ok(base64(&Sha512::digest(call.text(0)?.as_bytes())))),
    known("bcrypt", 1, 2, |_| Ok(differs("bcrypt"))),
    known("filebase64sha256", 1, 1, |call| Ok(base64(&Sha256::digest(bytes(call)?)))),
    known("filebase64sha512", 1, 1, |call| Ok(base64(&Sha512::digest(bytes(call)?)))),
    known("filemd5", 1, 1, |call| Ok(hex(&md5::Md5::digest(bytes(call)?)))),
    known("filesha1", 1, 1, |call| Ok(hex(&Sha1::digest(bytes(call)?)))),
    known("filesha256", 1, 1, |call| Ok(hex(&Sha256::digest(bytes(call)?)))),
    known("filesha512", 1, 1, |call| Ok(hex(&Sha512::digest(bytes(call)?)))),
    known("md5", 1, 1, |call| Ok(hex(&md5::Md5::digest(call.text(0)?.as_bytes())))),
    known("sha1", 1, 1, |call| Ok(hex(&Sha1::digest(call.text(0)?.as_bytes())))),
    known("sha256", 1, 1, |call| Ok(hex(&Sha256::digest(call.text(0)?.as_bytes())))),
    known("sha512", 1, 1, |call| Ok(hex(&Sha512::digest(call.text(0)?.as_bytes())))),
    known("rsadecrypt", 2, 2, |_| {
        let reason = sekisho_estate::ReasonCode::UnsupportedFunction;
        Ok(Value::unknown(reason, "rsadecrypt"))
    }),
    known("uuid", 0, 0, |_| Ok(differs("uuid"))),
    known("uuidv5", 2, 2, uuidv5),
];

fn bytes(call: &Call<'_>) -> Result<Vec<u8>, String> {
    call.reach.read(&call.text(0)?)
}

fn base64(bytes: &[u8]) -> Value {
    Value::text_of(&STANDARD.encode(bytes))
}

fn hex(bytes: &[u8]) -> Value {
    Value::text_of(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// RFC 9562, section 5.5; the namespaces are those of its section 6.6.
fn uuidv5(call: &Call<'_>) -> Result<Value, String> {
    const COMMON: u128 = 0x6ba7_b810_9dad_11d1_80b4_00c0_4fd4_30c8;
    let namespace = match &*call.text(0)? {
        "dns" => COMMON,
        "url" => COMMON + (1 << 96),
        "oid" => COMMON + (2 << 96),
        "x500" => COMMON + (4 << 96),
        other => {
            let digits: String = other.chars().filter(|c| *c != '-').collect();
            let parsed = u128::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == 32);
            parsed.ok_or_else(|| format!("{other:?} is neither a namespace nor a UUID"))?
        }
    };
    let mut hash = Sha1::new();
    hash.update(namespace.to_be_bytes());
    hash.update(call.text(1)?.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = format!("{:032x}", u128::from_be_bytes(bytes));
    Ok(Value::text_of(&format!(
        "{}-{}-{}-{}-{}",
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..]
    )))
}
