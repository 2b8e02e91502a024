import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import type { EngineName } from '../../gateway/engine/names.ts';
import { YiwangError } from '../../base/errors.ts';
import { engineOption, singleFlightOption } from '../options.ts';
import { printLine, wholeNumber } from '../output.ts';
import { stopped, stopSignal } from '../stopping.ts';

interface Options {
  supergraph: string;
  port: number;
  unclassified: 'allow';
  jwks?: string;
  issuer?: string;
  audience?: string;
  engine?: EngineName;
  singleFlight?: boolean;
}

const portDefault = 4000;
const portMax = 65_535;

export function gatewayCommand(program: Command): void {
  program
    .command('gateway')
    .description('the gateway on any federated graph, for compatibility suites; not in production · 在任意联邦图上运行网关，供兼容性测试，不可用于生产')
    .requiredOption('--supergraph <file>', 'the composed supergraph · 合成后的超图')
    .requiredOption('--unclassified <allow>', 'said on purpose: nothing in this graph is classified · 明示允许未分级的图', allow)
    .option('--port <n>', 'where it listens on 127.0.0.1 · 监听端口', wholeNumber(0, portMax), portDefault)
    .option('--jwks <file>', 'keys that tokens are checked with · 校验令牌的公钥集')
    .option('--issuer <url>', 'what `iss` must be · 令牌的签发者')
    .option('--audience <name>', 'what `aud` must hold · 令牌的受众')
    .addOption(engineOption())
    .addOption(singleFlightOption())
    .action(async (options: Options) => {
      const stop = stopSignal();
      const { startOpenGateway } = await import('../../gateway/open.ts');
      const gateway = await startOpenGateway({ supergraphSdl: readText(options.supergraph), port: options.port, jwks: options.jwks === undefined ? undefined : readText(options.jwks), issuer: options.issuer, audience: options.audience, singleFlight: options.singleFlight ?? false, ...(options.engine ? { engine: options.engine } : {}) });
      try {
        printLine(`${gateway.url}/graphql`);
        await stopped(stop);
      } finally {
        await gateway.stop();
      }
    });
}

function allow(text: string): 'allow' {
  if (text !== 'allow') throw new InvalidArgumentError('the only value is `allow` · 只能是 allow');
  return text;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new YiwangError('USAGE', { hint: `\`${file}\` cannot be read`, cause: error });
  }
}
