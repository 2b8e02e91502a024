import { examples, type Example } from './examples.ts';
import { personaTexts, say, texts, type Language } from './texts.ts';

/** The scenarios as cards; a click signs in as their persona and runs them. */
export function ExampleList({ language, persona, onRun }: { language: Language; persona: string | null; onRun: (example: Example) => void }) {
  return (
    <nav aria-label={say(texts.examples, language)}>
      <h2>{say(texts.examples, language)}</h2>
      <p className="hint">{say(texts.examplesHint, language)}</p>
      <ul>
        {examples.map((example) => (
          <li key={`${example.operation} ${example.persona}`}>
            <button type="button" className={example.persona === persona ? 'mine' : ''} data-example={`${example.operation} ${example.persona}`} onClick={() => onRun(example)}>
              <strong>{say(example.title, language)}</strong>
              <small>{say(example.title, language === 'zh' ? 'en' : 'zh')}</small>
              <span>{say(personaTexts[example.persona], language)}</span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
