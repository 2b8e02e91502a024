import { useState } from 'react';
import type { Persona, Session } from './session.ts';
import { both, personaTexts, purposeTexts, say, texts, tierTexts, type Language } from './texts.ts';

interface Props {
  language: Language;
  setLanguage: (language: Language) => void;
  /** Undefined while they are fetched; null where the hub has an issuer of its own. */
  personas: readonly Persona[] | null | undefined;
  session: Session | null;
  purpose: string;
  setPurpose: (purpose: string) => void;
  matter: string;
  setMatter: (matter: string) => void;
  onPersona: (name: string) => void;
  onToken: (token: string) => void;
}

/** Who asks (token), why (`X-Purpose`) and about which matter (`X-Matter`). */
export function TopBar(props: Props) {
  const { language, setLanguage, session, purpose, setPurpose, matter, setMatter } = props;
  return (
    <header>
      <div className="brand">
        <h1>一网<small>yiwang</small></h1>
        <p>{say(texts.subtitle, language)} · <a href="/catalog">{say(texts.catalogue, language)}</a></p>
      </div>
      {props.personas === null ? <TokenField {...props} /> : <PersonaPicker {...props} />}
      <label title={both(texts.purpose)}>
        <span>{say(texts.purpose, language)} <code>X-Purpose</code></span>
        <select name="purpose" value={purpose} disabled={!session} onChange={(event) => setPurpose(event.target.value)}>
          <option value="">{say(texts.noPurpose, language)}</option>
          {session?.caller.purposes.map((name) => <option key={name} value={name}>{say(purposeTexts[name], language)} · {name}</option>)}
        </select>
      </label>
      <label title={both(texts.matter)}>
        <span>{say(texts.matter, language)} <code>X-Matter</code></span>
        <span className="matter">
          <input name="matter" value={matter} disabled={!session} placeholder={say(texts.noMatter, language)} onChange={(event) => setMatter(event.target.value.trim())} spellCheck={false} />
          {session?.matterNo && matter !== session.matterNo && <button type="button" onClick={() => setMatter(session.matterNo ?? '')}>{say(texts.useExample, language)}</button>}
        </span>
      </label>
      <button type="button" className="language" onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}>{language === 'zh' ? 'English' : '中文'}</button>
    </header>
  );
}

function PersonaPicker({ language, personas, session, onPersona }: Props) {
  const caller = session?.caller;
  const place = caller && [caller.kind, caller.department !== 'NONE' && caller.department, say(tierTexts[caller.tier ?? ''], language), caller.division?.replace(/0+$/, '')].filter(Boolean).join(' · ');
  return (
    <label title={both(texts.persona)}>
      <span>{say(texts.persona, language)} {place && <em data-testid="caller">{place}</em>}</span>
      <select name="persona" value={caller?.persona ?? ''} onChange={(event) => onPersona(event.target.value)}>
        <option value="" disabled>{say(texts.signedOut, language)}</option>
        {personas?.map(({ name }) => <option key={name} value={name}>{say(personaTexts[name], language)} · {name}</option>)}
      </select>
    </label>
  );
}

function TokenField({ language, onToken }: Props) {
  const [token, setToken] = useState('');
  return (
    <label>
      <span>{say(texts.token, language)}</span>
      <span className="matter">
        <input name="token" type="password" autoComplete="off" value={token} onChange={(event) => setToken(event.target.value.trim())} />
        <button type="button" disabled={!token} onClick={() => onToken(token)}>{say(texts.signIn, language)}</button>
      </span>
    </label>
  );
}
