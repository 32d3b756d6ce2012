//! Reading who did it: CloudTrail users of the entity map and of the events behind an alert.

use firebreak_core::finding::{Actor, ResourceKind};
use firebreak_core::text;
use serde_json::Value;

use super::entity::{Entity, entities};
use crate::fields::{at, list, opaque, text_of};
use crate::json;
use crate::native;

/// Longest identity read when it comes as text.
const IDENTITY_CAP: usize = 64 << 10;

/// Somebody, as far as the alert tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    /// Canonical.
    pub(super) native_id: Option<String>,
    pub(super) kind: Option<ResourceKind>,
    pub(super) name: Option<String>,
    pub(super) account: Option<String>,
    /// Whether `native_id` was made from name and account: a path in the ARN would not show.
    pub(super) made: bool,
}

/// The CloudTrail user of an entity map, completed from the events.
pub(super) fn person(map: &Value, events: &Value) -> Option<Person> {
    let users = entities(map, &["CT_User", "AwsUser", "IamUser"]);
    let mut person = users.first().map(of_entity).unwrap_or_default();
    let identities = identities(events);
    let told = identities.iter().find_map(|identity| {
        let arn = text_of(at(identity, "arn")).filter(|arn| native::is_cloud_form(arn))?;
        let own = native::canonical(&arn);
        let name = text_of(at(identity, "userName")).or_else(|| last_part(&arn));
        let same = person.name.is_none() || person.name == name;
        same.then_some((own, name))
    });
    if let Some((own, name)) = told {
        person.kind = own.kind.or(person.kind);
        person.account = own.account.or(person.account);
        person.native_id = Some(own.id);
        person.name = person.name.or(name);
        person.made = false;
    }
    (person != Person::default()).then_some(person)
}

/// Who acted, with the key and the address that were used.
pub(super) fn actor(alert: &Value, events: &Value) -> Option<Actor> {
    let map = at(alert, "entityMap");
    let person = person(map, events).or_else(|| in_words(alert));
    let key = identities(events).iter().find_map(|identity| text_of(at(identity, "accessKeyId")));
    let sources = entities(map, &["SourceIpAddress"]);
    let address = sources.iter().find_map(|source| source.field(&["ip_addr", "ipaddress"]));
    let address = address.or_else(|| {
        list(events).iter().take(50).find_map(|event| text_of(at(event, "sourceIpAddress")))
    });
    let users = entities(map, &["CT_User"]);
    let key = key.or_else(|| users.iter().find_map(|user| user.field(&["accesskeyid"])));
    let person = person.unwrap_or_default();
    let actor = Actor {
        native_id: person.native_id,
        name: person.name.map(|name| text::line(&name, text::TITLE_CAP)),
        access_key_id: key.map(|key| opaque(&key)),
        address: address.map(|address| opaque(&address)),
    };
    (actor != Actor::default()).then_some(actor)
}

/// `… For account: 123456789012 : … by user  deploy-bot`, as cloud activity alerts say it, whose lists
/// have no entity map. What stands there is a name, a unique id with a session, or the account itself
/// for its root; never made into an ARN, since containment goes by that.
pub(super) fn in_words(alert: &Value) -> Option<Person> {
    ["alertInfo.description", "alertInfo.subject"].iter().find_map(|place| {
        let text: String = text_of(at(alert, place))?.chars().take(4_000).collect();
        // Letters keep their places: only ASCII changes.
        let lower = text.to_ascii_lowercase();
        let from = lower.find("account:")?;
        let said = ["by user ", ": user "]
            .iter()
            .find_map(|words| Some(from + lower.get(from..)?.find(words)? + words.len()))?;
        let name = text.get(said..)?.split_whitespace().next()?.trim_end_matches(['.', ',', ';']);
        let account = text.get(from + "account:".len()..said)?.split_whitespace().next()?;
        let kind = match name.get(..4) {
            _ if name == account => ResourceKind::User,
            Some("AROA") => ResourceKind::Role,
            _ if name.starts_with("AssumedRole/") => ResourceKind::Role,
            _ => ResourceKind::User,
        };
        let name = if name == account { "root" } else { name };
        let named = (1..=256).contains(&name.len());
        named.then(|| Person { kind: Some(kind), name: Some(name.to_owned()), ..Person::default() })
    })
}

/// CloudTrail's `userIdentity` of every event: an object, or an object written as text.
fn identities(events: &Value) -> Vec<Value> {
    let all = list(events).iter().take(50);
    all.filter_map(|event| match at(event, "userIdentity") {
        identity @ Value::Object(_) => Some(identity.clone()),
        Value::String(text) if text.len() <= IDENTITY_CAP => {
            json::raw(text.as_bytes()).ok().map(|raw| json::value(raw).0)
        }
        _ => None,
    })
    .collect()
}

