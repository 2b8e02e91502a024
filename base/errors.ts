/**
 * The one closed table of operating errors. An operating error is something the world did (a source is down, a token is
 * wrong); it carries a code from this table, a sentence for people, and the cause. A mistake of ours is not in the table:
 * it is an `Invariant`, which stops the process.
 */
export const errorTable = {
  // callers
  UNAUTHENTICATED: { http: 401, retryable: false, en: 'sign in: the request carries no valid token', zh: '请先登录：请求没有有效令牌' },
  FORBIDDEN: { http: 403, retryable: false, en: 'this caller may not do that', zh: '当前身份无权执行此操作' },
  BAD_REQUEST: { http: 400, retryable: false, en: 'the request cannot be read', zh: '请求格式有误' },
  PURPOSE_UNKNOWN: { http: 403, retryable: false, en: 'the purpose in `X-Purpose` is not one of the purposes of this token', zh: '`X-Purpose` 不在令牌允许的目的之内' },
  MATTER_UNKNOWN: { http: 400, retryable: false, en: 'the matter number in `X-Matter` is not one this caller handles', zh: '`X-Matter` 不是当前身份经办的事项编号' },
  OPERATION_NOT_REGISTERED: { http: 403, retryable: false, en: 'a service account runs registered operations only; register this one and deploy it', zh: '服务账号只能执行已登记的操作，请先登记' },
  LIMIT_EXCEEDED: { http: 400, retryable: false, en: 'the operation is over a limit', zh: '操作超出限额' },
  RIGHTS_CHANGED: { http: 409, retryable: true, en: 'rights changed while the operation ran, so the answer was withheld; ask again', zh: '执行期间权限发生变化，结果不予返回，请重新查询' },
  CURSOR_INVALID: { http: 400, retryable: false, en: 'the cursor is not one given to this caller for this operation; start from the first page', zh: '游标无效，请从第一页重新开始' },
  NOT_FOUND: { http: 404, retryable: false, en: 'nothing of that name is here', zh: '未找到' },
  // the hub itself
  AUDIT_UNWRITTEN: { http: 503, retryable: true, en: 'the access log could not be written, so the answer was withheld; try again', zh: '访问日志未能写入，结果不予返回，请稍后重试' },
  SUBGRAPH_UNAVAILABLE: { http: 503, retryable: true, en: 'a department does not answer now; its fields are empty; try again', zh: '某部门暂时无法应答，相应字段为空，请稍后重试' },
  DATABASE_UNAVAILABLE: { http: 503, retryable: true, en: 'the database does not answer; try again', zh: '数据库暂不可用，请稍后重试' },
  QUEUE_UNAVAILABLE: { http: 503, retryable: true, en: 'the queue does not answer; work is kept and goes on later', zh: '队列暂不可用，任务已保存，稍后继续' },
  INTERNAL: { http: 500, retryable: false, en: 'something went wrong here; the trace id finds it in the log', zh: '内部错误，请提供追踪编号' },
  // sources and connectors
  SOURCE_UNAVAILABLE: { http: 502, retryable: true, en: 'the source does not answer', zh: '源系统无应答' },
  SOURCE_REFUSED: { http: 502, retryable: false, en: 'the source refused our credentials or our request', zh: '源系统拒绝访问' },
  SOURCE_SCHEMA: { http: 502, retryable: false, en: 'the source lacks a required column or answers in another form', zh: '源系统缺少必需字段或格式不符' },
  SIGNATURE_INVALID: { http: 401, retryable: false, en: 'the signature of the delivery does not match', zh: '推送签名不符' },
  PAYLOAD_TOO_LARGE: { http: 413, retryable: false, en: 'the delivery is over 5 MiB', zh: '推送内容超过 5 MiB' },
  STREAM_BUSY: { http: 409, retryable: true, en: 'another run of this stream is under way', zh: '该数据流已有任务在执行' },
  FENCED: { http: 409, retryable: true, en: 'a newer run took this stream over; nothing was written', zh: '任务已被更新的运行取代，未写入任何数据' },
  STREAM_PAUSED: { http: 409, retryable: false, en: 'the stream is paused; resume it first', zh: '该数据流已暂停，请先恢复' },
  HELD: { http: 409, retryable: false, en: 'the run would delete too much and waits for an operator', zh: '删除数量异常，等待运维人员确认' },
  // operators and the command line
  USAGE: { http: 400, retryable: false, en: 'wrong usage', zh: '用法有误' },
  CONFIG: { http: 500, retryable: false, en: 'the configuration is incomplete', zh: '配置不完整' },
  DISK_FULL: { http: 507, retryable: true, en: 'a disk is full: free some space and run this again', zh: '磁盘已满，请腾出空间后重新运行' },
  DATASET_INVALID: { http: 400, retryable: false, en: 'the data set is broken', zh: '数据集有误' },
  POLICY_INVALID: { http: 500, retryable: false, en: 'the policy does not load', zh: '权限策略无法加载' },
  LOG_TAMPERED: { http: 500, retryable: false, en: 'the access log does not match its checkpoint', zh: '访问日志与检查点不一致' },
} as const satisfies Record<string, { http: number; retryable: boolean; en: string; zh: string }>;

export type ErrorCode = keyof typeof errorTable;

/** An operating error. `detail` is for the log and for operators; only the table's text and `hint` reach callers. */
export class YiwangError extends Error {
  override readonly name = 'YiwangError';
  readonly code: ErrorCode;
  readonly detail: string;
  /** One public sentence more exact than the table's; must hold no classified value. */
  readonly hint: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: { detail?: string; hint?: string; cause?: unknown; retryAfterSeconds?: number } = {}) {
    super(options.hint ?? errorTable[code].en, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.detail = options.detail ?? options.hint ?? '';
    this.hint = options.hint;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  get http(): number {
    return errorTable[this.code].http;
  }
}

/** A mistake of ours. Nobody catches it to go on; the process ends and the supervisor starts another. */
export class Invariant extends Error {
  override readonly name = 'Invariant';
}

/** Throws `Invariant` unless `condition` holds. `message` says what must hold, never a value of a record. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Invariant(message);
}
