//! Neighbours from the inventory and its blast radius.

use firebreak_core::asset::Neighbourhood;
use firebreak_core::finding::Finding;
use firebreak_core::ports::{AlertSource, Clock, Trouble};
use firebreak_core::{AlertId, FindingId};
use firebreak_sources::orca::OrcaApi;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::reading::{SERVING as ALERT, read};
use super::stand::{Organisation, SERVING, body, data};

const ROOT: &str = "i-0c0ffee0c0ffee001";
const ASSET: &str = "AwsEc2Instance_123456789012_0b8c51d2-0000-4000-8000-000000000001";

fn finding(organisation: &Organisation, source: &str) -> Finding {
    Finding {
        id: FindingId::new("fnd"),
        source: source.to_owned(),
        alert: AlertId::new("alr"),
        alert_sha256: String::new(),
        received_at: organisation.clock.now(),
        draft: read(ALERT),
    }
}

fn inventory() -> Value {
    let radius = json!({"assets": [
        {"asset_unique_id": "AwsIamRole_123456789012_5", "name": "render-node", "type": "AwsIamRole", "via": "its instance profile",
         "Arn": "arn:aws:iam::123456789012:role/render-node",
         "can_read": [{"asset_unique_id": "AwsS3Bucket_123456789012_9", "name": "customer-exports", "type": "AwsS3Bucket",
                       "Arn": "arn:aws:s3:::customer-exports", "crown_jewel": true}]}]});
    json!({"id": "0b8c", "type": "AwsEc2Instance", "name": "render-worker-3", "asset_unique_id": ASSET, "data": {
        "IsInternetFacing": {"value": true}, "AccessEndpoints": {"value": "[{\"port\": 443, \"from\": \"0.0.0.0/0\"}]"},
        "BlastRadius": {"value": radius.to_string()},
        "SecurityGroups": {"value": {"models": [{"id": "x", "type": "AwsEc2SecurityGroup", "name": "web",
            "asset_unique_id": "AwsEc2SecurityGroup_123456789012_sg-0aa11bb22"}], "remaining": 0}}}})
}

fn edges(found: &Neighbourhood) -> Vec<String> {
    let line = |edge: &firebreak_core::asset::Edge| {
        format!("{} -{}-> {}: {}", edge.from.as_str(), edge.kind, edge.to.as_str(), edge.reason)
    };
    found.edges.iter().map(line).collect()
}

#[tokio::test]
async fn blast_radius_exposure_and_groups_become_edges_with_reasons() {
    let organisation = Organisation::answering(|_: &Request| data(vec![inventory()])).await;
    let found =
        organisation.source().neighbours(&finding(&organisation, "orca-test")).await.unwrap();
    let role = "arn:aws:iam::123456789012:role/render-node";
    let bucket = "arn:aws:s3:::customer-exports";
    let mut expected = vec![
        format!("address:internet -exposed-> {ROOT}: access endpoint from 0.0.0.0/0, port 443"),
        format!("{ROOT} -blast_radius-> {role}: Orca, blast radius: its instance profile"),
        format!(
            "{ROOT} -security_groups-> sg-0aa11bb22: Orca's inventory lists it under security groups"
        ),
        format!("{role} -can_read-> {bucket}: Orca's inventory lists it under can read"),
    ];
    let mut got = edges(&found);
    expected.sort();
    got.sort();
    assert_eq!(got, expected);
    assert_eq!(found.nodes[0].id.as_str(), ROOT, "the finding's own asset, by its own id");
    let jewels: Vec<&str> =
        found.nodes.iter().filter(|node| node.crown_jewel).map(|node| node.id.as_str()).collect();
    assert_eq!(jewels, [bucket]);
    assert!(found.nodes.iter().any(|node| node.external));
    let asked = organisation.bodies().await;
    assert_eq!(asked[0]["query"]["models"], json!(["Inventory"]));
    assert_eq!(asked[0]["query"]["with"]["values"][0]["values"], json!([ASSET]));
    assert_eq!(asked[0]["full_graph_fetch"], json!({"enabled": true}));
}

#[tokio::test]
async fn an_unknown_asset_is_found_through_its_alert() {
    let organisation = Organisation::answering(|request: &Request| {
        match body(request)["query"]["models"][0].as_str() {
            Some("Alert") => {
                data(vec![json!({"id": "u", "type": "Alert", "data": {"Inventory": inventory()}})])
            }
            _ => data(vec![]),
        }
    })
    .await;
    let found =
        organisation.source().neighbours(&finding(&organisation, "orca-test")).await.unwrap();
    assert_eq!(found.edges.len(), 4);
}

#[tokio::test]
async fn without_a_serving_layer_the_asset_is_asked_for_by_itself() {
    let path = format!("/api/assets/{ASSET}");
    let organisation = Organisation::answering(move |request: &Request| {
        if request.url.path() == path && request.method.as_str() == "GET" {
            return ResponseTemplate::new(200).set_body_json(json!({
                "asset_unique_id": ASSET, "asset_name": "render-worker-3", "asset_type": "vm",
                "roles": [{"arn": "arn:aws:iam::123456789012:role/r", "name": "r"}]}));
        }
        ResponseTemplate::new(404).set_body_json(json!({"detail": "Not found."}))
    })
    .await;
    let source = organisation.source();
    let found = source.neighbours(&finding(&organisation, "orca-test")).await.unwrap();
    assert_eq!(found.edges[0].kind, "roles");
    let mut config = organisation.config();
    config.api = OrcaApi::Rules;
    let found =
        organisation.source_with(&config).neighbours(&finding(&organisation, "file:orca")).await;
    assert_eq!(found.unwrap().nodes.len(), 2);
}

