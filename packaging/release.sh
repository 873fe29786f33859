#!/usr/bin/env bash
# The steps of a release, as .github/workflows/release.yml takes them and ci/release-rehearsal.sh
# rehearses them. Each can be run again: what is done already is looked at and left.
#
#   packaging/release.sh plan              may this commit be released? Prints version= and tag=
#   packaging/release.sh draft DIRECTORY   a draft release with these files
#   packaging/release.sh tag DIRECTORY     the tag, on a commit that knows DIRECTORY/checksums.txt
#   packaging/release.sh publish           the draft is published, the tag of the major version moved
#   packaging/release.sh crate             to crates.io
#   packaging/release.sh pypi DIRECTORY [OPTION...]   the wheels, and what attests them, by twine
#   packaging/release.sh npm DIRECTORY     the packed packages to npm, the one that users name last
#   packaging/release.sh homebrew FORMULA TAP   the formula into a checkout of the tap
#
# Needs git, gh, jq and curl; GITHUB_SHA, GITHUB_REF and GITHUB_REPOSITORY as GitHub sets them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
tag=v$version

fail() {
    echo "::error title=release::$1" >&2
    exit 1
}

git_push() {
    git -c credential.helper= -c credential.helper='!gh auth git-credential' push --quiet "$@"
}

commit_as_bot() {
    git "$@" -c user.name="github-actions[bot]" \
        -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
        commit --quiet --message "Release $version"
}

# The commit of a tag on the remote; nothing where there is none.
remote_tag() {
    git ls-remote origin "refs/tags/$1" | cut -f 1
}

# Is the release a draft: `true`, `false`, or `none` where there is none. No answer is a failure.
release_is() {
    local said
    if said=$(gh release view "$tag" --json isDraft --jq .isDraft 2>&1); then
        echo "$said"
    elif [[ $said == *"release not found"* ]]; then
        echo none
    else
        echo "::error title=release::GitHub does not say whether there is a release $tag: $said" >&2
        echo unknown
    fi
}

plan() {
    [ "${GITHUB_REF:?}" = refs/heads/main ] || fail "a release is made from main, not from $GITHUB_REF"
    local conclusion
    conclusion=$(gh api --method GET \
        "repos/${GITHUB_REPOSITORY:?}/actions/workflows/ci.yml/runs" \
        --raw-field head_sha="${GITHUB_SHA:?}" --raw-field branch=main --raw-field event=push \
        --jq '.workflow_runs[0].conclusion // "none"')
    [ "$conclusion" = success ] ||
        fail "CI of $GITHUB_SHA on main has the conclusion \`$conclusion\`, not \`success\`"
    grep -qF "## [$version]" CHANGELOG.md || fail "CHANGELOG.md has no section \`## [$version]\`"
    [ -z "$(remote_tag "$tag")" ] ||
        fail "$tag exists: run the failed jobs of its run again, or raise the version in Cargo.toml"
    # A draft of a run that broke off before the tag is taken over: its files are replaced.
    case $(release_is) in
        none | true) ;;
        *) fail "$tag is published already, or nobody can say" ;;
    esac
    printf 'version=%s\ntag=%s\n' "$version" "$tag"
}

