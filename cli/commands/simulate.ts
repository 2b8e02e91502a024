import type { Command } from 'commander';
import { openHome } from '../../base/home.ts';
import { withoutSecrets } from '../../base/log.ts';
import { stopEmbedded } from '../hub.ts';
import { printLine, progressBar, say, wholeNumber } from '../output.ts';
import { writeSourceEnv } from '../simulated.ts';
import { sourceSecrets } from '../sources.ts';
import { stopped, stopSignal } from '../stopping.ts';

interface Options {
  dataset: string;
  port: number;
  policeTarget?: string;
  ingest?: string;
  amqp?: string;
  policeProxy?: boolean;
}

export function simulateCommand(program: Command): void {
  program
    .command('simulate')
    .description('serves a data set over the five real protocols, round by round · 用五种真实协议逐轮提供一个数据集')
    .requiredOption('--dataset <dir>', 'the data set · 数据集目录')
    .option('--port <n>', 'where it listens on the loopback (POST /advance moves to the next round) · 监听端口', wholeNumber(0, 65_535), 4200)
    .option('--police-target <url>', 'postgres://… or mysql://… of an account that may create databases; absent: an embedded PostgreSQL · 公安前置机所在的数据库')
    .option('--police-proxy', 'put a proxy before it, so that it can misbehave (POST /misbehave) · 在其前设代理，以便模拟故障')
    .option('--ingest <url>', 'where events are pushed · 事件推送地址', 'http://127.0.0.1:4000/ingest/hotline')
    .option('--amqp <url>', 'push events over AMQP instead · 改用 AMQP 推送')
    .action((options: Options) => simulate(options));
}

async function simulate(options: Options): Promise<void> {
  const stop = stopSignal();
  const { startSimulator } = await import('../../simulator/main.ts');
  const { startEmbeddedPostgres } = await import('../../base/embedded.ts');
  const { join, resolve } = await import('node:path');
  const home = openHome();
  const embedded = options.policeTarget ? undefined : await startEmbeddedPostgres({ home });
  const bar = progressBar('push · 推送');
  try {
    const simulator = await startSimulator({
      dataset: resolve(options.dataset),
      port: options.port,
      secrets: sourceSecrets(home),
      policeTarget: options.policeTarget ?? embedded?.url,
      policeProxy: options.policeProxy ?? false,
      ...(options.amqp ? { amqpUrl: options.amqp } : { ingestUrl: options.ingest }),
      dropFolder: join(home, 'civil-drop'),
      progress: (done, total) => bar.update(done, total),
    });
    try {
      const { file } = writeSourceEnv(home, simulator.addresses);
      for (const [name, url] of Object.entries(simulator.addresses)) printLine(`${name}=${withoutSecrets(url)}`);
      say(`the hub's environment, secrets included, is in ${file} · 含密钥的环境变量已写入该文件`);
      say(`round ${simulator.round} of ${simulator.last}; Ctrl-C ends · 第 ${simulator.round} 轮，共 ${simulator.last} 轮；Ctrl-C 结束`);
      await stopped(stop);
    } finally {
      bar.end();
      await simulator.stop();
    }
  } finally {
    if (embedded) await stopEmbedded(embedded);
  }
}
