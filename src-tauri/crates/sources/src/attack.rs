//! MITRE ATT&CK tactics and techniques as vendors mention them.

use firebreak_core::finding::Attack;
use firebreak_core::text;
use serde_json::Value;

use crate::fields::{at, list, text_of};

/// Enterprise tactics (MITRE ATT&CK), for vendors that send the name without the id.
const TACTICS: [(&str, &str); 14] = [
    ("TA0043", "Reconnaissance"),
    ("TA0042", "Resource Development"),
    ("TA0001", "Initial Access"),
    ("TA0002", "Execution"),
    ("TA0003", "Persistence"),
    ("TA0004", "Privilege Escalation"),
    ("TA0005", "Defense Evasion"),
    ("TA0006", "Credential Access"),
    ("TA0007", "Discovery"),
    ("TA0008", "Lateral Movement"),
    ("TA0009", "Collection"),
    ("TA0011", "Command and Control"),
    ("TA0010", "Exfiltration"),
    ("TA0040", "Impact"),
];

/// Techniques that cloud detections name without their id. Exact names only; names that belong to
/// several sub-techniques are left out.
const TECHNIQUES: [(&str, &str); 30] = [
    ("T1190", "Exploit Public-Facing Application"),
    ("T1078", "Valid Accounts"),
    ("T1078.004", "Cloud Accounts"),
    ("T1133", "External Remote Services"),
    ("T1110", "Brute Force"),
    ("T1059", "Command and Scripting Interpreter"),
    ("T1651", "Cloud Administration Command"),
    ("T1610", "Deploy Container"),
    ("T1609", "Container Administration Command"),
    ("T1611", "Escape to Host"),
    ("T1098", "Account Manipulation"),
    ("T1098.001", "Additional Cloud Credentials"),
    ("T1136", "Create Account"),
    ("T1552", "Unsecured Credentials"),
    ("T1552.005", "Cloud Instance Metadata API"),
    ("T1528", "Steal Application Access Token"),
    ("T1550", "Use Alternate Authentication Material"),
    ("T1562", "Impair Defenses"),
    ("T1580", "Cloud Infrastructure Discovery"),
    ("T1526", "Cloud Service Discovery"),
    ("T1619", "Cloud Storage Object Discovery"),
    ("T1046", "Network Service Discovery"),
    ("T1530", "Data from Cloud Storage"),
    ("T1537", "Transfer Data to Cloud Account"),
    ("T1105", "Ingress Tool Transfer"),
    ("T1071", "Application Layer Protocol"),
    ("T1485", "Data Destruction"),
    ("T1486", "Data Encrypted for Impact"),
    ("T1490", "Inhibit System Recovery"),
    ("T1496", "Resource Hijacking"),
];

/// Tactics and techniques, each id once, in the order of mention.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    pub(crate) tactics: Vec<Attack>,
    pub(crate) techniques: Vec<Attack>,
}

impl Mentions {
    /// Reads Wiz's `securitySubCategories`: the title names a technique, the category a tactic. An
    /// entry whose framework is named and is not ATT&CK is skipped.
    pub(crate) fn categories(&mut self, value: &Value) {
        for entry in list(value).iter().take(200) {
            let framework = text_of(at(entry, "category.framework.name"));
            let foreign = framework.is_some_and(|name| {
                let name = name.to_ascii_uppercase();
                !name.contains("MITRE") && !name.contains("ATT&CK")
            });
            if foreign {
                continue;
            }
            for text in [at(entry, "title"), at(entry, "category.name")] {
                if let Some(text) = text_of(text) {
                    self.phrase(&text);
                    self.exact_name(&text);
                }
            }
        }
    }

    /// Finds ids (`T1496`, `T1078.004`, `TA0040`) anywhere in a text.
    pub(crate) fn phrase(&mut self, text: &str) {
        let text: String = text.chars().take(text::TITLE_CAP).collect();
        let mut from = 0;
        while let Some(offset) = text[from..].find('T') {
            let start = from + offset;
            from = start + 1;
            let preceded = text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
            if preceded {
                continue;
            }
            if let Some(id) = id_at(&text[start..]) {
                self.add(id, name_beside(&text, start, id.len()));
            }
        }
    }

