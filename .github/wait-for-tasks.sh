#!/usr/bin/env bash
# For deploy.yml: waits until ECS has finished a deployment, and fails if it was turned back. `terraform apply` does not wait, because
# it would take a deployment that was turned back for one that succeeded.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../terraform"

service="$(terraform output -json service)"
cluster="$(jq -r .cluster <<< "$service")"
name="$(jq -r .name <<< "$service")"
wanted="$(jq -r .task_definition <<< "$service")"
region="$(terraform output -raw region)"

# Calls may go on at a task that is replaced for deregistration_delay, and its protection can hold it for an hour.
deadline=$((SECONDS + 90 * 60))
while [ "$SECONDS" -lt "$deadline" ]; do
  state="$(aws ecs describe-services --region "$region" --cluster "$cluster" --services "$name" \
    --query 'services[0].deployments[?status==`PRIMARY`] | [0]' --output json)"
  running="$(jq -r .taskDefinition <<< "$state")"
  rollout="$(jq -r .rolloutState <<< "$state")"
  echo "$rollout: $(jq -r '"\(.runningCount) of \(.desiredCount) tasks"' <<< "$state")"
  if [ "$rollout" = COMPLETED ]; then
    [ "$running" = "$wanted" ] && exit 0
    echo "::error::The deployment was turned back: $running runs, and $wanted should. The gateway's log says why."
    exit 1
  fi
  sleep 15
done
echo '::error::The deployment has not finished in 90 minutes.'
exit 1
