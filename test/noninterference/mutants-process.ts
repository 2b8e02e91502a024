import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { copied, urlOf } from './databases.ts';
import { mutants, outcomeOf, type Outcome } from './mutant.ts';

/** What this process is sent once; it answers with an outcome after another. */
export interface MutantsOrder {
  names: readonly string[];
  serverUrl: string;
  /** A database with every table of the source as it is. */
  template: string;
  prefix: string;
}

process.once('message', (order: MutantsOrder) => void worked(order));

async function worked({ names, serverUrl, template, prefix }: MutantsOrder): Promise<void> {
  const pair = [await copied(serverUrl, template, `${prefix}_a`), await copied(serverUrl, template, `${prefix}_b`)] as const;
  for (const mutant of mutants().filter(({ name }) => names.includes(name))) {
    const own = async (source: string) => {
      const { migrated } = (await import(pathToFileURL(join(source, 'test', 'noninterference', 'databases.ts')).href)) as typeof import('./databases.ts');
      const name = await migrated(serverUrl, `${prefix}_${mutant.name.replaceAll('-', '_')}`);
      return [urlOf(serverUrl, name), urlOf(serverUrl, name)] as const;
    };
    const outcome: Outcome = await outcomeOf(mutant, mutant.changesTables ? own : async () => pair);
    process.send?.(outcome);
  }
  process.disconnect();
}
