import { useComputed } from '@preact/signals';
import { useState } from 'preact/hooks';
import { markets, marketsVersion } from '../data/markets.js';
import { t } from '../text/texts.js';

/** A field for a pair, with existing pairs as suggestions. */
export function MarketPicker(props: {
  readonly value: string;
  readonly onPick: (pair: string) => void;
}) {
  const [text, setText] = useState('');
  const pairs = useComputed(() => {
    void marketsVersion.value;
    const names = new Map<string, string>();
    for (const { symbol, currency, koreanName, listed, state } of markets.values()) {
      if (listed || state !== null) names.set(`${symbol}-${currency}`, koreanName ?? '');
    }
    return names;
  });
  const { market } = t.value;
  const wanted = text.trim().toUpperCase();
  // All 700 pairs at once would make too long a list: those with the same prefix are enough.
  const offered =
    wanted === ''
      ? []
      : [...pairs.value]
          .filter(([pair, name]) => pair.startsWith(wanted) || name.includes(text.trim()))
          .sort(([a], [b]) => Number(b.endsWith('-KRW')) - Number(a.endsWith('-KRW')))
          .slice(0, 12);
  return (
    <form
      class="picker"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (wanted === '') return;
        const named = offered.find(([, name]) => name === text.trim())?.[0];
        props.onPick(named ?? (wanted.includes('-') ? wanted : `${wanted}-KRW`));
        setText('');
      }}
    >
      <label>
        <span class="unseen">{market.choose}</span>
        <input
          type="search"
          list="pairs"
          placeholder={`${market.choose} (${props.value})`}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <datalist id="pairs">
        {offered.map(([pair, name]) => (
          <option key={pair} value={pair}>
            {name}
          </option>
        ))}
      </datalist>
      <button type="submit">{market.go}</button>
    </form>
  );
}
