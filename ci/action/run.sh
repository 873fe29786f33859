#!/usr/bin/env bash
# Runs the gate with the action's inputs. Each is passed on as data, in one argument of its own.
#
# The variables in the suite's text are filled in by the gate, not by the shell:
# shellcheck disable=SC2016
set -euo pipefail

fail() {
    echo "::error title=cekura-gate::$1" >&2
    exit 2
}

is_true() {
    case "$2" in
        true | True | TRUE) return 0 ;;
        false | False | FALSE | '') return 1 ;;
        *) fail "the input \`$1\` is neither true nor false" ;;
    esac
}

trim() {
    local text=$1
    text=${text#"${text%%[![:space:]]*}"}
    printf '%s' "${text%"${text##*[![:space:]]}"}"
}

# One line of JSON that can stand as a value in the suite: nothing in it is a variable to the gate.
json_object() {
    local text from='${' to='$${'
    text=$(trim "$(printf '%s' "$2" | tr '\r\n' '  ')")
    case "$text" in
        '{'*'}') ;;
        *) fail "the input \`$1\` is not a JSON object" ;;
    esac
    # Through variables: the shells of the three systems differ in what they escape here.
    printf '%s' "${text//"$from"/$to}"
}

if [ -n "${INPUT_API_KEY:-}" ]; then
    export CEKURA_API_KEY=$INPUT_API_KEY
fi
unset INPUT_API_KEY
# Only a gate that is to comment gets the token.
github_token=${INPUT_GITHUB_TOKEN:-}
unset INPUT_GITHUB_TOKEN
if [ -n "${INPUT_WORKING_DIRECTORY:-}" ]; then
    cd -- "$INPUT_WORKING_DIRECTORY" || fail "the input \`working_directory\` names no directory"
fi

: "${INPUT_SCENARIO_IDS:=}" "${INPUT_PERSONALITY_IDS:=}" "${INPUT_TEST_PROFILE_IDS:=}"
flags=()
flag() {
    [ -n "$2" ] || return 0
    # A value of several lines could write workflow commands through an error message.
    case "$2" in *[[:cntrl:]]*) fail "the input for \`$1\` holds a line end or a control character" ;; esac
    flags+=("$1=$2")
}
flag --agent "$(trim "${INPUT_AGENT_ID:-}")"
flag --assistant "$(trim "${INPUT_ASSISTANT_ID:-}")"
flag --project "$(trim "${INPUT_PROJECT_ID:-}")"
flag --scenarios "${INPUT_SCENARIO_IDS//[[:space:]]/}"
flag --folder "$(trim "${INPUT_FOLDER_PATH:-}")"
flag --mode "$(trim "${INPUT_EXECUTION_MODE:-}")"
flag --frequency "$(trim "${INPUT_FREQUENCY:-}")"
flag --personalities "${INPUT_PERSONALITY_IDS//[[:space:]]/}"
flag --test-profiles "${INPUT_TEST_PROFILE_IDS//[[:space:]]/}"
concurrency=$(trim "${INPUT_CONCURRENCY_LIMIT:-}")
[ -z "$concurrency" ] || [ -z "${INPUT_CONCURRENCY:-}" ] ||
    fail 'the inputs `concurrency` and `concurrency_limit` say the same: give one of them'
flag --concurrency "${concurrency:-$(trim "${INPUT_CONCURRENCY:-}")}"
flag --name "${INPUT_NAME:-}"
flag --success-rate "${INPUT_SUCCESS_RATE:-}"
flag --report-dir "${INPUT_REPORT_DIR:-}"
flag --api-url "$(trim "${INPUT_API_URL:-}")"

tags=
IFS=, read -r -d '' -a list <<<"${INPUT_TAGS:-}" || true
for tag in ${list[@]+"${list[@]}"}; do
    tag=$(trim "$tag")
    [ -z "$tag" ] || tags+=${tags:+,}$tag
done
flag --tags "$tags"

# A bare number is a number of seconds, as in Cekura's own action.
timeout=$(trim "${INPUT_TIMEOUT:-}")
[[ ! $timeout =~ ^[0-9]+$ ]] || timeout+=s
flag --timeout "$timeout"

if is_true share_link "${INPUT_SHARE_LINK:-}" || is_true share_links "${INPUT_SHARE_LINKS:-}"; then
    flags+=(--share-link)
