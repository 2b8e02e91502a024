import { defineConfig } from '@graphql-hive/gateway';

// Its default runtime. Nothing is shared between requests, neither answers nor calls to subgraphs.
export const gatewayConfig = defineConfig({ transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } } });
