# What one does while changing cekura-gate: `just --list`. The runner is https://just.systems
# (`cargo install just`, or `uv tool install rust-just`); each line works without it, too.

# List the recipes.
default:
    @just --list

# Formatting and lints.
check:
    cargo fmt --all -- --check
    cargo clippy --locked --all-targets -- --deny warnings

# The tests; a part of them by its name, for example `just test gate::groups`.
test *FILTER:
    cargo test --locked -- {{ FILTER }}

# Write the generated parts of the docs and the schemas again, and build the site.
docs: schemas
    UPDATE_DOCS=1 cargo test --locked --test integration docs::
    ci/site.sh

# Write the checked-in schemas again.
schemas:
    cargo run --locked --quiet -- schema > schema/suite.schema.json
    for name in result gates gates-report agent faults; do cargo run --locked --quiet -- schema $name > schema/$name.schema.json; done

# Formatting and the lints that can be mended by a machine.
fix:
    cargo fmt --all
    cargo clippy --fix --allow-dirty --allow-staged --all-targets

# Everything that a change has to pass; half an hour on two cores.
all:
    .ci/run
