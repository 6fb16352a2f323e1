import { useState } from 'preact/hooks';
import { fee, feeFromPerson } from '../data/preferences.js';
import { t } from '../text/texts.js';

/** A field for the fee per trade, in percent; the browser remembers it. */
export function FeeField() {
  const [text, setText] = useState<string | null>(null);
  const { premium: words } = t.value;
  const wrong = text !== null && feeFromPerson(text) === null;
  return (
    <label class="field fee">
      <span>{words.fee}</span>
      <input
        type="text"
        inputMode="decimal"
        autocomplete="off"
        size={6}
        value={text ?? fee.value}
        aria-invalid={wrong}
        aria-describedby={wrong ? 'fee-wrong' : undefined}
        onInput={(event) => {
          const written = event.currentTarget.value;
          setText(written);
          const read = feeFromPerson(written);
          if (read !== null) fee.value = read;
        }}
        onBlur={() => {
          if (!wrong) setText(null);
        }}
      />
      {wrong && (
        <span id="fee-wrong" class="problem" role="alert">
          {words.feeWrong}
        </span>
      )}
    </label>
  );
}
