"""boto3, an independent AWS client, judging the simulated account. Prints one line a check; exit 1 if any fails.

Reads {"endpoint", "names", "keys"} as JSON on standard input.
"""

import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

given = json.load(sys.stdin)
names, keys, endpoint = given["names"], given["keys"], given["endpoint"]
failures = []


def client(service, key, secret=None, token=None):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=names["region"],
        aws_access_key_id=key["id"],
        aws_secret_access_key=secret or key["secret"],
        aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}),
    )


def check(what, expected, call):
    try:
        got = call()
    except ClientError as error:
        got = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
    passed = got == expected
    print("ok  " if passed else "FAIL", what, "" if passed else f"expected {expected!r}, got {got!r}")
    if not passed:
        failures.append(what)


def eventually(call, wanted):
    deadline = time.monotonic() + 10
    while call() != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return call()


read, write = keys["read"], keys["write"]
ec2, iam, asg, sts = (client(name, write) for name in ("ec2", "iam", "autoscaling", "sts"))
web7, web3, web8 = (names[f"instance.{name}.id"] for name in ("web-7", "web-3", "web-8"))


def instance(instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def state(instance_id):
    return instance(instance_id)["State"]["Name"]


def groups(instance_id):
    nics = sorted(instance(instance_id)["NetworkInterfaces"], key=lambda nic: nic["Attachment"]["DeviceIndex"])
    return [sorted(group["GroupName"] for group in nic["Groups"]) for nic in nics]


def eni(name, index):
    return names[f"eni.{name}.{index}.id"]


# --- who may do what
check("reader reads", 1, lambda: len(client("ec2", read).describe_instances(InstanceIds=[web7])["Reservations"]))
check("reader stop", ("UnauthorizedOperation", 403), lambda: client("ec2", read).stop_instances(InstanceIds=[web7]))
check(
    "reader stop, dry run",
    ("UnauthorizedOperation", 403),
    lambda: client("ec2", read).stop_instances(InstanceIds=[web7], DryRun=True),
)
check("operator stop, dry run", ("DryRunOperation", 412), lambda: ec2.stop_instances(InstanceIds=[web7], DryRun=True))
check(
    "operator terminate, dry run",
    ("UnauthorizedOperation", 403),
    lambda: ec2.terminate_instances(InstanceIds=[web7], DryRun=True),
)
check("wrong secret, EC2", ("AuthFailure", 401), lambda: client("ec2", read, "wrong").describe_instances())
check("wrong secret, IAM", ("SignatureDoesNotMatch", 403), lambda: client("iam", read, "wrong").list_users())
check("unknown key", ("AuthFailure", 401), lambda: client("ec2", {"id": "AKIA" + "0" * 16, "secret": "x"}).describe_instances())
check(
    "reader writes IAM",
    ("AccessDenied", 403),
    lambda: client("iam", read).update_access_key(UserName="deploy-bot", AccessKeyId=names["key.deploy-bot.2.id"], Status="Inactive"),
)


# --- roles
def assume(role, who=sts, **more):
    return who.assume_role(RoleArn=role, RoleSessionName="incident-1", **more)


role = names["role.firebreak-containment.arn"]
check("assume echoes the source identity", "inc-1", lambda: assume(role, SourceIdentity="inc-1")["SourceIdentity"])
check("assume unknown role", ("AccessDenied", 403), lambda: assume(role + "-nope"))
check("reader may not assume", ("AccessDenied", 403), lambda: assume(role, client("sts", read)))
session = assume(role, SourceIdentity="inc-1")["Credentials"]
as_role = {"id": session["AccessKeyId"], "secret": session["SecretAccessKey"]}
check(
    "role identity",
    "arn:aws:sts::123456789012:assumed-role/firebreak-containment/incident-1",
    lambda: client("sts", as_role, token=session["SessionToken"]).get_caller_identity()["Arn"],
)


def decision(principal, action):
    answer = iam.simulate_principal_policy(PolicySourceArn=principal, ActionNames=[action])
    return answer["EvaluationResults"][0]["EvalDecision"]


check("simulate allowed", "allowed", lambda: decision(role, "iam:UpdateAccessKey"))
check("simulate denied", "implicitDeny", lambda: decision(names["user.firebreak-reader.arn"], "iam:UpdateAccessKey"))
check("simulate unknown", ("NoSuchEntity", 404), lambda: decision("arn:aws:iam::123456789012:user/nobody", "iam:GetUser"))

# --- the instance the scenarios are about
check("three interfaces", [["sg-web"], ["sg-mon"], ["sg-db", "sg-mon"]], lambda: groups(web7))
check("two volumes", 2, lambda: len(instance(web7)["BlockDeviceMappings"]))
check("primary groups shown on the instance", ["sg-web"], lambda: [g["GroupName"] for g in instance(web7)["SecurityGroups"]])
check("environment", "staging", lambda: {t["Key"]: t["Value"] for t in instance(web7)["Tags"]}["environment"])


def attribute(name, instance_id=web7):
    answer = ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=name)
    return answer[name[0].upper() + name[1:]]["Value"]


