//! Whether a machine image is one that may be launched. O(rules of the configuration) for an image.
//!
//! A plain id says nothing of its owner. What names an image by its owner is a public parameter of
//! Systems Manager (nobody but AWS can make one), a look-up of Terraform, and an image that the
//! input builds itself.

use sekisho_estate::{ANYBODY, ReasonCode, Why};
use sekisho_expr::{Frame, Val};
use sekisho_facts::{image_publisher, parameter_name};
use sekisho_phi::matches;

use crate::config::ImageConfig;

/// Whose images are approved where the configuration says nothing: AWS's own, as the guidance does.
const TRUSTED: &str = "amazon";

/// Whether the configuration approves what a value names.
pub(crate) fn approved<'a>(frame: &Frame<'_, 'a>, rules: &ImageConfig, value: Val<'a>) -> Val<'a> {
    match value {
        Val::Str(text) => match parameter_name(text) {
            Some(name) => by_parameter(frame, rules, name),
            None if rules.ids.iter().any(|id| id.as_str() == text) => Val::Bool(true),
            None => of_nobody_known(frame, rules, text),
        },
        Val::Unknown(Why { code: ReasonCode::DynamicReference, subject }) => {
            by_parameter(frame, rules, parameter_name(subject).unwrap_or(subject))
        }
        Val::Unknown(Why { code: ReasonCode::ImageLookup, subject }) => looked_up(frame, rules, subject),
        // AWS: Template Reference, "AWS::ImageBuilder::Image": `Fn::GetAtt` gives the id of what it builds.
        Val::Reference(target) if target.type_name() == "AWS::ImageBuilder::Image" => {
            owned(frame, rules, "self", target.id())
        }
        Val::Reference(target) => frame.unknown(ReasonCode::AttributeAtDeploy, target.name()),
        Val::Text(text) => frame.unknown(ReasonCode::AttributeAtDeploy, text.display()),
        Val::Absent | Val::Unknown(_) | Val::Secret(_) => value,
        _ => frame.unknown(ReasonCode::WrongShape, "ImageId"),
    }
}

fn by_parameter<'a>(frame: &Frame<'_, 'a>, rules: &ImageConfig, name: &str) -> Val<'a> {
    if rules.parameters.iter().any(|glob| matches(glob.as_str(), name)) {
        return Val::Bool(true);
    }
    match image_publisher(name) {
        Some(owner) => owned(frame, rules, owner, name),
        // Part of the name is known where it is deployed.
        None if name.contains("${") => frame.unknown(ReasonCode::DynamicReference, name),
        None => of_nobody_known(frame, rules, name),
    }
}

/// An image whose owner nothing says.
fn of_nobody_known<'a>(frame: &Frame<'_, 'a>, rules: &ImageConfig, what: &str) -> Val<'a> {
    if !rules.is_declared() {
        frame.unknown(ReasonCode::ImagesNotDeclared, what)
    } else if rules.owners.is_empty() {
        Val::Bool(false)
    } else {
        frame.unknown(ReasonCode::ImageOwner, what)
    }
}

fn owned<'a>(frame: &Frame<'_, 'a>, rules: &ImageConfig, owner: &str, what: &str) -> Val<'a> {
    if rules.is_declared() {
        Val::Bool(rules.owners.iter().any(|approved| approved.as_str() == owner))
    } else if owner == TRUSTED {
        Val::Bool(true)
    } else {
        frame.unknown(ReasonCode::ImagesNotDeclared, what)
    }
}

/// A look-up may give an image of each of the owners that it names.
fn looked_up<'a>(frame: &Frame<'_, 'a>, rules: &ImageConfig, owners: &str) -> Val<'a> {
    if owners == ANYBODY {
        return Val::Bool(false);
    }
    let mut all = Val::Bool(true);
    for owner in owners.split(", ") {
        match owned(frame, rules, owner, owner) {
            Val::Bool(true) => {}
            Val::Bool(false) => return Val::Bool(false),
            unknown => all = unknown,
        }
    }
    all
}
