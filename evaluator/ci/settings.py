"""Settings: what a repository on GitHub must be set to, as calls of `gh api`.

They are printed before anyone runs them; each one replaces a setting and can be run again.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

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


BY_HAND = """\
# Left for you, because it needs people or secrets:
# - reviewers of the environment `models`: Settings, Environments, models, Required reviewers
# - the key that publishes results; the rules of main let it through, and no token of a workflow:
#     ssh-keygen -t ed25519 -N "" -C results -f results-key
#     gh repo deploy-key add results-key.pub --allow-write --title results --repo {repository}
#     gh secret set PUSH_KEY --env results --repo {repository} < results-key
#     rm results-key results-key.pub
# - HF_TOKEN (environment models and models-again) for gated models, PROVIDER_KEYS (providers) for
#   served ones
# - the variables at the head of .github/workflows/evaluate.yml, GPU_ENABLED=true last
"""
"""What no command here can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a repository."""

    why: str
    """What it is for, in one sentence."""
    method: str
    """PUT or POST."""
    path: str
    """Of the API, below its root."""
    body: Json | None
    """What is sent; None for nothing."""

    @property
    def words(self) -> list[str]:
        """Return the command that sets it."""
        return ["gh", "api", "--method", self.method, self.path]

    @property
    def text(self) -> str:
        """Return what the command reads; '' for nothing."""
        return "" if self.body is None else json.dumps(self.body, indent=1) + "\n"


def settings(repository: str) -> list[Setting]:
    """Return every setting, in order."""
    home = f"repos/{repository}"
    found: list[tuple[str, str, str, Json | None]] = [
        ("Only chosen actions run, each pinned to a full commit.",
         "PUT", "actions/permissions",
         {"enabled": True, "allowed_actions": "selected", "sha_pinning_required": True}),
        ("These actions and no others.",
         "PUT", "actions/permissions/selected-actions",
         {"github_owned_allowed": False, "verified_allowed": False,
          "patterns_allowed": list(ALLOWED_ACTIONS)}),
        ("The token of a workflow can read, unless a job asks for more; none approves a review.",
         "PUT", "actions/permissions/workflow",
         {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": False}),
        ("No workflow runs for a stranger's pull request before somebody here has looked at it.",
         "PUT", "actions/permissions/fork-pr-contributor-approval",
         {"approval_policy": "all_external_contributors"}),
        ("What jobs hand over and log is gone after a week.",
         "PUT", "actions/permissions/artifact-and-log-retention", {"days": 7}),
        ("main changes by reviewed pull requests that pass `gate`; its history is never rewritten.",
         "POST", "rulesets", RULESET),
        ("People can report a hole in private.", "PUT", "private-vulnerability-reporting", None),
        ("Known holes in what we depend on are told.", "PUT", "vulnerability-alerts", None),
    ]  # fmt: skip
    for name in ENVIRONMENTS:
        found += [
            (f"Secrets of `{name}` are seen on chosen branches alone ...",
             "PUT", f"environments/{name}",
             {"deployment_branch_policy":
              {"protected_branches": False, "custom_branch_policies": True}}),
            ("... on main.", "POST", f"environments/{name}/deployment-branch-policies",
             {"name": "main"}),
        ]  # fmt: skip
    return [
        Setting(why=why, method=method, path=f"{home}/{path}", body=body)
        for why, method, path, body in found
    ]


def dry_run(repository: str) -> str:
    """Return all settings as commands of a shell, each with its reason."""
    parts = []
    for setting in settings(repository):
        line = " ".join(setting.words)
        read = f" --input - <<'END'\n{setting.text}END" if setting.text else ""
        parts.append(f"# {setting.why}\n{line}{read}\n")
    return "\n".join([*parts, BY_HAND.format(repository=repository)])


RULESET: Json = {
    "name": "main",
    "target": "branch",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
    # the one deploy key publishes results; GitHub lets no token of a workflow pass a ruleset
    "bypass_actors": [{"actor_type": "DeployKey", "bypass_mode": "always"}],
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
"""What holds for main."""


def apply_settings(repository: str) -> None:
    """Set everything; stop at the first setting that GitHub refuses. It can be run again.

    Raises:
        EvaluatorError: `gh` is missing or was refused; says at which setting.
    """
    for setting in settings(repository):
        words = setting.words
        if setting.body is RULESET and (number := _standing_ruleset(setting)):
            words = ["gh", "api", "--method", "PUT", f"{setting.path}/{number}"]
        _gh([*words, "--input", "-"] if setting.text else words, setting.text)


def _standing_ruleset(setting: Setting) -> str:
    """Return the number of the ruleset that stands already, '' if there is none."""
    select = f'.[] | select(.name == "{RULESET["name"]}") | .id'
    return _gh(["gh", "api", setting.path, "--jq", select], "").split("\n")[0]


def _gh(words: list[str], text: str) -> str:
    """Run gh and return what it printed."""
    try:
        done = subprocess.run(words, input=text, text=True, capture_output=True, check=False)
    except FileNotFoundError:
        raise EvaluatorError("gh is not installed: see https://cli.github.com") from None
    if done.returncode:
        raise EvaluatorError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
