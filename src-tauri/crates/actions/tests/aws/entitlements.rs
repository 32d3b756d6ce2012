//! Who may become whom, read from the account.

use std::sync::Arc;

use firebreak_actions::{AwsAccount, AwsReader};
use firebreak_core::AssetId;
use firebreak_core::iam::{PrincipalKind, Reachability, Start, Thing};
use firebreak_core::ports::{CloudReader, Trouble};

use crate::place::{Now, Place, key};

#[tokio::test]
async fn an_instance_leads_through_two_roles_to_the_exports() {
    let Some(place) = Place::new().await else { return };
    let account = Arc::new(place.reader.identities().await.unwrap());
    assert_eq!((account.id.as_str(), account.partition.as_str()), ("123456789012", "aws"));
    assert!(account.gaps.is_empty(), "{:?}", account.gaps);
    let users = account.principals.iter().filter(|one| one.kind == PrincipalKind::User);
    assert!(users.count() >= 5);
    let node = account.principals.iter().find(|one| one.name == "web-node").unwrap();
    let names: Vec<&str> = node.policies.iter().map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["web-node-inline", "start-export"]);
    let unread: Vec<_> = account
        .principals
        .iter()
        .flat_map(|one| &one.policies)
        .filter_map(|policy| policy.document.unread())
        .collect();
    assert!(unread.is_empty(), "{unread:?}");

    let instance = place.sandbox.name("instance.web-7.id");
    let bucket = place.sandbox.name("bucket.customer-exports.arn");
    let ours = Thing { id: AssetId::new(&bucket), account: Some(account.id.clone()) };
    let start = Start { id: AssetId::new(&instance), owner: None };
    let accounts = [account];
    let around = Reachability::new(&accounts, [ours]).around(&[start], &[], 4);
    let edges: Vec<(&str, &str)> =
        around.found.edges.iter().map(|edge| (edge.kind.as_str(), edge.to.as_str())).collect();
    let exports = "arn:aws:iam::123456789012:role/exports-nightly";
    assert_eq!(
        edges,
        [
            ("instance_profile", place.sandbox.name("role.web-node.arn").as_str()),
            ("can_assume", exports),
            ("reads", bucket.as_str()),
            ("reads", bucket.as_str()),
            ("writes", bucket.as_str()),
        ],
        "the servers read it themselves; only the export writes it"
    );
    assert_eq!(
        around.found.edges[1].reason,
        "role web-node may sts:AssumeRole on role exports-nightly: policy start-export, statement 1; \
         its trust policy names account 123456789012"
    );
    assert!(around.found.edges[3].reason.contains("policy customer-exports, statement 1"));
    assert!(!around.is_cut && around.uncertain == 0);
}

#[tokio::test]
async fn without_the_permission_it_says_which() {
    let Some(place) = Place::new().await else { return };
    let narrow = AwsAccount { read: key(&place.sandbox, "deploy_bot"), ..place.account.clone() };
    let reader = AwsReader::new(narrow, place.vault.clone(), Arc::new(Now));
    let error = reader.identities().await.unwrap_err();
    assert_eq!(error.trouble, Trouble::NeedsPerson);
    assert_eq!(error.operation, "iam:GetAccountAuthorizationDetails");
    let remedy = error.remedy.unwrap();
    assert!(remedy.contains("iam:GetAccountAuthorizationDetails"), "{remedy}");
}
