//! Questions on policy documents, asked by controls.

use sekisho_estate::ReasonCode;
use sekisho_expr::{Frame, Val};

pub(crate) fn denies<'a>(frame: &Frame<'_, 'a>, _: Val<'a>, _: &str, _: Val<'a>) -> Val<'a> {
    frame.unknown(ReasonCode::AnalysisNotBuilt, "denies")
}

pub(crate) fn grants_anyone<'a>(frame: &Frame<'_, 'a>, _: Val<'a>, _: Option<&str>) -> Val<'a> {
    frame.unknown(ReasonCode::AnalysisNotBuilt, "grants_anyone")
}
