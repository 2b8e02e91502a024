/** `fulfilment` of an agreement. */
export const fulfilments: Record<string, string> = { NONE: '无', VOLUNTARY: '自动履行', ENFORCED: '强制执行', UNFULFILLED: '未履行' };
