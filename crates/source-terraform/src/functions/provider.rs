//! Functions of the provider for AWS
//! (<https://registry.terraform.io/providers/hashicorp/aws/latest/docs/functions/arn_parse>).

use super::{Call, Function, entry, known};
use crate::value::Value;

const PARTS: [&str; 5] = ["partition", "service", "region", "account_id", "resource"];

pub(super) const FUNCTIONS: &[Function] = &[
    known("provider::aws::arn_build", 5, 5, |call| {
        let mut arn = "arn".to_owned();
        for at in 0..5 {
            arn.push(':');
            arn.push_str(&call.text(at)?);
        }
        Ok(Value::text_of(&arn))
    }),
    known("provider::aws::arn_parse", 1, 1, |call| {
        let arn = call.text(0)?;
        let parts = split(&arn)?;
        Ok(Value::map(
            PARTS.iter().zip(parts).map(|(name, part)| entry(call, name, Value::text_of(part))).collect(),
        ))
    }),
    known("provider::aws::trim_iam_role_path", 1, 1, trim_iam_role_path),
];

fn split(arn: &str) -> Result<[&str; 5], String> {
    let wrong = || format!("{arn:?} is no ARN");
    let mut parts = arn.strip_prefix("arn:").ok_or_else(wrong)?.splitn(5, ':');
    let mut next = || parts.next().ok_or_else(wrong);
    Ok([next()?, next()?, next()?, next()?, next()?])
}

fn trim_iam_role_path(call: &Call<'_>) -> Result<Value, String> {
    let arn = call.text(0)?;
    let [partition, service, region, account, resource] = split(&arn)?;
    let name = resource.strip_prefix("role/").filter(|_| service == "iam" && region.is_empty());
    let name = name.ok_or_else(|| format!("{arn:?} is not the ARN of a role"))?;
    let name = name.rsplit('/').next().unwrap_or(name);
    Ok(Value::text_of(&format!("arn:{partition}:{service}:{region}:{account}:role/{name}")))
}