fi

[ -z "${INPUT_ENFORCE:-}" ] || is_true enforce "$INPUT_ENFORCE" || flags+=(--report-only)

if is_true comment "${INPUT_COMMENT:-}" && ! is_true dry_run "${INPUT_DRY_RUN:-}"; then
    flags+=(--comment)
    export GITHUB_TOKEN=$github_token
fi

# One argument a line.
while IFS= read -r line; do
    line=$(trim "$line")
    [ -z "$line" ] || flags+=("$line")
done <<<"${INPUT_ARGS:-}"

# A batch stands in the place of a suite. Its text reaches the gate as a file, so that the shell
# reads none of it.
batch_file=$(trim "${INPUT_BATCH_FILE:-}")
if [ -n "$(trim "${INPUT_BATCH:-}")" ]; then
    [ -z "$batch_file" ] || fail 'the inputs `batch` and `batch_file` cannot stand together'
    batch_file=${RUNNER_TEMP:?}/cekura-batch.yml
    printf '%s\n' "$INPUT_BATCH" >"$batch_file"
fi
if [ -n "$batch_file" ]; then
    [ -z "${INPUT_SUITE:-}" ] || fail 'a batch cannot stand beside `suite`: list both in a gates.yml'
    INPUT_SUITE=$batch_file
fi

# What has no flag stands in a suite that is made here. Scalars reach it as variables, so that no
# value can become YAML.
made=
key() {
    made+=$2$'\n'
    [ -z "${INPUT_SUITE:-}" ] || fail "the input \`$1\` cannot stand beside \`suite\`: say it in the suite file"
}
export GATE_PHONE_NUMBER=${INPUT_PHONE_NUMBER:-} GATE_AGENT_NUMBER=${INPUT_AGENT_NUMBER:-} GATE_SPEC=${INPUT_SPEC:-}
phone=
[ -z "$GATE_PHONE_NUMBER" ] || phone+='outbound: "${GATE_PHONE_NUMBER}"'
[ -z "$GATE_AGENT_NUMBER" ] || phone+=${phone:+, }'agent: "${GATE_AGENT_NUMBER}"'
[ -z "$phone" ] || key phone_number "phone: { $phone }"
[ -z "$GATE_SPEC" ] || key spec 'spec: ${GATE_SPEC}'
if [ -n "${INPUT_LIVEKIT_DATA:-}" ]; then
    object=$(json_object livekit_data "$INPUT_LIVEKIT_DATA")
    key livekit_data "livekit: $object"
fi
if [ -n "${INPUT_PIPECAT_DATA:-}" ]; then
    object=$(json_object pipecat_data "$INPUT_PIPECAT_DATA")
    from='"pipecat_agent_name"' to='"agent_name"'
    key pipecat_data "pipecat: ${object/"$from"/$to}"
fi
if [ -n "${INPUT_MOCK_TOOL_NAMES:-}" ]; then
    mocks=
    IFS=, read -r -d '' -a list <<<"$INPUT_MOCK_TOOL_NAMES" || true
    for ((index = 0; index < ${#list[@]}; index++)); do
        export "GATE_MOCK_$index=$(trim "${list[index]}")"
        mocks+="${mocks:+, }\"\${GATE_MOCK_$index}\""
    done
    key mock_tool_names "mock_tools: [$mocks]"
fi

suite=${INPUT_SUITE:-}
if [ -n "$made" ]; then
    suite=${RUNNER_TEMP:?}/cekura-gate.yml
    printf 'version: 1\n%s' "$made" >"$suite"
fi
arguments=(${flags[@]+"${flags[@]}"})
[ -z "$suite" ] || arguments+=(-- "$suite")

if is_true dry_run "${INPUT_DRY_RUN:-}"; then
    code=0
    "${GATE_BINARY:?}" check ${arguments[@]+"${arguments[@]}"} || code=$?
    valid=false
    [ "$code" -ne 0 ] || valid=true
    echo "valid=$valid" >>"${GITHUB_OUTPUT:?}"
    exit "$code"
fi

# The runner signals this process alone: the gate takes its place and ends its calls itself.
exec "${GATE_BINARY:?}" run ${arguments[@]+"${arguments[@]}"}
