"""Builds the account that the scenarios talk about, through the public API, and names what it made.

The scenarios refer to things by logical name ({{instance.web-7.id}}); the ids are AWS-shaped and come from
moto, which repeats them for the same seed.
"""

import json
import urllib.request

import boto3
from botocore.config import Config

ACCOUNT = "123456789012"

READ_ACTIONS = [
    "ec2:Describe*",
    "ec2:GetConsoleOutput",
    "ec2:GetManagedPrefixListEntries",
    "autoscaling:Describe*",
    "iam:Get*",
    "iam:List*",
    "iam:SimulatePrincipalPolicy",
    "s3:Get*",
    "s3:List*",
    "sts:GetCallerIdentity",
]
# What the containment steps need and nothing else: terminating, deleting and creating keys stay refused.
CONTAIN_ACTIONS = READ_ACTIONS + [
    "ec2:StopInstances",
    "ec2:StartInstances",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:CreateSecurityGroup",
    "ec2:DeleteSecurityGroup",
    "ec2:RevokeSecurityGroupEgress",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateSnapshot",
    "ec2:CreateSnapshots",
    "ec2:CreateTags",
    "ec2:DeleteTags",
    "ec2:AssociateIamInstanceProfile",
    "ec2:DisassociateIamInstanceProfile",
    "iam:PassRole",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "autoscaling:EnterStandby",
    "autoscaling:ExitStandby",
    "iam:UpdateAccessKey",
    "iam:PutUserPolicy",
    "iam:DeleteUserPolicy",
    "iam:PutRolePolicy",
    "iam:DeleteRolePolicy",
]
# What a consumer of the alert queue needs.
LISTEN_ACTIONS = [
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibility",
    "sqs:GetQueueAttributes",
    "sqs:GetQueueUrl",
    # AWS checks the permission of the single call for these; moto checks them by their own names.
    "sqs:DeleteMessageBatch",
    "sqs:ChangeMessageVisibilityBatch",
]


def policy(actions, resource="*"):
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(principal, *actions):
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def tags(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


class Account:
    """The clients and the names collected so far."""

    def __init__(self, endpoint, region):
        options = {
            "endpoint_url": endpoint,
            "region_name": region,
            "aws_access_key_id": "AKIASEEDER0000000000",
            "aws_secret_access_key": "seeder",
            "config": Config(retries={"total_max_attempts": 1}),
        }
        self.endpoint, self.region = endpoint, region
        self.ec2 = boto3.client("ec2", **options)
        self.iam = boto3.client("iam", **options)
        self.asg = boto3.client("autoscaling", **options)
        self.s3 = boto3.client("s3", **options)
        self.sqs = boto3.client("sqs", **options)
        self.names = {"account": ACCOUNT, "region": region}


def seed(endpoint, region, number, group_maximum=4):
    # moto draws ids from one generator; the same seed gives the same ids.
    request = urllib.request.Request(f"{endpoint}/moto-api/seed?a={number}", data=b"", method="POST")
    urllib.request.urlopen(request).read()
    account = Account(endpoint, region)
    account.group_maximum = group_maximum
    network(account)
    identities = people(account)
    buckets(account)
    machines(account)
    # Last, so that what it draws from moto's generator changes no id above.
    identities.update(queues(account))
    way_to_the_exports(account)
    way_in(account)
    return {"names": account.names, "keys": identities}


def network(account):
    ec2, names = account.ec2, account.names
    # With an IPv6 block a new group also allows ::/0 out: the door careless isolation leaves open.
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=tags(Name="storefront"))
    names["vpc.storefront.id"] = vpc
    for name, cidr, zone in (("web", "10.20.1.0/24", "a"), ("data", "10.20.2.0/24", "b")):
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=account.region + zone)
        names[f"subnet.{name}.id"] = subnet["Subnet"]["SubnetId"]
        ec2.create_tags(Resources=[names[f"subnet.{name}.id"]], Tags=tags(Name=f"storefront-{name}"))
    described = {
        "sg-web": "Web tier: HTTPS from anywhere",
        "sg-mon": "Monitoring: node exporter",
        "sg-db": "Database clients",
    }
    for name, description in described.items():
        group = ec2.create_security_group(GroupName=name, Description=description, VpcId=vpc)["GroupId"]
        ec2.create_tags(Resources=[group], Tags=tags(Name=name, owner="platform"))
        names[f"sg.{name}.id"] = group
    everywhere = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
    allow = ec2.authorize_security_group_ingress
    allow(
        GroupId=names["sg.sg-web.id"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **everywhere}],
    )
    for group, port, source in (("sg-mon", 9100, "sg-mon"), ("sg-db", 5432, "sg-web")):
        pairs = [{"GroupId": names[f"sg.{source}.id"]}]
        permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": pairs}
        allow(GroupId=names[f"sg.{group}.id"], IpPermissions=[permission])


