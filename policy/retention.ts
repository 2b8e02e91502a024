/** How long a stream's records are kept in full, counted from the source's last change. Then masked, then deleted. */
export interface Retention {
  department: string;
  stream: string;
  years: number;
  basis: string;
}

/** Data, to be settled with the archive of the place where the hub runs; a stream that is not listed has the shortest. */
export const retentionPeriods: readonly Retention[] = [
  { department: 'police', stream: 'jcj_jjd', years: 10, basis: '机关文件材料归档范围和文书档案保管期限规定（定期10年）' },
  { department: 'police', stream: 'rk_hj', years: 30, basis: '户口登记条例；机关文件材料归档范围和文书档案保管期限规定（定期30年）' },
  { department: 'court', stream: 'prelitigation-cases', years: 10, basis: '人民法院诉讼档案管理办法；机关文件材料归档范围和文书档案保管期限规定（定期10年）' },
  { department: 'civil', stream: 'jzsq', years: 10, basis: '社会救助暂行办法；机关文件材料归档范围和文书档案保管期限规定（定期10年）' },
  { department: 'petition', stream: 'petitions', years: 10, basis: '信访工作条例；机关文件材料归档范围和文书档案保管期限规定（定期10年）' },
  { department: 'hotline', stream: 'tickets', years: 5, basis: '政务服务便民热线运行指南；个人信息保护法 第19条（最短必要时间）' },
];

export const retentionYearsMin = 5;

/** Condition over an alias of hub.record, on today's clock: a data set of the past is as old as it is. */
export function retentionSql(record: string): string {
  const cases = retentionPeriods.map(({ department, stream, years }) => `WHEN ${record}.department = '${department}' AND ${record}.stream = '${stream}' THEN interval '${years} years'`);
  return `coalesce(${record}.source_updated_at, ${record}.occurred_at) < now() - CASE ${cases.join(' ')} ELSE interval '${retentionYearsMin} years' END`;
}
