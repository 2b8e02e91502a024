import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { startOpenGateway } from '../../gateway/open.ts';
import { faultsOf, type Audited } from './ask.ts';
import { cases, themes } from './cases/all.ts';
import { composed } from './compose.ts';
import { sdlOf, serveSubgraphs, subgraphNames, type Subgraphs } from './subgraphs.ts';
import { audience, issuer, openIssuer, type Algorithm, type Issuer } from './tokens.ts';

interface Options {
  gateway?: string;
  out?: string;
  port: string;
  algorithm: Algorithm;
  wait: string;
  strict?: boolean;
  renamed?: boolean;
}

const words = { passed: 'pass', leaked: '**LEAK**', failed: 'wrong', open: 'open' };

/** `npm run audit:authz`: asks every case of a gateway and prints which it passes; exit 1 where one fails. */
const program = new Command('audit:authz')
  .description('field authorization of a federated gateway, case by case · 逐例审计联邦网关的字段授权')
  .option('--gateway <url>', 'GraphQL endpoint of the gateway under audit; ours unless told · 被审计网关的地址，缺省为本网关')
  .option('--out <dir>', 'writes SDL, supergraph, jwks.json and cases.json there, and keeps its keys · 输出目录，密钥保存于此')
  .option('--port <n>', 'first of five ports for the subgraphs · 五个子图端口中的第一个', '4400')
  .option('--algorithm <name>', 'of the tokens: RS256 or EdDSA · 令牌签名算法', 'RS256')
  .option('--wait <seconds>', 'how long to wait for the gateway · 等待网关的秒数', '120')
  .option('--strict', 'also what docs/interfaces.md says of ours: nulls stay, refusals are told, an invalid token is 401 · 按本网关的约定检查')
  .option('--renamed', 'the three directives are imported under other names · 三个指令以别名导入')
  .action(async (options: Options) => {
    const keys = keptIssuer(options);
    const subgraphs = await serveSubgraphs(options.gateway ? Number(options.port) : 0, options);
    const own = options.gateway ? undefined : await startOpenGateway({ supergraphSdl: composed(subgraphs, options), port: 0, jwks: keys.jwks, issuer, audience });
    try {
      if (options.out) writeConfiguration(options.out, subgraphs, keys, options);
      const audited: Audited = { url: options.gateway ?? `${own!.url}/graphql`, issuer: keys, subgraphs, strict: options.strict ?? !options.gateway };
      await answering(audited.url, Number(options.wait));
      process.exitCode = (await report(audited)) ? 0 : 1;
    } finally {
      await own?.stop();
      await subgraphs.stop();
    }
  });
await program.parseAsync();

function keptIssuer({ out, algorithm }: Options): Issuer {
  const file = out === undefined ? undefined : join(out, 'keys.json');
  if (file !== undefined && existsSync(file)) return openIssuer(algorithm, JSON.parse(readFileSync(file, 'utf8')) as Issuer['pem']);
  const keys = openIssuer(algorithm);
  if (out !== undefined && file !== undefined) {
    mkdirSync(out, { recursive: true });
    writeFileSync(file, JSON.stringify(keys.pem), { mode: 0o600 });
  }
  return keys;
}

function writeConfiguration(out: string, subgraphs: Subgraphs, { jwks }: Issuer, naming: { renamed?: boolean }): void {
  for (const name of subgraphNames) writeFileSync(join(out, `${name}.graphql`), sdlOf(name, naming));
  writeFileSync(join(out, 'supergraph.graphql'), composed(subgraphs, naming));
  writeFileSync(join(out, 'jwks.json'), jwks);
  writeFileSync(join(out, 'cases.json'), `${JSON.stringify(cases, (_key, value: unknown) => (value instanceof RegExp ? value.source : value), 2)}\n`);
  console.log([`subgraphs · 子图: ${subgraphNames.map((name) => `${name} ${subgraphs.urls[name]}`).join(', ')}`, `tokens · 令牌: iss ${issuer}, aud ${audience}, ${join(out, 'jwks.json')}; scopes in \`scope\`, policies in \`policies\``, ''].join('\n'));
}

/** Waits until the gateway answers anything in JSON. */
async function answering(url: string, seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const answered = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":"{ me { name } }"}' }).then(
      async (response) => (await response.text()).includes('Lin'),
      () => false,
    );
    if (answered) return;
    if (Date.now() > until) throw new YiwangError('USAGE', { hint: `${url} does not answer { me { name } } · 网关无应答` });
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function report(audited: Audited): Promise<boolean> {
  const counts = { passed: 0, leaked: 0, failed: 0, open: 0 };
  const rows: string[] = [];
  for (const [theme, all] of Object.entries(themes)) {
    for (const one of all) {
      const faults = await faultsOf(one, audited);
      const outcome = faults.length === 0 ? 'passed' : one.open ? 'open' : faults.some((fault) => fault.startsWith('LEAK')) ? 'leaked' : 'failed';
      counts[outcome] += 1;
      rows.push(`| ${theme} | ${one.name} | ${words[outcome]} | ${faults.join('; ').replaceAll('|', '\\|').replaceAll('\n', ' ')} |`);
    }
  }
  console.log(['| theme · 类 | case · 用例 | | why · 原因 |', '|---|---|---|---|', ...rows, '', `${counts.passed} of ${cases.length} pass; ${counts.leaked} leak, ${counts.failed} give another answer than they should, ${counts.open} differ where specifications are silent · 通过 ${counts.passed}，泄露 ${counts.leaked}，回答有误 ${counts.failed}，规范未定 ${counts.open}`].join('\n'));
  return counts.failed + counts.leaked === 0;
}
