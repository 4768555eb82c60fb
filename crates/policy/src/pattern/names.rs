//! What a reference to a resource will be: its name, its ARN, its id.
//!
//! The forms are data of `sekisho-facts`. They make `!GetAtt B.Arn`,
//! `arn:${AWS::Partition}:s3:::${B}` and, where the name is written, the literal ARN one text.

use bumpalo::collections::String as ArenaString;
use sekisho_estate::reason::{ReasonCode, Why};
use sekisho_estate::value::Target;
use sekisho_estate::{Value, key_hash};
use sekisho_facts::{Identity, RefReturns, identity};

use super::build::{Builder, MAX_NAMES};
use super::hole::{ACCOUNT, HoleKind, PARTITION, REGION};

impl<'e> Builder<'_, 'e> {
    /// Adds what `Ref` or `Fn::GetAtt` gives for a resource.
    pub(super) fn push_reference(&mut self, target: Target<'e>) {
        let Some(identity) = identity(target.type_name()) else {
            return self.push_attribute(target);
        };
        if target.attribute.is_empty() {
            match identity.returns {
                RefReturns::Name => self.push_name(target, &identity, false),
                RefReturns::Arn => self.push_arn_of(target, &identity),
                RefReturns::Id => self.push_id(target),
                RefReturns::Attribute(attribute) => {
                    self.push_attribute(Target { attribute, ..target });
                }
            }
        } else if is_arn(target) && identity.arn.is_some() {
            self.push_arn_of(target, &identity);
            // Source: CloudFormation, AWS::Logs::LogGroup, "Return values": the ARN ends in `:*`.
            if target.type_name() == "AWS::Logs::LogGroup" {
                self.push_str(":*");
            }
        } else if identity.name == Some(target.attribute) {
            self.push_name(target, &identity, false);
        } else {
            self.push_attribute(target);
        }
    }

    /// Adds the ARN of a resource.
    pub(crate) fn push_arn(&mut self, target: Target<'e>) {
        match identity(target.type_name()) {
            Some(identity) => self.push_arn_of(target, &identity),
            None => self.push_attribute(Target { attribute: "Arn", ..target }),
        }
    }

    fn push_arn_of(&mut self, target: Target<'e>, identity: &Identity) {
        let Some(form) = identity.arn else {
            return self.push_attribute(Target { attribute: "Arn", ..target });
        };
        // The ARN and a pattern behind it seldom need more.
        self.reserve(form.len() + 8);
        self.within(target.stack, |builder, root| {
            for (index, piece) in form.split(['{', '}']).enumerate() {
                // Between braces stands a name, outside text.
                if index % 2 == 0 {
                    builder.push_chars(piece);
                    continue;
                }
                match piece {
                    "partition" => builder.push_variable(Some(root), PARTITION, ReasonCode::PseudoParameter),
                    "region" => builder.push_place(target, root, REGION),
                    "account" => builder.push_place(target, root, ACCOUNT),
                    "name" => {
                        builder.push_name(target, identity, target.type_name() == "AWS::SSM::Parameter");
                    }
                    "id" => builder.push_id(target),
                    property => builder.push_property(target, property),
                }
            }
        });
    }

    /// Adds the physical name of a resource: as written, else as a hole of its own.
    /// In the ARN of a parameter the slash before its name stands only once.
    fn push_name(&mut self, target: Target<'e>, identity: &Identity, bare: bool) {
        let written = identity.name.map_or(Value::Absent, |name| self.property(target, name));
        match written {
            Value::Str(name) => {
                self.push_chars(if bare { name.strip_prefix('/').unwrap_or(name) } else { name });
            }
            Value::Text(_) | Value::Reference(_) if self.depth < MAX_NAMES => {
                self.within(target.stack, |builder, _| builder.push_name_value(written));
            }
            Value::Unknown(Why {
                code: ReasonCode::ParameterWithoutValue | ReasonCode::PseudoParameter,
                ..
            }) => self.within(target.stack, |builder, _| builder.push_name_value(written)),
            _ => {
                let why = self.at_deploy(target);
                self.push_hole(HoleKind::Name(target), why);
            }
        }
    }

    fn push_id(&mut self, target: Target<'e>) {
        let why = self.at_deploy(target);
        self.push_hole(HoleKind::Id(target), why);
    }

    /// Adds an attribute that is not understood further.
    fn push_attribute(&mut self, target: Target<'e>) {
        match self.reader.referenced_value(target) {
            Some(Value::Str(text)) => self.push_chars(text),
            _ => {
                let why = self.at_deploy(target);
                self.push_hole(HoleKind::Attribute(target), why);
            }
        }
    }

    /// Adds another property that is a part of an ARN.
    fn push_property(&mut self, target: Target<'e>, property: &'static str) {
        match self.property(target, property) {
            // Source: CloudFormation, AWS::IAM::Role, `Path`: "This parameter is optional. If it
            // is not included, it defaults to a slash (/)."
            Value::Absent if property == "Path" => self.push_chars("/"),
            written @ (Value::Str(_) | Value::Text(_) | Value::Unknown(_)) if self.depth < MAX_NAMES => {
                self.within(target.stack, |builder, _| builder.push_name_value(written));
            }
            _ => {
                let why = self.at_deploy(target);
                self.push_hole(HoleKind::Attribute(Target { attribute: property, ..target }), why);
            }
        }
    }

    fn property(&self, target: Target<'e>, name: &str) -> Value<'e> {
        let resource = target.stack.resource(target.resource);
        match self.reader.resolve(target.stack.view(resource.properties)) {
            Value::Map(map) => self.reader.member(map, name, key_hash(name.as_bytes())).0,
            _ => Value::Absent,
        }
    }

    fn at_deploy(&self, target: Target<'e>) -> Why<'e> {
        let subject = match target.attribute {
            "" => target.id(),
            attribute => {
                let (id, bump) = (target.id(), self.reader.bump);
                let mut name = ArenaString::with_capacity_in(id.len() + 1 + attribute.len(), bump);
                name.push_str(id);
                name.push('.');
                name.push_str(attribute);
                name.into_bump_str()
            }
        };
        Why { code: ReasonCode::AttributeAtDeploy, subject }
    }
}

/// Whether an attribute is the ARN of the resource itself: `Arn`, `TopicArn` of a topic,
/// `BrowserArn` of a custom browser.
fn is_arn(target: Target<'_>) -> bool {
    let own = target.type_name().rsplit("::").next().unwrap_or_default();
    let own = own.strip_suffix("Custom").unwrap_or(own);
    target.attribute == "Arn" || target.attribute.strip_suffix("Arn") == Some(own)
}
