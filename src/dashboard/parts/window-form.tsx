import { useLayoutEffect, useState } from 'preact/hooks';
import { serverNow } from '../data/paint.js';
import { fromZone, inZone, withZone } from '../text/zone.js';
import { t } from '../text/texts.js';

/** A moment in the format of a date and time field, in the selected zone. */
const forField = (ms: number): string => inZone(ms).toISOString().slice(0, 19);

/** Two fields for the start and end of a window. */
export function WindowForm(props: {
  readonly from: number;
  readonly to: number;
  readonly onPick: (from: number, to: number) => void;
}) {
  const { history: words, market } = t.value;
  const shown = [forField(props.from), forField(props.to)] as const;
  const [texts, setTexts] = useState<readonly [string, string]>(shown);
  // Before the next paint: it must not revert what is typed into the new window.
  useLayoutEffect(() => setTexts(shown), shown);
  const [from, to] = [fromZone(texts[0]), fromZone(texts[1])];
  const wrong = !(from < to);
  return (
    <form
      class="window-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!wrong) props.onPick(from, to);
      }}
    >
      {([words.from, words.to] as const).map((name, i) => (
        <label key={name} class="field">
          <span>{withZone(name)}</span>
          <input
            type="datetime-local"
            step="1"
            max={forField(serverNow())}
            value={texts[i]}
            aria-invalid={wrong}
            aria-describedby={wrong ? 'window-wrong' : undefined}
            onInput={(event) => {
              const text = event.currentTarget.value;
              setTexts(i === 0 ? [text, texts[1]] : [texts[0], text]);
            }}
          />
        </label>
      ))}
      <button type="submit" disabled={wrong}>
        {market.go}
      </button>
      {wrong && (
        <p id="window-wrong" class="problem" role="alert">
          {words.windowWrong}
        </p>
      )}
    </form>
  );
}
