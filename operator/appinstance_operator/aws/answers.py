"""What IAM's refusals and silences mean, as the operator's own errors: a sentence for each."""

from __future__ import annotations

from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)

from appinstance_operator.api.errors import (
    CloudAccessDenied,
    CloudUnavailable,
    CloudUnconfigured,
    OperatorError,
)

_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_UNCONFIGURED = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
_WAY_OUT = (
    "give its service account a role (serviceAccount.roleArn of the chart), or let the AppInstance "
    "bring its roles in identity"
)


def _operation(action: str) -> str:
    """Return IAM's name of a method of the SDK: get_role is GetRole."""
    return "".join(part.title() for part in action.split("_"))


def translated(action: str, role: str, error: ClientError, *, amiss: bool) -> OperatorError:
    """Return the error for an answer that is a refusal."""
    code = error.response["Error"]["Code"]
    if error.operation_name.startswith("AssumeRole"):
        return CloudUnconfigured(
            f"AWS gave the operator no session of its own role ({code}), so it manages no IAM "
            "roles; look at that role's trust policy",
            amiss=amiss,
        )
    if code in _DENIED:
        return CloudAccessDenied(
            f"AWS denied iam:{_operation(action)} on role {role}; give the operator's role that "
            "action",
            amiss=amiss,
        )
    return CloudUnavailable(f"IAM answered {code} to {action} for role {role}", amiss=amiss)


def unanswered(action: str, role: str, error: Exception, *, amiss: bool) -> OperatorError:
    """Return the error for a call that came to no answer."""
    if isinstance(error, _UNCONFIGURED):
        return CloudUnconfigured(
            f"the operator has no AWS credentials, so it manages no IAM roles; {_WAY_OUT}",
            amiss=amiss,
        )
    return CloudUnavailable(
        f"IAM gave no answer to {action} for role {role}: {type(error).__name__}", amiss=amiss
    )
