"""Where moto's EC2 answers differently from AWS in ways that containment depends on.

Each correction names the behaviour in the EC2 API reference that it restores. State stays in moto.
"""

import threading

from moto.ec2.exceptions import (
    DependencyViolationError,
    EC2ClientError,
    InvalidPermissionNotFoundError,
    InvalidSecurityGroupNotFoundError,
)
from moto.ec2.models.elastic_block_store import EBSBackend, Snapshot
from moto.ec2.models.elastic_network_interfaces import NetworkInterface, NetworkInterfaceBackend
from moto.ec2.models.instances import Instance, InstanceBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.responses import general
from moto.ec2.responses.instances import InstanceResponse

CONSOLE = """[    0.000000] Linux version 6.1.0-sandbox (firebreak sandbox, simulated instance)
[    1.204100] eth0: link up
[   11.880012] cloud-init[612]: started
[ 8211.402218] kernel: perf: interrupt took too long, lowering kernel.perf_event_max_sample_rate
[ 8214.020771] audit: exec comm="xmrig" exe="/tmp/.x/xmrig" uid=33
"""


class InvalidInstanceIdMultipleInterfaces(EC2ClientError):
    def __init__(self, instance_id):
        super().__init__(
            "InvalidInstanceID",
            f"There are multiple interfaces attached to instance '{instance_id}'. "
            "Please specify an interface ID for the operation instead.",
        )


def install(settle_seconds):
    _interfaces_have_their_own_groups()
    _groups_in_use_cannot_be_deleted()
    _absent_ipv6_rule_cannot_be_revoked()
    _shutdown_behaviour_can_be_changed()
    _console_output_honours_dry_run()
    _states_take_a_moment(settle_seconds)


def _interfaces_have_their_own_groups():
    """moto adds the instance's launch groups to those of every interface, so a swap leaves the old ones in place.

    ModifyNetworkInterfaceAttribute: "specifies the list of security groups for the network interface;
    this list replaces the current set". ModifyInstanceAttribute(Groups) reaches the primary interface only
    and is refused with several interfaces.
    """
    NetworkInterface.group_set = property(lambda eni: eni._group_set)

    def primary(instance):
        return getattr(instance, "nics", {}).get(0)

    def get_groups(instance):
        eni = primary(instance)
        return eni._group_set if eni is not None else instance.__dict__.get("_launch_groups", [])

    def set_groups(instance, groups):
        instance.__dict__["_launch_groups"] = groups
        eni = primary(instance)
        if eni is not None:
            eni._group_set = list(groups)

    Instance.security_groups = property(get_groups, set_groups)

    def known_groups(backend, vpc_id, group_ids):
        groups = []
        for group_id in group_ids:
            group = backend.get_security_group_from_id(group_id)
            if group is None or group.vpc_id != vpc_id:
                raise InvalidSecurityGroupNotFoundError(group_id)
            groups.append(group)
        return groups

    modify_interface = NetworkInterfaceBackend.modify_network_interface_attribute

    def modify_network_interface_attribute(self, eni_id, group_ids, source_dest_check=None, description=None):
        eni = self.get_network_interface(eni_id)
        known_groups(self, eni.subnet.vpc_id, group_ids or [])
        return modify_interface(self, eni_id, group_ids or [], source_dest_check, description)

    def modify_instance_security_groups(self, instance_id, new_group_id_list):
        instance = self.get_instance(instance_id)
        if not new_group_id_list:
            return instance
        if len(instance.nics) > 1:
            raise InvalidInstanceIdMultipleInterfaces(instance_id)
        instance.security_groups = known_groups(self, instance.vpc_id, new_group_id_list)
        return instance

    NetworkInterfaceBackend.modify_network_interface_attribute = modify_network_interface_attribute
    InstanceBackend.modify_instance_security_groups = modify_instance_security_groups


