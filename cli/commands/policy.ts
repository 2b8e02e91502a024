import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { GraphQLSchema } from 'graphql';
import type { Pool } from '../../base/db.ts';
import { projectRoot } from '../../base/departments.ts';
import { YiwangError } from '../../base/errors.ts';
import { recordKeys } from '../../base/keys.ts';
import type { Policy } from '../../policy/decide.ts';
import type { Grants } from '../../policy/federation/requirement.ts';
import { purposeNames, type Purpose } from '../../policy/purposes.ts';
import type { RowAccess } from '../../policy/row.ts';
import { tiers, viewerKinds, type Tier, type Viewer, type ViewerKind } from '../../policy/viewer.ts';
import { withHub, type Hub } from '../hub.ts';
import { printJson, printLine, printTable } from '../output.ts';
import { policyReleaseCommands } from './policy-release.ts';

export function policyCommand(program: Command): void {
  const policy = program.command('policy').description('who may see what, and why · 谁能看到什么、为什么');
  policy
    .command('check')
    .description('checks the rules, and the schema for ways around them · 检查规则与密级')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(check);
  policy
    .command('matrix')
    .description('tier × purpose × field · 层级 × 目的 × 字段')
    .option('--kind <kind>', viewerKinds.join(', '), oneOf(viewerKinds))
    .option('--tier <tier>', tiers.join(', '), oneOf(tiers))
    .option('--purpose <purpose>', purposeNames.join(', '), oneOf(purposeNames))
    .option('--type <type>', 'only the fields of this type · 只看某一类型')
    .option('--folder <folder>', 'of these policy files, not of the release in force · 用该目录的策略，而非生效版本')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(matrix);
  policy
    .command('explain')
    .description('what a persona would see of an operation, field by field; reads no record · 逐字段说明某角色的可见范围，不读取记录')
    .requiredOption('--persona <name>', 'who · 角色')
    .option('--purpose <purpose>', purposeNames.join(', '), oneOf(purposeNames))
    .option('--matter <number>', 'the matter at hand: its assignment alone is read · 事项编号，只读取其经办关系')
    .requiredOption('--operation <file>', 'a file with the operation · 操作文件')
    .option('--json', 'one JSON document · 输出 JSON')
    .action((options: ExplainOptions) => withHub((hub) => explain(hub, options)));
  policy
    .command('diff')
    .argument('<a>', 'a folder of policy files · 策略目录')
    .argument('<b>', 'another · 另一策略目录')
    .description('who gains or loses what between two policies · 两套策略之间谁得谁失')
    .option('--json', 'one JSON document · 输出 JSON')
    .action(diff);
  policyReleaseCommands(policy);
}

async function check(options: { json?: boolean }): Promise<void> {
  const { checkPolicy } = await import('../../policy/check.ts');
  const faults = checkPolicy({ supergraphSchema: await supergraph() });
  if (options.json) printJson({ ok: faults.length === 0, faults });
  else for (const { rule, coordinate, text } of faults) printLine(`${rule} ${coordinate}: ${text}`);
  if (faults.length > 0) throw new YiwangError('POLICY_INVALID', { hint: `the policy has ${faults.length} faults` });
  if (!options.json) printLine('the policy is in order · 策略无误');
}

interface MatrixOptions {
  kind?: ViewerKind;
  tier?: Tier;
  purpose?: Purpose;
  type?: string;
  folder?: string;
  json?: boolean;
}

/** Of the release in force, as the graph's `policyMatrix` has it; of a folder where one is named. */
async function matrix({ folder, json, ...scope }: MatrixOptions): Promise<void> {
  if (folder !== undefined) refuseNoFolder(folder);
  const { policyMatrix } = await import('../../policy/matrix.ts');
  const supergraphSchema = await supergraph();
  if (scope.type !== undefined && !supergraphSchema.getType(scope.type)) throw new YiwangError('USAGE', { hint: `the graph has no type \`${scope.type.slice(0, 40)}\`` });
  const policy = folder === undefined ? await withHub(policyInForce) : await policyOf(folder);
  const rows = policyMatrix({ supergraphSchema, policy, ...scope });
  if (json) return printJson(rows);
  printTable(['field 字段', 'class 密级', 'kind', 'tier 层级', 'purpose 目的', 'effect 效果', 'policy 规则', 'reason'], rows.map((row) => [row.coordinate, row.class, row.kind, row.tier ?? '–', row.purpose ?? '–', row.effect, row.policy, row.reason]));
}

/** What does not load has no matrix: that of no policy at all would be taken for its own. */
async function policyOf(folder: string): Promise<Policy> {
  const { openPolicy } = await import('../../policy/decide.ts');
  const policy = openPolicy({ folder });
  if (policy.version === 'none') throw new YiwangError('POLICY_INVALID', { hint: `the policy in \`${folder}\` does not load` });
  return policy;
}

