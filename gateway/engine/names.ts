/** `compiled` is this gateway's own; `apollo` is @apollo/gateway's, the reference. */
export const engineNames = ['compiled', 'apollo'] as const;
export type EngineName = (typeof engineNames)[number];
