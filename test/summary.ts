import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';
import { missingServices } from './services.ts';

/** Closes a run with what it ran without and, alone on the last line, `N passed, N failed, N skipped`. */
export default class Summary implements Reporter {
  private vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const count = { passed: 0, failed: unhandled.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1; // the file itself did not load, or a hook of it failed
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    const services = this.vitest?.getRootProject().getProvidedContext().services;
    const missing = services ? missingServices(services) : [];
    const lines = [
      ...(missing.length > 0 ? [`ran without ${missing.join(', ')}: the tests that need them were skipped`] : []),
      `${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped`,
    ];
    process.once('exit', () => process.stdout.write(`\n${lines.join('\n')}\n`));
  }
}
