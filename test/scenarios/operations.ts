import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../base/departments.ts';

/** A registered operation's text, as its file has it: what service accounts, the console and these tests all send. */
export function operation(name: string): string {
  return readFileSync(join(projectRoot(), 'gateway', 'operations', `${name}.graphql`), 'utf8');
}
