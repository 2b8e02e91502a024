import type { SourceNeeds } from '../base/config.ts';
import { loadOrCreateSecret } from '../base/home.ts';
import type { SimulatorSecrets } from '../simulator/main.ts';

/** What every department's connector asks of the environment, from its declaration: the names that end in `Env`. */
export async function sourceNeeds(): Promise<SourceNeeds[]> {
  const { connectors } = await import('../connectors/registry.ts');
  return [...(await connectors()).values()].map(({ department, source }) => {
    const names = (Object.entries(source) as [string, unknown][]).filter((entry): entry is [string, string] => entry[0].endsWith('Env') && entry[0] !== 'urlEnv');
    const isOptional = (field: string) => field === 'amqpEnv';
    return {
      department,
      secrets: names.filter(([field]) => !isOptional(field)).map(([, name]) => name),
      optional: names.filter(([field]) => isOptional(field)).map(([, name]) => name),
    };
  });
}

/** The secrets that the demo's hub and its simulator share, made for this home. */
export function sourceSecrets(home: string): SimulatorSecrets {
  const secret = (name: string) => loadOrCreateSecret(name, home);
  return {
    HOTLINE_SECRET: secret('HOTLINE_SECRET'),
    HOTLINE_TOKEN: secret('HOTLINE_TOKEN'),
    COURT_CLIENT_ID: 'yiwang',
    COURT_CLIENT_SECRET: secret('COURT_CLIENT_SECRET'),
    PETITION_USERNAME: 'yiwang',
    PETITION_PASSWORD: secret('PETITION_PASSWORD'),
  };
}
