//! Whether AWS still stands behind what a resource is made of. O(log rows) for each question.

use sekisho_estate::{ReasonCode, key_hash};
use sekisho_expr::{Frame, ResourceRef, Seen, Val};
use sekisho_guidance::{Stage, days_between, lifecycle, versions};

/// Whether the service of a resource has ended, or what it names is no longer patched, on a day
/// such as `2026-11-25`. Without a day that is unknown wherever a day counts.
pub(crate) fn discontinued<'a>(
    frame: &Frame<'_, 'a>,
    resource: ResourceRef<'a>,
    today: Option<&str>,
) -> Val<'a> {
    let (change, versions) = (lifecycle(resource.type_name()), versions(resource.type_name()));
    if change.is_none() && versions.is_none() {
        return Val::Bool(false);
    }
    let Some(today) = today else { return frame.unknown(ReasonCode::NotInInput, "the day of the run") };
    if change.is_some_and(|change| change.stage(today) == Stage::Ended) {
        frame.see(|| Seen::Statement(resource.stack.view(resource.resource.body)));
        return Val::Bool(true);
    }
    let Some(versions) = versions else { return Val::Bool(false) };
    let Val::Node(properties) = frame.read(resource.properties()) else { return Val::Bool(false) };
    let hash = key_hash(versions.property.as_bytes());
    let (value, view) = frame.reader.member(properties, versions.property, hash);
    match (frame.convert(value), view) {
        (Val::Absent, _) | (_, None) => Val::Bool(false),
        (Val::Str(text), Some(view)) => {
            frame.see(|| Seen::Value(view, Val::Str(text)));
            Val::Bool(versions.end(text).is_some_and(|end| end < today))
        }
        (unknown @ Val::Unknown(_), _) => unknown,
        _ => frame.unknown(ReasonCode::WrongShape, versions.property),
    }
}

/// Whole days from a day, or the day of a time, in ISO 8601 to the day of the run; negative for what
/// is still to come. Unknown without a day of the run, and for a text that is no day.
pub(crate) fn days_since<'a>(frame: &Frame<'_, 'a>, value: Val<'a>, today: Option<&str>) -> Val<'a> {
    let Val::Str(text) = value else { return value };
    let Some(today) = today else { return frame.unknown(ReasonCode::NotInInput, "the day of the run") };
    let day = text.split_once('T').map_or(text, |(day, _)| day);
    match days_between(day, today) {
        Some(days) => Val::Int(days),
        None => frame.unknown(ReasonCode::WrongShape, "a day"),
    }
}
