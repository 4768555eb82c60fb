//! `sekisho.toml`: what the user says of the environment.
//!
//! Every key is documented in `docs/configuration.md`; an unknown key is an error with "did you mean".

use std::collections::BTreeMap;

use sekisho_facts::did_you_mean;
use sekisho_phi::{Account, AssetTags, Contract, Finding, Phi};
use serde::Deserialize;

/// The settings of a run. All have a default; an empty file is a good one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where PHI is and is not, and where it may be.
    pub phi: Phi,
    /// Accounts of one's own.
    pub accounts: Vec<Account>,
    /// Agreements with those who receive PHI.
    pub contracts: Vec<Contract>,
    /// Which tags say what of an asset.
    pub assets: AssetTags,
    /// What the input covers.
    pub scope: ScopeConfig,
    /// Waivers.
    pub waivers: WaiverConfig,
    /// What is beyond the network of the input.
    pub network: NetworkConfig,
    /// Machine images that may be launched.
    pub images: ImageConfig,
    /// Which services may hold PHI.
    pub eligibility: EligibilityConfig,
    /// Which guidance is asked for.
    pub guidance: GuidanceConfig,
    /// Values of parameters, for every root template that declares them.
    pub parameters: BTreeMap<String, String>,
    /// What the files under `phi.findings` say; read by whoever reads this file.
    #[serde(skip)]
    pub findings: Vec<Finding>,
    /// What the file under `eligibility.list` says; read by whoever reads this file.
    #[serde(skip)]
    pub eligible: Option<sekisho_guidance::EligibilityTable>,
    /// The day of the run, `YYYY-MM-DD`.
    #[serde(skip)]
    pub today: Option<String>,
}

/// Which guidance is asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GuidanceConfig {
    /// An edition of the HIPAA paper (`2018`, `2023`); what either states when left out.
    pub edition: Option<sekisho_guidance::Edition>,
}

/// What is beyond the network of the input.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// Blocks of on-premises networks behind VPN and Direct Connect (`10.0.0.0/8`).
    pub on_premises: Vec<String>,
}

/// Which services may hold PHI.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EligibilityConfig {
    /// A file in the form of `facts/hand/eligibility` that takes the place of the built-in list.
    pub list: Option<String>,
}

/// Machine images that may be launched; an image is approved when one of the three says so.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageConfig {
    /// Ids of images.
    pub ids: Vec<ImageId>,
    /// Owners all of whose images are approved.
    pub owners: Vec<ImageOwner>,
    /// Globs on names of parameters of Systems Manager that hold the id of an image.
    pub parameters: Vec<ParameterGlob>,
}

impl ImageConfig {
    /// Whether anything is said of images.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        !(self.ids.is_empty() && self.owners.is_empty() && self.parameters.is_empty())
    }
}

/// Id of a machine image, `ami-` and eight or seventeen hexadecimal digits.
///
/// Source: EC2 User Guide, "Longer IDs": eight digits before 2018, seventeen since.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ImageId(String);

impl ImageId {
    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ImageId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.strip_prefix("ami-").unwrap_or_default();
        if matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err(format!("{text} is no id of an image (ami- and 8 or 17 hexadecimal digits)"))
        }
    }
}

/// Who an image belongs to: an account, or one of the aliases of EC2.
///
/// Source: EC2 API Reference, `DescribeImages`, `Owner.N`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ImageOwner(String);

impl ImageOwner {
    /// Names that stand for an owner: AWS, its Marketplace, AWS Backup, and one's own account.
    const ALIASES: [&'static str; 4] = ["amazon", "aws-marketplace", "aws-backup-vault", "self"];

    /// The account or alias.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ImageOwner {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let account = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        if account || Self::ALIASES.contains(&&*text) {
            return Ok(Self(text));
        }
        let meant =
            did_you_mean(&text, Self::ALIASES).map_or(String::new(), |m| format!("; did you mean {m}?"));
        Err(format!(
            "{text} is no owner of images (an account of 12 digits, or one of {}){meant}",
            Self::ALIASES.join(", ")
        ))
    }
}

/// A glob on the name of a parameter of Systems Manager.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ParameterGlob(String);

impl ParameterGlob {
    /// The glob.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ParameterGlob {
    type Error = String;

