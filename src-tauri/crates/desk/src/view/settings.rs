use firebreak_core::ports::{CheckLine, KeychainState};
use firebreak_store::CloudAccount;
use firebreak_wire as wire;

pub(crate) fn cloud(
    account: &CloudAccount,
    can_read: bool,
    can_write: bool,
) -> wire::CloudAccountView {
    wire::CloudAccountView {
        name: account.name.clone(),
        provider: account.provider.clone(),
        account_id: account.account_id.clone(),
        regions: account.regions.clone(),
        endpoint: account.endpoint.clone(),
        role_arn: account.role_arn.clone(),
        can_read,
        can_write,
    }
}

pub(crate) fn keychain(state: &KeychainState) -> wire::KeychainView {
    let words = firebreak_secrets::explain(state);
    wire::KeychainView {
        state: match state {
            KeychainState::Unlocked => wire::KeychainStateView::Unlocked,
            KeychainState::Unavailable(_) => wire::KeychainStateView::Unavailable,
            KeychainState::NoCollection => wire::KeychainStateView::NoCollection,
            KeychainState::Locked => wire::KeychainStateView::Locked,
        },
        text: words.text,
        remedy: words.remedy,
    }
}

pub(crate) fn test(lines: Vec<CheckLine>) -> wire::ConnectionTest {
    let checks: Vec<wire::ConnectionCheck> = lines
        .into_iter()
        .map(|line| wire::ConnectionCheck {
            name: line.name,
            ok: line.ok,
            text: line.text,
            remedy: line.remedy,
        })
        .collect();
    // A scope that is only nice to have is shown as missing and fails nothing.
    let needed = |check: &&wire::ConnectionCheck| !check.name.ends_with("(optional)");
    wire::ConnectionTest {
        ok: !checks.is_empty() && checks.iter().filter(needed).all(|check| check.ok),
        checks,
    }
}
