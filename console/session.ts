/** Who is signed in, as the demo's sign-in told. */
export interface Caller {
  persona: string;
  kind: string;
  department: string | null;
  tier: string | null;
  division: string | null;
  org: string | null;
  purposes: readonly string[];
}

export interface Session {
  caller: Caller;
  token: string;
  signedInAtMs: number;
  /** A matter this caller can open, for the first look. */
  matterNo: string | null;
}

export interface Persona {
  name: string;
  kind: string;
  department: string | null;
  tier: string | null;
  purposes: readonly string[];
}

/** The personas of the demo; null where the hub signs in with an issuer of its own. */
export async function fetchPersonas(): Promise<readonly Persona[] | null> {
  const response = await fetch('/demo/personas');
  return response.ok ? ((await response.json()) as Persona[]) : null;
}

export async function signIn(persona: string): Promise<Session> {
  const response = await fetch('/demo/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ persona }) });
  const answer = (await response.json()) as { token: string; caller: Caller; matterNo: string | null; error?: { message: string; zh: string } };
  if (!response.ok) throw new TypeError(answer.error ? `${answer.error.zh} · ${answer.error.message}` : response.statusText);
  return { caller: answer.caller, token: answer.token, matterNo: answer.matterNo, signedInAtMs: Date.now() };
}

/** A session of a token made elsewhere; what it says of its holder is for the pickers only, the gateway reads it itself. */
export function pastedSession(token: string): Session {
  const claims = claimsOf(token);
  const text = (name: string) => (typeof claims[name] === 'string' ? claims[name] : null);
  const purposes = Array.isArray(claims['purposes']) ? claims['purposes'].filter((name): name is string => typeof name === 'string') : [];
  return { token, signedInAtMs: Date.now(), matterNo: null, caller: { persona: text('sub') ?? '', kind: text('kind') ?? '', department: text('department'), tier: text('tier'), division: text('division'), org: text('org'), purposes } };
}

/** A demo token lasts 15 minutes; one that is nearly over is fetched anew. Nothing of it is kept in the browser. */
export async function fresh(session: Session): Promise<Session> {
  const isDemo = session.caller.persona !== '' && session.signedInAtMs > 0;
  return isDemo && Date.now() - session.signedInAtMs > renewAfterMs ? signIn(session.caller.persona) : session;
}

const renewAfterMs = 13 * 60 * 1000;

function claimsOf(token: string): Record<string, unknown> {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (character) => character.charCodeAt(0)))) as Record<string, unknown>;
  } catch {
    return {}; // the gateway says what is wrong with it
  }
}
