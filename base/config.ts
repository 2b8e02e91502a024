import { z } from 'zod';
import { masterSecret, openHome } from './home.ts';
import { departments, sourceUrlName } from './departments.ts';
import { YiwangError } from './errors.ts';

/** The environment, read once and whole. Nothing else in the project reads `process.env` for these. */
export interface Config {
  production: boolean;
  home: string;
  /** Absent outside production: the embedded PostgreSQL of `home`. */
  databaseUrl: string | undefined;
  /** Absent: BullMQ runs on the same PostgreSQL. */
  redisUrl: string | undefined;
  /** Absent outside production: the demo's own issuer. */
  oidc: { issuer: string; audience: string } | undefined;
  port: number;
  /** An OpenTelemetry collector: `OTEL_EXPORTER_OTLP_ENDPOINT`. Absent: nothing is traced. */
  traceEndpoint?: string | undefined;
  /** The address to listen on: `YIWANG_LISTEN`, the loopback unless told. */
  host: string;
  /** 32 bytes from which every key of the hub is derived: `YIWANG_MASTER_SECRET`, or the home's own. Never logged. */
  masterSecret: Buffer;
  /** The departments that are connected, by name. */
  sources: Record<string, SourceConfig>;
}

export interface SourceConfig {
  url: string;
  /** By the names of sources.md, `COURT_CLIENT_ID` for example; optional ones that are not set are absent. */
  secrets: Record<string, string>;
}

/** What one department's connector asks of the environment beside `<DEPARTMENT>_SOURCE_URL`. */
export interface SourceNeeds {
  department: string;
  secrets: readonly string[];
  optional?: readonly string[];
}

const portDefault = 4000;
const notConnected = 'off';

/**
 * Reads and checks everything together; every fault stands in the one `CONFIG` error, by name and never by value. A
 * department without a source URL is not connected; production wants that said (`COURT_SOURCE_URL=off`).
 */
export function readConfig(options: { env?: NodeJS.ProcessEnv; sources?: readonly SourceNeeds[] } = {}): Config {
  const env = given(options.env ?? process.env);
  const production = env['NODE_ENV'] === 'production';
  const faults: string[] = [];
  const parsed = environment.safeParse(env);
  if (!parsed.success) faults.push(...parsed.error.issues.map((issue) => `${issue.path.join('.') || 'environment'}: ${issue.message}`));
  if (production) faults.push(...['DATABASE_URL', 'OIDC_ISSUER', 'OIDC_AUDIENCE', 'YIWANG_MASTER_SECRET'].filter((name) => !env[name]).map((name) => `${name}: required in production`));
  if (Boolean(env['OIDC_ISSUER']) !== Boolean(env['OIDC_AUDIENCE'])) faults.push('OIDC_ISSUER and OIDC_AUDIENCE: set both or neither');
  const sources = readSources(env, production, options.sources ?? departments.map((department) => ({ department, secrets: [] })), faults);
  if (faults.length > 0 || !parsed.success) throw configError(faults);
  const values = parsed.data;
  const home = openHome(env);
  return {
    production,
    home,
    databaseUrl: values.DATABASE_URL,
    redisUrl: values.REDIS_URL,
    oidc: values.OIDC_ISSUER && values.OIDC_AUDIENCE ? { issuer: values.OIDC_ISSUER, audience: values.OIDC_AUDIENCE } : undefined,
    port: values.PORT,
    traceEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT,
    host: values.YIWANG_LISTEN,
    masterSecret: values.YIWANG_MASTER_SECRET ? Buffer.from(values.YIWANG_MASTER_SECRET, 'base64') : masterSecret(home),
    sources,
  };
}

/** One department's URL and secrets, checked: for a command that concerns a single source. */
export function sourceConfig(needs: SourceNeeds, env: NodeJS.ProcessEnv = process.env): SourceConfig {
  const faults: string[] = [];
  const source = readSource(given(env), needs, faults);
  if (!source) faults.push(`${sourceUrlName(needs.department)}: required`);
  if (faults.length > 0 || !source) throw configError(faults);
  return source;
}

const environment = z.object({
  DATABASE_URL: urlOf(['postgres:', 'postgresql:']).optional(),
  REDIS_URL: urlOf(['redis:', 'rediss:']).optional(),
  OIDC_ISSUER: urlOf(['https:', 'http:']).optional(),
  OIDC_AUDIENCE: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(['https:', 'http:']).optional(),
  PORT: z.coerce.number({ error: 'not a port number' }).int('not a port number').min(0, 'not a port number').max(65_535, 'not a port number').default(portDefault),
  YIWANG_LISTEN: z.union([z.ipv4(), z.ipv6()], { error: 'not an IP address' }).default('127.0.0.1'),
  YIWANG_MASTER_SECRET: z.string().refine((text) => Buffer.from(text, 'base64').length >= 32, 'at least 32 bytes in base64').optional(),
});

/** Messages are ours alone: zod's own ones could show the value. */
function urlOf(protocols: readonly string[]): z.ZodType<string, string> {
  return z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), `not a URL of the form ${protocols.map((each) => `${each}//…`).join(' or ')}`);
}

function readSources(env: NodeJS.ProcessEnv, production: boolean, needs: readonly SourceNeeds[], faults: string[]): Record<string, SourceConfig> {
  const sources: Record<string, SourceConfig> = {};
  for (const each of needs) {
    const source = readSource(env, each, faults);
    if (source) sources[each.department] = source;
    else if (production && env[sourceUrlName(each.department)] !== notConnected) faults.push(`${sourceUrlName(each.department)}: required in production; \`${notConnected}\` where the department is not connected`);
  }
  return sources;
}

function readSource(env: NodeJS.ProcessEnv, needs: SourceNeeds, faults: string[]): SourceConfig | undefined {
  const name = sourceUrlName(needs.department);
  const url = env[name];
  if (!url || url === notConnected) return undefined;
  if (!URL.canParse(url)) faults.push(`${name}: not a URL`);
  const missing = needs.secrets.filter((secret) => !env[secret]);
  faults.push(...missing.map((secret) => `${secret}: required with ${name}`));
  const wanted = [...needs.secrets, ...(needs.optional ?? [])];
  faults.push(...wanted.filter((each) => each.endsWith('_URL') && env[each] && !URL.canParse(env[each])).map((each) => `${each}: not a URL`));
  return { url, secrets: Object.fromEntries(wanted.flatMap((secret) => (env[secret] ? [[secret, env[secret]]] : []))) };
}

// An empty variable is an absent one, as in a docker-compose file that passes on what is not set.
function given(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

function configError(faults: readonly string[]): YiwangError {
  return new YiwangError('CONFIG', { hint: faults.length === 1 ? `${faults[0]}` : `${faults.length} settings are wrong:\n${faults.map((fault) => `  ${fault}`).join('\n')}` });
}
