/** The state of a call, as its result and times tell it (connectors/police). */
export const states: Record<string, string> = { OPEN: '待处理', ASSIGNED: '已派警或已移交', IN_PROGRESS: '处理中', RESOLVED: '已处理', CLOSED: '已办结', WITHDRAWN: '已撤回' };

/** `cljg`. */
export const results: Record<string, string> = { '01': '现场调解', '02': '移交综治中心', '03': '告知途径', '04': '其他' };
