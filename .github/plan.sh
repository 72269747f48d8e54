#!/usr/bin/env bash
# For deploy.yml: plans the deployment of BACKEND_HCL and TFVARS, and shows the plan on the page of the run. The plan itself is kept
# nowhere. What is handed from job to job is the checksum of its text, as the output digest; with APPROVED the plan must have that one.
set -euo pipefail
: "${BACKEND_HCL:?}" "${TFVARS:?}" "${TF_VAR_image_tag:?}"
cd "$(dirname "${BASH_SOURCE[0]}")/../terraform"

printf '%s\n' "$BACKEND_HCL" > backend.hcl
printf '%s\n' "$TFVARS" > terraform.tfvars
terraform init -backend-config=backend.hcl
terraform plan ${LOCK:+"$LOCK"} -out=tandem.tfplan > /dev/null
text="$RUNNER_TEMP/plan.txt"
terraform show -no-color tandem.tfplan > "$text"

{
  echo "### Plan for image $TF_VAR_image_tag"
  echo '```'
  # GitHub takes 65,536 characters for a comment.
  head --bytes=60000 "$text"
  echo '```'
} > "$RUNNER_TEMP/plan.md"
cat "$RUNNER_TEMP/plan.md" >> "$GITHUB_STEP_SUMMARY"

digest="$(sha256sum < "$text" | cut --delimiter=' ' --fields=1)"
echo "digest=$digest" >> "$GITHUB_OUTPUT"
if [ -n "${APPROVED:-}" ] && [ "$digest" != "$APPROVED" ]; then
  echo '::error::The plan is not the one that was approved: something has changed since. Run the workflow again.'
  exit 1
fi
