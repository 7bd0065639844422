#!/bin/bash
# Lets the machine take one job, then wipes what the job left: a runner that lives for one job.
# Run by root in a loop (board-runner.service). Needs gh with a token that may administer runners.
set -euo pipefail

repository=${BOARD_REPOSITORY:?set BOARD_REPOSITORY=<owner>/<name>}
labels=${RUNNER_LABELS:-self-hosted,linux,x64,gpu}
home=${RUNNER_HOME:-/opt/actions-runner}
work=/var/lib/board-runner

arguments=(-f "name=$(hostname)-$(date +%s)" -F runner_group_id=1 -f work_folder=_work)
IFS=, read -ra names <<<"$labels"
for name in "${names[@]}"; do
  arguments+=(-f "labels[]=$name")
done
configuration=$(gh api --method POST "repos/$repository/actions/runners/generate-jitconfig" \
  "${arguments[@]}" --jq .encoded_jit_config)

rm -rf "$work"
install -d -o runner -g runner -m 0700 "$work"
cp -r "$home/." "$work/"
chown -R runner:runner "$work"
exec setpriv --reuid=runner --regid=runner --init-groups --reset-env -- \
  env BOARD_REPOSITORY="$repository" HOME="$work" PIP_CACHE_DIR=/var/lib/evaluator/pip \
  ACTIONS_RUNNER_HOOK_JOB_STARTED=/opt/board/guard.sh \
  "$work/run.sh" --jitconfig "$configuration"
