import { Option } from 'commander';
import { engineNames } from '../gateway/engine/names.ts';

/** `--engine`, for every command that starts a gateway. */
export function engineOption(): Option {
  return new Option('--engine <name>', 'what plans and executes: our own compiled executor, or @apollo/gateway as the reference · 执行引擎').choices([...engineNames]);
}

/** `--single-flight`, for every command that starts a gateway. */
export function singleFlightOption(): Option {
  return new Option('--single-flight', 'equal queries of one caller that are under way at once share one answer; each has its own entry in the log · 同一调用者同时进行的相同查询共用一次结果，日志各记一条');
}
