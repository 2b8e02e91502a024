/** What a role's records hold: the share of them that carry each field. */
export interface Role {
  name: string;
  /** How often a person turns up in this role, beside the others. */
  weight: number;
  idNumber: number;
  birthDate: number;
  sex: number;
  phone: number;
  address: number;
  /** The household register: each resident once. */
  registers?: boolean;
  /** Names are copied from a document: no forms of address. */
  formal?: boolean;
  /** Its files have been through a spreadsheet. */
  spreadsheet?: boolean;
}

/** The seven roles of sources.md. The shares are estimates of what such systems hold; no real count is public. */
export const roles: readonly Role[] = [
  { name: 'RESIDENT', weight: 0, idNumber: 1, birthDate: 1, sex: 0.99, phone: 0, address: 1, registers: true, formal: true },
  { name: 'REQUESTER', weight: 35, idNumber: 0.15, birthDate: 0, sex: 0, phone: 0.97, address: 0.5 },
  { name: 'PLAINTIFF', weight: 16, idNumber: 0.85, birthDate: 0, sex: 0, phone: 0.88, address: 0.78, formal: true },
  { name: 'APPLICANT', weight: 13, idNumber: 0.98, birthDate: 0, sex: 0, phone: 0.98, address: 0.98, formal: true, spreadsheet: true },
  { name: 'REPORTER', weight: 12, idNumber: 0.45, birthDate: 0, sex: 0, phone: 0.9, address: 0 },
  { name: 'PETITIONER', weight: 11, idNumber: 0.55, birthDate: 0, sex: 0, phone: 0.88, address: 0.88 },
  { name: 'DEFENDANT', weight: 11, idNumber: 0.85, birthDate: 0, sex: 0, phone: 0.6, address: 0.8, formal: true },
  { name: 'AGENT', weight: 2, idNumber: 0.7, birthDate: 0, sex: 0, phone: 0.5, address: 0.8, formal: true },
];
