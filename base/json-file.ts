import { readFileSync } from 'node:fs';

/** What stands in a JSON file (UTF-8) that somebody else wrote: a byte-order mark before it is no part of it (RFC 8259, 8.1). Throws as `readFileSync` and `JSON.parse` do. */
export function readJsonFile(path: string): unknown {
  return JSON.parse(new TextDecoder().decode(readFileSync(path)));
}