def people(account):
    iam, names = account.iam, account.names

    def user(name, actions, **more):
        labels = tags(owner="platform", **more)
        names[f"user.{name}.arn"] = iam.create_user(UserName=name, Tags=labels)["User"]["Arn"]
        names[f"user.{name}.name"] = name
        iam.put_user_policy(UserName=name, PolicyName=f"{name}-inline", PolicyDocument=policy(actions))

    def key(name):
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return {"id": made["AccessKeyId"], "secret": made["SecretAccessKey"]}

    def role(name, principal, actions, *trusted):
        document = trust(principal, *trusted)
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, MaxSessionDuration=3600)
        names[f"role.{name}.arn"], names[f"role.{name}.name"] = made["Role"]["Arn"], name
        iam.put_role_policy(RoleName=name, PolicyName=f"{name}-inline", PolicyDocument=policy(actions))

    user("deploy-bot", ["ec2:Describe*", "s3:*", "iam:PassRole", "sts:GetCallerIdentity"], environment="staging")
    deploy = [key("deploy-bot"), key("deploy-bot")]
    for index, made in enumerate(deploy, start=1):
        names[f"key.deploy-bot.{index}.id"] = made["id"]
        used_once(account, made)
    user("firebreak-reader", READ_ACTIONS)
    user("firebreak-operator", CONTAIN_ACTIONS + ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"])
    role("web-node", {"Service": "ec2.amazonaws.com"}, ["s3:GetObject", "s3:ListBucket"], "sts:AssumeRole")
    role(
        "firebreak-containment",
        {"AWS": names["user.firebreak-operator.arn"]},
        CONTAIN_ACTIONS,
        "sts:AssumeRole",
        "sts:SetSourceIdentity",
        "sts:TagSession",
    )
    profile = iam.create_instance_profile(InstanceProfileName="web-node")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="web-node", RoleName="web-node")
    names["profile.web-node.arn"] = profile
    return {"read": key("firebreak-reader"), "write": key("firebreak-operator"), "deploy_bot": deploy[1]}


