/** Names of the hotline's own codes (sources.md, 5). */
export const statuses: Record<string, string> = {
  ACCEPTED: '已受理',
  DISPATCHED: '已派单',
  HANDLING: '办理中',
  REPLIED: '已答复',
  SUPERVISED: '督办中',
  CLOSED: '已办结',
  FOLLOWED_UP: '已回访',
  EVALUATED: '已评价',
};

export const channels: Record<string, string> = {
  PHONE_12345: '12345 电话',
  WECHAT_MINIAPP: '微信小程序',
  QR_CODE: '二维码',
  WEB: '网站',
  GRID_WORKER: '网格员',
  COUNTER: '窗口',
};

export const appealTypes: Record<string, string> = { CONSULT: '咨询', HELP: '求助', COMPLAINT: '投诉', REPORT: '举报', SUGGESTION: '建议' };

export const subjectKinds: Record<string, string> = { PUBLIC_FACILITY: '公共设施', RESIDENTIAL: '住宅小区', ORGANIZATION: '单位', OTHER: '其他' };
