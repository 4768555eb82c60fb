//! The fields of an ARN that may have holes.

use crate::Pattern;

/// The fields of an ARN, each a pattern. Source: IAM User Guide, `reference-arns.html`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Arn<'e> {
    /// `aws`, `aws-cn`, …
    pub partition: Pattern<'e>,
    /// The namespace of the service, such as `s3`.
    pub service: Pattern<'e>,
    /// Region; empty for what is global.
    pub region: Pattern<'e>,
    /// Account; empty for what is named without it, such as buckets.
    pub account: Pattern<'e>,
    /// The rest, in the service's own form; it may hold colons.
    pub resource: Pattern<'e>,
}

impl<'e> Pattern<'e> {
    /// The fields of the ARN that the pattern is; none when it is none, or when a hole or
    /// a wildcard hides where the fields end.
    #[must_use]
    pub fn arn(&self) -> Option<Arn<'e>> {
        let fields: [Pattern<'e>; 6] = self.split_colons(6).try_into().ok()?;
        let [arn, partition, service, region, account, resource] = fields;
        (arn.known().as_deref() == Some("arn")).then_some(Arn {
            partition,
            service,
            region,
            account,
            resource,
        })
    }
}
