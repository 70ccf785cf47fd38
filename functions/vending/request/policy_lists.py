"""What is wrong with the policies of a request or of an organization's document, as a list."""

from __future__ import annotations

from collections import Counter

from vending.request import validators


def too_many(policies: object) -> list[str]:
    """More policies of one type than an account that is new to the organization takes.

    An account that is a member already may have lost those that AWS attached, so it takes more.
    """
    if not isinstance(policies, list):
        return []
    counts = Counter(
        policy["type"]
        for policy in policies
        if isinstance(policy, dict)
        and isinstance(policy.get("type"), str)
        and policy.get("name") not in validators.ATTACHED_BY_AWS.values()
    )
    return [
        f"policies: {count} of type {kind} are too many; a new account takes {most}"
        + (", since AWS attaches one itself" if kind in validators.ATTACHED_BY_AWS else "")
        for kind, count in counts.items()
        if count
        > (most := validators.POLICIES_PER_NEW_ACCOUNT.get(kind, validators.POLICIES_PER_TARGET))
    ]


def problems(policies: object) -> list[str]:
    """What is wrong with the policies of a request or of an organization's document."""
    if not isinstance(policies, list):
        return []
    found, earlier = [], dict[str, tuple[int, str]]()
    for index, policy in enumerate(policies):
        if not isinstance(policy, dict):
            continue
        kind, name, content = (policy.get(key) for key in ("type", "name", "content"))
        if isinstance(kind, str) and isinstance(name, str):
            first, its_kind = earlier.setdefault(name, (index, kind))
            if first != index and kind == its_kind:
                found.append(f"policies[{index}]: is the policy of policies[{first}] again")
            elif first != index:
                found.append(
                    f"policies[{index}]: has the name of policies[{first}], which is a {its_kind}; "
                    "AWS lets no two policies have one name, whatever their types"
                )
        if policy.get("existing") == "keep" and content is None:
            found.append(f"policies[{index}].existing: keep has no meaning without content")
        if isinstance(content, str):
            found.extend(
                f"policies[{index}].content: {text}"
                for text in validators.policy_content(
                    content, kind if isinstance(kind, str) else None
                )
            )
    return found
