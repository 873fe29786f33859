# syntax=docker/dockerfile:1
# A static binary, a CA bundle and nothing else; with `--target alpine` a shell, git and ssh, too, for
# CI systems that check out and start a job's script in the image.
#
# A release gives the stage `builder` as a directory with the attested binary and the bundle
# (`--build-context builder=DIRECTORY`): then nothing is compiled.

FROM rust:1-alpine AS builder
# The C compiler builds the cryptography.
# hadolint ignore=DL3018
RUN apk add --no-cache ca-certificates musl-dev
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src ./src
# What is compiled into the binary: the recipes that `init` writes, the first world.
COPY examples/workflows ./examples/workflows
COPY examples/worlds ./examples/worlds
# The cache mount is gone after the step: the binary has to leave it.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked && cp target/dist/cekura-gate /cekura-gate

FROM alpine:3.22 AS alpine
LABEL org.opencontainers.image.title="cekura-gate" \
      org.opencontainers.image.description="cekura-gate with a shell, for jobs of CircleCI, Bitbucket and GitLab" \
      org.opencontainers.image.source="https://github.com/cekura-ai/cekura-gate" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /cekura-gate /usr/local/bin/cekura-gate
# CircleCI checks out with them.
# hadolint ignore=DL3018
RUN apk add --no-cache git openssh-client
# A runner's own user clones the repository and writes the artifacts.
CMD ["/bin/sh"]

FROM scratch
LABEL org.opencontainers.image.title="cekura-gate" \
      org.opencontainers.image.description="Gates a voice or chat agent's release on Cekura test runs" \
      org.opencontainers.image.source="https://github.com/cekura-ai/cekura-gate" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /cekura-gate /cekura-gate
# Reports are written to the working directory: mount one that this user may write to, or run
# with `--user "$(id -u):$(id -g)"`.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/cekura-gate"]