def _groups_in_use_cannot_be_deleted():
    """DeleteSecurityGroup: a group associated with an interface or referenced by another group fails with DependencyViolation."""
    delete = SecurityGroupBackend.delete_security_group

    def referenced_elsewhere(backend, group_id):
        for groups in backend.groups.values():
            for other in groups.values():
                if other.id == group_id:
                    continue
                for rule in list(other.ingress_rules) + list(other.egress_rules):
                    if (rule.source_group or {}).get("GroupId") == group_id:
                        return True
        return False

    def delete_security_group(self, name=None, group_id=None):
        target = group_id
        if target is None and name is not None:
            found = self.get_security_group_by_name_or_id(name)
            target = found.id if found else None
        if target is not None:
            used = any(group.id == target for eni in self.enis.values() for group in eni._group_set)
            if used or referenced_elsewhere(self, target):
                raise DependencyViolationError(f"resource {target} has a dependent object")
        return delete(self, name=None if target else name, group_id=target)

    SecurityGroupBackend.delete_security_group = delete_security_group


def _absent_ipv6_rule_cannot_be_revoked():
    """RevokeSecurityGroupEgress: a rule that does not exist in a non-default VPC gives InvalidPermission.NotFound.

    moto drops IPv6 ranges silently where the VPC has no IPv6 block, which would let a client
    believe it had closed something.
    """
    revoke = SecurityGroupBackend.revoke_security_group_egress

    def revoke_security_group_egress(self, group_name_or_id, ip_protocol, from_port, to_port, ip_ranges, *rest, **named):
        group = self.get_security_group_by_name_or_id(group_name_or_id, named.get("vpc_id"))
        vpc = self.vpcs.get(group.vpc_id) if group is not None else None
        if vpc is not None and not vpc.get_cidr_block_association_set(ipv6=True):
            if any("CidrIpv6" in item for item in ip_ranges or []):
                raise InvalidPermissionNotFoundError()
        return revoke(self, group_name_or_id, ip_protocol, from_port, to_port, ip_ranges, *rest, **named)

    SecurityGroupBackend.revoke_security_group_egress = revoke_security_group_egress


def _shutdown_behaviour_can_be_changed():
    """ModifyInstanceAttribute(InstanceInitiatedShutdownBehavior): moto accepts it and changes nothing."""
    handler = InstanceResponse._dot_value_instance_attribute_handler

    def dot_value(self):
        wanted = self._get_param("InstanceInitiatedShutdownBehavior.Value")
        if wanted is None:
            return handler(self)
        if wanted not in ("stop", "terminate"):
            raise EC2ClientError("InvalidParameterValue", f"Value ({wanted}) for parameter value is invalid.")
        self.error_on_dryrun()
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        instance.instance_initiated_shutdown_behavior = wanted
        return True

    InstanceResponse._dot_value_instance_attribute_handler = dot_value


def _console_output_honours_dry_run():
    general.SAMPLE_CONSOLE_OUTPUT = CONSOLE
    read = general.General.get_console_output

    def get_console_output(self):
        self.error_on_dryrun()
        return read(self)

    general.General.get_console_output = get_console_output


def _states_take_a_moment(settle_seconds):
    """StopInstances answers `stopping` and the instance stays so for a while; the same for start and snapshots."""
    if settle_seconds <= 0:
        return
    stop, start, create = Instance.stop, Instance.start, EBSBackend.create_snapshots

    def settle(instance, transient, code, final, final_code):
        instance._state.name, instance._state.code = transient, code

        def finish():
            # A later call may have moved the instance on; only finish what is still in this transition.
            if instance._state.name == transient:
                instance._state.name, instance._state.code = final, final_code

        timer = threading.Timer(settle_seconds, finish)
        timer.daemon = True
        timer.start()

    def slow_stop(self):
        before = stop(self)
        if before.name != "stopped":
            settle(self, "stopping", 64, "stopped", 80)
        return before

    def slow_start(self):
        if self._state.name == "stopping":
            raise EC2ClientError(
                "IncorrectInstanceState",
                f"The instance '{self.id}' is not in a state from which it can be started.",
            )
        before = start(self)
        if before.name != "running":
            settle(self, "pending", 0, "running", 16)
        return before

    def slow_snapshots(self, *arguments, **named):
        snapshots = create(self, *arguments, **named)
        for snapshot in snapshots:
            snapshot.status = "pending"

            def finish(done=snapshot):
                done.status = "completed"

            timer = threading.Timer(settle_seconds, finish)
            timer.daemon = True
            timer.start()
        return snapshots

    Instance.stop, Instance.start, EBSBackend.create_snapshots = slow_stop, slow_start, slow_snapshots
    # CreateSnapshots answers SnapshotInfo, whose field is called State; moto only knows `status`.
    Snapshot.state = property(lambda snapshot: snapshot.status)
