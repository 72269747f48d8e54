#!/usr/bin/env bash
# Asks for the value of each secret that this deployment uses, and gives it to AWS Secrets Manager. No value is shown, written to a
# file or passed as an argument. Run it in terraform/ after "terraform apply -target=module.data", and again to change a value.
#   ./fill-secrets.sh                 asks for all of them
#   ./fill-secrets.sh OPENAI_API_KEY  asks for this one
# A value may also come from an environment variable of the same name. Needs the AWS CLI, terraform, node and openssl.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

outputs="$(terraform output -json)"
output() { node -e 'const out = JSON.parse(require("node:fs").readFileSync(0, "utf8")); process.stdout.write(String(eval(process.argv[1]) ?? ""))' "$1" <<< "$outputs"; }

region="$(output 'out.region.value')"
if [[ $# -gt 0 ]]; then names=("$@"); else read -ra names <<< "$(output 'out.secrets_in_use.value.join(" ")')"; fi

has_value() {
  [[ "$(aws secretsmanager describe-secret --region "$region" --secret-id "$1" --query 'length(VersionIdsToStages || `{}`)' --output text)" != 0 ]]
}

for name in "${names[@]}"; do
  secret="$(output "out.secret_names.value['$name']")"
  if [[ -z "$secret" ]]; then
    echo "There is no secret $name. There are: $(output 'Object.keys(out.secret_names.value).join(" ")')" >&2
    exit 2
  fi

  if has_value "$secret"; then enter='keeps the value that is there'; known=yes; else enter=''; known=no; fi
  made=''
  if [[ $known == no ]]; then
    case "$name" in
      HANDOVER_TOKEN_PEPPER | CONSOLE_TOKEN | CALL_CONTEXT_SECRET | CALL_EVENTS_SECRET) made="$(openssl rand -hex 32)"; enter='makes one' ;;
      JOURNAL_KEY) made="$(openssl rand -base64 32)"; enter='makes one' ;;
      OUTBOUND_LIST_PEPPER)
        # Without this secret the list is stored under HANDOVER_TOKEN_PEPPER. Another value would make a list that exists unreadable.
        pepper="$(output "out.secret_names.value['HANDOVER_TOKEN_PEPPER']")"
        if has_value "$pepper"; then
          made="$(aws secretsmanager get-secret-value --region "$region" --secret-id "$pepper" --query SecretString --output text)"
          enter='takes the value of HANDOVER_TOKEN_PEPPER'
        else made="$(openssl rand -hex 32)"; enter='makes one'; fi ;;
      REDIS_URL)
        if [[ -n "${TF_VAR_redis_password:-}" ]]; then
          made="rediss://$(output 'out.redis.value.user'):$TF_VAR_redis_password@$(output 'out.redis.value.host'):$(output 'out.redis.value.port')"
          enter='takes it from Terraform and TF_VAR_redis_password'
        fi ;;
    esac
  fi

  value="${!name:-}"
  if [[ -z "$value" ]]; then
    read -rsp "$name${enter:+ (Enter $enter)}: " value || true
    echo
  fi
  value="${value:-$made}"
  if [[ -z "$value" && $known == yes ]]; then continue; fi
  if [[ -z "$value" ]]; then
    echo "$name has no value. A task does not start while it is empty." >&2
    exit 1
  fi
  printf '%s' "$value" | aws secretsmanager put-secret-value --region "$region" --secret-id "$secret" --secret-string file:///dev/stdin > /dev/null
  echo "$name is filled in."
done
