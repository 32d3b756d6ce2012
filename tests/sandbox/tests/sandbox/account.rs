//! The simulated AWS account, judged by boto3 through the proxy. One test: starting moto takes seconds.

use std::collections::BTreeSet;
use std::time::Duration;

use firebreak_sandbox::faults::{Fault, Mode, Target};
use firebreak_sandbox::names::Names;
use firebreak_sandbox::{Options, Running, Sandbox};
use serde_json::{Value, json};

use crate::python;

fn options() -> Options {
    Options {
        wiz: false,
        model: false,
        settle: Duration::from_millis(200),
        ..Options::everything()
    }
}

/// The account as scripts take it.
fn given(running: &Running) -> Value {
    let aws = running.ready().aws.as_ref().unwrap();
    let key = |id: &str, secret: &str| json!({ "id": id, "secret": secret });
    json!({ "endpoint": aws.endpoint, "names": aws.names, "keys": {
        "read": key(&aws.read_key_id, &aws.read_secret),
        "write": key(&aws.write_key_id, &aws.write_secret),
        "deploy_bot": key(&aws.stolen_key_id, &aws.stolen_secret) } })
}

/// What boto3 makes of one call under a fault: the error's code and status, or the exception's name.
const UNDER_FAULT: &str = r#"
import json, sys, boto3
from botocore.config import Config
from botocore.exceptions import ClientError
given = json.load(sys.stdin)
def client(name):
    key = given["keys"]["write"]
    return boto3.client(name, endpoint_url=given["endpoint"], region_name="eu-central-1", aws_access_key_id=key["id"],
        aws_secret_access_key=key["secret"], config=Config(retries={"total_max_attempts": 1}))
def outcome(call):
    try:
        call(); return "done"
    except ClientError as error:
        return f'{error.response["Error"]["Code"]} {error.response["ResponseMetadata"]["HTTPStatusCode"]}'
    except Exception as error:
        return type(error).__name__
ec2, iam, asg, s3 = map(client, ("ec2", "iam", "autoscaling", "s3"))
web3 = given["names"]["instance.web-3.id"]
state = lambda: ec2.describe_instances(InstanceIds=[web3])["Reservations"][0]["Instances"][0]["State"]["Name"]
stop = lambda **more: ec2.stop_instances(InstanceIds=[web3], **more)
print(json.dumps({
    "ec2 forbidden": outcome(stop), "dry run spared": outcome(lambda: stop(DryRun=True)),
    "ec2 throttled": outcome(stop), "ec2 broken": outcome(stop),
    "ec2 cut": outcome(stop), "still": state(),
    "ec2 lost": outcome(stop), "took effect": state() in ("stopping", "stopped"),
    "iam throttled": outcome(lambda: iam.list_users()), "iam denied": outcome(lambda: iam.list_users()),
    "asg broken": outcome(lambda: asg.describe_auto_scaling_groups()), "s3 slow down": outcome(lambda: s3.list_buckets()),
    "own code": outcome(lambda: ec2.describe_vpcs()), "garbage": outcome(lambda: ec2.describe_vpcs()), "after": outcome(lambda: ec2.describe_vpcs()),
}))
"#;

#[tokio::test(flavor = "multi_thread")]
async fn boto3_judges_the_account() {
    let Some(interpreter) = python::with_module("moto") else { return };
    let running = Sandbox::start(options()).await.unwrap();
    let expected = Names::without_account(7);
    let real = &running.ready().aws.as_ref().unwrap().names;
    assert_eq!(
        expected.keys().collect::<BTreeSet<_>>(),
        real.keys().map(String::as_str).collect(),
        "scenarios without AWS must know the same names as the account"
    );

    let (passed, said) =
        python::run(&interpreter, include_str!("account_judge.py"), &given(&running));
    assert!(passed, "{said}");

    for (mode, action) in [
        (Mode::Forbidden, "StopInstances"),
        (Mode::TooMany, "ec2:StopInstances"),
        (Mode::Internal, "StopInstances"),
        (Mode::Cut, "StopInstances"),
        (Mode::Lost, "StopInstances"),
        (Mode::TooMany, "ListUsers"),
        (Mode::Forbidden, "ListUsers"),
        (Mode::Internal, "autoscaling"),
        (Mode::TooMany, "ListBuckets"),
    ] {
        running.fault(Fault {
            count: 1,
            matches: Some(action.into()),
            ..Fault::new(Target::Aws, mode)
        });
    }
    let coded = Fault {
        count: 1,
        matches: Some("DescribeVpcs".into()),
        ..Fault::new(Target::Aws, Mode::Internal)
    };
    running.fault(Fault { code: Some("Unavailable".into()), ..coded.clone() });
    running.fault(Fault { mode: Mode::Garbage, ..coded });
    let (passed, said) = python::run(&interpreter, UNDER_FAULT, &given(&running));
    assert!(passed, "{said}");
    let outcomes: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        outcomes,
        json!({
            "ec2 forbidden": "UnauthorizedOperation 403", "dry run spared": "DryRunOperation 412",
            "ec2 throttled": "RequestLimitExceeded 503", "ec2 broken": "InternalError 500",
            "ec2 cut": "ConnectionClosedError", "still": "running",
            "ec2 lost": "ConnectionClosedError", "took effect": true,
            "iam throttled": "Throttling 400", "iam denied": "AccessDenied 403",
            "asg broken": "InternalFailure 500", "s3 slow down": "SlowDown 503",
            "own code": "Unavailable 500", "garbage": "ResponseParserError", "after": "done",
        })
    );

    let log = running.ledger().requests(Some("aws"), 0);
    let dry = log.iter().find(|request| request.dry_run).unwrap();
    assert_eq!((dry.operation.as_str(), dry.status), ("ec2:StopInstances", 403));
    let lost = log.iter().find(|request| request.fault.as_deref() == Some("lost")).unwrap();
    assert_eq!((lost.status, lost.upstream_ms.is_some()), (0, true));
    let cut = log.iter().find(|request| request.fault.as_deref() == Some("cut")).unwrap();
    assert_eq!((cut.status, cut.upstream_ms), (0, None));
    assert!(log.iter().all(|request| !request.headers.contains_key("authorization")));
    running.stop().await;
}

#[tokio::test]
async fn a_python_without_moto_is_told_apart() {
    let options = Options { python: Some("/bin/false".into()), ..options() };
    if !std::path::Path::new("/bin/false").exists() {
        return;
    }
    let Err(error) = Sandbox::start(options).await else { panic!("it started") };
    assert!(
        error.to_string().starts_with("the AWS side did not come up: it ended with"),
        "{error}"
    );
}
