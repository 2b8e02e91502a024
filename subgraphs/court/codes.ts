/** `outcome` of a case before registration. */
export const outcomes: Record<string, string> = { PENDING: '调解中', AGREED: '达成协议', NOT_AGREED: '未达成协议', WITHDRAWN: '撤回', FILED: '转立案' };

/** `fulfilment` of an agreement. */
export const fulfilments: Record<string, string> = { NONE: '无', VOLUNTARY: '自动履行', ENFORCED: '强制执行', UNFULFILLED: '未履行' };
