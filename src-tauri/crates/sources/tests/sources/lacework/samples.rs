//! Payloads that the vendor's own client and public integrations ship with, read where they lie.
//! None is kept here.

use firebreak_core::finding::FindingDraft;
use firebreak_core::{FindingStatus, Severity};

use super::reading::read_all;
use crate::stand::folder;

/// File name prefix, what its objects are, and how many there are.
const TABLE: &[(&str, &str, usize)] = &[
    ("gosdk-alerts-alerts", "alert", 1),
    ("gosdk-alerts_comment", "a timeline entry", 1),
    ("gosdk-alerts_details-", "alert", 1),
    ("gosdk-alerts_details_events", "a CloudTrail event", 1),
    ("gosdk-alerts_details_integrations", "an alert channel", 1),
    ("gosdk-alerts_details_investigation", "a line of an alert's investigation", 3),
    ("gosdk-alerts_details_observationtimeline", "an entry of an alert's observation", 1),
    ("gosdk-alerts_details_related", "a CloudTrail event", 1),
    ("gosdk-alerts_details_timeline", "a timeline entry", 1),
    ("gosdk-entities_images", "an image of the inventory", 4),
    ("gosdk-entities_machine_details", "a machine of the inventory", 1),
    ("gosdk-entities_users", "a user of a machine", 1),
    ("gosdk-errors-1", "an error answer (This is an APIv2 error", 1),
    ("gosdk-errors-2", "an error answer (We may receive", 1),
    ("gosdk-errors-3", "an error answer (We should catch", 1),
    ("gosdk-errors-4", "an error answer (This is an error message", 1),
    ("gosdk-errors-5", "an error answer (We would never", 1),
    ("gosdk-errors-6", "an answer without an alert", 1),
    ("gosdk-inventory_aws-1", "a resource of the inventory", 1),
    ("gosdk-inventory_aws-2", "an answer without", 1),
    ("gosdk-policy", "a policy", 1),
    ("sekoia-alert", "alert", 1),
];

fn each(mut look: impl FnMut(&str, &[u8])) {
    let Some(folder) = folder("FIREBREAK_SAMPLES") else { return };
    let own = folder.join("lacework");
    let folder = if own.is_dir() { own } else { folder };
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        let name = file.file_name().unwrap().to_str().unwrap();
        name.starts_with("gosdk") || name.starts_with("sekoia-alert-event")
    });
    files.sort();
    assert!(files.len() >= 35, "the samples of Lacework are 35 files");
    for file in files {
        look(file.file_stem().unwrap().to_str().unwrap(), &std::fs::read(&file).unwrap());
    }
}

#[test]
fn every_file_is_a_finding_or_says_what_it_is() {
    each(|name, bytes| {
        let expected = TABLE.iter().filter(|(prefix, ..)| name.starts_with(prefix));
        let longest = expected.max_by_key(|(prefix, ..)| prefix.len());
        let (_, expected, count) = longest.unwrap_or_else(|| panic!("{name} is not in the table"));
        let read = read_all(bytes);
        assert!(read.len() >= *count, "{name}: {}", read.len());
        for read in &read {
            match read {
                Err(error) => assert!(error.0.contains(expected), "{name}: {error}"),
                Ok(finding) => {
                    assert_eq!(&finding.kind, expected, "{name}");
                    sound(name, finding);
                }
            }
        }
    });
}

/// What every one of these files says. Lists have no entity map, so a native id is rarely there:
/// it is named as missing then.
fn sound(name: &str, finding: &FindingDraft) {
    assert_ne!(finding.severity, Severity::Unknown, "{name}");
    assert_eq!(finding.status, FindingStatus::New, "{name}");
    assert!(finding.created_at.is_some() && finding.updated_at.is_some(), "{name}");
    assert!(finding.vendor_id.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    assert!(!finding.title.starts_with("Lacework alert"), "{name}");
    assert!(finding.rule_name.is_some(), "{name}");
    for (field, given) in [
        ("native id", finding.resource.native_id.is_some()),
        ("account", finding.resource.account.is_some()),
        ("region", finding.resource.region.is_some()),
        ("tactic or technique", !finding.tactics.is_empty() || !finding.techniques.is_empty()),
    ] {
        let noted = finding.unknowns.contains(&format!("{field}: not given"));
        assert_eq!(noted, !given, "{name}: {field} is either there or named as missing");
    }
}

#[test]
fn cloud_activity_names_its_account_and_who_acted_in_words() {
    each(|name, bytes| {
        let numbered = (2..=10).map(|n| format!("sekoia-alert-event_{n:02}"));
        if !numbered.into_iter().any(|known| known == name) {
            return;
        }
        let finding = read_all(bytes).pop().unwrap().unwrap();
        let account = finding.resource.account.unwrap_or_else(|| panic!("{name} has an account"));
        assert!(account.len() >= 8, "{name}: {account}");
        assert_eq!(finding.resource.platform.as_deref(), Some("AWS"), "{name}");
        assert!(finding.unknowns.iter().any(|note| note.contains("alert's words")), "{name}");
        let actor = finding.actor.and_then(|actor| actor.name);
        assert!(actor.is_some_and(|actor| actor.len() >= 4), "{name} says who acted");
        assert!(finding.resource.name.is_some() && finding.resource.kind.is_some(), "{name}");
    });
}
