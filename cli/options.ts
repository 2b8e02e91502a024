import { Option } from 'commander';
import { engineNames } from '../gateway/engine/names.ts';

/** `--engine`, for every command that starts a gateway. */
export function engineOption(): Option {
  return new Option('--engine <name>', 'what plans and executes: our own compiled executor, or @apollo/gateway as the reference · 执行引擎').choices([...engineNames]);
}