draft() {
    case $(release_is) in
        none)
            awk -v head="## [$version]" '/^## / { on = index($0, head) == 1; next } on' CHANGELOG.md |
                gh release create "$tag" --draft --title "$version" --target "${GITHUB_SHA:?}" --notes-file -
            ;;
        false)
            echo "$tag is published: its files stay as they are"
            return
            ;;
        true) ;;
        *) exit 1 ;;
    esac
    gh release upload "$tag" --clobber "$1"/*
}

# The action takes a release only where its own tag knows the checksum. So the tag can only be made
# after the build: on a commit that adds the checksums to the commit that was built.
make_tag() {
    local on
    on=$(remote_tag "$tag")
    if [ -n "$on" ]; then
        git fetch --quiet origin "refs/tags/$tag"
        [ "$(git rev-parse "FETCH_HEAD^{commit}^")" = "${GITHUB_SHA:?}" ] || fail "$tag stands on another commit"
        git show "FETCH_HEAD:ci/checksums.txt" | tail -n "$(wc -l <"$1/checksums.txt")" |
            diff - "$1/checksums.txt" >&2 || fail "$tag knows other checksums than $1"
        echo "$tag is there"
        return
    fi
    [ "$(git rev-parse HEAD)" = "${GITHUB_SHA:?}" ] || fail "this checkout is not of $GITHUB_SHA"
    cat "$1/checksums.txt" >>ci/checksums.txt
    git add ci/checksums.txt
    commit_as_bot
    git_push origin "HEAD:refs/tags/$tag"
}

publish() {
    local on moving=${tag%%.*}
    on=$(remote_tag "$tag")
    [ -n "$on" ] || fail "there is no tag $tag to publish"
    [ "$(release_is)" = false ] || gh release edit "$tag" --draft=false --verify-tag
    # A version to try out moves nothing that others follow.
    case $version in *-*) return ;; esac
    if [ "$(remote_tag "$moving")" != "$on" ]; then
        git fetch --quiet origin "refs/tags/$tag"
        git_push --force origin "FETCH_HEAD:refs/tags/$moving"
    fi
}

crate() {
    local index=${CRATES_INDEX:-https://index.crates.io} found
    # A name that is not there yet is answered with 404, of which a file's address knows nothing.
    found=$(curl --silent --show-error --location "$index/ce/ku/cekura-gate" || true)
    if grep -qF "\"vers\":\"$version\"" <<<"$found"; then
        echo "crates.io has $version"
        return
    fi
    cargo publish --locked "$@"
}

pypi() {
    local directory=$1 file known files=()
    shift
    twine check --strict "$directory"/*.whl
    known=$(curl --silent --show-error --location "${PYPI_INDEX:-https://pypi.org/simple}/cekura-gate/" || true)
    for file in "$directory"/*.whl; do
        if grep -qF ">$(basename "$file")<" <<<"$known"; then
            echo "PyPI has $(basename "$file")"
        else
            files+=("$file")
            # What attests it.
            [ ! -f "$file.publish.attestation" ] || files+=("$file.publish.attestation")
        fi
    done
    [ ${#files[@]} -eq 0 ] || twine upload --non-interactive "$@" "${files[@]}"
}

npm_packages() {
    local directory file name
    directory=$(realpath "$1")
    # In the order of their names, but for the one that names the others.
    for file in "$directory"/cekura-gate-*-*-"$version".tgz "$directory/cekura-gate-$version.tgz"; do
        [ -f "$file" ] || fail "there is no $file"
        name=$(basename "$file" "-$version.tgz")
        if [ "$(npm view "$name@$version" version 2>/dev/null)" = "$version" ]; then
            echo "npm has $name $version"
        else
            # A version to try out is not what `npx cekura-gate` takes.
            case $version in
                *-*) npm publish "$file" --access public --tag next ;;
                *) npm publish "$file" --access public ;;
            esac
        fi
    done
}

homebrew() {
    mkdir -p "$2/Formula"
    cp "$1" "$2/Formula/cekura-gate.rb"
    git -C "$2" add Formula/cekura-gate.rb
    if git -C "$2" diff --cached --quiet; then
        echo "the tap has $version"
        return
    fi
    commit_as_bot -C "$2"
    git_push_in "$2" origin HEAD
}

git_push_in() {
    (cd "$1" && shift && git_push "$@")
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
    plan) plan ;;
    draft) draft "$@" ;;
    tag) make_tag "$@" ;;
    publish) publish ;;
    crate) crate "$@" ;;
    pypi) pypi "$@" ;;
    npm) npm_packages "$@" ;;
    homebrew) homebrew "$@" ;;
    *)
        sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
esac
