import { defineConfig } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

// Its Rust planner. Nothing is shared between requests, neither answers nor calls to subgraphs.
export const gatewayConfig = defineConfig({ unifiedGraphHandler, transportEntries: { '*.http': { options: { deduplicateInflightRequests: false } } } });