#[tokio::test]
async fn another_sources_finding_asks_nothing_and_a_missing_permission_is_named() {
    let organisation = Organisation::answering(|_: &Request| {
        ResponseTemplate::new(403).set_body_json(json!({"error_code": "permission_denied"}))
    })
    .await;
    let source = organisation.source();
    let foreign = source.neighbours(&finding(&organisation, "wiz-prod")).await.unwrap();
    assert_eq!(foreign, Neighbourhood::default());
    assert!(organisation.asked().await.is_empty());
    let error = source.neighbours(&finding(&organisation, "orca-test")).await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert!(error.remedy.unwrap().contains("Inventory"));
    assert_eq!(organisation.asked().await, [format!("POST {SERVING}")]);
}

#[tokio::test]
async fn odd_and_enormous_answers_are_kept_within_bounds() {
    let deep = format!("{}1{}", "[".repeat(90), "]".repeat(90));
    let many: Vec<Value> = (0..3_000)
        .map(|n| json!({"asset_unique_id": format!("a_{n}"), "name": "\u{0}\n".repeat(200), "via": "<b>".repeat(400)}))
        .collect();
    let radius = |text: String| {
        let mut asset = inventory();
        asset["data"]["BlastRadius"]["value"] = json!(text);
        asset
    };
    for row in [
        json!({}),
        json!({"type": 7, "data": []}),
        radius(deep),
        radius("{\"a\": [1, null, {\"asset_unique_id\": {}}]}".into()),
        radius("not json".into()),
        radius(json!(many).to_string()),
    ] {
        let organisation =
            Organisation::answering(move |_: &Request| data(vec![row.clone()])).await;
        let found =
            organisation.source().neighbours(&finding(&organisation, "orca-test")).await.unwrap();
        assert!(found.nodes.len() <= 200 && found.edges.len() <= 500);
        let tame = |text: &str| text.chars().count() <= 500 && !text.chars().any(char::is_control);
        assert!(found.nodes.iter().all(|node| tame(&node.name)));
        assert!(found.edges.iter().all(|edge| tame(&edge.reason) && tame(&edge.kind)));
        let known = |id| found.nodes.iter().any(|node| &node.id == id);
        assert!(found.edges.iter().all(|edge| known(&edge.from) && known(&edge.to)));
    }
}

/// No public sample shows more than an empty one: whatever shape it has, neither the alert nor the
/// rest of the graph is lost, and what is not understood is named.
#[tokio::test]
async fn a_blast_radius_of_any_shape_costs_nothing_else() {
    let object = json!({"assets": [{"asset_unique_id": "AwsIamRole_1_5", "name": "r", "type": "AwsIamRole"}]});
    let list = object["assets"].clone();
    let text = |value: &Value| json!(value.to_string());
    let long = json!({"pad": "x".repeat(300 << 10), "assets": list});
    let named = Ok(true);
    let nothing = Ok(false);
    let table: Vec<(Value, Result<bool, &str>)> = vec![
        (text(&object), named),
        (object.clone(), named),
        (text(&list), named),
        (list.clone(), named),
        (json!({ "value": text(&object) }), named),
        (text(&text(&object)), named),
        (Value::Null, nothing),
        (json!(""), nothing),
        (json!(" \n"), nothing),
        (json!("null"), nothing),
        (json!("{}"), nothing),
        (json!("[]"), nothing),
        (json!({}), nothing),
        (json!([null, {}]), nothing),
        (json!(&object.to_string()[..40]), Err("text that is no JSON")),
        (json!("{'assets': []}"), Err("text that is no JSON")),
        (json!("see the console"), Err("text that is no JSON")),
        (text(&text(&text(&object))), Err("text within text within text")),
        (text(&long), Err("a longer text than is read")),
        (json!("7"), Err("a single value")),
        (json!(7), Err("a single value")),
        (json!(true), Err("a single value")),
        (json!("\"high\""), Err("text that is no JSON")),
        (json!({"score": 7, "reach": ["a", "b"]}), Err("names no asset in a known way")),
        (json!(["arn"]), Err("names no asset in a known way")),
    ];
    for (radius, expected) in table {
        let shown = text(&radius).to_string().chars().take(120).collect::<String>();
        let mut asset = inventory();
        asset["data"]["BlastRadius"] = json!({ "value": radius });
        let organisation =
            Organisation::answering(move |_: &Request| data(vec![asset.clone()])).await;
        let found = organisation.source().neighbours(&finding(&organisation, "orca-test")).await;
        let kinds: Vec<String> = found.unwrap().edges.into_iter().map(|edge| edge.kind).collect();
        for kept in ["exposed", "security_groups"] {
            assert!(kinds.iter().any(|kind| kind == kept), "{shown}: no {kept} in {kinds:?}");
        }
        let drawn = kinds.iter().any(|kind| kind == "blast_radius" || kind == "assets");
        assert_eq!(drawn, expected == Ok(true), "{shown}: {kinds:?}");

        let mut alert: Value = serde_json::from_str(ALERT).unwrap();
        alert["data"]["Inventory"] = inventory();
        alert["data"]["Inventory"]["data"]["BlastRadius"] = json!({ "value": radius });
        let read = read(&alert.to_string());
        assert_eq!(read.vendor_id, "orca-40017", "{shown}");
        let notes: Vec<&String> =
            read.unknowns.iter().filter(|note| note.starts_with("blast radius")).collect();
        match expected {
            Ok(_) => assert!(notes.is_empty(), "{shown}: {notes:?}"),
            Err(why) => assert!(notes.len() == 1 && notes[0].contains(why), "{shown}: {notes:?}"),
        }
        let told = read.observations.iter().any(|line| line.text.contains("blast radius"));
        assert_eq!(told, expected == Ok(true), "{shown}");
    }
}