def queues(account):
    """The queue that alerts are forwarded to, and the one where messages end that nobody could take."""
    sqs, names = account.sqs, account.names
    dead = sqs.create_queue(QueueName="firebreak-alerts-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "3"})
    alerts = sqs.create_queue(QueueName="firebreak-alerts", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    names["queue.alerts.url"], names["queue.alerts-dead.url"] = alerts, dead
    made = {}
    for who, user, actions in [
        ("listen", "firebreak-listener", LISTEN_ACTIONS),
        ("forward", "alert-forwarder", ["sqs:SendMessage", "sqs:GetQueueUrl"]),
    ]:
        account.iam.create_user(UserName=user, Tags=tags(owner="platform"))
        account.iam.put_user_policy(UserName=user, PolicyName=f"{user}-inline", PolicyDocument=policy(actions))
        key = account.iam.create_access_key(UserName=user)["AccessKey"]
        made[who] = {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    return made


def way_to_the_exports(account):
    """What the web servers' role may become: the role of the nightly export, which has the customers' data."""
    iam, root = account.iam, f"arn:aws:iam::{ACCOUNT}:root"
    document = trust({"AWS": root}, "sts:AssumeRole")
    role = iam.create_role(RoleName="exports-nightly", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    objects = policy(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::customer-exports/*")
    made = iam.create_policy(PolicyName="customer-exports", PolicyDocument=objects)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="exports-nightly", PolicyArn=made)
    hand_over = policy("sts:AssumeRole", role)
    iam.put_role_policy(RoleName="web-node", PolicyName="start-export", PolicyDocument=hand_over)


def way_in(account):
    """How the Internet gets in: a proxy with a public address, which opens HTTPS on the web servers.

    The database stays in a subnet without a way out and answers the web tier's group alone.
    """
    ec2, names = account.ec2, account.names
    vpc, subnet = names["vpc.storefront.id"], names["subnet.web.id"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    group = ec2.create_security_group(GroupName="sg-edge", Description="Proxy: HTTPS from anywhere", VpcId=vpc)["GroupId"]
    ec2.create_tags(Resources=[group], Tags=tags(Name="sg-edge", owner="platform"))
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[https])
    made = ec2.run_instances(
        ImageId=ec2.describe_instances(InstanceIds=[names["instance.mon-1.id"]])["Reservations"][0]["Instances"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        InstanceType="m5.large",
        SubnetId=subnet,
        SecurityGroupIds=[group],
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags(Name="edge-1", environment="staging", owner="platform")}],
    )["Instances"][0]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=made["NetworkInterfaces"][0]["NetworkInterfaceId"])


def used_once(account, made):
    """Gives the key a last use, as a key that has been at work has one."""
    client = boto3.client(
        "sts",
        endpoint_url=account.endpoint,
        region_name=account.region,
        aws_access_key_id=made["id"],
        aws_secret_access_key=made["secret"],
    )
    client.get_caller_identity()


def buckets(account):
    s3, names = account.s3, account.names
    where = {"LocationConstraint": account.region}
    wanted = {
        "customer-exports": tags(classification="crown-jewel", owner="data-platform", environment="production"),
        "storefront-assets": tags(classification="public", owner="storefront", environment="production"),
        "storefront-logs": tags(classification="internal", owner="platform", environment="production"),
    }
    for bucket, labels in wanted.items():
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": labels})
        names[f"bucket.{bucket}.name"], names[f"bucket.{bucket}.arn"] = bucket, f"arn:aws:s3:::{bucket}"
    s3.put_object(Bucket="customer-exports", Key="2026/customers.csv", Body=b"id,email\n1,person@example.invalid\n")
    s3.put_bucket_acl(Bucket="customer-exports", ACL="public-read")
    statement = {
        "Sid": "PublicRead",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::customer-exports/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="customer-exports", Policy=document)


def machines(account):
    ec2, names = account.ec2, account.names
    owned = [{"Name": "root-device-type", "Values": ["ebs"]}, {"Name": "architecture", "Values": ["x86_64"]}]
    image = min(found["ImageId"] for found in ec2.describe_images(Owners=["amazon"], Filters=owned)["Images"])

    def disks(*sizes):
        devices = ("/dev/sda1", "/dev/sdf")
        return [
            {"DeviceName": device, "Ebs": {"VolumeSize": size, "DeleteOnTermination": True}}
            for device, size in zip(devices, sizes)
        ]

    def launch(name, environment, owner, sizes, profile=False, subnet="web", **placement):
        options = {"IamInstanceProfile": {"Name": "web-node"}} if profile else {}
        if "NetworkInterfaces" not in placement:
            placement["SubnetId"] = names[f"subnet.{subnet}.id"]
        labels = tags(Name=name, environment=environment, owner=owner)
        made = ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            InstanceType="m5.large",
            BlockDeviceMappings=disks(*sizes),
            TagSpecifications=[{"ResourceType": "instance", "Tags": labels}],
            **options,
            **placement,
        )
        remember(account, name, made["Instances"][0])

    def interface(index, subnet, *groups):
        chosen = [names[f"sg.{group}.id"] for group in groups]
        place = names[f"subnet.{subnet}.id"]
        return {"DeviceIndex": index, "SubnetId": place, "Groups": chosen, "DeleteOnTermination": True}

    three = [
        interface(0, "web", "sg-web"),
        interface(1, "web", "sg-mon"),
        interface(2, "web", "sg-db", "sg-mon"),
    ]
    launch("web-7", "staging", "storefront", (20, 50), profile=True, NetworkInterfaces=three)
    one_group = {group: [names[f"sg.{group}.id"]] for group in ("sg-web", "sg-mon", "sg-db")}
    launch("web-3", "production", "storefront", (20,), profile=True, SecurityGroupIds=one_group["sg-web"])
    launch("db-1", "staging", "storefront", (20, 200), subnet="data", SecurityGroupIds=one_group["sg-db"])
    launch("mon-1", "staging", "platform", (20,), SecurityGroupIds=one_group["sg-mon"])
    launch("build-2", "development", "platform", (40,), SecurityGroupIds=one_group["sg-mon"])
    scaling_group(account, image)


def remember(account, name, instance):
    names = account.names
    instance_id = instance["InstanceId"]
    names[f"instance.{name}.id"] = instance_id
    names[f"instance.{name}.arn"] = f"arn:aws:ec2:{account.region}:{ACCOUNT}:instance/{instance_id}"
    names[f"instance.{name}.private_ip"] = instance["PrivateIpAddress"]
    for index, interface in enumerate(instance["NetworkInterfaces"]):
        names[f"eni.{name}.{index}.id"] = interface["NetworkInterfaceId"]
    for index, disk in enumerate(instance["BlockDeviceMappings"]):
        names[f"volume.{name}.{index}.id"] = disk["Ebs"]["VolumeId"]


def scaling_group(account, image):
    ec2, asg, names = account.ec2, account.asg, account.names
    template = {"ImageId": image, "InstanceType": "m5.large", "SecurityGroupIds": [names["sg.sg-web.id"]]}
    labels = tags(Name="web-8", environment="staging", owner="storefront")
    template["TagSpecifications"] = [{"ResourceType": "instance", "Tags": labels}]
    ec2.create_launch_template(LaunchTemplateName="storefront-web", LaunchTemplateData=template)
    name = "asg-web-staging"
    asg.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        MaxSize=account.group_maximum,
        DesiredCapacity=1,
        LaunchTemplate={"LaunchTemplateName": "storefront-web", "Version": "$Latest"},
        VPCZoneIdentifier=names["subnet.web.id"],
    )
    launched = asg.describe_auto_scaling_instances()["AutoScalingInstances"][0]["InstanceId"]
    found = ec2.describe_instances(InstanceIds=[launched])["Reservations"][0]["Instances"][0]
    ec2.create_tags(Resources=[launched], Tags=labels)
    remember(account, "web-8", found)
    asg.attach_instances(AutoScalingGroupName=name, InstanceIds=[names["instance.web-7.id"]])
    group = asg.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
    names[f"asg.{name}.name"], names[f"asg.{name}.arn"] = name, group["AutoScalingGroupARN"]
