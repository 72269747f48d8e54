# syntax=docker/dockerfile:1
# The gateway as an image. Its manual is docs/operate/container.md.
#
#   docker build -t tandem .                           with a hosted model
#   docker build -t tandem --build-arg SPEECH=full .   with the recogniser of the embedded voice, too
#   docker build -t tandem --build-arg MCP=with .      with the SDK for MCP servers
#   docker build -t tandem --target dev .              with everything that a clone has after npm ci
#
# Where the network has a certificate authority of its own, the secret "npmrc" is an .npmrc with cafile=….

ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm npm ci --no-progress
COPY . .
RUN npm run build

# For a laptop. Everything is in it, so it serves with nothing configured, and npm run demo, call and doctor work in it.
FROM build AS dev
ENV HOST=0.0.0.0 PORT=8000
EXPOSE 8000
USER 1000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "bin/health.mjs"]
CMD ["node", "--enable-source-maps", "dist/src/main.js"]

# What the gateway loads. The synthesiser is always there: without it callers hear nothing while a model is being replaced.
FROM ${BASE} AS deps
ARG SPEECH=none
ARG MCP=none
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY vendor ./vendor
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=cache,target=/root/.npm \
    case "$SPEECH $MCP" in \
      full*) npm ci --no-progress --omit=dev ;; \
      "none with") npm ci --no-progress --omit=dev && \
        npm pkg delete optionalDependencies.sherpa-onnx-node optionalDependencies.dynalite && \
        npm prune --omit=dev && rm -r vendor ;; \
      "none none") npm ci --no-progress --omit=dev --omit=optional && rm -r vendor ;; \
      *) echo "SPEECH is $SPEECH, expected none or full; MCP is $MCP, expected none or with" && exit 1 ;; \
    esac
# Node reads neither TypeScript nor source maps of packages. They are a third of what npm installs.
RUN find node_modules -type f '(' -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' ')' -delete && \
    rm package-lock.json .npmrc

FROM ${BASE} AS final
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tandem" \
      org.opencontainers.image.description="A phone gateway for AI agents: Twilio in, a speech model on the line, Amazon Connect when a human is needed." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# It listens outside the container, so it starts only with TWILIO_AUTH_TOKEN or with ALLOW_UNSIGNED_WEBHOOKS=true.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
WORKDIR /app
# All files belong to root, so the gateway cannot change its own code.
COPY LICENSE NOTICE ./
COPY bin ./bin
COPY connect ./connect
COPY --from=deps /app ./
COPY --from=build /app/dist ./dist
EXPOSE 8000
# A number, because Kubernetes cannot tell whether a name is root.
USER 1000
# For Docker. ECS and Kubernetes have checks of their own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["node", "bin/health.mjs"]
# Node is process 1 and gets SIGTERM itself. npm or a shell before it would keep the signal.
CMD ["node", "--enable-source-maps", "dist/src/main.js"]
