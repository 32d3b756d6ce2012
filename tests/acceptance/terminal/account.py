"""boto3, an independent AWS client, says what the account holds: one JSON question a line, one answer a line.

The first line is {"endpoint", "region", "key", "secret"}.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

given = json.loads(sys.stdin.readline())


def client(service, key=None, secret=None):
    return boto3.client(
        service,
        endpoint_url=given["endpoint"],
        region_name=given["region"],
        aws_access_key_id=key or given["key"],
        aws_secret_access_key=secret or given["secret"],
        config=Config(retries={"total_max_attempts": 3}),
    )


ec2, scaling, iam = client("ec2"), client("autoscaling"), client("iam")


def instance(id):
    mine = [{"Name": "attachment.instance-id", "Values": [id]}]
    interfaces = ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
    interfaces = {one["NetworkInterfaceId"]: sorted(group["GroupId"] for group in one["Groups"]) for one in interfaces}
    used = sorted({group for groups in interfaces.values() for group in groups})
    rules = {
        group["GroupId"]: len(group["IpPermissions"]) + len(group["IpPermissionsEgress"])
        for group in ec2.describe_security_groups(GroupIds=used)["SecurityGroups"]
    }
    member = scaling.describe_auto_scaling_instances(InstanceIds=[id])["AutoScalingInstances"]
    protected = ec2.describe_instance_attribute(InstanceId=id, Attribute="disableApiTermination")
    described = ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]
    return {
        "interfaces": interfaces,
        "rules": rules,
        "scaling": member[0]["LifecycleState"] if member else None,
        "protected": protected["DisableApiTermination"]["Value"],
        "state": described["State"]["Name"],
        "volumes": sorted(disk["Ebs"]["VolumeId"] for disk in described["BlockDeviceMappings"]),
    }


def snapshots(volumes):
    found = ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "volume-id", "Values": volumes}])["Snapshots"]
    return {"volumes": sorted(one["VolumeId"] for one in found)}


def regroup(interface, groups):
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=groups)
    return {}


def keys(user):
    found = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    return {one["AccessKeyId"]: one["Status"] for one in found}


def works(key, secret):
    try:
        return {"works": True, "as": client("sts", key, secret).get_caller_identity()["Arn"]}
    except ClientError as error:
        return {"works": False, "code": error.response["Error"]["Code"]}


def send(key, secret, queue, bodies):
    sqs = client("sqs", key, secret)
    return [sqs.send_message(QueueUrl=queue, MessageBody=body)["MessageId"] for body in bodies]


for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(globals()[question["ask"]](**question["about"])), flush=True)
