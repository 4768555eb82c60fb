//! `AWS::Serverless::SimpleTable`, `AWS::Serverless::LayerVersion`, `AWS::Serverless::Application`.
//!
//! AWS: SAM Developer Guide, the pages of these types and of the resources generated for them.

use sekisho_estate::{Reason, ReasonCode};

use super::make::{Fields, Made, text};
use super::{Sam, Source};

impl Sam<'_, '_> {
    /// A table with one key.
    pub(super) fn simple_table(&mut self, source: &Source) {
        const KNOWN: [&str; 6] = [
            "PointInTimeRecoverySpecification",
            "PrimaryKey",
            "ProvisionedThroughput",
            "TableName",
            "Tags",
            "SSESpecification",
        ];
        let p = source.properties;
        self.check_known(p, &KNOWN, &source.id);
        let (name, kind) = match self.get(p, "PrimaryKey") {
            None => (text("id"), text("S")),
            Some(key) => {
                let name = self.get(key, "Name").map_or_else(|| text("id"), Made::Node);
                let kind = match self.text_at(key, "Type") {
                    Some("String") => text("S"),
                    Some("Number") => text("N"),
                    Some("Binary") => text("B"),
                    _ => Made::Unknown(Reason::new(ReasonCode::WrongShape, "PrimaryKey.Type")),
                };
                (name, kind)
            }
        };
        let attribute = Fields::new().with("AttributeName", name.clone()).with("AttributeType", kind);
        let key = Fields::new().with("AttributeName", name).with("KeyType", "HASH");
        let throughput = self.get(p, "ProvisionedThroughput");
        let billing = throughput.is_none().then(|| text("PAY_PER_REQUEST"));
        let tags = self.tags(None, self.get(p, "Tags"));
        let mut made = Fields::new()
            .with("AttributeDefinitions", vec![attribute.into()])
            .with("KeySchema", vec![key.into()])
            .with_some("ProvisionedThroughput", throughput)
            .with_some("BillingMode", billing)
            .with_some("Tags", tags);
        for same in ["PointInTimeRecoverySpecification", "SSESpecification", "TableName"] {
            made.put_some(same, self.get(p, same));
        }
        self.main(source, "AWS::DynamoDB::Table", made.into());
    }

    /// A layer. Its id ends in a digest of its content where it is deployed; here it is the one
    /// written, which is also how the template refers to it.
    pub(super) fn layer(&mut self, source: &Source) {
        const KNOWN: [&str; 9] = [
            "LayerName",
            "Description",
            "ContentUri",
            "CompatibleArchitectures",
            "CompatibleRuntimes",
            "LicenseInfo",
            "RetentionPolicy",
            "PublishLambdaVersion",
            "Tags",
        ];
        let p = source.properties;
        self.check_known(p, &KNOWN, &source.id);
        let content = self.s3_location(
            self.get(p, "ContentUri"),
            "ContentUri",
            ["S3Bucket", "S3Key", "S3ObjectVersion"],
        );
        let name = self.get(p, "LayerName").map_or_else(|| text(source.id.clone()), Made::Node);
        let mut made = Fields::new().with("LayerName", name).with("Content", content);
        for same in ["Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"] {
            made.put_some(same, self.get(p, same));
        }
        self.main(source, "AWS::Lambda::LayerVersion", made.into());
    }

    /// A nested application: a nested stack. One of the Serverless Application Repository has its
    /// template there, and is reported as any nested template that is not in the input.
    pub(super) fn application(&mut self, source: &Source) {
        const KNOWN: [&str; 6] =
            ["Location", "TemplateUrl", "Parameters", "NotificationARNs", "Tags", "TimeoutInMinutes"];
        let p = source.properties;
        self.check_known(p, &KNOWN, &source.id);
        let location = self.get(p, "Location");
        let url = match location {
            Some(location) if self.is_map(location) => {
                let id = self.get(location, "ApplicationId");
                let id = id.and_then(|node| self.low.stack.tree.string(node)).unwrap_or("application");
                Made::Unknown(Reason::new(ReasonCode::NotInInput, id))
            }
            Some(location) => location.into(),
            None => Made::Unknown(Reason::new(ReasonCode::NotInInput, "Location")),
        };
        let tags = self.tags(Some(("lambda:createdBy", "SAM")), self.get(p, "Tags"));
        let mut made = Fields::new().with("TemplateURL", url).with_some("Tags", tags);
        for same in ["Parameters", "NotificationARNs", "TimeoutInMinutes"] {
            made.put_some(same, self.get(p, same));
        }
        self.main(source, "AWS::CloudFormation::Stack", made.into());
    }
}
