import { useState } from 'preact/hooks';
import { firstExchange } from '../data/exchanges.js';
import { setPattern } from '../data/mutations.js';
import { t } from '../text/texts.js';

/** Starts or stops all markets of a pattern. */
export function PatternForm() {
  const [pattern, setPatternText] = useState('');
  const [busy, setBusy] = useState(false);
  const { table } = t.value;
  const send = (on: boolean): void => {
    if (pattern.trim() === '') return;
    setBusy(true);
    void setPattern(pattern.trim(), on).finally(() => setBusy(false));
  };
  return (
    <form
      class="pattern"
      onSubmit={(event) => {
        event.preventDefault();
        send(true);
      }}
    >
      <label class="field">
        <span>{table.pattern}</span>
        <input
          type="text"
          placeholder={table.patternHint(firstExchange())}
          autocomplete="off"
          spellcheck={false}
          value={pattern}
          onInput={(event) => setPatternText(event.currentTarget.value)}
        />
      </label>
      <button type="submit" disabled={busy}>
        {table.startAll}
      </button>
      <button type="button" disabled={busy} onClick={() => send(false)}>
        {table.stopAll}
      </button>
    </form>
  );
}
