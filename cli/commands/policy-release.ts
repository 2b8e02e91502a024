import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { YiwangError } from '../../base/errors.ts';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printLine, printTable } from '../output.ts';
import type { ProposedRelease } from '../policy-release.ts';

interface Signed {
  persona?: string;
  token?: string;
  json?: boolean;
}

/** A change of policy: one person proposes a folder's rules, another sees the difference and approves it. */
export function policyReleaseCommands(policy: Command): void {
  policy
    .command('propose')
    .argument('[folder]', 'a folder of policy files; the shipped one unless told · 策略目录，缺省为自带的')
    .description('the first person: shows who gains or loses what and writes the proposal down · 第一人：显示差异并提出变更')
    .requiredOption('--reason <text>', 'why · 理由')
    .option('--persona <name>', 'who, in the demo: operator · 演示角色')
    .option('--token <file>', 'a file with an operator’s token · 令牌文件')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((folder: string | undefined, options: Signed & { reason: string }) => withHub((hub) => propose(hub, folder, options)));
  policy
    .command('approve')
    .argument('<release>', 'its number · 编号', wholeNumber)
    .description('the second person: shows the difference; with its hash, approves it · 第二人：显示差异，给出其散列即批准')
    .option('--diff <hash>', 'the hash of the difference that was shown · 所见差异的散列')
    .option('--persona <name>', 'who, in the demo: auditor · 演示角色')
    .option('--token <file>', 'a file with the token of an auditor or another operator · 令牌文件')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((number: number, options: Signed & { diff?: string }) => withHub((hub) => approve(hub, number, options)));
  policy
    .command('releases')
    .description('what was proposed and approved, newest first · 变更记录')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((options: { json?: boolean }) => withHub((hub) => list(hub, options)));
}

async function propose(hub: Hub, folder: string | undefined, options: Signed & { reason: string }): Promise<void> {
  const [{ proposePolicy }, { policyFolder }] = await Promise.all([import('../policy-release.ts'), import('../../policy/decide.ts')]);
  const release = await proposePolicy(hub, { folder: folder ?? policyFolder, reason: options.reason, token: await tokenOf(hub, options) });
  show(release, options);
  if (!options.json) printLine(`proposed as release ${release.number}; another person: yiwang policy approve ${release.number} · 已提出，须由另一人批准`);
}

async function approve(hub: Hub, number: number, options: Signed & { diff?: string }): Promise<void> {
  const { approvePolicy, proposedRelease } = await import('../policy-release.ts');
  if (options.diff === undefined) {
    const release = await proposedRelease(hub, number);
    show(release, options);
    if (!options.json && release.approvedAt === null) printLine(`nothing was approved; to approve this: --diff ${release.diffHash} · 尚未批准`);
    return;
  }
  const release = await approvePolicy(hub, { number, diffHash: options.diff, token: await tokenOf(hub, options) });
  show(release, options);
  if (!options.json) printLine(`release ${number} is in force · 已生效`);
}

async function list(hub: Hub, options: { json?: boolean }): Promise<void> {
  const { releases } = await import('../policy-release.ts');
  const all = await releases(hub);
  if (options.json) return printJson(all);
  printTable(['release 编号', 'version 版本', 'proposed 提出', 'approved 批准', 'reason 理由'], all.map((one) => [String(one.number), one.version.slice(0, 12), one.proposedAt, one.approvedAt ?? '–', one.reason ?? '']));
}

function show(release: ProposedRelease, { json }: { json?: boolean }): void {
  if (json) return printJson(release);
  const { rules, changes } = release.diff;
  for (const [what, ids] of Object.entries(rules)) if (ids.length > 0) printLine(`rules ${what}: ${ids.join(', ')}`);
  if (changes.length === 0) printLine('nobody gains or loses anything · 无人得失');
  else printTable(['', 'kind', 'tier 层级', 'purpose 目的', 'class 密级', 'row 情形', 'before 之前', 'after 之后'], changes.map((each) => [each.change, each.kind, each.tier ?? '–', each.purpose ?? '–', each.mutation ?? each.class, each.row, `${each.before} ${each.rules.before}`, `${each.after} ${each.rules.after}`]));
}

async function tokenOf(hub: Hub, { persona, token }: Signed): Promise<string> {
  if ((persona === undefined) === (token === undefined)) throw new YiwangError('USAGE', { hint: 'name one of --token and --persona' });
  if (token !== undefined) {
    try {
      return readFileSync(token, 'utf8').trim();
    } catch (cause) {
      throw new YiwangError('USAGE', { hint: `\`${token}\` cannot be read`, cause });
    }
  }
  const [{ demoIssuer }, { personaClaims }] = await Promise.all([import('../../gateway/demo/issuer.ts'), import('../../gateway/demo/personas.ts')]);
  return demoIssuer(hub.config.masterSecret).mintToken(await personaClaims(hub.pool, persona!));
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number · 应为正整数');
  return Number(text);
}
