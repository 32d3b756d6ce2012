//! Clients that know nothing of this project: wizapi (PyPI) for Wiz, graphql-core for its schema.

use serde_json::{Value, json};

use crate::client::empty;
use crate::python;

/// Signs in, pages through everything, and meets a refusal, all by the client's own code.
const WIZAPI: &str = r#"
import json, sys
from wizapi import Wiz
from wizapi.wiz import WizError
given = json.load(sys.stdin)
def wiz(**changed):
    return Wiz(**{"client_id": given["client_id"], "client_secret": given["client_secret"],
        "api_url": given["api_url"], "auth_url": given["auth_url"], "timeout": 20, **changed})
query = """query Issues($first: Int, $after: String) { issuesV2(first: $first, after: $after) {
    nodes { id } pageInfo { hasNextPage endCursor } } }"""
pages = list(wiz().query_all(query, {"first": 50}))
ids = {node["id"] for page in pages for node in page["data"]["issuesV2"]["nodes"]}
try:
    wiz(client_secret="wrong").query(query, {})
    refused = "no"
except WizError as error:
    refused = [error.status_code, error.msg]
wrong = wiz().query("{ issue(id: \"nothing\") { id } }", {})
print(json.dumps({"pages": len(pages), "ids": len(ids), "refused": refused, "code": wrong["errors"][0]["extensions"]["code"]}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn wizapi_reads_every_page() {
    let Some(interpreter) = python::with_module("wizapi") else { return };
    let session = empty().await;
    session.control("bulk", json!({ "count": 130, "seed": 3 })).await;
    let given = serde_json::to_value(session.running.ready().wiz.as_ref().unwrap()).unwrap();
    let (passed, said) = python::run(&interpreter, WIZAPI, &given);
    assert!(passed, "{said}");
    let outcome: Value = serde_json::from_str(&said).unwrap();
    let refused = json!([401, "Client token is either missing, invalid or expired"]);
    assert_eq!(
        outcome,
        json!({ "pages": 3, "ids": 130, "refused": refused, "code": "BAD_USER_INPUT" })
    );
}

const GRAPHQL_CORE: &str = r#"
import json, sys
from graphql import build_schema, parse, validate, validate_schema
given = json.load(sys.stdin)
schema = build_schema(given["schema"])
print(json.dumps([str(error) for error in validate_schema(schema)] + [
    error.message for text in given["queries"] for error in validate(schema, parse(text))]))
"#;

#[test]
fn graphql_core_accepts_the_schema_and_refuses_what_we_refuse() {
    let Some(interpreter) = python::with_module("graphql") else { return };
    let good = "query Q($f: IssueFilters) { issues: issuesV2(first: 3, filterBy: $f) { nodes { id sourceRule { ... on Control { name } } } } }";
    let bad = "{ issuesV2 { nodes { id colour } } }";
    let given =
        json!({ "schema": include_str!("../../src/wiz/schema.graphql"), "queries": [good, bad] });
    let (passed, said) = python::run(&interpreter, GRAPHQL_CORE, &given);
    assert!(passed, "{said}");
    let errors: Vec<String> = serde_json::from_str(&said).unwrap();
    assert_eq!(errors, ["Cannot query field 'colour' on type 'Issue'."]);
}