fn of_entity(user: &Entity<'_>) -> Person {
    let account = user.field(&["account", "accountid"]).map(|account| opaque(&account));
    let principal = user.field(&["principalid"]).unwrap_or_default();
    let given = user.field(&["arn", "username"]).unwrap_or_default();
    let mut person = of_name(&given, account, &principal);
    if person.name.is_none() && !principal.is_empty() {
        person.name = Some(principal);
    }
    person
}

/// `deploy-bot`, `AssumedRole/123456789012:web-node`, an ARN, or `root`. AWS's prefixes of unique
/// ids tell a user (`AIDA`) from a role (`AROA`).
fn of_name(given: &str, account: Option<String>, principal: &str) -> Person {
    if native::is_cloud_form(given) {
        let own = native::canonical(given);
        let name = last_part(given);
        let account = own.account.or(account);
        return Person { native_id: Some(own.id), kind: own.kind, name, account, made: false };
    }
    let (word, rest) = given.split_once('/').unwrap_or(("", given));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (told, name) = match rest.split_once(':') {
        Some((account, name)) if digits(account) => (Some(account.to_owned()), name),
        _ => (None, rest),
    };
    let account = told.or(account);
    let role = word.eq_ignore_ascii_case("AssumedRole");
    let kind = match principal.get(..4) {
        _ if role => Some(ResourceKind::Role),
        Some("AROA") => Some(ResourceKind::Role),
        _ if name.is_empty() => None,
        _ => Some(ResourceKind::User),
    };
    let root = name.eq_ignore_ascii_case("root") || account.as_deref() == Some(name);
    // The name beside a role's principal id may be the session's, not the role's.
    let sure = role || kind == Some(ResourceKind::User);
    let native_id = account.as_deref().filter(|account| digits(account)).and_then(|account| {
        let resource = match kind {
            _ if root => "root".to_owned(),
            Some(ResourceKind::Role) => format!("role/{name}"),
            _ => format!("user/{name}"),
        };
        (sure && is_iam_name(name)).then(|| format!("arn:aws:iam::{account}:{resource}"))
    });
    let native_id = native_id.filter(|id| native::is_cloud_form(id));
    let name = Some(name.to_owned()).filter(|name| !name.is_empty());
    Person { made: native_id.is_some(), native_id, kind, name, account }
}

/// Letters of IAM names (IAM reference): alphanumeric and `+=,.@_-`.
fn is_iam_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(legal)
}

fn last_part(arn: &str) -> Option<String> {
    arn.rsplit(['/', ':']).next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceKind as K;
    use serde_json::json;

    fn check(username: &str, principal: &str, id: Option<&str>, kind: Option<K>) {
        let map = json!({"CT_User": [{"KEY": {"account": "123456789012", "username": username,
            "principalId": principal}}]});
        let read = person(&map, &Value::Null).unwrap_or_default();
        assert_eq!((read.native_id.as_deref(), read.kind), (id, kind), "{username}");
    }

    #[test]
    fn users_by_name() {
        check(
            "deploy-bot",
            "AIDAEXAMPLE",
            Some("arn:aws:iam::123456789012:user/deploy-bot"),
            Some(K::User),
        );
        check("deploy-bot", "", Some("arn:aws:iam::123456789012:user/deploy-bot"), Some(K::User));
        check(
            "AssumedRole/123456789012:web-node",
            "AROAX:i-1",
            Some("arn:aws:iam::123456789012:role/web-node"),
            Some(K::Role),
        );
        check("somebody", "AROAX:somebody", None, Some(K::Role));
        check("123456789012", "", Some("arn:aws:iam::123456789012:root"), Some(K::User));
        check(
            "arn:aws:iam::123456789012:user/ops/dora",
            "",
            Some("arn:aws:iam::123456789012:user/ops/dora"),
            Some(K::User),
        );
        check("../x y", "", None, Some(K::User));
    }

    #[test]
    fn events_know_better_than_names() {
        let map = json!({"CT_User": [{"ACCOUNT_ID": "123456789012", "USERNAME": "dora"}],
            "SourceIpAddress": [{"KEY": {"ip_addr": "198.51.100.23"}}]});
        let events = json!([{"userIdentity": "{\"arn\":\"arn:aws:iam::123456789012:user/ops/dora\",\"userName\":\"dora\",\"accessKeyId\":\"AKIAEXAMPLEEXAMPLE12\"}"}]);
        let read = person(&map, &events).unwrap();
        assert_eq!(read.native_id.as_deref(), Some("arn:aws:iam::123456789012:user/ops/dora"));
        assert!(!read.made);
        let actor = actor(&json!({ "entityMap": map }), &events).unwrap();
        assert_eq!(actor.access_key_id.as_deref(), Some("AKIAEXAMPLEEXAMPLE12"));
        assert_eq!(actor.address.as_deref(), Some("198.51.100.23"));
    }
}
