//! Data sources that need no AWS: what they give follows from the configuration.

use std::sync::Arc;

use super::{Eval, Evaluator, Scope, Slot, fail, identity};
use crate::instance::Address;
use crate::operators::{deeper, derived, is_top_known};
use crate::template::Builder;
use crate::value::{Located, Place, Reference, Step, Value};

impl Evaluator<'_> {
    /// The value of an attribute of such a data source; `None` if it is another one.
    pub(super) fn built_in(
        &mut self,
        node: usize,
        at: usize,
        copy: usize,
        address: &Arc<Address>,
        name: &Arc<str>,
        place: Place,
    ) -> Option<Eval<Located>> {
        let resource = &self.nodes[node].module.resources[at];
        if !resource.data {
            return None;
        }
        let text = match (&*resource.kind, &**name) {
            ("aws_iam_policy_document", "json" | "minified_json") | ("template_file", "rendered") => {
                return Some(self.computed_once(node, at, copy, address, place));
            }
            ("aws_caller_identity", "account_id" | "id") => {
                self.provider_of(node, &resource.provider).account.clone()
            }
            ("aws_region", "name" | "region" | "id") => {
                self.provider_of(node, &resource.provider).region.clone()
            }
            ("aws_partition", part @ ("partition" | "id" | "dns_suffix" | "reverse_dns_prefix")) => {
                let region = self.provider_of(node, &resource.provider).region.text();
                region.map_or(Value::Null, |region| Value::text_of(partition(&region, part)))
            }
            _ => return None,
        };
        let known = match &text {
            Value::Null => None,
            value if value.text().is_some() => Some(value.clone()),
            _ => return Some(Ok(Located::new(text, place))),
        };
        let reference = Reference { target: address.clone(), path: vec![Step::Name(name.clone())], known };
        Some(Ok(Located::new(Value::Reference(Arc::new(reference)), place)))
    }

    fn computed_once(
        &mut self,
        node: usize,
        at: usize,
        copy: usize,
        address: &Arc<Address>,
        place: Place,
    ) -> Eval<Located> {
        let key = identity(address);
        match self.computed.get(&key) {
            Some(Slot::Done(value)) => return value.clone(),
            Some(Slot::Running) => {
                return super::fail_with(
                    place,
                    sekisho_estate::ReasonCode::Cyclic,
                    format!("{address} depends on itself"),
                );
            }
            _ => {}
        }
        self.computed.insert(key, Slot::Running);
        let value = self.compute(node, at, copy, address, place);
        self.computed.insert(key, Slot::Done(value.clone()));
        value
    }

    fn compute(
        &mut self,
        node: usize,
        at: usize,
        copy: usize,
        address: &Arc<Address>,
        place: Place,
    ) -> Eval<Located> {
        let resource = &self.nodes[node].module.resources[at];
        let copies = self.resource_copies(node, at, place)?;
        let each = copies.copies[copy].clone();
        let mut scope = Scope::with(node, resource.place.file, &each);
        let arguments = self.body(&resource.body, resource.place, &mut scope, true);
        if &*resource.kind == "template_file" {
            return self.rendered(&arguments, address, place);
        }
        let document = super::document::build(&arguments);
        Ok(Located::new(Value::Json(Arc::new(document)), resource.place))
    }

    /// The old form of `templatefile`.
    fn rendered(&mut self, arguments: &Located, address: &Arc<Address>, place: Place) -> Eval<Located> {
        let rendered = || {
            Located::new(
                deeper(
                    &Reference { target: address.clone(), path: Vec::new(), known: None },
                    Step::Name("rendered".into()),
                ),
                place,
            )
        };
        let Some(template) = arguments.value.get("template") else { return Ok(rendered()) };
        let Some(text) = template.value.text() else { return Ok(rendered()) };
        let variables = match arguments.value.get("vars").map(|vars| vars.value.plain()) {
            Some(Value::Map(map)) => map.clone(),
            None => Arc::default(),
            Some(other) if is_top_known(other) => return fail(place, "vars must be a map"),
            Some(other) => return Ok(Located::new(derived([other]), place)),
        };
        let pieces = crate::parse::template(&text).or_else(|problem| fail(place, problem.message))?;
        let mut scope = Scope::new(0, u32::MAX);
        scope.free = Some(variables);
        let mut out = Builder::default();
        self.enter(place)?;
        let result = self.pieces(&pieces, &mut out, place, &mut scope);
        self.leave();
        result.or_else(|failure| super::fail_with(place, failure.code, failure.message.clone()))?;
        let value = out.finish().or_else(|message| fail(place, message))?;
        Ok(Located::new(value, place))
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn partition(region: &str, part: &str) -> &'static str {
    let (name, suffix, reverse) = if region.starts_with("cn-") {
        ("aws-cn", "amazonaws.com.cn", "cn.com.amazonaws")
    } else if region.starts_with("us-gov-") {
        ("aws-us-gov", "amazonaws.com", "com.amazonaws")
    } else {
        ("aws", "amazonaws.com", "com.amazonaws")
    };
    match part {
        "dns_suffix" => suffix,
        "reverse_dns_prefix" => reverse,
        _ => name,
    }
}
