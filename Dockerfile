# One image for every service: `yiwang up --only …` chooses. Nothing secret is in it; everything comes from the environment.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /yiwang
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run console && npm prune --omit=dev

FROM node:24.21.0-bookworm-slim
WORKDIR /yiwang
COPY --from=build --chown=root:root /yiwang /yiwang
RUN install -d -o node -g node -m 0700 /var/lib/yiwang
USER node
ENV NODE_ENV=production YIWANG_HOME=/var/lib/yiwang YIWANG_LISTEN=0.0.0.0
# Room for what lives as long as a request: it is not copied by the collector (bench/README.md).
ENTRYPOINT ["node", "--max-semi-space-size=64", "cli/yiwang.mjs"]
CMD ["up"]
