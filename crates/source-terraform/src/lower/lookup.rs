//! What is known of a look-up whose answer only AWS has: which parameter of Systems Manager is
//! read, and whose images a machine image is chosen from.

use sekisho_estate::{ANYBODY, Reason, ReasonCode};

use super::Lower;
use crate::value::{Located, Reference, Value};

impl Lower<'_> {
    /// Why an attribute of a data source is not known, with what its arguments say of it.
    ///
    /// Source: provider `aws`, data sources `aws_ami` (`owners`, `filter`) and `aws_ssm_parameter`
    /// (`name`).
    pub(super) fn looked_up(&self, reference: &Reference, attribute: &str) -> Option<Reason> {
        let at = *self.addresses.get(&*reference.target)?;
        let arguments = &self.instance(at).attributes.value;
        match (&*reference.target.kind, attribute) {
            ("aws_ssm_parameter", "value" | "insecure_value") => {
                let name = arguments.get("name")?.value.text()?;
                Some(Reason::new(ReasonCode::DynamicReference, &*name))
            }
            ("aws_ami", "id" | "image_id") => Some(Reason::new(ReasonCode::ImageLookup, owners(arguments)?)),
            _ => None,
        }
    }
}

/// The owners that an image must have, joined with a comma; none when they are not known.
fn owners(arguments: &Value) -> Option<String> {
    let mut found = Vec::new();
    if let Some(written) = arguments.get("owners") {
        found = texts(written)?;
    }
    for filter in arguments.get("filter").map_or(&[][..], |filters| items(filters)) {
        let name = filter.value.get("name")?.value.text()?;
        if matches!(&*name, "owner-id" | "owner-alias") {
            found.extend(texts(filter.value.get("values")?)?);
        }
    }
    Some(if found.is_empty() { ANYBODY.to_owned() } else { found.join(", ") })
}

fn items(list: &Located) -> &[Located] {
    match list.value.plain() {
        Value::List(list) => &list.items,
        _ => &[],
    }
}

fn texts(list: &Located) -> Option<Vec<String>> {
    let Value::List(list) = list.value.plain() else { return None };
    list.items.iter().map(|item| item.value.text().map(|text| text.to_string())).collect()
}