check("shutdown behaviour before", "stop", lambda: attribute("instanceInitiatedShutdownBehavior"))
ec2.modify_instance_attribute(InstanceId=web7, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
check("shutdown behaviour after", "terminate", lambda: attribute("instanceInitiatedShutdownBehavior"))
check("still three interfaces", [["sg-web"], ["sg-mon"], ["sg-db", "sg-mon"]], lambda: groups(web7))
ec2.modify_instance_attribute(InstanceId=web7, DisableApiTermination={"Value": True})
check("termination protection", True, lambda: attribute("disableApiTermination"))
mappings = [{"DeviceName": disk["DeviceName"], "Ebs": {"DeleteOnTermination": False}} for disk in instance(web7)["BlockDeviceMappings"]]
ec2.modify_instance_attribute(InstanceId=web7, BlockDeviceMappings=mappings)
check("disks survive", [False, False], lambda: [disk["Ebs"]["DeleteOnTermination"] for disk in instance(web7)["BlockDeviceMappings"]])
check("console", True, lambda: "xmrig" in ec2.get_console_output(InstanceId=web7)["Output"])
check("console, dry run", ("DryRunOperation", 412), lambda: ec2.get_console_output(InstanceId=web7, DryRun=True))

# --- quarantine
vpc = names["vpc.storefront.id"]
quarantine = ec2.create_security_group(GroupName="quarantine", Description="none", VpcId=vpc)["GroupId"]


def egress():
    return ec2.describe_security_groups(GroupIds=[quarantine])["SecurityGroups"][0]["IpPermissionsEgress"]


check("a new group lets both families out", ["0.0.0.0/0", "::/0"], lambda: [egress()[0]["IpRanges"][0]["CidrIp"], egress()[0]["Ipv6Ranges"][0]["CidrIpv6"]])
both = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
ec2.revoke_security_group_egress(GroupId=quarantine, IpPermissions=both)
check("nothing left", [], egress)
check(
    "revoke again",
    ("InvalidPermission.NotFound", 400),
    lambda: ec2.revoke_security_group_egress(GroupId=quarantine, IpPermissions=both),
)


def swap(interface, *wanted):
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=list(wanted))


check("unknown group", ("InvalidGroup.NotFound", 400), lambda: swap(eni("web-7", 0), "sg-00000000000000000"))
check("and nothing changed", [["sg-web"], ["sg-mon"], ["sg-db", "sg-mon"]], lambda: groups(web7))
for index in range(3):
    swap(eni("web-7", index), quarantine)
check("every interface quarantined", [["quarantine"]] * 3, lambda: groups(web7))
swap(eni("web-3", 0), quarantine)
check("single interface host: old groups gone", [["quarantine"]], lambda: groups(web3))
swap(eni("web-3", 0), names["sg.sg-web.id"])
ec2.modify_instance_attribute(InstanceId=web3, Groups=[quarantine])
check("ModifyInstanceAttribute on a single interface", [["quarantine"]], lambda: groups(web3))
ec2.modify_instance_attribute(InstanceId=web3, Groups=[names["sg.sg-web.id"]])
check(
    "ModifyInstanceAttribute on three",
    ("InvalidInstanceID", 400),
    lambda: ec2.modify_instance_attribute(InstanceId=web7, Groups=[quarantine]),
)
check("group in use", ("DependencyViolation", 400), lambda: ec2.delete_security_group(GroupId=quarantine))
check("group referenced", ("DependencyViolation", 400), lambda: ec2.delete_security_group(GroupId=names["sg.sg-web.id"]))
swap(eni("web-7", 0), names["sg.sg-web.id"])
swap(eni("web-7", 1), names["sg.sg-mon.id"])
swap(eni("web-7", 2), names["sg.sg-db.id"], names["sg.sg-mon.id"])
check("restored", [["sg-web"], ["sg-mon"], ["sg-db", "sg-mon"]], lambda: groups(web7))
ec2.delete_security_group(GroupId=quarantine)
check("group gone", ("InvalidGroup.NotFound", 400), egress)

# --- snapshots
made = ec2.create_snapshots(
    InstanceSpecification={"InstanceId": web7},
    TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "incident", "Value": "1"}]}],
)["Snapshots"]
check("one snapshot a volume", [names["volume.web-7.0.id"], names["volume.web-7.1.id"]], lambda: [s["VolumeId"] for s in made])
check("pending first", ["pending", "pending"], lambda: [s["State"] for s in made])


