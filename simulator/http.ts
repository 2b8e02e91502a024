import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { YiwangError } from '../base/errors.ts';
import type { Misbehaviour } from './misbehave.ts';

const bodyBytesMax = 1 << 20;

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: string | Buffer;
}

export interface Request {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: JSON.stringify(value) };
}

export async function readRequest(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyBytesMax) throw new YiwangError('BAD_REQUEST', { hint: 'the request is over 1 MiB' });
    chunks.push(chunk);
  }
  return { method: message.method ?? 'GET', url: new URL(message.url ?? '/', 'http://simulator'), headers: message.headers, body: Buffer.concat(chunks).toString('utf8') };
}

/** Sends `answer`, or what the misbehaviour makes of it. */
export async function send(response: ServerResponse, answer: Answer, wrong: Misbehaviour | undefined): Promise<void> {
  if (wrong?.kind === 'hang') return;
  if (wrong?.kind === 'reset') return void response.socket?.resetAndDestroy();
  if (wrong?.kind === 'delay') await sleep(wrong.ms, undefined, { ref: false });
  if (wrong?.kind === 'cut') return cut(response, answer);
  if (wrong?.kind === 'trickle') return trickle(response, answer, wrong.ms);
  const sent = wrong ? spoiled(answer, wrong) : answer;
  response.writeHead(sent.status, { 'content-length': String(Buffer.byteLength(sent.body)), date: new Date().toUTCString(), ...sent.headers });
  response.end(sent.body);
}

function spoiled(answer: Answer, wrong: Misbehaviour): Answer {
  if (wrong.kind === '429') return json(429, { error: 'too many requests' }, { 'retry-after': String(wrong.seconds) });
  if (wrong.kind === '429-date') return json(429, { error: 'too many requests' }, { 'retry-after': new Date(Date.now() + wrong.seconds * 1000).toUTCString() });
  if (wrong.kind === 'empty') return { ...answer, body: '' };
  if (wrong.kind === 'redirect') return { status: 302, headers: { location: elsewhere }, body: '' };
  if (wrong.kind === 'mislabelled') return { ...answer, body: mislabelled(answer.body.toString()) };
  if (wrong.kind === '5xx') return json(wrong.status, { error: 'internal error' });
  if (wrong.kind === 'garbage') return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: loginPage };
  return answer;
}

/** A host that is nobody's (RFC 2606): whoever follows has a fault. */
const elsewhere = 'http://elsewhere.invalid/login';

/** Every Chinese character as bytes that are no UTF-8, whatever the headers say. */
function mislabelled(text: string): Buffer {
  return Buffer.from(text.replace(/[^\x00-\x7f]+|$/, '\u00d6\u00d0'), 'latin1');
}

const loginPage = '<!DOCTYPE html><html><head><title>统一身份认证</title></head><body><form action="/login" method="post">请登录</form></body></html>';

async function trickle(response: ServerResponse, answer: Answer, everyMs: number): Promise<void> {
  response.writeHead(answer.status, answer.headers);
  for (const byte of Buffer.from(answer.body)) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(everyMs, undefined, { ref: false });
  }
  response.end();
}

function cut(response: ServerResponse, answer: Answer): void {
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(bytes.length) });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}
