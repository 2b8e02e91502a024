/** Names of the petition system's own codes (sources.md, 4). */
export const forms: Record<string, string> = { '1': '网上信访', '2': '来信', '3': '来访', '4': '来电' };

/** Accusations (2) are never stored. */
export const purposes: Record<string, string> = { '1': '意见建议', '3': '求决' };

export const handlings: Record<string, string> = { '1': '受理', '2': '转送', '3': '交办', '4': '不予受理' };

export const decisions: Record<string, string> = { '1': '支持', '2': '解释疏导', '3': '不予支持' };
