"""Settings: what a repository on GitHub must be set to, as calls of `gh api`.

They are printed before anyone runs them; each one replaces a setting and can be run again.
"""

from __future__ import annotations

import json
import subprocess

from evaluator.core.errors import EvaluatorError
from evaluator.core.files import Json

ALLOWED_ACTIONS = (
    "actions/attest@*",
    "actions/checkout@*",
    "actions/deploy-pages@*",
    "actions/download-artifact@*",
    "actions/setup-python@*",
    "actions/upload-artifact@*",
    "actions/upload-pages-artifact@*",
)
"""The only actions that workflows may use; each is pinned to a commit where it is used."""
ENVIRONMENTS = ("models", "models-again", "providers", "results", "github-pages")
"""Environments of the workflows; for branch main alone. Reviewers of `models` are added by hand."""


def commands(repository: str) -> list[tuple[list[str], str]]:
    """Return (command, JSON that it reads) of every setting, in order."""
    home = f"repos/{repository}"
    found: list[tuple[str, str, Json]] = [
        ("PUT", f"{home}/actions/permissions",
         {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}),
        ("PUT", f"{home}/actions/permissions/selected-actions",
         {"github_owned_allowed": False, "verified_allowed": False,
          "patterns_allowed": list(ALLOWED_ACTIONS)}),
        ("PUT", f"{home}/actions/permissions/workflow",
         {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}),
        ("PUT", f"{home}/actions/permissions/fork-pr-contributor-approval",
         {"approval_policy": "all_external_contributors"}),
        ("PUT", f"{home}/actions/permissions/artifact-and-log-retention", {"days": 7}),
        ("POST", f"{home}/rulesets", RULESET),
        ("PUT", f"{home}/private-vulnerability-reporting", None),
        ("PUT", f"{home}/vulnerability-alerts", None),
    ]  # fmt: skip
    for name in ENVIRONMENTS:
        found += [
            ("PUT", f"{home}/environments/{name}",
             {"deployment_branch_policy":
              {"protected_branches": False, "custom_branch_policies": True}}),
            ("POST", f"{home}/environments/{name}/deployment-branch-policies", {"name": "main"}),
        ]  # fmt: skip
    return [
        (["gh", "api", "--method", method, path],
         "" if body is None else json.dumps(body, indent=1) + "\n")
        for method, path, body in found
    ]  # fmt: skip


RULESET: Json = {
    "name": "main",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
    # the workflow's own token publishes results; it may do nothing that the rules do not name
    "bypass_actors": [{"actor_id": 15368, "actor_type": "Integration", "bypass_mode": "always"}],
    "rules": [
        {"type": "deletion"},
        {"type": "non_fast_forward"},
        {"type": "pull_request",
         "parameters": {"required_approving_review_count": 1,
                        "dismiss_stale_reviews_on_push": True,
                        "require_code_owner_review": True,
                        "require_last_push_approval": True,
                        "required_review_thread_resolution": False}},
        {"type": "required_status_checks",
         "parameters": {"strict_required_status_checks_policy": False,
                        "required_status_checks": [{"context": "gate"}]}},
    ],
}  # fmt: skip
"""What holds for main. 15368 is the app of GitHub Actions itself."""


def apply_settings(repository: str) -> None:
    """Run every command; stop at the first that GitHub refuses.

    Raises:
        EvaluatorError: `gh` is missing or was refused; says at which setting.
    """
    for words, body in commands(repository):
        more = ["--input", "-"] if body else []
        try:
            done = subprocess.run(
                [*words, *more], input=body, text=True, capture_output=True, check=False
            )
        except FileNotFoundError:
            raise EvaluatorError("gh is not installed: see https://cli.github.com") from None
        if done.returncode:
            raise EvaluatorError(f"{' '.join(words)}: {done.stderr.strip()}")
