//! Every output format, from one finding model.
//!
//! A [`Report`] is an estate, its assessment and [`Options`]; it writes itself as text for a
//! terminal, as JSON (`sekisho.scan/1`, the contract with other programs), as lines of JSON,
//! as SARIF and as annotations of GitHub Actions. [`Explained`] shows how a control was
//! evaluated; [`control_page`], [`list`] and [`pages`] show what a control is.
//!
//! What people read is in the language of the options. Its sentences stand in
//! `guidance/text/messages.<language>.yaml` and become functions when the crate is built
//! (see `build/main.rs`), with `{name}` for what is put in and wording that needs no plural:
//! nothing is parsed when the program starts, and a missing sentence does not compile.
//! Machine-readable output is English in every language.
//!
//! Nothing that comes from the input reaches a terminal, a log or a URI without being
//! escaped for it, and no source line is shown before secrets in it are masked.

mod access;
mod assets;
mod coverage;
mod explain;
mod flow;
mod form;
mod framework;
mod github;
mod guidance;
mod map;
mod messages;
mod network;
mod page;
mod patch;
mod places;
mod report;
mod responsibility;
mod sarif;
mod scan;
mod secrets;
mod sink;
mod text;

pub use access::{AccessReport, phi_stores};
pub use assets::{AssetForm, assets};
pub use coverage::{coverage_page, guidance_coverage};
pub use explain::Explained;
pub use flow::{FlowView, flow, flow_explanation, flow_nodes};
pub use form::responsibility_form;
pub use framework::{FrameworkReport, framework_list};
pub use guidance::{
    GuidanceError, GuidanceFilter, Notation, guidance_inherited, guidance_list, guidance_search,
    guidance_services, guidance_show,
};
pub use map::{map_html, map_svg};
pub use network::{Asked, exposed, reach, zones};
pub use page::{Page, control_page, list, list_json, pages, pages_of};
pub use report::{Color, Exit, Format, Options, Report, Run, Verdicts, editions_shown};
pub use responsibility::responsibility;

/// A remark about a run as one line for a person: where, and what.
#[must_use]
pub fn notice_line(notice: &sekisho_assess::Notice, language: sekisho_guidance::Language) -> String {
    let sentence = messages::Say(language).notice(notice.code, &notice.subject);
    let mut place = notice.file.clone();
    for number in [notice.line, notice.column].into_iter().filter(|number| *number > 0) {
        place.push_str(&format!(":{number}"));
    }
    text::one_line(&format!("{place}: {sentence}"))
}
