import { createHash } from 'node:crypto';
import type { AuthzCase, Caller } from './case.ts';
import { secretMark } from './data.ts';
import type { Subgraphs } from './subgraphs.ts';
import { authorization, type Issuer } from './tokens.ts';

export interface Audited {
  /** Address of the gateway's GraphQL endpoint. */
  url: string;
  issuer: Issuer;
  subgraphs: Subgraphs;
  /** What interfaces.md says of this hub: a refused key stays with null, is told of, and an invalid token is 401. */
  strict: boolean;
}

const answerMsMax = 20_000;
/** Numbers that nobody may see stand for secrets too. */
const secrets = new RegExp(`${secretMark}|\\b700[12]\\b`);

/** What is wrong with a gateway's answer to a case; nothing where it passes. A leak begins with `LEAK`. */
export async function faultsOf(one: AuthzCase, audited: Audited): Promise<string[]> {
  const { subgraphs } = audited;
  if (one.after && !one.after.together) await ask(plain(one), one.after.caller, audited);
  subgraphs.asked.length = 0;
  subgraphs.changes.length = 0;
  const beside = one.after?.together ? [ask(one, one.after.caller, audited), ask(one, one.after.caller, audited)] : [];
  const startedAtMs = performance.now();
  const answer = await ask(one, one.caller, audited).catch((error: unknown) => {
    if (one.answeredWithinMs === undefined) throw error;
    return null; // given up after `answerMsMax`
  });
  const tookMs = performance.now() - startedAtMs;
  await Promise.all(beside);
  const late = one.answeredWithinMs !== undefined && (answer === null || tookMs > one.answeredWithinMs) ? [`no answer within ${one.answeredWithinMs} ms`] : [];
  return [...late, ...(answer === null ? [] : faultsOfData(one, answer, audited.strict)), ...faultsOfSubgraphs(one, audited)];
}

/** The same question as an ordinary request. */
function plain({ request: _, ...one }: AuthzCase): AuthzCase {
  return one;
}

interface Answer {
  status: number;
  text: string;
  data: unknown;
  errors: unknown[];
  told: string[];
}

function faultsOfData(one: AuthzCase, answer: Answer, strict: boolean): string[] {
  const faults: string[] = [];
  const isToken = one.request?.kind === 'token';
  if (isToken && strict && answer.status !== 401) faults.push(`the status is ${answer.status}, not 401`);
  const wanted = one.data === undefined ? [] : [one.data, ...(one.alsoRight ?? [])];
  const isRight = strict ? wanted.slice(0, 1).some((data) => same(data, answer.data, true)) : wanted.some((data) => same(data, answer.data, false)) || isRefusedWhole(one, answer);
  if (one.data !== undefined && !isRight) faults.push(`the answer is ${answer.text.slice(0, shownCharactersMax)}`);
  if (secrets.test(answer.text) && !secrets.test(JSON.stringify(one.data ?? null))) faults.push('LEAK: a secret came out');
  if (strict) faults.push(...(one.refused ?? []).filter((coordinate) => !answer.told.includes(coordinate)).map((coordinate) => `${coordinate} is not told of`));
  return faults;
}

function faultsOfSubgraphs({ neverSent, neverRun, after }: AuthzCase, { subgraphs }: Audited): string[] {
  if (after?.together) return [];
  return [
    ...(neverSent && subgraphs.asked.some((text) => neverSent.test(text)) ? [`a subgraph was asked: ${subgraphs.asked.join(' | ').slice(0, shownCharactersMax)}`] : []),
    ...subgraphs.changes.filter((name) => neverRun?.includes(name)).map((name) => `LEAK: ${name} ran`),
  ];
}

const shownCharactersMax = 400;

/** Where something was refused, all may be. */
function isRefusedWhole(one: AuthzCase, { data, errors }: Answer): boolean {
  return (data === null || data === undefined) && errors.length > 0 && holdsNull(one.data);
}

function holdsNull(value: unknown): boolean {
  return value === null || (typeof value === 'object' && Object.values(value).some(holdsNull));
}

/** Equal, keys in any order; unless `strict`, a key whose value is null may be missing. */
function same(wanted: unknown, given: unknown, strict: boolean): boolean {
  if (wanted === null) return given === null || (!strict && given === undefined);
  if (typeof wanted !== 'object' || typeof given !== 'object' || given === null) return wanted === given;
  if (Array.isArray(wanted)) return Array.isArray(given) && wanted.length === given.length && wanted.every((item, at) => same(item, given[at], strict));
  const [a, b] = [wanted as Record<string, unknown>, given as Record<string, unknown>];
  return Object.keys(b).every((key) => Object.hasOwn(a, key)) && Object.keys(a).every((key) => same(a[key], Object.hasOwn(b, key) ? b[key] : undefined, strict));
}

async function ask(one: AuthzCase, caller: Caller, { url, issuer }: Audited): Promise<Answer> {
  const response = await sent(one, caller, url, issuer);
  const text = await response.text();
  const body = parsed(text);
  const access = (body['extensions'] as { access?: { coordinate: string; code?: string }[] } | undefined)?.access ?? [];
  return { status: response.status, text, data: body['data'], errors: Array.isArray(body['errors']) ? body['errors'] : [], told: access.filter(({ code }) => code === 'UNAUTHORIZED_FIELD_OR_TYPE').map(({ coordinate }) => coordinate) };
}

function sent({ query, variables, request }: AuthzCase, caller: Caller, url: string, issuer: Issuer): Promise<Response> {
  const signal = AbortSignal.timeout(answerMsMax);
  const headers: Record<string, string> = { accept: 'application/json', ...(caller ? { authorization: authorization(issuer, caller, request?.kind === 'token' ? request.flaw : undefined) } : {}) };
  const post = (type: string, body: string, more: Record<string, string> = {}) => fetch(url, { method: 'POST', headers: { ...headers, 'content-type': type, ...more }, body, signal });
  const json = { query, ...(variables ? { variables } : {}) };
  switch (request?.kind) {
    case 'GET':
      return fetch(`${url}?${new URLSearchParams({ query }).toString()}`, { headers, signal });
    case 'form':
      return post('application/x-www-form-urlencoded', new URLSearchParams({ query }).toString());
    case 'text':
      return post('text/plain', JSON.stringify(json));
    case 'multipart': {
      const form = new FormData();
      form.set('operations', JSON.stringify({ ...json, variables: { file: null } }));
      form.set('map', '{"0":["variables.file"]}');
      form.set('0', new Blob(['x']));
      return fetch(url, { method: 'POST', headers, body: form, signal });
    }
    case 'batch':
      return post('application/json', JSON.stringify([json, json]));
    case 'persisted':
      return post('application/json', JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } } }));
    case 'headers':
      return post('application/json', JSON.stringify(json), request.headers);
    case 'body':
      return post('application/json', JSON.stringify({ ...json, ...request.body }));
    case 'operationName':
      return post('application/json', JSON.stringify({ ...json, operationName: request.name }));
    default:
      return post('application/json', JSON.stringify(json));
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