    /// Takes a text that is exactly a name we know.
    pub(crate) fn exact_name(&mut self, text: &str) {
        let known = TACTICS.iter().chain(&TECHNIQUES);
        if let Some((id, name)) =
            known.into_iter().find(|(_, name)| name.eq_ignore_ascii_case(text))
        {
            self.add(id, Some((*name).to_owned()));
        }
    }

    fn add(&mut self, id: &str, name: Option<String>) {
        let kept = if id.starts_with("TA") { &mut self.tactics } else { &mut self.techniques };
        if let Some(known) = kept.iter_mut().find(|known| known.id == id) {
            known.name = known.name.take().or(name);
        } else if kept.len() < 50 {
            kept.push(Attack { id: id.to_owned(), name });
        }
    }
}

fn id_at(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| {
        bytes.get(from..from + count).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let head = if bytes.get(1) == Some(&b'A') { 2 } else { 1 };
    if !digits(head, 4) {
        return None;
    }
    let mut end = head + 4;
    if head == 1 && bytes.get(end) == Some(&b'.') && digits(end + 1, 3) {
        end += 4;
    }
    let followed = text.get(end..)?.chars().next().is_some_and(char::is_alphanumeric);
    (!followed).then(|| &text[..end])
}

/// The words after (or, failing that, before) an id that opens or closes a short phrase.
fn name_beside(text: &str, start: usize, length: usize) -> Option<String> {
    let trim = |part: &str| {
        part.trim_matches(|c: char| c.is_whitespace() || "-–—:()[],.".contains(c)).to_owned()
    };
    let after = trim(&text[start + length..]);
    let name = if start == 0 { after } else { trim(&text[..start]) };
    (!name.is_empty()
        && name.len() <= 120
        && (start == 0 || trim(&text[start + length..]).is_empty()))
    .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ids(mentions: &Mentions) -> Vec<String> {
        let both = mentions.tactics.iter().chain(&mentions.techniques);
        both.map(|a| format!("{}={}", a.id, a.name.as_deref().unwrap_or("?"))).collect()
    }

    fn check(text: &str, expected: &[&str]) {
        let mut mentions = Mentions::default();
        mentions.phrase(text);
        assert_eq!(ids(&mentions), expected, "{text}");
    }

    #[test]
    fn ids_in_phrases() {
        check("T1496 - Resource Hijacking", &["T1496=Resource Hijacking"]);
        check("T1078.004 Cloud Accounts", &["T1078.004=Cloud Accounts"]);
        check("TA0040 Impact", &["TA0040=Impact"]);
        check("Impact (TA0040)", &["TA0040=Impact"]);
        check("seen T1496, then T1105 too", &["T1496=?", "T1105=?"]);
        check("UT1496 T149 T14960 TA00400 T1496x É", &[]);
        check("T1496: ", &["T1496=?"]);
    }

    #[test]
    fn foreign_frameworks_are_skipped_and_names_are_known() {
        let mut mentions = Mentions::default();
        mentions.categories(&json!([
            {"title": "T1496 Resource Hijacking", "category": {"name": "x", "framework": {"name": "Bank rules"}}},
            {"title": "Resource Hijacking", "category": {"name": "Impact", "framework": {"id": "wf-id-1"}}},
            {"title": null, "category": "x"}, 7,
            {"title": "T1190 Exploit Public-Facing Application",
             "category": {"name": "TA0001 Initial Access", "framework": {"name": "MITRE ATT&CK Matrix"}}},
        ]));
        assert_eq!(
            ids(&mentions),
            [
                "TA0040=Impact",
                "TA0001=Initial Access",
                "T1496=Resource Hijacking",
                "T1190=Exploit Public-Facing Application"
            ]
        );
    }
}