    /// Source: Systems Manager API Reference, `PutParameter`, `Name`: letters, digits and `_.-/`.
    fn try_from(text: String) -> Result<Self, String> {
        if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/*?".contains(c)) {
            Ok(Self(text))
        } else {
            Err(format!(
                "{text} is no name of a parameter (letters, digits and _.-/; * and ? stand for others)"
            ))
        }
    }
}

/// What the input covers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopeConfig {
    /// Whether the input is everything that exists in the account, so that what is missing is missing.
    pub complete_account: bool,
    /// Account of the resources.
    pub account: Option<String>,
    /// Region of the resources.
    pub region: Option<String>,
}

/// How waivers are kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WaiverConfig {
    /// Path of the waivers file, `sekisho.waivers.yaml` beside the configuration when left out.
    pub file: Option<String>,
    /// Whether waivers written as comments in templates are refused.
    pub forbid_inline: bool,
}

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Line, from 1; 0 when it cannot be told.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// The first thing that is not as documented, with its place.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start as u32);
            let at = sekisho_estate::LineIndex::new(text).position(text, offset);
            let mut message = error.message().to_owned();
            // serde says "unknown field `x`, expected one of `a`, `b`".
            let mut quoted = message.split('`').skip(1).step_by(2);
            if message.starts_with("unknown field")
                && let Some(name) = quoted.next()
                && let Some(meant) = did_you_mean(name, quoted)
            {
                message = format!("unknown key {name}; did you mean {meant}?");
            }
            ConfigError { line: at.line, column: at.column, message }
        })?;
        crate::declared::check(&config, text)?;
        Ok(config)
    }

    /// Whether anything is said of where PHI is: then the rest is unclassified, not assumed.
    #[must_use]
    pub fn classifies(&self) -> bool {
        self.phi.classifies()
    }

    /// What the flow model needs of this.
    #[must_use]
    pub fn flow(&self) -> sekisho_phi::Settings<'_> {
        sekisho_phi::Settings {
            phi: &self.phi,
            accounts: &self.accounts,
            contracts: &self.contracts,
            findings: &self.findings,
            eligible: self.eligible.as_ref(),
            today: self.today.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_typed() {
        let wrong = |line: &str| Config::parse(&format!("[images]\n{line}\n")).unwrap_err();
        assert!(Config::parse("[images]\nids = [\"ami-0abcdef1234567890\"]\nowners = [\"self\"]").is_ok());
        assert_eq!(wrong("owner = []").message, "unknown key owner; did you mean owners?");
        assert!(wrong("owners = [\"amazn\"]").message.contains("did you mean amazon?"));
        assert_eq!(wrong("ids = [\"ami-xyz\"]").line, 2);
        assert!(wrong("parameters = [\"/golden ami\"]").message.contains("no name of a parameter"));
    }

    #[test]
    fn what_cannot_be_meant_is_an_error_with_its_place() {
        for (text, line, part) in [
            ("[phi]\nresurces = [\"*\"]\n", 2, "unknown key resurces; did you mean resources?"),
            ("[phi]\ntags = [{ kye = \"phi\" }]\n", 2, "unknown key kye; did you mean key?"),
            (
                "[[contracts]]\ncounterparty = \"A\"\nkind = \"BAA\"\nends = [\"*.a.example\"]\nexpire = \"2027-01-01\"\n",
                5,
                "did you mean expires?",
            ),
            (
                "[[contracts]]\ncounterparty = \"A\"\nkind = \"BAA\"\nends = [\"*.a.example\"]\nexpires = \"31.3.2027\"\n",
                5,
                "31.3.2027 is not a day; write YYYY-MM-DD",
            ),
            (
                "[[contracts]]\ncounterparty = \"A\"\nkind = \"BAA\"\nends = [\"*.a.example\"]\nexpires = \"2027-02-30\"\n",
                5,
                "2027-02-30 is not a day",
            ),
            ("[[contracts]]\ncounterparty = \"A\"\nkind = \"BAA\"\nends = []\n", 2, "covers nobody"),
            ("[phi]\ncountries = [\"Japan\"]\n", 2, "Japan is no code of a country"),
            ("[[accounts]]\nid = \"1111222233\"\n", 2, "1111222233 is no account number"),
            (
                "[[accounts]]\nid = \"111122223333\"\nphi = true\n[[accounts]]\nid = \"111122223333\"\n",
                2,
                "declared twice",
            ),
        ] {
            let error = Config::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.message.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_misspelt_key_is_an_error_with_a_suggestion() {
        let error = Config::parse("[phi]\nresurces = [\"*\"]\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert_eq!(error.message, "unknown key resurces; did you mean resources?");
    }
}
