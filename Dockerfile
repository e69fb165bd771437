# syntax=docker/dockerfile:1

# --- the gateway -------------------------------------------------------------------------------------------------
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --profile dist --package adjutant \
    && install -D target/dist/adjutant /out/adjutant

# --- Claude Code, the pinned version: one native binary, no Node is needed to run it -------------------------------
FROM node:22-bookworm-slim AS claude
WORKDIR /tools
COPY tests/tools/package.json tests/tools/package-lock.json ./
RUN npm ci --no-audit --no-fund --ignore-scripts \
    && install -D node_modules/@anthropic-ai/claude-code-linux-*/claude /out/claude

# --- what runs -----------------------------------------------------------------------------------------------------
FROM debian:bookworm-slim
# tini is process 1: it collects what a killed runner leaves behind, and passes SIGTERM on.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git openssh-client tini \
    && rm -rf /var/lib/apt/lists/*

# The numbers matter where a folder of the host is mounted at /workspace: they should be its owner's.
ARG UID=1000
ARG GID=1000
RUN groupadd --gid "$GID" adjutant \
    && useradd --uid "$UID" --gid "$GID" --home-dir /data/home --no-create-home --shell /bin/bash adjutant \
    && install -d -o adjutant -g adjutant -m 700 /data /data/home \
    && install -d -o adjutant -g adjutant /workspace

COPY --from=claude /out/claude /usr/local/bin/claude
COPY --from=build /out/adjutant /usr/local/bin/adjutant

ENV ADJUTANT_DATA_DIR=/data \
    BIND=0.0.0.0 \
    LOG_FORMAT=json \
    PORT=3000 \
    WORKSPACE_PATH=/workspace

USER adjutant
WORKDIR /data/home
VOLUME ["/data", "/workspace"]
EXPOSE 3000
STOPSIGNAL SIGTERM

# Bash speaks just enough HTTP for this, so the image needs no client.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /health HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && IFS=' ' read -r _ status _ <&3 && [ \"$status\" = 200 ]"]

ENTRYPOINT ["tini", "--", "adjutant"]
CMD ["serve"]
