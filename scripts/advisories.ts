import { spawnSync } from 'node:child_process';
import { projectRoot } from '../base/departments.ts';

/**
 * Asks the registry for known advisories against what the running hub depends on (threats.md, 30). Registries that keep no
 * advisories, and machines without a network, are told of and no fault: only with `--required` does it end with 1.
 */
const auditTimeoutMs = 60_000;
const required = process.argv.includes('--required');
const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: projectRoot(), encoding: 'utf8', timeout: auditTimeoutMs });
const found = counts(stdout);
if (!found) console.error('advisories: the registry could not be asked · 无法查询安全公告');
else console.error(`advisories: ${Object.entries(found).map(([severity, count]) => `${count} ${severity}`).join(', ')} · 安全公告`);
process.exitCode = required && (!found || (found['high'] ?? 0) + (found['critical'] ?? 0) > 0) ? 1 : 0;

function counts(text: string): Record<string, number> | undefined {
  try {
    return (JSON.parse(text) as { metadata?: { vulnerabilities?: Record<string, number> } }).metadata?.vulnerabilities;
  } catch {
    return undefined;
  }
}
