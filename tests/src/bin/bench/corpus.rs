//! Generated Wiz issues, one a line, about 2 KB.

/// `count` issues, numbered from `first`, each on an asset of its own.
pub fn issues(first: usize, count: usize) -> Vec<u8> {
    issues_on(first, count, 1)
}

/// `count` issues, numbered from `first`, `share` of them on each asset.
pub fn issues_on(first: usize, count: usize, share: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(count * 2_200);
    for number in first..first + count {
        let severity = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"][number % 5];
        let asset = number / share;
        let account = 100_000_000_000 + asset % 40;
        let line = format!(
            concat!(
                r#"{{"id":"bench-{n:08}","type":"THREAT_DETECTION","status":"OPEN","severity":"{severity}","#,
                r#""createdAt":"2026-11-{day:02}T{hour:02}:{minute:02}:00Z","updatedAt":"2026-11-22T10:00:00Z","#,
                r#""statusChangedAt":"2026-11-{day:02}T{hour:02}:{minute:02}:00Z","#,
                r#""sourceRule":{{"__typename":"CloudEventRule","id":"rule-{rule}","name":"Bench rule {rule}","#,
                r#""cloudEventRuleDescription":"{filler}"}},"#,
                r#""entitySnapshot":{{"id":"e-{asset}","type":"VIRTUAL_MACHINE","nativeType":"ec2#instance","name":"host-{asset}","#,
                r#""status":"Active","cloudPlatform":"AWS","#,
                r#""providerId":"arn:aws:ec2:eu-central-1:{account}:instance/i-{asset:017x}","externalId":"i-{asset:017x}","#,
                r#""region":"eu-central-1","subscriptionExternalId":"{account}","subscriptionName":"account-{account}","#,
                r#""tags":{{"environment":"staging","owner":"team-{rule}"}}}},"projects":[],"notes":[]}}"#,
                "\n"
            ),
            n = number,
            asset = asset,
            severity = severity,
            day = 1 + asset % 21,
            hour = asset % 24,
            minute = number % 60,
            rule = number % 60,
            account = account,
            filler = "Unusual process activity was seen on this workload. ".repeat(22),
        );
        out.extend_from_slice(line.as_bytes());
    }
    out
}
