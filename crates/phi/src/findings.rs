//! Findings of Amazon Macie: which buckets a scanner found PHI in.
//!
//! The file is what `aws macie2 get-findings` writes: an object with `findings`, or the
//! list itself. Of each finding `resourcesAffected.s3Bucket`,
//! `classificationDetails.result` and `id` are read.
//! <https://docs.aws.amazon.com/macie/latest/user/findings-publish-event-schemas.html>

use serde::Deserialize;

/// One finding that says that a bucket holds data of persons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Finding {
    /// Name of the bucket.
    pub bucket: String,
    /// Kinds of data found, such as `USA_MEDICARE_BENEFICIARY_IDENTIFIER`, sorted.
    pub kinds: Vec<String>,
    /// Id of the finding.
    pub id: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    Object { findings: Vec<Raw> },
    List(Vec<Raw>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    id: String,
    #[serde(default)]
    archived: bool,
    resources_affected: Option<Affected>,
    classification_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Affected {
    s3_bucket: Option<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    name: Option<String>,
    arn: Option<String>,
}

#[derive(Deserialize)]
struct Details {
    result: Option<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    sensitive_data: Vec<Category>,
    custom_data_identifiers: Option<Custom>,
}

#[derive(Deserialize)]
struct Category {
    category: String,
    #[serde(default)]
    detections: Vec<Detection>,
}

#[derive(Deserialize)]
struct Detection {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Custom {
    #[serde(default)]
    detections: Vec<Detection>,
}

/// Reads a file of findings. Only those that found personal information or matched a
/// custom identifier count; credentials and policy findings say nothing of PHI.
///
/// # Errors
/// What is wrong with the file, with line and column.
pub fn read(file: &str, text: &str) -> Result<Vec<Finding>, String> {
    let parsed: File = serde_json::from_str(text).map_err(|error| {
        match serde_json::from_str::<serde_json::Value>(text) {
            // An untagged enum tells no place; that the text is JSON at all is told apart.
            Ok(_) => format!("{file}: not findings of Macie: expected a list, or an object with `findings`"),
            Err(_) => format!("{file}:{}:{}: {error}", error.line(), error.column()),
        }
    })?;
    let (File::Object { findings } | File::List(findings)) = parsed;
    let mut found = Vec::new();
    for raw in findings.into_iter().filter(|raw| !raw.archived) {
        let bucket = raw.resources_affected.and_then(|a| a.s3_bucket).and_then(|bucket| {
            bucket.name.or_else(|| bucket.arn.and_then(|arn| Some(arn.rsplit(':').next()?.to_owned())))
        });
        let (Some(bucket), Some(outcome)) = (bucket, raw.classification_details.and_then(|d| d.result))
        else {
            continue;
        };
        let personal = outcome.sensitive_data.into_iter().filter(|c| c.category == "PERSONAL_INFORMATION");
        let mut kinds: Vec<String> = personal
            .flat_map(|c| c.detections)
            .map(|d| d.kind)
            .chain(outcome.custom_data_identifiers.into_iter().flat_map(|c| c.detections).map(|d| d.name))
            .filter(|kind| !kind.is_empty())
            .collect();
        if kinds.is_empty() {
            continue;
        }
        kinds.sort();
        kinds.dedup();
        found.push(Finding { bucket, kinds, id: raw.id });
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINDINGS: &str = r#"{"findings": [
      {"id": "b", "resourcesAffected": {"s3Bucket": {"arn": "arn:aws:s3:::records"}},
       "classificationDetails": {"result": {"sensitiveData": [
         {"category": "PERSONAL_INFORMATION", "detections": [{"type": "NAME", "count": 3}, {"type": "DATE_OF_BIRTH"}]}]}}},
      {"id": "c", "resourcesAffected": {"s3Bucket": {"name": "keys"}},
       "classificationDetails": {"result": {"sensitiveData": [
         {"category": "CREDENTIALS", "detections": [{"type": "AWS_CREDENTIALS"}]}]}}},
      {"id": "a", "resourcesAffected": {"s3Bucket": {"name": "charts"}},
       "classificationDetails": {"result": {"customDataIdentifiers": {"detections": [{"name": "karte-number"}]}}}},
      {"id": "d", "archived": true, "resourcesAffected": {"s3Bucket": {"name": "old"}},
       "classificationDetails": {"result": {"customDataIdentifiers": {"detections": [{"name": "x"}]}}}},
      {"id": "p", "type": "Policy:IAMUser/S3BucketPublic", "resourcesAffected": {"s3Bucket": {"name": "open"}}}
    ]}"#;

    #[test]
    fn personal_information_counts_and_nothing_else() {
        let found = read("macie.json", FINDINGS).unwrap();
        let shown: Vec<_> = found.iter().map(|f| (f.bucket.as_str(), f.kinds.join(","))).collect();
        assert_eq!(
            shown,
            [("charts", "karte-number".to_owned()), ("records", "DATE_OF_BIRTH,NAME".to_owned())]
        );
    }

    #[test]
    fn a_wrong_file_says_where() {
        assert_eq!(
            read("f.json", "{\"findings\": [}").unwrap_err(),
            "f.json:1:15: expected value at line 1 column 15"
        );
        assert!(read("f.json", "{\"a\": 1}").unwrap_err().contains("not findings of Macie"));
    }
}
