import { Kind, parse } from 'graphql';
import { YiwangError } from '../base/errors.ts';
import { accessLines } from './access.ts';
import { openAnswers, type Rules } from './answer.ts';
import { anonymous } from './caller.ts';
import { openDocuments } from './documents.ts';
import { openEngine } from './engine/main.ts';
import type { EngineName } from './engine/names.ts';
import type { Engine } from './executor.ts';
import { coded, federationJudge, grantsClass } from './federation/judge.ts';
import { openGrants, type GrantRules } from './federation/grants.ts';
import type { Exchange } from './exchange.ts';
import { graphqlRoute } from './graphql.ts';
import { textOf } from '../policy/federation/links.ts';
import type { Gateway } from './main.ts';
import { registerOf } from './operations.ts';
import { openServer } from './server.ts';
import { readRequirements, type Requirements } from '../policy/federation/requirements.ts';
import { withoutSecurityMarks } from '../policy/federation/directive-names.ts';
import { httpTransport } from './transport.ts';

export interface OpenGatewayOptions extends GrantRules {
  supergraphSdl: string;
  port: number;
  engine?: EngineName;
  /** Equal queries under way at once, of callers whose tokens grant the same, share an answer: subgraphs are told nothing else of a caller. */
  singleFlight?: boolean;
  env?: NodeJS.ProcessEnv;
}

/**
 * The gateway on any federated graph, for compatibility suites (interfaces.md, `gateway --supergraph`): no database, no
 * log, nothing classified, and the same limits, pruning and shaping as the hub. Rules come from the federation's own
 * directives. Never with NODE_ENV=production.
 */
export async function startOpenGateway(options: OpenGatewayOptions): Promise<Gateway> {
  if ((options.env ?? process.env)['NODE_ENV'] === 'production') {
    throw new YiwangError('CONFIG', { hint: 'an unclassified graph is not served with NODE_ENV=production' });
  }
  const requirements = readRequirements(options.supergraphSdl);
  const grants = openGrants(options);
  const transport = httpTransport(endpointsOf(options.supergraphSdl));
  const engine = await openEngine(options.engine, { supergraphSdl: withoutSecurityMarks(options.supergraphSdl), transport, headers: () => ({}) });
  const app = openServer();
  await app.register((route) =>
    graphqlRoute(route, {
      engine,
      documents: openDocuments(engine.schema),
      answers: openAnswers(engine, directiveRules(requirements, engine, options)),
      operations: registerOf([]),
      identify: async ({ authorization }, traceId) => ({ viewer: anonymous('none', traceId), purposes: [], grants: await grants(authorization) }),
      admit: () => undefined,
      signInFirst: false,
      record: async () => undefined,
      finished: () => undefined,
      policyVersion: () => 'none',
    }),
  );
  app.get('/livez', async () => ({ live: true }));
  app.get('/readyz', async () => ({ ready: true }));
  const url = await app.listen({ host: '127.0.0.1', port: options.port });
  return {
    url,
    stop: async () => {
      await app.close();
      await transport.close();
    },
  };
}

/** Subgraph → URL, as the composition wrote them into the supergraph. One without an address is told of when it is asked. */
function endpointsOf(supergraphSdl: string): Record<string, string> {
  const graphs = parse(supergraphSdl, { noLocation: true }).definitions.find((node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === 'join__Graph');
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  return Object.fromEntries(
    values.flatMap((value) => {
      const args = value.directives?.find((directive) => directive.name.value === 'join__graph')?.arguments;
      const [name, url] = [textOf(args, 'name'), textOf(args, 'url')];
      if (name === undefined || url === undefined || !URL.canParse(url)) return [];
      if (!/^https?:/i.test(url)) throw new YiwangError('CONFIG', { hint: `the address of the subgraph \`${name}\` is not HTTP, so it is not served` });
      return [[name, url]];
    }),
  );
}

function directiveRules(requirements: Requirements, { schema }: Engine, { singleFlight = false }: Pick<OpenGatewayOptions, 'singleFlight'>): Rules {
  return {
    judge: ({ grants, variables }) => federationJudge(requirements, grants, variables),
    callerClass: ({ grants }) => grantsClass(requirements, grants),
    introspectable: () => schema,
    access: ({ seen, asked }) => coded(accessLines(seen, asked)),
    ...(singleFlight ? { audience: ({ grants }: Exchange) => grantsClass(requirements, grants) } : {}),
  };
}
