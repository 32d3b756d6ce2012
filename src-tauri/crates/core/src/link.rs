//! Addresses that lead into the console: `firebreak://incident/ID`.
//!
//! Anybody can make somebody click on one, so an address names an incident and can say nothing else: no
//! query, no fragment, no other place, not even another way to write the same.

use crate::IncidentId;

const INCIDENT: &str = "firebreak://incident/";
const PREFIX: &str = "inc_";
/// Hexadecimal digits of a UUID.
const DIGITS: usize = 32;

/// The address of an incident.
pub fn incident_link(id: &IncidentId) -> String {
    format!("{INCIDENT}{id}")
}

/// The incident that an address names. Whether there is one is another question.
pub fn linked_incident(link: &str) -> Option<IncidentId> {
    let id = link.strip_prefix(INCIDENT)?;
    let digits = id.strip_prefix(PREFIX)?;
    let plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (plain && digits.len() == DIGITS).then(|| IncidentId::new(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "inc_0199f3a2c4d57e80b1c2d3e4f5a60718";

    #[test]
    fn a_link_leads_where_it_was_made_for() {
        let id = IncidentId::new(ID);
        assert_eq!(incident_link(&id), format!("firebreak://incident/{ID}"));
        assert_eq!(linked_incident(&incident_link(&id)), Some(id));
    }

    #[test]
    fn nothing_else_leads_anywhere() {
        let good = format!("firebreak://incident/{ID}");
        let hostile = [
            String::new(),
            "firebreak:".to_owned(),
            "firebreak://".to_owned(),
            "firebreak://incident/".to_owned(),
            "firebreak://incident/INC-12".to_owned(),
            format!("{good}/"),
            format!("{good}?approve=1"),
            format!("{good}#/settings"),
            format!("{good}/step/stp_1"),
            format!("{good}\n"),
            format!("{good}\0"),
            format!(" {good}"),
            format!("{good}0"),
            good[..good.len() - 1].to_owned(),
            good.to_uppercase(),
            good.replace("firebreak", "Firebreak"),
            good.replace("firebreak", "https"),
            good.replace("incident", "incident@evil.example"),
            good.replace("incident", "plan"),
            good.replace("://", ":"),
            good.replace("inc_", "inc%5F"),
            good.replace("inc_", "stp_"),
            good.replace("0199", "019G"),
            // Digits of another script.
            good.replace("0199", "\u{0660}1\u{0669}9"),
            format!("firebreak://incident/../incident/{ID}"),
            format!("firebreak://incident/{ID}{}", "0".repeat(100_000)),
            "firebreak://incident/inc_';alert(1);'00000000000000000".to_owned(),
            "--home=/tmp".to_owned(),
        ];
        for link in hostile {
            assert_eq!(linked_incident(&link), None, "{link:?}");
        }
    }
}
