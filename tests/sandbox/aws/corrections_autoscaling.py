"""Auto Scaling refusals that moto leaves out (EnterStandby and ExitStandby, Auto Scaling API reference)."""

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend


def install():
    enter, leave = AutoScalingBackend.enter_standby_instances, AutoScalingBackend.exit_standby_instances

    def states(backend, group_name, instance_ids):
        group = backend.autoscaling_groups.get(group_name)
        if group is None:
            raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup '{group_name}' not found")
        known = {state.instance.id: state for state in group.instance_states}
        for instance_id in instance_ids:
            if instance_id not in known:
                raise ValidationError(f"The instance {instance_id} is not part of Auto Scaling group {group_name}.")
        return group, [known[instance_id] for instance_id in instance_ids]

    def enter_standby_instances(self, group_name, instance_ids, should_decrement):
        # moto hands the raw query value through; the string "false" would count as true.
        should_decrement = str(should_decrement).lower() == "true"
        group, chosen = states(self, group_name, instance_ids)
        for state in chosen:
            if state.lifecycle_state != "InService":
                raise ValidationError(
                    f"The instance {state.instance.id} is not in InService. It is in {state.lifecycle_state}."
                )
        if should_decrement and group.desired_capacity - len(chosen) < group.min_size:
            raise ValidationError(
                f"AutoScalingGroup {group_name} has min-size={group.min_size}, max-size={group.max_size}, "
                f"and desired-size={group.desired_capacity}. To place into standby {len(chosen)} instance, "
                "please update the AutoScalingGroup sizes appropriately."
            )
        return enter(self, group_name, instance_ids, should_decrement)

    def exit_standby_instances(self, group_name, instance_ids):
        group, chosen = states(self, group_name, instance_ids)
        for state in chosen:
            if state.lifecycle_state != "Standby":
                raise ValidationError(
                    f"The instance {state.instance.id} is not in Standby. It is in {state.lifecycle_state}."
                )
        if group.desired_capacity + len(chosen) > group.max_size:
            raise ValidationError(
                f"AutoScalingGroup {group_name} has min-size={group.min_size}, max-size={group.max_size}, "
                f"and desired-size={group.desired_capacity}. To move {len(chosen)} instance back in service, "
                "please update the AutoScalingGroup sizes appropriately."
            )
        return leave(self, group_name, instance_ids)

    AutoScalingBackend.enter_standby_instances = enter_standby_instances
    AutoScalingBackend.exit_standby_instances = exit_standby_instances
