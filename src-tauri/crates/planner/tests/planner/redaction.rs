//! What goes out of a text before it goes to a model, and what stays.
//!
//! The secrets are put together here from parts, so that no scanner takes this file for a leak.

use firebreak_planner::redact::without_secrets;
use proptest::prelude::*;

const BODY: &str = "wJalrXUtnFEMI7K8MDENGbPxRfiCYzEXAMPLEKEY0";

fn gone(text: &str, secret: &str) {
    assert!(text.contains(secret), "the case is wrong: {text}");
    let clean = without_secrets(text);
    assert!(!clean.contains(secret), "{secret} is still in {clean}");
    assert!(clean.contains("removed]"), "{clean} does not say that something is missing");
}

fn stays(text: &str) {
    assert_eq!(without_secrets(text), text);
}

#[test]
fn secrets_go() {
    let aws = &format!("{BODY}{BODY}")[..40];
    for (before, after) in [
        ("", ""),
        ("key: ", " was printed"),
        ("AWS_SECRET_ACCESS_KEY=", ""),
        ("aws configure set aws_secret_access_key ", ""),
        ("{\"SecretAccessKey\":\"", "\"}"),
        ("{\\\"secretKey\\\": \\\"", "\\\"}"),
    ] {
        gone(&format!("{before}{aws}{after}"), aws);
    }
    for name in [
        "password",
        "Passwd",
        "PGPASSWORD",
        "DB_PASSWORD",
        "client_secret",
        "api-key",
        "apiKey",
        "auth_token",
        "x-api-key",
        "Authorization",
        "AccountKey",
        "SharedAccessSignature_sig",
    ] {
        gone(&format!("export {name}=hunter2 && run"), "hunter2");
        gone(&format!("{name}: hunter2"), "hunter2");
        gone(&format!("{{\"{name}\": \"correct horse\"}}"), "correct horse");
        gone(&format!("{name} = 'correct horse'"), "correct horse");
    }
    gone("export PGPASSWORD='hunt''er2'", "er2");
    gone("mysql --user root --password hunter2 -h db", "hunter2");
    gone("curl --api-key \"a b c\" https://x.invalid", "a b c");
    gone("git clone https://bot:hunter2@git.invalid/x.git", "hunter2");
    gone("postgres://app:p%40ss@db:5432/shop", "p%40ss");
    gone("Authorization: Bearer abcdef123456", "abcdef123456");
    gone("-H 'authorization: basic dXNlcjpwYXNz'", "dXNlcjpwYXNz");
    let jwt = format!(
        "eyJ{}.eyJ{}.{}",
        "hbGciOiJIUzI1NiJ9", "zdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"
    );
    gone(&format!("cookie {jwt};"), &jwt);
    for token in [
        format!("ghp_{}", &BODY[..36]),
        format!("github_pat_{}", &BODY[..30]),
        format!("glpat-{}", &BODY[..20]),
        format!("xoxb-{}", "123456789012-abcdefABCDEF"),
        format!("sk-{}", &BODY[..32]),
        format!("sk_live_{}", &BODY[..24]),
        format!("AIza{}", &BODY[..35]),
        format!("npm_{}", &BODY[..36]),
        format!("hvs.{}", &BODY[..24]),
    ] {
        gone(&format!("echo {token} > /tmp/x"), &token);
    }
    let key =
        format!("-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n{BODY}\n-----END RSA PRIVATE KEY-----");
    assert_eq!(
        without_secrets(&format!("cat id_rsa\n{key}\ndone")),
        "cat id_rsa\n[private key removed]\ndone"
    );
    // A key that is cut off is still a key.
    assert_eq!(without_secrets(&key[..60]), "[private key removed]");
    let session = BODY.repeat(6);
    gone(&format!("AWS_SESSION_TOKEN {session}"), &session[..100]);
}

#[test]
fn what_an_analyst_needs_stays() {
    stays("AKIAIOSFODNN7EXAMPLE of deploy-bot was used from 198.51.100.23");
    stays("arn:aws:iam::123456789012:role/firebreak-containment-in-the-staging-account");
    stays("sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709");
    stays("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    stays("/usr/lib/x86_64-linux-gnu/python3/dist-packages/CloudGuard/agent2/run");
    stays("xmrig -o pool.invalid:4444 --donate-level 1 --background");
    stays("i-0c41f0b9d2e8a7f13 vol-0123456789abcdef0 at 2026-11-22T10:00:00Z");
    stays("6f1c2d3e-4b5a-4978-8a6b-1c2d3e4f5a6b");
    stays("The password was changed by an administrator.");
    stays("SSH login with a password from 203.0.113.77");
    stays("Größe 日本語 🔥");
    stays("");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_key_anywhere_in_any_text_goes(before in "[ -~]{0,60}", after in "[ -~]{0,60}", seed in "[A-Za-z0-9/+]{38}") {
        let secret = format!("aZ{seed}");
        prop_assume!(seed.bytes().any(|byte| byte.is_ascii_digit()));
        let clean = without_secrets(&format!("{before} {secret} {after}"));
        prop_assert!(!clean.contains(&secret), "{}", clean);
    }

    #[test]
    fn cleaning_twice_changes_nothing_more(text in any::<String>(), line in "[a-z]{0,9}(password|token|secret)[=: ]{1,2}[ -~]{0,40}") {
        for text in [text, line] {
            let once = without_secrets(&text);
            prop_assert_eq!(without_secrets(&once), once);
        }
    }
}