def snapshot_states():
    found = ec2.describe_snapshots(Filters=[{"Name": "tag:incident", "Values": ["1"]}])["Snapshots"]
    return [snapshot["State"] for snapshot in found]


check("completed later", ["completed"] * 2, lambda: eventually(snapshot_states, ["completed"] * 2))


# --- Auto Scaling
def lifecycle(instance_id):
    found = asg.describe_auto_scaling_instances(InstanceIds=[instance_id])["AutoScalingInstances"]
    return found[0]["LifecycleState"] if found else None


def sizes():
    group = asg.describe_auto_scaling_groups(AutoScalingGroupNames=["asg-web-staging"])["AutoScalingGroups"][0]
    return group["MinSize"], group["DesiredCapacity"], len(group["Instances"])


def enter(instance_id, decrement=False):
    asg.enter_standby(
        AutoScalingGroupName="asg-web-staging", InstanceIds=[instance_id], ShouldDecrementDesiredCapacity=decrement
    )


def leave(instance_id):
    asg.exit_standby(AutoScalingGroupName="asg-web-staging", InstanceIds=[instance_id])


check("in service", "InService", lambda: lifecycle(web7))
check("not in a group", None, lambda: lifecycle(web3))
check("sizes", (1, 2, 2), sizes)
enter(web7)
check("standby", "Standby", lambda: lifecycle(web7))
check("a replacement came", (1, 2, 3), sizes)
check("standby again", ("ValidationError", 400), lambda: enter(web7))
check("a stranger", ("ValidationError", 400), lambda: enter(web3))
leave(web7)
check("back", "InService", lambda: lifecycle(web7))
check("back again", ("ValidationError", 400), lambda: leave(web7))
check("one more than before", (1, 3, 3), sizes)
enter(web7, decrement=True)
check("lower capacity", (1, 2, 3), sizes)
enter(web8, decrement=True)
third = asg.describe_auto_scaling_groups(AutoScalingGroupNames=["asg-web-staging"])["AutoScalingGroups"][0]["Instances"]
last = [found["InstanceId"] for found in third if found["LifecycleState"] == "InService"]
check("below the minimum", ("ValidationError", 400), lambda: enter(last[0], decrement=True))
leave(web8)
leave(web7)

# --- stop and start
answer = ec2.stop_instances(InstanceIds=[web3])["StoppingInstances"][0]
check("stop answers stopping", "stopping", lambda: answer["CurrentState"]["Name"])
check("and was running", "running", lambda: answer["PreviousState"]["Name"])
check("stopped in the end", "stopped", lambda: eventually(lambda: state(web3), "stopped"))
ec2.start_instances(InstanceIds=[web3])
check("running in the end", "running", lambda: eventually(lambda: state(web3), "running"))
check("no such instance", ("InvalidInstanceID.NotFound", 400), lambda: ec2.stop_instances(InstanceIds=["i-" + "0" * 17]))
ec2.modify_instance_attribute(InstanceId=web3, DisableApiStop={"Value": True})
check("stop protection", ("OperationNotPermitted", 400), lambda: ec2.stop_instances(InstanceIds=[web3]))
ec2.modify_instance_attribute(InstanceId=web3, DisableApiStop={"Value": False})

# --- access keys
first, second = names["key.deploy-bot.1.id"], names["key.deploy-bot.2.id"]


def statuses():
    return [key["Status"] for key in iam.list_access_keys(UserName="deploy-bot")["AccessKeyMetadata"]]


check("owner of the key", "deploy-bot", lambda: iam.get_access_key_last_used(AccessKeyId=second)["UserName"])
check("it was used", True, lambda: "LastUsedDate" in iam.get_access_key_last_used(AccessKeyId=second)["AccessKeyLastUsed"])
deploy = client("sts", keys["deploy_bot"])
check("the key works", names["user.deploy-bot.arn"], lambda: deploy.get_caller_identity()["Arn"])
iam.update_access_key(UserName="deploy-bot", AccessKeyId=second, Status="Inactive")
check("second off, first on", ["Active", "Inactive"], statuses)
check("the key is refused", ("InvalidClientTokenId", 403), deploy.get_caller_identity)
iam.update_access_key(UserName="deploy-bot", AccessKeyId=second, Status="Active")
check("the key works again", names["user.deploy-bot.arn"], lambda: deploy.get_caller_identity()["Arn"])
check("unknown key id", ("NoSuchEntity", 404), lambda: iam.update_access_key(UserName="deploy-bot", AccessKeyId="AKIA" + "0" * 16, Status="Inactive"))

# --- the public bucket
s3 = client("s3", read)
check("bucket is public", True, lambda: s3.get_bucket_policy_status(Bucket="customer-exports")["PolicyStatus"]["IsPublic"])
labels = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket="customer-exports")["TagSet"]}
check("bucket tag", "crown-jewel", lambda: labels["classification"])
sys.exit(1 if failures else 0)
