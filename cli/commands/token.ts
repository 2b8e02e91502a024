import type { Command } from 'commander';
import { withHub } from '../hub.ts';
import { printJson, printLine } from '../output.ts';

export function tokenCommand(program: Command): void {
  program
    .command('token')
    .description('a demo token for one persona, valid for 15 minutes; never in production · 为演示角色签发 15 分钟有效的令牌（生产环境不可用）')
    .requiredOption('--persona <name>', 'who: city-app, township-clerk, resident … (interfaces) · 角色名')
    .option('--json', 'one JSON document: token and claims · 输出 JSON')
    .action(async (options: { persona: string; json?: boolean }) => {
      const { demoIssuer } = await import('../../gateway/demo/issuer.ts');
      const { personaClaims } = await import('../../gateway/demo/personas.ts');
      await withHub(async ({ config, pool }) => {
        const issuer = demoIssuer(config.masterSecret);
        const claims = await personaClaims(pool, options.persona);
        const token = await issuer.mintToken(claims);
        if (options.json) printJson({ token, claims: { ...claims, id_number: undefined } });
        else printLine(token);
      });
    });
}
