import { defineConfig } from '@graphql-hive/gateway';
import { unifiedGraphHandler } from '@graphql-hive/router-runtime';

// As the public gateways benchmark runs it: requests that are the same and under way at the same time share one answer.
export const gatewayConfig = defineConfig({ unifiedGraphHandler, inboundInflightRequestDeduplication: true });
