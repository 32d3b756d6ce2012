"""IAM and STS: refusals as AWS spells them, keys that really switch off, roles that really have a trust policy."""

from urllib.parse import quote, urlencode

import moto.iam.access_control as access
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition


class UnauthorizedOperation(access.AuthFailureError):
    """EC2's own spelling of a refusal: HTTP 403 UnauthorizedOperation, with DryRun or without."""

    code = 403

    def __init__(self, arn, action):
        super(access.AuthFailureError, self).__init__(
            "UnauthorizedOperation",
            f"You are not authorized to perform this operation. User: {arn} is not authorized to perform: {action} "
            f"because no identity-based policy allows the {action} action",
        )


class AccessDenied(access.AccessDeniedError):
    """HTTP 403, where moto's model of STS would answer 400."""

    def __init__(self, message):
        super(access.AccessDeniedError, self).__init__("AccessDenied", message)


class NoSuchEntity(ServiceException):
    def __init__(self, message):
        super().__init__("NoSuchEntity", message)


def install():
    _any_spelling_of_a_form_is_signed()
    _a_role_may_trust_services_only()
    _inactive_keys_do_not_sign_in()
    _ec2_says_unauthorized_operation()
    _assume_role_reads_the_trust_policy()
    IamResponse.simulate_principal_policy = simulate_principal_policy


def _any_spelling_of_a_form_is_signed():
    """moto writes the parsed form anew to check its signature, the way botocore would have written it. Other
    SDKs write a space as %20 and not as +, and sign that."""
    original = access.IAMRequestBase.check_signature

    def check_signature(self):
        if self._body or not self._data:
            return original(self)
        given = self._get_string_between("Signature=", ",", self._headers["Authorization"])
        if given == self._calculate_signature():
            return None
        self._body = urlencode(self._data, doseq=True, quote_via=quote, safe="-_.~").encode()
        return original(self)

    access.IAMRequestBase.check_signature = check_signature


def _a_role_may_trust_services_only():
    original = access.IAMPolicyStatement._check_principal

    def check_principal(self, principal):
        trusted = self._statement.get("Principal")
        if isinstance(trusted, dict) and not trusted.get("AWS"):
            return False
        return original(self, principal)

    access.IAMPolicyStatement._check_principal = check_principal


def _inactive_keys_do_not_sign_in():
    original = access.IAMUserAccessKey.__init__

    def init(self, account_id, partition, access_key_id, headers):
        original(self, account_id, partition, access_key_id, headers)
        for user in self.backend.list_users("/", None, None):
            for key in user.access_keys:
                if key.access_key_id == access_key_id and key.status != "Active":
                    raise access.CreateAccessKeyFailure(reason="InvalidId")

    access.IAMUserAccessKey.__init__ = init


def _ec2_says_unauthorized_operation():
    original = access.IAMRequest._raise_access_denied

    def raise_access_denied(self):
        if self._service == "ec2":
            raise UnauthorizedOperation(self._access_key.arn, self._action)
        original(self)

    access.IAMRequest._raise_access_denied = raise_access_denied


def _assume_role_reads_the_trust_policy():
    """AssumeRole with SourceIdentity needs sts:SetSourceIdentity in the trust policy, tags need sts:TagSession."""
    original = TokenResponse.assume_role

    def assume_role(self):
        role_arn = self._get_param("RoleArn") or ""
        source_identity = self._get_param("SourceIdentity")
        backend = iam_backends[self.current_account][get_partition(self.region)]
        refused = f"User is not authorized to perform: sts:{{}} on resource: {role_arn}"
        try:
            role = backend.get_role_by_arn(role_arn)
        except Exception:
            raise AccessDenied(refused.format("AssumeRole")) from None
        trust = access.IAMPolicy(role.assume_role_policy_document)
        needed = ["SetSourceIdentity"] if source_identity else []
        needed += ["TagSession"] if self._get_param("Tags") else []
        for action in needed:
            if trust.is_action_permitted(f"sts:{action}") != access.PermissionResult.PERMITTED:
                raise AccessDenied(refused.format(action))
        answer = original(self)
        if source_identity:
            answer.result["SourceIdentity"] = source_identity
        return answer

    TokenResponse.assume_role = assume_role


def simulate_principal_policy(self):
    """Evaluates the identity policies of a user or role for each action and resource.

    Conditions, permission boundaries, organisation and resource policies are not looked at.
    """
    source = self._get_param("PolicySourceArn") or ""
    actions = self._get_param("ActionNames") or []
    resources = self._get_param("ResourceArns") or ["*"]
    policies = [access.IAMPolicy(policy) for policy in _policies_of(self.backend, source)]
    results = []
    for action in actions:
        for resource in resources:
            decisions = [policy.is_action_permitted(action, resource) for policy in policies]
            if access.PermissionResult.DENIED in decisions:
                decision = "explicitDeny"
            elif access.PermissionResult.PERMITTED in decisions:
                decision = "allowed"
            else:
                decision = "implicitDeny"
            results.append(
                {
                    "EvalActionName": action,
                    "EvalResourceName": resource,
                    "EvalDecision": decision,
                    "MatchedStatements": [],
                    "MissingContextValues": [],
                }
            )
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _policies_of(backend, source):
    kind, _, name = source.rpartition(":")[2].partition("/")
    name = name.split("/")[-1]
    try:
        if kind == "user":
            key = access.IAMUserAccessKey.__new__(access.IAMUserAccessKey)
            backend.get_user(name)
            key._owner_user_name = name
        elif kind == "role":
            key = access.AssumedRoleAccessKey.__new__(access.AssumedRoleAccessKey)
            backend.get_role(name)
            key._owner_role_name = name
        else:
            raise NoSuchEntity(f"Invalid Entity Arn: {source} does not clearly define entity type and name.")
        key.account_id, key.partition = backend.account_id, backend.partition
        return key.collect_policies()
    except NoSuchEntity:
        raise
    except Exception as error:
        raise NoSuchEntity(f"{source} cannot be found: {error}") from None
