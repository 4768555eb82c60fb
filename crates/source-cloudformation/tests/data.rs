//! The data on AWS SAM: the checks of the build script.

#[path = "../build/sam.rs"]
mod sam;

const NONE: &str = "service-role: [A]\njob-function: [B]\n";
const ENDS: &str = "ends: [{type: T, arn: Arn}]\n";

#[test]
fn faults_are_said_with_what_was_meant() {
    let policy = |statement: &str| format!("P: {{parameters: [Name], statements: [{statement}]}}\n");
    let fine = policy("{actions: ['s3:Get*'], resources: ['${Name}']}");
    let pair = |more: &str| format!("pairs: [{{from: T, to: T, grant: role-of-source, {more}}}]\n{ENDS}");
    let none = format!("pairs: []\n{ENDS}");
    for (policies, connectors, said) in [
        (policy("{actions: [s3], resources: ['${Name}']}"), none.clone(), "s3 is no action (service:Name)"),
        (policy("{actions: ['s3:Get'], resources: ['${Nam}']}"), none.clone(), "did you mean Name?"),
        (policy("{actions: ['s3:Get'], resources: ['${Name']}"), none.clone(), "is not closed"),
        (policy("{actions: ['s3:Get'], resources: ['*']}"), none.clone(), "parameter Name is not used"),
        (policy("{actions: ['s3:Get']}"), none.clone(), "a statement needs resources"),
        (policy("{actons: ['s3:Get'], resources: ['${Name}']}"), none.clone(), "actons"),
        (
            fine.clone(),
            pair("permissions: {Write: [{actions: ['s3:Get'], resources: ['${Source.Arm}']}]}"),
            "did you mean Source.Arn?",
        ),
        (fine.clone(), pair("permissions: {Writ: []}"), "Writ"),
        (fine.clone(), pair("permissions: {}").replace("from: T", "from: U"), "U is not among the ends"),
    ] {
        let error = sam::render(&policies, NONE, &connectors).unwrap_err();
        assert!(error.contains(said), "{said}: {error}");
    }
    let code = sam::render(&fine, NONE, &none).unwrap();
    assert!(code.contains("Policy { name: \"P\""));
}
