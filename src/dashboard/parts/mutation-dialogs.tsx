import { useEffect, useRef, useState } from 'preact/hooks';
import { failure, tokenWanted } from '../data/mutations.js';
import { t } from '../text/texts.js';

/** Asks for the token while a mutation waits for it. */
export function TokenDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState('');
  const wanted = tokenWanted.value;
  useEffect(() => {
    if (wanted !== null) {
      setToken('');
      dialog.current?.showModal();
    } else dialog.current?.close();
  }, [wanted]);
  const { token: words, common } = t.value;
  return (
    <dialog
      ref={dialog}
      aria-labelledby="token-heading"
      onCancel={(event) => {
        event.preventDefault();
        wanted?.answer(null);
      }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          wanted?.answer(token.trim());
        }}
      >
        <h2 id="token-heading">{words.heading}</h2>
        <p>{words.why}</p>
        {wanted?.wrong === true && (
          <p role="alert" class="problem">
            {words.wrong}
          </p>
        )}
        <label class="field">
          <span>{words.label}</span>
          <input
            type="password"
            autocomplete="off"
            required
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        </label>
        <p class="buttons">
          <button type="button" onClick={() => wanted?.answer(null)}>
            {common.cancel}
          </button>
          <button type="submit" class="main">
            {words.go}
          </button>
        </p>
      </form>
    </dialog>
  );
}

/** Says what a start or stop failed with. */
export function FailureNote() {
  return (
    <div role="alert" class="banner-place">
      {failure.value !== null && (
        <p class="banner problem">
          <span>{failure.value}</span>
          <button type="button" onClick={() => (failure.value = null)}>
            {t.value.common.close}
          </button>
        </p>
      )}
    </div>
  );
}
