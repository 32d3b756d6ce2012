"""boto3, an independent AWS client, tells how an instance is connected. Prints one JSON document.

Reads {"endpoint", "region", "key", "secret", "instance"} as JSON on standard input.
"""

import json
import sys

import boto3
from botocore.config import Config

given = json.load(sys.stdin)


def client(service):
    return boto3.client(
        service,
        endpoint_url=given["endpoint"],
        region_name=given["region"],
        aws_access_key_id=given["key"],
        aws_secret_access_key=given["secret"],
        config=Config(retries={"total_max_attempts": 3}),
    )


ec2, scaling = client("ec2"), client("autoscaling")
instance = given["instance"]
mine = [{"Name": "attachment.instance-id", "Values": [instance]}]
interfaces = ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]
interfaces = {one["NetworkInterfaceId"]: sorted(group["GroupId"] for group in one["Groups"]) for one in interfaces}
used = sorted({group for groups in interfaces.values() for group in groups})
rules = {
    group["GroupId"]: len(group["IpPermissions"]) + len(group["IpPermissionsEgress"])
    for group in ec2.describe_security_groups(GroupIds=used)["SecurityGroups"]
}
member = scaling.describe_auto_scaling_instances(InstanceIds=[instance])["AutoScalingInstances"]
protected = ec2.describe_instance_attribute(InstanceId=instance, Attribute="disableApiTermination")
print(
    json.dumps(
        {
            "interfaces": interfaces,
            "rules": rules,
            "scaling": member[0]["LifecycleState"] if member else None,
            "protected": protected["DisableApiTermination"]["Value"],
        }
    )
)
