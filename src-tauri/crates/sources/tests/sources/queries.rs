//! Our GraphQL documents against the schema rebuilt from public clients.

use apollo_compiler::{ExecutableDocument, Schema};
use firebreak_sources::wiz::queries;

use crate::stand::folder;

#[test]
fn every_document_is_valid_and_no_read_is_a_mutation() {
    for (name, text) in queries::ALL {
        assert!(text.starts_with("query Firebreak"), "{name}");
        assert!(!text.contains("mutation"), "{name}");
    }
    for (name, text) in queries::WRITES {
        assert!(text.starts_with("mutation Firebreak"), "{name}");
    }
    let Some(folder) = folder("FIREBREAK_SPECS") else { return };
    let schema = std::fs::read_to_string(folder.join("wiz-reconstructed.graphql")).unwrap();
    let schema = Schema::parse_and_validate(schema, "wiz.graphql").unwrap();
    for (name, text) in queries::ALL.into_iter().chain(queries::WRITES) {
        if let Err(wrong) =
            ExecutableDocument::parse_and_validate(&schema, text, format!("{name}.graphql"))
        {
            panic!("{name}: {}", wrong.errors);
        }
    }
    let wrong = "query FirebreakIssues { issuesV2 { nodes { noSuchField } } }";
    assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "wrong.graphql").is_err());
}
