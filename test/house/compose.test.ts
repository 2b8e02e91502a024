import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../base/departments.ts';

const compose = readFileSync(join(projectRoot(), 'docker-compose.yml'), 'utf8');

test('the compose file has every server and every service', () => {
  for (const name of ['gateway', 'workers', 'postgres', 'redis', 'mariadb', 'rabbitmq']) expect(compose).toMatch(new RegExp(`^  ${name}:$`, 'm'));
});

test('no secret stands in it: each comes from the environment', () => {
  const secrets = compose.split('\n').filter((line) => /^\s+\w*(PASSWORD|PASS|SECRET|TOKEN|CLIENT_ID)\w*:/.test(line));
  expect(secrets.length).toBeGreaterThan(8);
  expect(secrets.filter((line) => !/: (\$\{\w+:[?-][^}]*\}|"1")$/.test(line))).toEqual([]);
});
