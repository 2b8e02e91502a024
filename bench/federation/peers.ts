import { existsSync } from 'node:fs';
import { projectRoot } from '../../base/departments.ts';
import type { Contender } from '../measure.ts';

/**
 * Other gateways of bench/peers/, each as its own documentation or benchmark starts it; and a sentence for those that are
 * left out because nobody installed them.
 */
export function peers(subgraphPort: number, supergraphFile: string): { contenders: Contender[]; notes: string[] } {
  const all: Peer[] = [
    { name: 'mercurius-gateway', needs: '@mercuriusjs/gateway', command: ['bench/peers/mercurius.mjs', String(subgraphPort)] },
    { name: 'hive-gateway', needs: '@graphql-hive/gateway', command: ['bench/peers/hive.mjs', supergraphFile, './hive-stitching.config.mjs'] },
    { name: 'hive-gateway-rust', needs: '@graphql-hive/router-runtime', command: ['bench/peers/hive.mjs', supergraphFile, './hive-rust.config.mjs'] },
    { name: 'hive-gateway-rust-shared', needs: '@graphql-hive/router-runtime', command: ['bench/peers/hive.mjs', supergraphFile, './hive-rust-shared.config.mjs'] },
  ];
  const installed = all.filter(({ needs }) => existsSync(`${projectRoot()}bench/peers/node_modules/${needs}/package.json`));
  const missing = all.filter((peer) => !installed.includes(peer)).map(({ name }) => name);
  return {
    contenders: installed.map(({ name, command }) => ({ name, command, path: '/graphql', production: true })),
    notes: [
      ...(installed.length > 0 ? ['hive-gateway, hive-gateway-rust: nothing shared between requests; hive-gateway-rust-shared: its in-flight sharing on, as in the public benchmark'] : []),
      ...(missing.length > 0 ? [`left out, not installed: ${missing.join(', ')}; \`npm ci\` in bench/peers/ installs them · 未安装的对比网关，可在 bench/peers/ 下运行 npm ci`] : []),
    ],
  };
}

interface Peer {
  name: string;
  /** The package that must be there. */
  needs: string;
  command: readonly string[];
}