/** A path that is mistyped is no policy with a fault. */
function refuseNoFolder(path: string): void {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new YiwangError('USAGE', { hint: `there is no folder \`${path}\`` });
}

async function policyInForce({ pool }: Hub): Promise<Policy> {
  const { openReleasedPolicy } = await import('../../policy/release.ts');
  const policy = await openReleasedPolicy(pool);
  policy.stop();
  return policy;
}

interface ExplainOptions {
  persona: string;
  purpose?: Purpose;
  matter?: string;
  operation: string;
  json?: boolean;
}

async function explain(hub: Hub, options: ExplainOptions): Promise<void> {
  const { explainOperation } = await import('../../policy/explain.ts');
  const policy = await policyInForce(hub);
  const { viewer, grants } = await personaCaller(hub, options, policy);
  const { publishedRequirements } = await import('../../policy/published.ts');
  const federation = { requirements: publishedRequirements(), grants };
  const assignment = viewer.matterKey === null ? undefined : await relationTo(hub.pool, viewer);
  const fields = explainOperation({ supergraphSchema: await supergraph(), policy, viewer, operation: readOperation(options.operation), federation, ...(assignment ? { assignment } : {}) });
  if (options.json) return printJson(fields);
  printTable(['path 路径', 'field 字段', 'effect 效果', 'policy 规则', 'reason', 'conditions 条件'], fields.map((field) => [field.path, field.coordinate, field.effect, field.policy, field.reason, field.conditions.join(' ')]));
}

/** The viewer that the gateway would make of the persona's token and these headers, and what the token grants. */
async function personaCaller({ config, pool }: Hub, { persona, purpose, matter }: ExplainOptions, policy: Policy): Promise<{ viewer: Viewer; grants: Grants }> {
  const [{ demoIssuer }, { personaClaims }, { openCallers }, { noGrants }] = await Promise.all([import('../../gateway/demo/issuer.ts'), import('../../gateway/demo/personas.ts'), import('../../gateway/caller.ts'), import('../../policy/federation/requirement.ts')]);
  const issuer = demoIssuer(config.masterSecret);
  const token = await issuer.mintToken(await personaClaims(pool, persona));
  const identify = openCallers({ rules: issuer.rules, pool, keys: recordKeys(config.masterSecret), policy });
  const { viewer, grants } = await identify({ authorization: `Bearer ${token}`, purpose, matter }, 'explain');
  return { viewer, grants: grants ?? noGrants };
}

async function relationTo(pool: Pool, viewer: Viewer): Promise<Partial<RowAccess>> {
  const [{ enterViewer }, { matterRelation, rowAccess }] = await Promise.all([import('../../policy/session.ts'), import('../../policy/relation.sql.ts')]);
  const { connect } = await import('../../base/db.ts');
  const client = await connect(pool);
  try {
    await enterViewer(client, viewer);
    const { rows } = await client.query<{ relation: number }>(`SELECT ${matterRelation('m')} AS relation FROM hub.matter m WHERE m.matter_key = $1`, [viewer.matterKey]);
    return rowAccess({ department: '', relation: rows[0]?.relation ?? 0 });
  } finally {
    await client.query('ROLLBACK').catch(() => undefined); // the connection is not used again
    client.release(true);
  }
}

async function diff(a: string, b: string, options: { json?: boolean }): Promise<void> {
  for (const folder of [a, b]) refuseNoFolder(folder);
  const { policyDiff } = await import('../../policy/diff.ts');
  const changes = policyDiff(a, b);
  if (options.json) return printJson(changes);
  if (changes.length === 0) return printLine('nobody gains or loses anything · 无人得失');
  printTable(['', 'kind', 'tier 层级', 'purpose 目的', 'class 密级', 'row 情形', 'before 之前', 'after 之后'], changes.map((each) => [each.change, each.kind, each.tier ?? '–', each.purpose ?? '–', each.class, each.row, `${each.before} ${each.rules.before}`, `${each.after} ${each.rules.after}`]));
}

async function supergraph(): Promise<GraphQLSchema> {
  const { buildASTSchema, parse } = await import('graphql');
  return buildASTSchema(parse(readFileSync(join(projectRoot(), 'schema', 'supergraph.graphql'), 'utf8')), { assumeValid: true });
}

function readOperation(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new YiwangError('USAGE', { hint: `\`${file}\` cannot be read`, cause });
  }
}

function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text.toUpperCase());
    if (found === undefined) throw new InvalidArgumentError(`not one of ${names.join(', ')} · 不在可选值之内`);
    return found;
  };
}
