#!/bin/bash
# Runs before every job on the GPU machine (ACTIONS_RUNNER_HOOK_JOB_STARTED) and refuses all jobs but
# those of evaluate.yml on main of one repository, whoever asks. Owned by root; the user of the runner
# cannot change it, nor what it compares with.
set -euo pipefail

repository=${BOARD_REPOSITORY:?set BOARD_REPOSITORY=<owner>/<name> in the environment of the runner}

refuse() {
  echo "this machine runs evaluate.yml on main of $repository alone: $1" >&2
  exit 1
}

[ "${GITHUB_REPOSITORY:-}" = "$repository" ] || refuse "another repository"
[ "${GITHUB_REF:-}" = refs/heads/main ] || refuse "another branch"
case "${GITHUB_WORKFLOW_REF:-}" in
  "$repository/.github/workflows/evaluate.yml@refs/heads/main") ;;
  "$repository/.github/workflows/refresh.yml@refs/heads/main") ;; # calls evaluate.yml
  *) refuse "another workflow" ;;
esac
case "${GITHUB_EVENT_NAME:-}" in
  push | schedule | workflow_dispatch) ;;
  *) refuse "another event" ;;
esac
